"""What `make run` does between the servers and the web: migrations and demo rooms, in one process to save time."""

from flask.cli import ScriptInfo

from wsgi import app

COMMANDS = (["db", "upgrade"], ["demo", "load"])


def main() -> None:
    """Run the commands in order; an exception ends it with 1 and is in the log."""
    for words in COMMANDS:
        app.cli.main(words, prog_name="flask", obj=ScriptInfo(create_app=lambda: app), standalone_mode=False)


if __name__ == "__main__":
    main()
