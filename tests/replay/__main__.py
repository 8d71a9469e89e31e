"""`make replay ARGS="--trace hotel_trace.csv.gz"`: a recorded booking history through the booking core.

Every booking that has nights and guests is held, paid and confirmed, and released where the trace says so, in the
trace's order: rooms are divided among processes, and the order within a room is kept. The clock stands at the day of
each operation; the booking horizon and the longest stay are lifted by settings. Every hundredth booking is followed by
somebody else's attempt at some of its nights, which has to be refused.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.copy_of_its_own import remove, take
from booking import create_app
from booking.config import Settings
from booking.infra import signals
from booking.infra.embedded import EmbeddedError, Servers
from tests.programme import positive
from tests.replay import synthetic, trace
from tests.replay.replay import replay

HOME = Path(__file__).parents[2] / "var" / "replay"
MADE_UP = 2000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trace", type=Path, help="CSV, plain or gzipped; see tests/replay/trace.py; else one by lot")
    parser.add_argument("--limit", type=positive, help="only so many bookings")
    parser.add_argument("--processes", type=positive, default=2 * (os.cpu_count() or 1))
    parser.add_argument(
        "--overlap-every", type=positive, default=100, help="an attempt that has to be refused after each"
    )
    parser.add_argument("--home", type=Path, default=HOME, help="where Postgres and Valkey keep their data meanwhile")
    arguments = parser.parse_args()
    signals.end_by_exception()
    try:
        bookings = _recorded(arguments.trace, arguments.limit)
        with _servers(arguments.home.resolve()) as environ:
            result = replay(bookings, environ, processes=arguments.processes, overlap_every=arguments.overlap_every)
    except (trace.TraceError, EmbeddedError) as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(result.lines()))
    return 1 if result.findings else 0


def _recorded(path: Path | None, limit: int | None) -> list[trace.Recorded]:
    if path:
        return trace.read(path, limit)
    print(f"No --trace was given: up to {MADE_UP} bookings by lot.", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        made_up = Path(folder) / "trace.csv.gz"
        synthetic.write(made_up, MADE_UP)
        return trace.read(made_up, limit)


@contextmanager
def _servers(home: Path) -> Iterator[dict[str, str]]:
    """Servers with an empty database, for as long as it is entered; nothing of them is left afterwards."""
    take(home)
    servers = Servers(home)
    with ExitStack() as ending:
        ending.callback(remove, home, servers)
        ending.callback(servers.leave)
        servers.join()
        environ = {
            **servers.urls(),
            "APP_ENV": "development",
            "MAIL_DIR": str(home / "mail"),
            "SECRET_KEY": servers.keys.secret_key,
            "JWT_KEYS": f"replay:{servers.keys.jwt}",
        }
        assert create_app(Settings.from_env(environ)).test_cli_runner().invoke(args=["db", "upgrade"]).exit_code == 0
        yield environ


if __name__ == "__main__":
    sys.exit(main())
