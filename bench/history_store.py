"""A history into the database of a copy: in a minute, because rows that fit need not be looked up one by one."""

from __future__ import annotations

import datetime as dt
import io
import json
import statistics
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing
from decimal import Decimal
from typing import Any

from bench import history
from bench.copy_of_its_own import Copy
from bench.guest_names import person
from bench.history import ZONE, History
from bench.history_rows import CURRENCY, HOURS, LOCATION, House, Writer
from booking.domain.catalogue.cancellation_policies import FLEXIBLE
from booking.domain.people import passwords
from booking.infra.ids import new_id
from tests.replay.trace import Recorded

OWNER, PASSWORD = "owner@example.com", "a-password-for-measuring"
NAME = "The replayed house"
ADDRESS = {"city": "Lisbon", "country": "Portugal", "street": "Rua do Registo 743"}
STAFF = {"manager": 2, "desk": 9, "housekeeping": 12}
LEAST_PRICE, LONGEST = Decimal(20), 90  # a night; nights
# In this order; what others refer to comes first, though nothing is looked up.
TABLES = (
    "users",
    "orders",
    "bookings",
    "payments",
    "cash_movements",
    "simulated_ledger",
    "waivers",
    "availability",
    "events",
    "deliveries",
    "audit_log",
    "room_statuses",
)
ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def store(copy: Copy, recorded: Sequence[Recorded], day: dt.date) -> History:
    """The house, its rooms, who works there, and everything up to `day` of the trace."""
    with closing(copy.connect()) as connection, connection.cursor() as cursor:
        house = _furnish(cursor, recorded)
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        told = history.told(recorded, day, now)
        rows = Writer(house, told).write()
        cursor.execute("SET session_replication_role = replica; SET maintenance_work_mem = '512MB'")
        cursor.execute("BEGIN")
        for table in TABLES:
            if found := rows.tables.get(table):
                _copy(cursor, table, found)
        cursor.execute("COMMIT")
        cursor.execute("VACUUM (ANALYZE)")
    return told


def _copy(cursor: Any, table: str, rows: Iterable[dict[str, Any]]) -> None:
    lines, columns = io.StringIO(), None
    for row in rows:
        if columns != row.keys():
            if columns is not None:
                _send(cursor, table, columns, lines)
            lines, columns = io.StringIO(), row.keys()
        lines.write("\t".join(map(_written, row.values())) + "\n")
    if columns is not None:
        _send(cursor, table, columns, lines)


def _send(cursor: Any, table: str, columns: Iterable[str], lines: io.StringIO) -> None:
    lines.seek(0)
    cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", lines)


def _written(value: Any) -> str:
    """As COPY reads it."""
    if value is None:
        return "\\N"
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    return str(value).translate(ESCAPED)


# --- the house


def _furnish(cursor: Any, recorded: Sequence[Recorded]) -> House:
    """Every room of the trace, as large as its largest party and as dear as its nights were."""
    house = new_id()
    _insert(
        cursor,
        "properties",
        {
            "id": house,
            "name": NAME,
            "slug": "the-replayed-house",
            "location": LOCATION,
            "address": json.dumps(ADDRESS),
            "time_zone": ZONE,
            "currency": CURRENCY,
            "legal_name": f"{NAME} Ltd",
            **HOURS,
        },
    )
    rooms = {name: _room(cursor, house, name, bookings) for name, bookings in _by_room(recorded).items()}
    staff = _employ(cursor, house)
    return House(house, NAME, ADDRESS, ZONE, rooms, staff["desk"], staff["housekeeping"])


def _by_room(recorded: Sequence[Recorded]) -> dict[str, list[Recorded]]:
    found: dict[str, list[Recorded]] = defaultdict(list)
    for one in recorded:
        if one.room and one.nights > 0:
            found[one.room].append(one)
    return dict(sorted(found.items()))


def _room(cursor: Any, house: uuid.UUID, name: str, bookings: list[Recorded]) -> tuple[uuid.UUID, str]:
    key, kind = new_id(), f"Category {bookings[0].room_type or 'A'}"
    prices = [history.UNPRICED if one.price is None else one.price for one in bookings]
    _insert(
        cursor,
        "rooms",
        {
            "id": key,
            "property_id": house,
            "name": name,
            "kind": kind,
            "location": LOCATION,
            "currency": CURRENCY,
            "capacity": max(1, *(one.guests for one in bookings)),
            "price_per_night": max(LEAST_PRICE, round(statistics.mean(prices), 2)),
            "max_nights": LONGEST,
            "cancellation_policy": json.dumps(FLEXIBLE),
            "published": True,
        },
    )
    return key, kind


def _employ(cursor: Any, house: uuid.UUID) -> dict[str, list[uuid.UUID]]:
    """The owner (a trigger makes the membership), and who works there: they have no passwords."""
    _account(cursor, OWNER, "The Owner", "owner", passwords.hashed(PASSWORD))
    staff: dict[str, list[uuid.UUID]] = defaultdict(list)
    for role, number in STAFF.items():
        for one in range(number):
            name = person(-100 * len(staff) - one - 1).name
            key = _account(cursor, f"{role}-{one}@example.com", name, "staff", None)
            _insert(cursor, "memberships", {"id": new_id(), "user_id": key, "property_id": house, "role": role})
            staff[role].append(key)
    return staff


def _account(cursor: Any, email: str, name: str, role: str, password: str | None) -> uuid.UUID:
    key = new_id()
    names = {"email": email, "email_key": email, "full_name": name, "role": role, "region": "eu"}
    _insert(cursor, "users", {"id": key, "password_hash": password, **names})
    return key


def _insert(cursor: Any, table: str, row: dict[str, Any]) -> None:
    values = [str(value) if isinstance(value, uuid.UUID) else value for value in row.values()]
    marks = ", ".join(["%s"] * len(row))
    cursor.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", values)
