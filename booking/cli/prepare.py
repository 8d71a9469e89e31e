"""What `make run` does between the servers and the web: migrations and demo rooms, in one process to save time."""

from __future__ import annotations

from flask.cli import ScriptInfo

COMMANDS = (["db", "upgrade"], ["demo", "load"])


def main() -> None:
    """Run the commands in order; an exception ends it with 1 and is in the log."""
    app = ScriptInfo(app_import_path="wsgi:app").load_app()  # as `flask` finds it
    for words in COMMANDS:
        app.cli.main(words, prog_name="flask", obj=ScriptInfo(create_app=lambda: app), standalone_mode=False)


if __name__ == "__main__":
    main()
