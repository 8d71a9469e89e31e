"""What keeps a night from being sold twice and a guest from being charged twice, each to be switched off in a test.

Off means: a constraint is dropped, a statement loses a clause on its way, or a function does nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from unittest.mock import patch

from sqlalchemy import Connection, Engine, create_engine, event, text

from booking.domain import inventory
from booking.domain.payments.cash_models import ONE_AFTER_ANOTHER
from booking.infra import db

Switch = Callable[[str], AbstractContextManager[None]]

WITH_INDEX = """
    SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name
    UNION ALL SELECT indexdef FROM pg_indexes WHERE indexname = :name"""
ONLY_GROW = """
    SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'append_only_whole'
    AND tgrelid::regclass::text NOT LIKE 'audit_log%'"""


def without(guards: tuple[str, ...], owner_url: str) -> ExitStack:
    """All of these off while it is open; the tables that lose a constraint are emptied in the end."""
    with ExitStack() as opening:
        for guard in guards:
            opening.enter_context(GUARDS[guard](owner_url))
        return opening.pop_all()


def _dropped(table: str, name: str) -> Switch:
    @contextmanager
    def off(owner_url: str) -> Iterator[None]:
        owner = create_engine(owner_url, isolation_level="AUTOCOMMIT")
        with owner.connect() as connection:
            definition = str(connection.execute(text(WITH_INDEX), {"name": name}).scalars().first())
            index = definition.startswith("CREATE")
            drop = f"DROP INDEX {name}" if index else f"ALTER TABLE {table} DROP CONSTRAINT {name}"
            connection.execute(text(drop))
            yield
            emptied(connection, table)
            connection.execute(text(definition if index else f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"))
        owner.dispose()

    return off


def emptied(connection: Connection, *tables: str) -> None:
    """And all that hangs on them, also what may only grow, such as invoices and counts of cash."""
    growing = connection.execute(text(ONLY_GROW)).scalars().all()
    switched = [f"ALTER TABLE {table} {{}} TRIGGER append_only_whole" for table in growing]
    off, on = ([switch.format(how) for switch in switched] for how in ("DISABLE", "ENABLE"))
    for statement in (*off, f"TRUNCATE {', '.join(tables)} CASCADE", *on):
        connection.execute(text(statement))


def _statements(change: Callable[[str], str]) -> Switch:
    @contextmanager
    def off(_: str) -> Iterator[None]:
        def rewritten(_: object, __: object, statement: str, values: object, *___: object) -> tuple[str, object]:
            return change(statement), values

        event.listen(Engine, "before_cursor_execute", rewritten, retval=True)
        try:
            yield
        finally:
            event.remove(Engine, "before_cursor_execute", rewritten)

    return off


def _unlocked(statement: str) -> str:
    if not re.search("FROM (bookings|orders|payments)", statement) or "SKIP LOCKED" in statement:
        return statement
    return statement.replace(" FOR UPDATE", "")


def _unversioned(statement: str) -> str:
    return re.sub(r" AND bookings\.version = \S+", "", statement)


def _unsummed(statement: str) -> str:
    return re.sub(r" AND orders\.(paid|refunded) \+ .+? <= orders\.\w+", "", statement)


def _unlocked_codes(statement: str) -> str:
    return statement.replace(" FOR UPDATE", "") if "FROM promotions" in statement else statement


def _without_parts(statement: str) -> str:
    """A room takes its own nights, and not those of the rooms that it contains."""
    return re.sub(r"(FROM room_parts\s+WHERE )", r"\1false AND ", statement)


def _both(*switches: Switch) -> Switch:
    @contextmanager
    def off(owner_url: str) -> Iterator[None]:
        with ExitStack() as stack:
            for switch in switches:
                stack.enter_context(switch(owner_url))
            yield

    return off


@contextmanager
def _without_serializable(_: str) -> Iterator[None]:
    """Every transaction runs READ COMMITTED."""
    attempt = db._attempt
    with patch.object(db, "_attempt", lambda work, isolation: attempt(work, _lowered(isolation))):
        yield


def _lowered(isolation: str) -> str:
    return db.READ_COMMITTED if isolation == db.SERIALIZABLE else isolation


@contextmanager
def _without_lock(_: str) -> Iterator[None]:
    with patch("booking.domain.inventory.lock_room", lambda *_, **__: nullcontext()):
        yield


@contextmanager
def _without_retry(_: str) -> Iterator[None]:
    with patch.object(db, "ATTEMPTS", 1):
        yield


@contextmanager
def _without_pin(_: str) -> Iterator[None]:
    """A payment begins whether its nights can be pinned or not."""
    pin = inventory.pin_nights
    with (
        patch.object(inventory, "pin_nights", lambda claim_id, nights: pin(claim_id, nights) or True),
        patch.object(inventory, "pin_nights_or_refuse", lambda claim_id, nights, _: pin(claim_id, nights)),
    ):
        yield


KEY, SERIALIZABLE, LOCK, RETRY = "primary key", "SERIALIZABLE", "Redis lock", "retry"
ROW_LOCK, VERSION, PIN = "row lock", "version", "pinned nights"
ONE_PAYMENT, ONE_ANSWER, SUMS = "one live payment", "one row per key", "an order's sums"
ONE_COUNT, PARTS, ONE_CODE = "one count after another", "a whole's parts", "one code at a time"

GUARDS: dict[str, Switch] = {
    KEY: _dropped("availability", "pk_availability"),
    SERIALIZABLE: _without_serializable,
    LOCK: _without_lock,
    RETRY: _without_retry,
    ROW_LOCK: _statements(_unlocked),
    VERSION: _statements(_unversioned),
    PIN: _without_pin,
    ONE_PAYMENT: _both(
        _dropped("payments", "uq_payments_live_refund"), _dropped("payments", "uq_payments_open_charge")
    ),
    SUMS: _both(_statements(_unsummed), _dropped("orders", "ck_orders_refunds_within_paid")),
    ONE_ANSWER: _dropped("idempotency_keys", "pk_idempotency_keys"),
    ONE_COUNT: _dropped("cash_closings", ONE_AFTER_ANOTHER),
    PARTS: _statements(_without_parts),
    ONE_CODE: _statements(_unlocked_codes),
}
