"""Payment providers. The port is four verbs, each idempotent by the payment's own key; the simulated one keeps a
ledger of its own, on its own connection, as a real one would.

Asking what became of a payment and freeing the nights afterwards charged without booking in a simulation: recovery
*cancels* instead, and a cancelled key refuses a late charge.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import Any, Protocol, cast, runtime_checkable

from sqlalchemy import (
    CheckConstraint,
    ClauseElement,
    Engine,
    Index,
    Numeric,
    String,
    Table,
    bindparam,
    create_engine,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Mapped, mapped_column

from booking.config import SIMULATED, Settings
from booking.infra import deadline, raw_sql, telemetry, watchdog
from booking.infra.db import Model, engine_options
from booking.infra.homes import REGIONAL
from booking.infra.ids import new_id
from booking.infra.prepared import often
from booking.infra.sql_errors import lost_connection


class NoAnswer(Exception):
    """The provider did not answer in time: the money may have moved or not."""


class Result(Enum):
    CHARGED = "charge"
    REFUNDED = "refund"
    DECLINED = "declined"
    CANCELLED = "tombstone"  # cancelled before it was charged; will never be charged


@dataclass(frozen=True, slots=True)
class Outcome:
    """`reason`: why it was declined, in the provider's words. `asks_owner`: because the card's bank wants its owner to
    confirm, who was not there.
    """

    result: Result
    reference: str
    reason: str = ""
    asks_owner: bool = False


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge as its provider knows it: by our payment's id, and by its own reference."""

    key: uuid.UUID
    reference: str


@dataclass(frozen=True, slots=True)
class Noted:
    """What is known of a payment by the side that asks. `charge`: of a refund, the reference of what it gives back."""

    reference: str | None
    charge: str | None = None


class References(Protocol):
    """Where a provider that needs it notes its own reference of an attempt, before any money can move for it."""

    def note(self, key: uuid.UUID, reference: str) -> bool:
        """False where the attempt was closed meanwhile, or has another reference: it must not be charged."""
        ...

    def find(self, key: uuid.UUID) -> Noted | None: ...

    def close(self, key: uuid.UUID) -> str | None:
        """Nothing can be noted from now on. What was noted before; None: nothing, so nothing can be charged."""
        ...


class Provider(Protocol):
    """What moves money. `key` is our payment's id: a repeated call returns the first result. Raises NoAnswer."""

    name: str

    def charge(self, key: uuid.UUID, amount: Decimal, currency: str, method: str, keep: bool = False) -> Outcome:
        """`keep`: its card is to be charged again later, by charge_kept()."""
        ...

    def charge_kept(self, key: uuid.UUID, amount: Decimal, currency: str, paid: Charge) -> Outcome:
        """Charge the card of a charge that kept it, without its owner; DECLINED where it was not kept."""
        ...

    def find(self, key: uuid.UUID) -> Outcome | None:
        """What became of `key`; None where it is not known (yet)."""
        ...

    def cancel(self, key: uuid.UUID, currency: str) -> Outcome:
        """Make sure that `key` is never charged from now on; CHARGED where it was already."""
        ...

    def refund(self, key: uuid.UUID, charge: Charge, amount: Decimal, currency: str) -> Outcome:
        """Give back `amount` of that charge: REFUNDED, or DECLINED with a reason."""
        ...


@dataclass(frozen=True, slots=True)
class HostedPage:
    """What the provider's page says it is for, and where it sends the guest: after paying, and without."""

    title: str
    paid_url: str
    back_url: str
    keeps_card: bool = False  # it is to be charged again later


@runtime_checkable
class HostedPages(Protocol):
    """A provider that has a page of its own, so that no card's number comes to us. Raises NoAnswer.

    `find` says CHARGED once the guest has paid there, and CANCELLED once nobody can any more; `cancel` closes it.
    """

    page_origin: str

    def page(self, key: uuid.UUID, amount: Decimal, currency: str, page: HostedPage) -> str | None:
        """Where the guest pays: the same page however often it is asked for. None: it is closed, see `find`."""
        ...


