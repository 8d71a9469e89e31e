"""A filled copy of the commit in whose folder this runs, for `make bench ARGS="--against COMMIT"`.

Run with that commit's own Python, in its folder, but from this commit's file: of the other commit's bench it uses only
what has been there since c53804f. It fills Postgres, says where all of it is, and keeps it until its input ends. Web
servers and worker are started, and asked, by whoever runs this.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))  # whose bench and product are meant, not those beside this file
sys.path.remove(str(Path(__file__).parent))

from bench.copy_of_its_own import ROOT, running, take
from bench.filled import Filling, fill


def main(rooms: int, bookings: int) -> None:
    """Until the input ends."""
    home = ROOT / "var" / "bench-other"
    take(home)
    with running(home, keep=False) as copy:
        fill(copy, Filling(rooms, bookings))
        # Copies of old commits have `servers`.
        urls = getattr(copy, "urls", None) or _urls(copy)
        told = {"home": str(copy.home), "environ": copy.environ, "urls": urls, "parent": os.getpid()}
        print("ready", json.dumps(told), sep="\t", flush=True)
        sys.stdin.read()


def _urls(copy: object) -> dict[str, str]:
    servers = getattr(copy, "servers")  # noqa: B009 of another commit: this one's has none
    return {role: servers.database_url(role) for role in ("postgres", "booking_app")}


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
