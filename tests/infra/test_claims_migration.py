"""Every night gets its claim while the version before goes on writing; nobody waits; and the way back works."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from tests.infra.migrating import PATIENCE, Database, before, eventually

pytestmark = pytest.mark.slow
AFTER = "0012"
BEFORE = before(AFTER)

HOUSE = """
    INSERT INTO properties (id, name, slug, location, address, time_zone, currency, check_in_time, check_out_time,
    legal_name) VALUES ('00000000-0000-7000-9000-000000000001', 'House', 'house', 'antwerp', '{}', 'UTC', 'EUR',
    '15:00', '11:00', 'Ltd');
    INSERT INTO rooms (id, property_id, name, location, currency, capacity, price_per_night, cancellation_policy,
    published) SELECT ('00000000-0000-7000-8000-00000000000' || n)::uuid, '00000000-0000-7000-9000-000000000001',
    'R' || n,
    'antwerp', 'EUR', 2, 100, '{}', true FROM generate_series(1, 9) n"""

# As the version before says it; without a claim where it blocks.
INSERT = """
    INSERT INTO availability (room_id, night, location, state, claim_id, held_until, version)
    SELECT ('00000000-0000-7000-8000-00000000000' || %(room)s)::uuid, date %(first)s + day, 'antwerp', %(state)s,
    %(claim)s, CASE WHEN %(state)s = 'held' THEN now() + interval '15 minutes' END, 1
    FROM generate_series(0, %(nights)s - 1) day ORDER BY day ON CONFLICT DO NOTHING"""
CLAIM = "00000000-0000-7000-a000-000000000001"

BLOCKS = """
    SELECT right(k.room_id::text, 1)::int, k.check_in::text, count(a.night)::int, k.check_out - k.check_in
    FROM blocks k LEFT JOIN availability a ON a.claim_id = k.id AND a.state = 'blocked' AND a.room_id = k.room_id
    AND a.night >= k.check_in AND a.night < k.check_out GROUP BY k.id ORDER BY 1, 2"""
WAITED = 0.2  # seconds at most, for others


def ask(database: Database, question: str, **values: Any) -> list[Any]:
    with closing(database.connect()) as connection, connection, connection.cursor() as cursor:
        cursor.execute(question, values or None)
        return cursor.fetchall() if cursor.description else []


def insert(database: Database, room: int, first: str, nights: int, claim: str | None = None) -> None:
    state = "held" if claim else "blocked"
    ask(database, INSERT, room=room, first=first, nights=nights, claim=claim, state=state)


def test_nights_in_a_row_become_one_block_and_every_night_has_a_claim(database: Database) -> None:
    database.stands_at(BEFORE)
    ask(database, HOUSE)
    insert(database, 1, "2030-05-01", 3)
    insert(database, 1, "2030-05-05", 1)
    insert(database, 2, "2030-05-01", 2)
    insert(database, 2, "2030-05-03", 2, CLAIM)
    database.flask("upgrade", AFTER)
    assert ask(database, BLOCKS) == [(1, "2030-05-01", 3, 3), (1, "2030-05-05", 1, 1), (2, "2030-05-01", 2, 2)]
    assert database.scalar("SELECT count(*) FROM availability WHERE claim_id IS NULL") == 0
    assert database.scalar(f"SELECT count(*) FROM availability WHERE claim_id = '{CLAIM}'") == 2


def test_what_the_version_before_blocks_meanwhile_gets_a_block_for_each_night(database: Database) -> None:
    database.stands_at(AFTER)
    ask(database, HOUSE)
    insert(database, 1, "2030-05-01", 2)
    insert(database, 1, "2030-05-01", 3)  # twice: what is there already is not written, and makes no block
    insert(database, 2, "2030-05-01", 2, CLAIM)
    nights = [(1, f"2030-05-0{day}", 1, 1) for day in (1, 2, 3)]
    assert ask(database, BLOCKS) == nights
    assert database.scalar(f"SELECT count(*) FROM availability WHERE claim_id = '{CLAIM}'") == 2


def test_the_way_back_keeps_the_nights_and_the_version_before_goes_on(database: Database) -> None:
    database.stands_at(AFTER)
    ask(database, HOUSE)
    insert(database, 1, "2030-05-01", 2)
    insert(database, 2, "2030-05-01", 2, CLAIM)
    database.flask("downgrade", BEFORE)
    states = "SELECT state, claim_id IS NULL, count(*)::int FROM availability GROUP BY 1, 2 ORDER BY 1"
    assert ask(database, states) == [("blocked", True, 2), ("held", False, 2)]
    insert(database, 3, "2030-05-01", 1)
    database.flask("upgrade", AFTER)
    assert ask(database, BLOCKS) == [(1, "2030-05-01", 2, 2), (3, "2030-05-01", 1, 1)]


@pytest.mark.parametrize("way", ["upgrade", "downgrade"])
def test_while_it_runs_guests_and_the_version_before_never_wait(database: Database, way: str) -> None:
    database.stands_at(BEFORE if way == "upgrade" else AFTER)
    ask(database, HOUSE)
    for room in range(1, 10):
        insert(database, room, "2031-01-01", 300)
    with busy(database) as waits:
        database.flask(way, AFTER if way == "upgrade" else BEFORE)
    assert len(waits) > 20
    assert sorted(waits)[-1] < WAITED + 0.3, sorted(waits)[-5:]  # the rest is this machine's load


def test_behind_somebody_who_holds_the_table_for_long_others_do_not_queue(database: Database) -> None:
    database.stands_at(BEFORE)
    ask(database, HOUSE)
    with closing(database.connect()) as holder, busy(database) as waits:
        holder.cursor().execute("LOCK TABLE availability IN ROW EXCLUSIVE MODE")  # as one who writes, and is slow
        started = database.begin("upgrade", AFTER)
        eventually(lambda: database.scalar("SELECT count(*) FROM pg_tables WHERE tablename = 'blocks'"))
        time.sleep(3)
        assert started.poll() is None
        holder.rollback()
        said, _ = started.communicate(timeout=PATIENCE)
    assert started.returncode == 0, said
    assert "migration_waits_for_a_table" in said
    assert sorted(waits)[-1] < WAITED + 0.3, sorted(waits)[-5:]


@contextmanager
def busy(database: Database) -> Iterator[list[float]]:
    """Somebody claims nights and gives them back, somebody blocks, as the version before does; how long each took."""
    waits: list[float] = []
    over, failed = threading.Event(), list[Exception]()

    def act(room: int, claim: str | None) -> Callable[[], None]:
        def run() -> None:
            with closing(database.connect()) as connection, connection.cursor() as cursor:
                connection.autocommit = True
                for day in range(100_000):
                    if over.wait(0.01):
                        return
                    values = {"room": room, "nights": 1, "claim": claim, "state": "held" if claim else "blocked"}
                    values["first"] = f"20{40 + day // 365 % 50}-{1 + day // 28 % 12:02}-{1 + day % 28:02}"
                    began = time.monotonic()
                    try:
                        cursor.execute(INSERT, values)
                        if claim:
                            cursor.execute("DELETE FROM availability WHERE claim_id = %s", [claim])
                    except Exception as error:  # noqa: BLE001 the test looks at it
                        failed.append(error)
                    waits.append(time.monotonic() - began)

        return run

    threads = [threading.Thread(target=act(1, CLAIM)), threading.Thread(target=act(2, None))]
    for thread in threads:
        thread.start()
    try:
        yield waits
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert failed == []