class NotSigned(Exception):
    """Somebody else than the provider says so, or it was said too long ago."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a provider's message is about: a payment of ours, or a dispute or charge by the provider's reference.

    It is a reason to ask, never an answer: such messages come late, twice and in any order.
    """

    kind: str
    payment: uuid.UUID | None
    dispute: str | None = None
    charge: str | None = None  # the provider's reference of a charge of which money has gone back


@dataclass(frozen=True, slots=True)
class FoundDispute:
    """A charge that the card's bank takes back, as its provider has it now. `state`: open, won (by us), or lost."""

    reference: str
    payment: uuid.UUID
    amount: Decimal
    currency: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class FoundReturn:
    """Money of a charge that somebody has given back at the provider itself."""

    reference: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class FoundReturns:
    """All of them, with our id of the charge."""

    payment: uuid.UUID
    returns: tuple[FoundReturn, ...]


@dataclass(frozen=True, slots=True)
class Happened:
    """A refund or a dispute at the provider, whoever asked for it, and what its message would be about.

    `state`: of a refund succeeded or failed, of a dispute open, won or lost. `charge`: our id of the charge.
    """

    reference: str
    state: str
    charge: uuid.UUID
    heard: Heard


@runtime_checkable
class TellsByItself(Protocol):
    """A provider that sends messages."""

    def heard(self, payload: bytes, signature: str) -> Heard:
        """Raises NotSigned."""
        ...

    def dispute(self, reference: str) -> FoundDispute | None:
        """None where it is about no charge of ours. Raises NoAnswer."""
        ...

    def returns(self, charge: str) -> FoundReturns | None:
        """What went back of a charge without our asking; None where it is none of ours. Raises NoAnswer."""
        ...

    def refunds_made(self, since: dt.datetime, until: dt.datetime) -> Sequence[Happened]:
        """Of our charges, those that were made in that time and are decided. Raises NoAnswer."""
        ...

    def disputes_made(self, since: dt.datetime, until: dt.datetime) -> Sequence[Happened]:
        """The same of disputes, decided or not. Raises NoAnswer."""
        ...


class SimulatedLedger(Model):
    """The simulated provider's own book, written by nobody else (`flask bookings verify` compares it with ours)."""

    __tablename__ = "simulated_ledger"
    __table_args__ = (
        CheckConstraint("kind IN ('charge', 'refund', 'declined', 'tombstone')", name="kind_known"),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        Index("ix_simulated_ledger_unmoved", "key", postgresql_where=text("kind IN ('declined', 'tombstone')")),
        {"info": REGIONAL},
    )

    key: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    reference: Mapped[str] = mapped_column(String(64), unique=True)
    amount: Mapped[Decimal] = mapped_column(Numeric(15, 3))
    currency: Mapped[str] = mapped_column(String(3))
    method: Mapped[str | None] = mapped_column(String(255))  # of a charge: what was charged
    charge_key: Mapped[uuid.UUID | None]  # of a refund: the charge that it was asked for


DECLINING = {"pm_card_declined", "pm_card_error"}
DECLINING_KEPT = "pm_card_declined"  # of a charge that it does not know
SLOW = "pm_card_timeout"
REFUND_DECLINED = "pm_card_refund_declined"
REFUND_SLOW = "pm_card_refund_timeout"
_LEDGER = cast(Table, SimulatedLedger.__table__)


