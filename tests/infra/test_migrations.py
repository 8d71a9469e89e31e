"""Migrations: three at once, killed in the middle, behind a long reader, down and up again; and the models agree."""

from __future__ import annotations

import threading
import time
from contextlib import closing, suppress

import psycopg2
import pytest

from tests.infra.migrating import PATIENCE, Database, eventually

pytestmark = pytest.mark.slow
BUILDING = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND state = 'active'"


def test_three_at_once_all_succeed(database: Database) -> None:
    started = [database.begin("upgrade") for _ in range(3)]
    said = [process.communicate(timeout=PATIENCE)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], said
    database.is_whole()


def test_one_that_was_killed_in_the_middle_is_run_again(database: Database) -> None:
    database.stands_at("0002")
    with closing(database.connect()) as reader:
        reader.cursor().execute("LOCK TABLE rooms IN ROW EXCLUSIVE MODE")  # which building an index waits for
        victim = database.begin("upgrade")
        eventually(lambda: database.scalar(BUILDING) or victim.poll() is not None)
        assert victim.poll() is None, victim.communicate()
        victim.kill()
        victim.wait(PATIENCE)
        assert database.scalar("SELECT count(*) FROM pg_class WHERE relname = 'ix_rooms_search_new'") == 1
    database.flask("upgrade")
    database.is_whole()


@pytest.mark.parametrize("left", ["invalid", "both"])
def test_whatever_a_killed_one_has_left_is_no_hindrance(database: Database, left: str) -> None:
    database.stands_at("0002")
    leave = {
        "invalid": "CREATE INDEX ix_rooms_search_new ON rooms (location);"
        " UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_rooms_search_new'::regclass",
        "both": "CREATE INDEX ix_rooms_search_new ON rooms (location, price_per_night, id)"
        " INCLUDE (capacity, min_nights, max_nights) WHERE published; DROP INDEX ix_rooms_search",
    }
    with closing(database.connect()) as superuser:
        superuser.cursor().execute(leave[left])
        superuser.commit()
    database.flask("upgrade")
    database.is_whole()


def test_down_to_nothing_and_up_again(database: Database) -> None:
    database.stands_at("head")
    database.flask("downgrade", "base")
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    assert database.scalar(tables) == 0
    database.flask("upgrade")
    database.is_whole()


def test_behind_a_long_reader_others_go_on_reading(database: Database) -> None:
    database.stands_at("head")
    waits: list[float] = []
    over = threading.Event()

    def read() -> None:
        with closing(database.connect()) as connection, suppress(psycopg2.errors.UndefinedTable):  # dropped at last
            connection.autocommit = True
            while not over.wait(0.05):
                began = time.monotonic()
                connection.cursor().execute("SELECT count(*) FROM password_resets")
                waits.append(time.monotonic() - began)

    others = threading.Thread(target=read)
    with closing(database.connect()) as reader:
        reader.cursor().execute("SELECT * FROM password_resets")
        others.start()
        changing = database.begin("downgrade", "0001")
        try:
            eventually(lambda: waits and max(waits) > 1)  # it has tried, and given way
            count = len(waits)
            eventually(lambda: len(waits) > count + 2)
        finally:
            reader.rollback()
            said, _ = changing.communicate(timeout=PATIENCE)
            over.set()
            others.join()
    assert changing.returncode == 0, said
    assert max(waits) < 4


ACCOUNTS = """
INSERT INTO users (id, email, email_key, full_name, role, region) SELECT gen_random_uuid(), name || '@example.com',
 name || '@example.com', name, role, 'eu'
FROM (VALUES ('olga', 'owner'), ('dana', 'staff'), ('gal', 'guest'), ('eve', 'guest')) AS account (name, role)
"""
CLEANS = " SELECT gen_random_uuid(), id, gen_random_uuid(), 'housekeeping' FROM users WHERE full_name = 'olga'"
ROLES = (
    "SELECT coalesce(string_agg(u.full_name || ' ' || m.role, ', ' ORDER BY u.full_name), '')"
    " FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.property_id IS NULL"
)


# As the version before says it: an owner is made, one is no owner any more, an account is deleted.
MEANWHILE = (
    "UPDATE users SET role = 'owner' WHERE full_name = 'gal'",
    "UPDATE users SET role = 'guest' WHERE full_name = 'olga'",
    "UPDATE users SET deleted_at = now(), disabled_at = now() WHERE full_name = 'eve'",
)


def test_who_was_an_owner_stays_one_beside_the_version_before_and_after_going_back(database: Database) -> None:
    database.stands_at("0010")
    with closing(database.connect()) as before, closing(database.connect()) as backup:
        before.autocommit = True
        cursor = before.cursor()
        cursor.execute(ACCOUNTS)
        cursor.execute("GRANT INSERT ON users, bookings, availability TO PUBLIC")  # which is no role
        backup.cursor().execute("SELECT count(*) FROM bookings")  # until it ends, later migrations go on trying
        running = database.begin("upgrade")
        eventually(lambda: database.scalar("SELECT to_regclass('orders') IS NOT NULL") or running.poll() is not None)
        assert database.scalar(ROLES) == "dana desk, olga owner"
        cursor.execute("SET ROLE booking_app")
        for statement in MEANWHILE:
            cursor.execute(statement)
        cursor.execute("RESET ROLE")
        assert database.scalar(ROLES) == "dana desk, gal owner"
        assert database.scalar("SELECT count(*) FROM person_keys WHERE key IS NULL") == 1
        # What only this version knows: somebody who cleans one house.
        cursor.execute("INSERT INTO memberships (id, user_id, property_id, role)" + CLEANS)
        cursor.execute("UPDATE users SET role = 'staff' WHERE full_name = 'olga'")
        backup.rollback()
        said, _ = running.communicate(timeout=PATIENCE)
        assert running.returncode == 0, said
        database.flask("downgrade", "0010")
        cursor.execute("UPDATE users SET role = 'owner' WHERE full_name = 'dana'")
    database.flask("upgrade")
    assert database.scalar(ROLES) == "dana owner, gal owner"
    assert database.scalar("SELECT role FROM users WHERE full_name = 'olga'") == "guest"
    database.is_whole()
