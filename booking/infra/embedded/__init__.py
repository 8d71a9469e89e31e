"""Postgres and Valkey for development, from wheels: nothing to install, nothing left behind.

`provide()` is all that the rest of the code base knows of this package. The longer story: `servers.py` says who starts
and who stops them, `postgres.py` and `valkey.py` how, `account.py` what root needs, `keys.py` where passwords live.
"""

import atexit
import os
import signal
import threading
from collections.abc import MutableMapping, Sequence
from pathlib import Path

from booking.infra import signals
from booking.infra.embedded.errors import EmbeddedError, SilentError
from booking.infra.embedded.keys import Keys
from booking.infra.embedded.servers import Servers

__all__ = ["EmbeddedError", "Keys", "Servers", "development", "needed", "provide", "var_dir"]

ROOT = Path(__file__).resolve().parents[3]


def needed(argv: Sequence[str]) -> bool:
    """Whether a command line wants servers first: asking for help does not, and the doctor looks for them itself."""
    command = next((word for word in argv[1:] if not word.startswith("-")), "")
    return "--help" not in argv and "--version" not in argv and command != "doctor"


def development(environ: MutableMapping[str, str]) -> bool:
    """Whether this is a developer's machine: APP_ENV says so, or nothing at all is configured."""
    app_env = environ.get("APP_ENV")
    return app_env == "development" if app_env else not environ.get("DATABASE_URL")


def var_dir(environ: MutableMapping[str, str]) -> Path:
    """The absolute directory below which this copy writes everything: VAR_DIR, or `var` beside wsgi.py."""
    return Path(os.path.abspath(environ.get("VAR_DIR") or ROOT / "var"))


def provide(environ: MutableMapping[str, str], *, replace: bool = False, within: float | None = None) -> Servers | None:
    """Fill in what development needs and nobody has set; join the servers, or start them, for the life of this process.

    A server that runs and does not answer is ended and started anew only with `replace`; `within`: see Servers.join.
    Returns the servers this process now uses, or None when it needed none (production; or URLs of other servers).
    Raises EmbeddedError with a sentence for people when a server does not start, or does not answer.
    """
    if not development(environ):
        return None
    home = var_dir(environ)
    postgres, valkey = not environ.get("DATABASE_URL"), not environ.get("REDIS_URL")
    servers = None
    if postgres or valkey:
        servers = Servers(home)
        _leave_at_the_end(servers)
        try:
            servers.join(postgres=postgres, valkey=valkey, replace=replace, within=within)
        except SilentError:
            _fill_in(environ, home, servers)  # so that the doctor can look at the rest
            raise
    elif environ.get("SECRET_KEY") and environ.get("JWT_KEYS"):  # a child of somebody who called provide()
        return None
    _fill_in(environ, home, servers)
    return servers


def _fill_in(environ: MutableMapping[str, str], home: Path, servers: Servers | None) -> None:
    values = {"APP_ENV": "development", "VAR_DIR": str(home), "MAIL_DIR": str(home / "mail")}
    keys = servers.keys if servers else Keys.of(home)
    values |= {"SECRET_KEY": keys.secret_key, "JWT_KEYS": f"dev:{keys.jwt}"}
    if servers:
        values |= servers.urls()
    for name, value in values.items():
        if not environ.get(name):
            environ[name] = value


def _leave_at_the_end(servers: Servers) -> None:
    """Leave when the interpreter ends; make signals end it the ordinary way, unless somebody handles them."""
    atexit.register(_leave, servers)
    if threading.current_thread() is threading.main_thread():  # else whoever runs that one handles the signals
        python_s = (signal.SIG_DFL, signal.default_int_handler)
        signals.end_by_exception(number for number in signals.ENDING if signal.getsignal(number) in python_s)


def _leave(servers: Servers) -> None:
    signals.ignore()  # whoever asks again would leave the servers behind
    servers.leave()