class SimulatedProvider:
    """Accepts every `pm_…` but the declining ones; `pm_card_timeout` is charged, but a second too late for us.

    What was charged to `pm_card_refund_declined` cannot be returned, and to `pm_card_refund_timeout` only late.
    """

    name = SIMULATED

    def __init__(self, settings: Settings) -> None:
        # Waits for the disk as everybody does: what it has answered is known, and a process may write it down after
        # Postgres was killed and is back.
        self.engine: Engine = create_engine(settings.database_url, **engine_options(settings))
        self._postgres = watchdog.watch(self.engine, settings.database_url)
        self.patience = settings.payment_timeout_seconds

    def charge(
        self,
        key: uuid.UUID,
        amount: Decimal,
        currency: str,
        method: str,
        keep: bool = False,  # noqa: ARG002 it keeps all of them
    ) -> Outcome:
        result = Result.DECLINED if method in DECLINING else Result.CHARGED
        enter = partial(self._enter, key, result, amount, currency, method=method)
        return self._too_late(key, enter) if method == SLOW else enter()

    def charge_kept(self, key: uuid.UUID, amount: Decimal, currency: str, paid: Charge) -> Outcome:
        charged = self._ask(_ENTRY, {"key": paid.key})
        return self.charge(key, amount, currency, charged.method if charged else DECLINING_KEPT)

    def find(self, key: uuid.UUID) -> Outcome | None:
        row = self._ask(_ENTRY, {"key": key})
        return _outcome(row) if row else None

    def cancel(self, key: uuid.UUID, currency: str) -> Outcome:
        return self._enter(key, Result.CANCELLED, Decimal(0), currency)

    def refund(self, key: uuid.UUID, charge: Charge, amount: Decimal, currency: str) -> Outcome:
        charged = self._ask(_ENTRY, {"key": charge.key})
        known = charged is not None and (charged.kind, charged.reference) == (Result.CHARGED.value, charge.reference)
        method = charged.method if charged else None
        result = Result.REFUNDED if known and method != REFUND_DECLINED else Result.DECLINED
        enter = partial(self._enter, key, result, amount, currency, charge_key=charge.key)
        return self._too_late(key, enter) if method == REFUND_SLOW else enter()

    def _too_late(self, key: uuid.UUID, enter: Callable[[], Outcome]) -> Outcome:
        """Done, but the answer comes only to whoever asks again."""
        if known := self.find(key):
            return known
        threading.Thread(target=self._enter_late, args=(key, enter), daemon=True).start()
        time.sleep(self.patience)
        raise NoAnswer

    def _enter_late(self, key: uuid.UUID, enter: Callable[[], Outcome]) -> None:
        time.sleep(self.patience * 0.2)
        try:
            enter()
        except NoAnswer:
            telemetry.log.warning("simulated_late_entry_lost", key=str(key))

    def _enter(self, key: uuid.UUID, result: Result, amount: Decimal, currency: str, **more: Any) -> Outcome:
        """Write the first result for `key`, or read it where there is one."""
        values = {
            "new_key": key,
            "kind": result.value,
            "reference": f"sim_{new_id().hex}",
            "amount": amount,
            "currency": currency,
            "method": None,
            "charge_key": None,
            **more,
        }
        # An entry being written at the same moment is waited for, but only the next statement can see it.
        row = self._ask(_ENTER, values)
        outcome = _outcome(row) if row else self.find(key)
        assert outcome is not None
        return outcome

    def _ask(self, statement: ClauseElement, values: dict[str, Any]) -> Any:
        try:
            with deadline.spent():
                self._postgres.refuse_if_silent()
                return next(iter(self._answer(statement, values)), None)
        except (DBAPIError, PoolTimeout, deadline.Unavailable) as error:
            raise NoAnswer from error

    def _answer(self, statement: ClauseElement, values: dict[str, Any]) -> Sequence[Any]:
        """Asked once more where the pooled connection had died meanwhile; by its key it stays one question."""
        try:
            return raw_sql.rows(self.engine, statement, values)
        except DBAPIError as error:
            if not lost_connection(error):
                raise
        return raw_sql.rows(self.engine, statement, values)


_COLUMNS = (_LEDGER.c.kind, _LEDGER.c.reference, _LEDGER.c.method)
_ENTRY = often(select(*_COLUMNS).where(_LEDGER.c.key == bindparam("key")))
_ENTER = often(
    insert(_LEDGER)
    .values(
        {"key": bindparam("new_key")}
        | {name: bindparam(name) for name in ("kind", "reference", "amount", "currency", "method", "charge_key")}
    )
    .on_conflict_do_nothing(index_elements=["key"])
    .returning(*_COLUMNS)
)


def _outcome(row: Any) -> Outcome:
    result = Result(row.kind)
    return Outcome(result, row.reference, "the card's bank said no" if result is Result.DECLINED else "")
