"""`make run`: everything this copy needs, kept running until Ctrl-C.

    PORT=8000 BIND=127.0.0.1 python -m booking.cli.up

The door to the supervisor: light, so that a Ctrl-C is heeded before the packages are read.
"""

import os
import sys

from booking.infra import signals


def main() -> int:
    """Run until asked to stop; problems are sentences on stderr."""
    signals.end_at_once()
    from booking.cli.supervisor import Up
    from booking.infra.embedded import EmbeddedError

    environ = dict(os.environ)
    if environ.setdefault("APP_ENV", "development") != "development":
        print(
            "`make run` is for development: unset APP_ENV, or start granian yourself (see Procfile).", file=sys.stderr
        )
        return 1
    try:
        return Up(environ).run()
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
