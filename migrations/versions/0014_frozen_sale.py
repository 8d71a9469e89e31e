"""what was sold is frozen in the booking: room, property, address, zone and hours; no foreign key to rooms any more

The version before goes on booking meanwhile and does not know these columns: a trigger fills them for it, so nobody who
reads has a second way to go; it goes with the contraction, one release later. Rows from before follow in portions, each
committed by itself: a run that was killed goes on where it was. No statement waits for a table for longer than others
can bear.
"""

import time

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SMALLEST, LARGEST = 100, 4000  # bookings of a portion
SECONDS = 0.1  # that a portion should take: so long may somebody wait who changes one of its bookings

COLUMNS = {
    "location": "varchar(120)",
    "room_name": "varchar(255)",
    "room_kind": "varchar(120)",
    "property_id": "uuid",
    "property_name": "varchar(255)",
    "address": "jsonb",
    "time_zone": "varchar(64)",
    "check_in_time": "time",
    "check_out_time": "time",
}
# The hour of check-in and the zone are those of the policy, which was frozen when the booking was made.
SOLD = {
    "location": "room.location",
    "room_name": "room.name",
    "room_kind": "room.kind",
    "property_id": "house.id",
    "property_name": "house.name",
    "address": "house.address",
    "time_zone": "coalesce(BOOKING.policy ->> 'timeZone', house.time_zone)",
    "check_in_time": "coalesce((BOOKING.policy ->> 'checkInTime')::time, house.check_in_time)",
    "check_out_time": "house.check_out_time",
}
REQUIRED = [column for column in COLUMNS if column != "room_kind"]
FROM = "rooms AS room JOIN properties AS house ON house.id = room.property_id"

FREEZE = f"""
CREATE OR REPLACE FUNCTION freeze_sale() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  SELECT {", ".join(SOLD.values()).replace("BOOKING", "NEW")} INTO {", ".join(f"NEW.{column}" for column in SOLD)}
  FROM {FROM} WHERE room.id = NEW.room_id;
  RETURN NEW;
END $body$
"""

# What the foreign key did beside its work: nobody takes away a room by mistake that somebody has booked. The nights of
# a booking that is just being made refer to the room themselves.
KEEP = """
CREATE OR REPLACE FUNCTION keep_booked_room() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF EXISTS (SELECT FROM bookings WHERE room_id = OLD.id) THEN
    RAISE foreign_key_violation USING MESSAGE = 'room ' || OLD.id || ' has bookings: take it off sale instead',
      CONSTRAINT = 'rooms_keep_booked', TABLE = 'rooms';
  END IF;
  RETURN OLD;
END $body$
"""

TRIGGERS = (
    (
        "bookings",
        "bookings_sale",
        "BEFORE INSERT ON bookings FOR EACH ROW WHEN (NEW.room_name IS NULL) EXECUTE FUNCTION freeze_sale()",
    ),
    ("rooms", "rooms_keep_booked", "BEFORE DELETE ON rooms FOR EACH ROW EXECUTE FUNCTION keep_booked_room()"),
)

# In the order of ids, as everybody locks bookings who locks several.
FILL = sa.text(
    "WITH portion AS MATERIALIZED (SELECT id FROM bookings WHERE id > :after AND room_name IS NULL ORDER BY id"
    " LIMIT :portion FOR NO KEY UPDATE), filled AS ("
    f" UPDATE bookings AS b SET {', '.join(f'{column} = {value}' for column, value in SOLD.items())}"
    f" FROM portion, {FROM} WHERE b.id = portion.id AND room.id = b.room_id RETURNING b.id)"
    " SELECT max(id::text)::uuid FROM filled".replace("BOOKING", "b")
)
FIRST = "00000000-0000-0000-0000-000000000000"

RULE = "ck_bookings_sale_frozen"
FOREIGN_KEY = "fk_bookings_room_id"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(FREEZE)
        op.execute(KEEP)
        added = ", ".join(f"ADD COLUMN IF NOT EXISTS {column} {kind}" for column, kind in COLUMNS.items())
        _briefly("bookings", f"ALTER TABLE bookings {added}")
        for table, name, rule in TRIGGERS:
            _briefly(table, f"CREATE OR REPLACE TRIGGER {name} {rule}")
        _fill()
        _require()
        # The key's own triggers stand at both tables; a booking comes to rooms first, too.
        _briefly("rooms, bookings", f"ALTER TABLE bookings DROP CONSTRAINT IF EXISTS {FOREIGN_KEY}", both=True)


def _briefly(tables: str, change: str, *, both: bool = False) -> None:
    """A change that nobody can work beside, and so hardly waits: everybody else would wait behind it. One transaction.

    What may hold it up for longer, a vacuum, is sent away first, by a lock that is in nobody's way.
    """
    op.execute(
        f"SET LOCAL lock_timeout = '10s'; LOCK TABLE {tables} IN SHARE UPDATE EXCLUSIVE MODE;"
        f" SET LOCAL lock_timeout = '{'50ms' if both else '100ms'}'; {f'LOCK TABLE {tables};' if both else ''} {change}"
    )


def _fill() -> None:
    """All bookings that have nothing frozen, in the order of time, as many at once as are done in a moment."""
    op.execute("ANALYZE bookings (room_name)")  # else they are taken for few, and looked for in the whole table
    last, portion = FIRST, SMALLEST
    while last:
        began = time.monotonic()
        last = op.get_bind().scalar(FILL, {"after": last, "portion": portion})
        pace = SECONDS / max(time.monotonic() - began, 0.001)
        portion = max(SMALLEST, min(LARGEST, round(portion * min(pace, 2))))


def _require() -> None:
    """No booking without what was sold: proved beside everybody's work, and then no row is looked at again."""
    complete = " AND ".join(f"{column} IS NOT NULL" for column in REQUIRED)
    _briefly(
        "bookings",
        f"ALTER TABLE bookings DROP CONSTRAINT IF EXISTS {RULE}, ADD CONSTRAINT {RULE} CHECK ({complete}) NOT VALID",
    )
    op.execute(f"ALTER TABLE bookings VALIDATE CONSTRAINT {RULE}")
    _briefly("bookings", "ALTER TABLE bookings " + ", ".join(f"ALTER {column} SET NOT NULL" for column in REQUIRED))
    _briefly("bookings", f"ALTER TABLE bookings DROP CONSTRAINT {RULE}")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        _briefly(
            "rooms, bookings",
            f"ALTER TABLE bookings DROP CONSTRAINT IF EXISTS {FOREIGN_KEY},"
            f" ADD CONSTRAINT {FOREIGN_KEY} FOREIGN KEY (room_id) REFERENCES rooms (id) NOT VALID",
        )
        op.execute(f"ALTER TABLE bookings VALIDATE CONSTRAINT {FOREIGN_KEY}")
        for table, name, _ in reversed(TRIGGERS):
            _briefly(table, f"DROP TRIGGER IF EXISTS {name} ON {table}")
        _briefly("bookings", "ALTER TABLE bookings " + ", ".join(f"DROP COLUMN IF EXISTS {name}" for name in COLUMNS))
        op.execute("DROP FUNCTION IF EXISTS freeze_sale()")
        op.execute("DROP FUNCTION IF EXISTS keep_booked_room()")
