"""Nothing personal leaves by the back door: errors of Postgres without the rows they quote, log lines without secrets.

Two layers. Postgres quotes what it was given ("Key (email)=(x) already exists", "Failing row contains (...)"), so its
errors are emptied where they are raised, on every engine. And whatever a log line is made of, what looks like an
address, a hash or a token is masked before it is written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

import psycopg2
from psycopg2.extensions import Diagnostics
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

MASK = "[hidden]"

# Whose first line may quote values: data exceptions, RAISE in PL/pgSQL.
QUOTING = ("22", "P0")
# A syntax error quotes the word where it stands. That may be a value: psycopg2 writes them into the statement, as
# '...' or as a number. Everything else of class 42 quotes names and types, which whoever mends a migration needs.
SYNTAX_ERROR, _VALUE = "42601", re.compile(r"['\d]")

_PART = r"""[^\s<>@"'(),:;=\[\]{}\\/|]"""  # of an address, on either side of the @
_LINK_SECRET = re.compile(r"(?<=_)[0-9a-z]{26}\.[\w-]{16,}")  # of a link or a session, behind its id
_SECRETS = (
    re.compile(r"(?<=://)[^\s/@]*:[^\s/@]*(?=@)"),  # name and password in a URL
    re.compile(r"""\$argon2[a-z]*\$[^\s"']+"""),
    re.compile(r"\beyJ[\w-]{5,}\.[\w-]+\.[\w-]+"),  # an access token
    _LINK_SECRET,
    re.compile(rf"""(?:"[^"\n]{{1,64}}"|{_PART}+)@{_PART}*\w"""),
)
_MARKS = ("@", "$argon2", "eyJ", "_01")


def install() -> None:
    """Empty the errors of every engine, whoever makes it."""
    if not event.contains(Engine, "handle_error", _emptied):
        event.listen(Engine, "handle_error", _emptied)


def _emptied(context: ExceptionContext) -> None:
    if isinstance(context.original_exception, psycopg2.Error):
        empty(context.original_exception)
    error = context.sqlalchemy_exception
    if error is not None:
        error.hide_parameters = True
        if isinstance(context.original_exception, psycopg2.Error):
            error.args = (f"({_name(context.original_exception)}) {context.original_exception}",)


def empty(error: psycopg2.Error) -> psycopg2.Error:
    """The same error, saying which rule of which table refused, and nothing of the row. Its code and `diag` stay."""
    if error.args and error.diag.sqlstate:
        error.args = (_without_values(error),)
    return error


def _without_values(error: psycopg2.Error) -> str:
    said = error.diag
    parts = {"table": said.table_name, "column": said.column_name, "constraint": said.constraint_name}
    where = "".join(f", {part} {name}" for part, name in parts.items() if name)
    message = "" if _may_quote(said) else f": {said.message_primary}"
    return f"{_name(error)} {said.sqlstate}{message}{where}"


def _may_quote(said: Diagnostics) -> bool:
    state, message = str(said.sqlstate), str(said.message_primary)
    return state.startswith(QUOTING) or (state == SYNTAX_ERROR and bool(_VALUE.search(message)))


def _name(error: psycopg2.Error) -> str:
    return f"{type(error).__module__}.{type(error).__name__}"


def masked(text: str) -> str:
    """`text` with addresses, password hashes, tokens and passwords in URLs hidden."""
    if not any(mark in text for mark in _MARKS):
        return text
    for secret in _SECRETS:
        text = secret.sub(MASK, text)
    return text


def without_links(text: str) -> str:
    """`text` whose links open nothing any more: what proves that somebody was sent them is hidden."""
    return _LINK_SECRET.sub(MASK, text)


def mask_line(_: object, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Of a log line, every value (a processor for structlog; the exception must be text by now)."""
    for name, value in line.items():
        if type(value) is str:
            line[name] = masked(value)
        elif value is not None and type(value) not in (int, float, bool):
            line[name] = _masked_inside(value)
    return line


def _masked_inside(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(name): _masked_inside(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [_masked_inside(inner) for inner in value]
    if value is None or isinstance(value, int | float | bool):
        return value
    return masked(value if isinstance(value, str) else repr(value))
