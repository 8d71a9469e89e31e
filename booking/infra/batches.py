"""A transaction's messages to Postgres: what need not be answered at once goes out with what must be, in one message.

A message costs both sides more than most statements do. So BEGIN waits for the first statement, a deferred statement
for the next one whose rows somebody reads, and COMMIT takes along whatever still waits. Statements run in the order in
which they were said. What a deferred one must find (so many rows) is demanded in Postgres itself, by the function
`require_rows`, which ends the transaction where it is not so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeAlias

from sqlalchemy import (
    CTE,
    BigInteger,
    ClauseElement,
    ColumnElement,
    Delete,
    Insert,
    Select,
    Text,
    Update,
    bindparam,
    func,
    literal_column,
    select,
)
from sqlalchemy.exc import DBAPIError

from booking.infra import raw_sql
from booking.infra.prepared import often
from booking.infra.sql_errors import sqlstate

MISSED = "RR001"  # what require_rows raises, with the mark as its message

Refusal = Callable[[DBAPIError], Exception | None]
Change: TypeAlias = Insert | Update | Delete


@dataclass(frozen=True, slots=True)
class Counted:
    """What a change returns of each row that it touches, and how they are counted."""

    returned: tuple[ColumnElement[Any], ...]
    number: Callable[[CTE], ColumnElement[int]]


EACH = Counted((literal_column("1"),), lambda _done: func.count())


def counted(change: Change, how: Counted) -> Select[Any]:
    """A statement that makes the change and returns one number."""
    done = change.returning(*how.returned).cte("done")
    return select(how.number(done)).select_from(done)


def required(change: Change, *, planned_once: bool = True, how: Counted = EACH) -> Select[Any]:
    """The same, to be deferred: so many rows have to be touched, or the transaction ends (`Batch.require`).

    Prepared where it runs often, unless one plan would not be right for all of its values.
    """
    done = change.returning(*how.returned).cte("done")
    rows, mark = bindparam("required_rows", type_=BigInteger), bindparam("required_mark", type_=Text)
    demanded = select(func.require_rows(how.number(done), rows, mark)).select_from(done)
    return often(demanded) if planned_once else demanded


@dataclass(frozen=True, slots=True)
class _Deferred:
    message: bytes
    refusal: Refusal | None


@dataclass(slots=True)
class Batch:
    """Of one transaction; `begin` is what it begins with, empty where each statement is for itself."""

    connection: raw_sql.Taken
    begin: str
    _waiting: list[_Deferred] = field(default_factory=list)
    _begun: bool = False
    _number: int = 0
    _committing: bool = False

    def run(self, statement: ClauseElement, values: Mapping[str, Any]) -> raw_sql.Result:
        """Send what waits, then this; its rows. Raises DBAPIError, or what a deferred statement is refused with."""
        before = self._taken()
        return self._sent(before, lambda: raw_sql.run(self.connection, statement, values, before=_text(before)))

    def defer(self, statement: ClauseElement, values: Mapping[str, Any], refusal: Refusal | None = None) -> None:
        """Send this with the next message. `refusal` says what an error means to the caller; None: nothing."""
        message = raw_sql.written(self.connection, statement, values, others_wait=bool(self._waiting))
        self._waiting.append(_Deferred(message, refusal))

    def require(
        self,
        statement: Select[Any],
        values: Mapping[str, Any],
        *,
        rows: int,
        otherwise: Exception,
        refusal: Refusal | None = None,
    ) -> None:
        """Defer what required() made; other than so many rows, and `otherwise` is raised by whatever sends it."""
        self._number += 1
        mark = str(self._number)

        def meant(error: DBAPIError) -> Exception | None:
            return otherwise if _is_missed(error, mark) else refusal and refusal(error)

        self.defer(statement, {**values, "required_rows": rows, "required_mark": mark}, meant)

    def send(self) -> None:
        """What waits goes out now; for whoever goes on by other means (the session's objects)."""
        if before := self._taken():
            self._sent(before, lambda: raw_sql.send(self.connection, _text(before)))

    @property
    def is_committing(self) -> bool:
        """Whether COMMIT has been sent."""
        return self._committing

    def commit(self) -> None:
        """Nothing where nothing has been sent. Raises like run(); a connection lost here leaves the outcome unknown."""
        if not (self._begun or self._waiting):
            return
        before = self._taken()
        if self.begin:
            before.append(_Deferred(b"COMMIT", None))
        if before:
            self._committing = True
            self._sent(before, lambda: raw_sql.send(self.connection, _text(before)))
        self._begun = self._committing = False

    def rollback(self) -> None:
        """Whatever has happened: the connection is without a transaction afterwards, or gone."""
        self._waiting.clear()
        if self._begun:
            raw_sql.rollback(self.connection)

    def _taken(self) -> list[_Deferred]:
        taken, self._waiting = self._waiting, []
        if self.begin and not self._begun:
            self._begun = True
            # With COMMIT in the message, the loss of a connection that was dead before it would look like one inside.
            if raw_sql.may_be_lost(self.connection):
                raw_sql.send(self.connection, self.begin.encode())
            else:
                taken.insert(0, _Deferred(self.begin.encode(), None))
        return taken

    @staticmethod
    def _sent(waiting: list[_Deferred], send: Callable[[], raw_sql.Result]) -> raw_sql.Result:
        try:
            return send()
        except DBAPIError as error:
            _refuse(waiting, error)


def _refuse(waiting: list[_Deferred], error: DBAPIError) -> NoReturn:
    for one in waiting:
        if one.refusal and (meant := one.refusal(error)):
            raise meant from None
    raise error


def _text(waiting: list[_Deferred]) -> bytes:
    return b";\n".join(one.message for one in waiting)


def _is_missed(error: DBAPIError, mark: str) -> bool:
    return sqlstate(error) == MISSED and getattr(getattr(error.orig, "diag", None), "message_primary", None) == mark
