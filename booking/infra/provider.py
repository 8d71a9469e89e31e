"""Payment providers. The port is four verbs, each idempotent by the payment's own key; the simulated one keeps a
ledger of its own, on its own connection, as a real one would.

Asking what became of a payment and freeing the nights afterwards charged without booking in a simulation: recovery
*cancels* instead, and a cancelled key refuses a late charge.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, Protocol, cast

from sqlalchemy import CheckConstraint, Connection, Engine, Numeric, Row, String, Table, create_engine, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Mapped, mapped_column

from booking.config import Settings
from booking.infra import deadline, telemetry, watchdog
from booking.infra.db import Model, engine_options, lost_connection
from booking.infra.ids import new_id


class NoAnswer(Exception):
    """The provider did not answer in time: the money may have moved or not."""


class Result(Enum):
    CHARGED = "charge"
    REFUNDED = "refund"
    DECLINED = "declined"
    CANCELLED = "tombstone"  # cancelled before it was charged; will never be charged


@dataclass(frozen=True, slots=True)
class Outcome:
    result: Result
    reference: str


class Provider(Protocol):
    """What moves money. `key` is our payment's id: a repeated call returns the first result. Raises NoAnswer."""

    name: str

    def charge(self, key: uuid.UUID, amount: Decimal, currency: str, method: str) -> Outcome: ...

    def cancel(self, key: uuid.UUID, currency: str) -> Outcome:
        """Make sure that `key` is never charged from now on; CHARGED where it was already."""
        ...

    def refund(self, key: uuid.UUID, amount: Decimal, currency: str) -> Outcome: ...

    def find(self, key: uuid.UUID) -> Outcome | None: ...


class SimulatedLedger(Model):
    """The simulated provider's own book, written by nobody else (`flask bookings verify` compares it with ours)."""

    __tablename__ = "simulated_ledger"
    __table_args__ = (
        CheckConstraint("kind IN ('charge', 'refund', 'declined', 'tombstone')", name="kind_known"),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
    )

    key: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    reference: Mapped[str] = mapped_column(String(64), unique=True)
    amount: Mapped[Decimal] = mapped_column(Numeric(15, 3))
    currency: Mapped[str] = mapped_column(String(3))


DECLINING = {"pm_card_declined", "pm_card_error"}
SLOW = "pm_card_timeout"
_LEDGER = cast(Table, SimulatedLedger.__table__)


class SimulatedProvider:
    """Accepts every `pm_…` but the declining ones; `pm_card_timeout` is charged, but a second too late for us."""

    name = "simulated"

    def __init__(self, settings: Settings) -> None:
        options = engine_options(settings) | {"isolation_level": "AUTOCOMMIT"}
        self.engine: Engine = create_engine(settings.database_url, **options)
        self._postgres = watchdog.watch(self.engine, settings.database_url)
        self.patience = settings.payment_timeout_seconds

    def charge(self, key: uuid.UUID, amount: Decimal, currency: str, method: str) -> Outcome:
        if method == SLOW and self.find(key) is None:
            threading.Thread(target=self._charge_late, args=(key, amount, currency), daemon=True).start()
            time.sleep(self.patience)
            raise NoAnswer
        return self._enter(key, Result.DECLINED if method in DECLINING else Result.CHARGED, amount, currency)

    def cancel(self, key: uuid.UUID, currency: str) -> Outcome:
        return self._enter(key, Result.CANCELLED, Decimal(0), currency)

    def refund(self, key: uuid.UUID, amount: Decimal, currency: str) -> Outcome:
        return self._enter(key, Result.REFUNDED, amount, currency)

    def find(self, key: uuid.UUID) -> Outcome | None:
        return self._ask(lambda connection: connection.execute(self._entry(key)).one_or_none())

    def _charge_late(self, key: uuid.UUID, amount: Decimal, currency: str) -> None:
        time.sleep(self.patience * 0.2)
        try:
            self._enter(key, Result.CHARGED, amount, currency)
        except NoAnswer:
            telemetry.log.warning("simulated_late_charge_lost", key=str(key))

    def _enter(self, key: uuid.UUID, result: Result, amount: Decimal, currency: str) -> Outcome:
        """Write the first result for `key`, or read it where there is one."""
        entry = insert(_LEDGER).on_conflict_do_nothing(index_elements=["key"])
        values = {
            "key": key,
            "kind": result.value,
            "reference": f"sim_{new_id().hex}",
            "amount": amount,
            "currency": currency,
        }
        # An entry being written at the same moment is waited for, but only the next statement can see it.
        first = self._ask(lambda connection: connection.execute(entry.returning(*_COLUMNS), values).one_or_none())
        outcome = first or self.find(key)
        assert outcome is not None
        return outcome

    def _entry(self, key: uuid.UUID) -> Any:
        return select(*_COLUMNS).where(_LEDGER.c.key == key)

    def _ask(self, question: Callable[[Connection], Row[Any] | None]) -> Outcome | None:
        try:
            with deadline.spent():
                self._postgres.refuse_if_silent()
                row = self._answer(question)
        except (DBAPIError, PoolTimeout, deadline.Unavailable) as error:
            raise NoAnswer from error
        return Outcome(Result(row.kind), row.reference) if row else None

    def _answer(self, question: Callable[[Connection], Row[Any] | None]) -> Row[Any] | None:
        """Asked once more where the pooled connection had died meanwhile; by its key it stays one question."""
        try:
            with self.engine.connect() as connection:
                return question(connection)
        except DBAPIError as error:
            if not lost_connection(error):
                raise
        with self.engine.connect() as connection:
            return question(connection)


_COLUMNS = (_LEDGER.c.kind, _LEDGER.c.reference)
