"""`flask` without a new process for each command: a line is a JSON list of words, answered by {"code", "said"}."""

from __future__ import annotations

import json
import sys


def main() -> None:
    from wsgi import app

    runner = app.test_cli_runner()
    print(json.dumps({"code": 0, "said": ""}), flush=True)
    for line in sys.stdin:
        done = runner.invoke(args=json.loads(line))
        broke = done.exception is not None and not isinstance(done.exception, SystemExit)
        said = f"{done.exception!r}" if broke else done.output
        print(json.dumps({"code": 70 if broke else done.exit_code, "said": said}), flush=True)


if __name__ == "__main__":
    main()
