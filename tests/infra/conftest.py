"""A database that is migrated, empty at first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest
from sqlalchemy import make_url

from booking.infra.embedded import Servers
from tests.infra.migrating import Database


@pytest.fixture
def database(servers: Servers, environ: dict[str, str], number: int) -> Iterator[Database]:
    name = f"migrated_{number}"
    url = make_url(servers.database_url("postgres", "postgres")).set(drivername="postgresql")
    with closing(psycopg2.connect(url.render_as_string(hide_password=False))) as superuser:
        superuser.autocommit = True
        cursor = superuser.cursor()
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name} OWNER booking_owner")
        yield Database(servers, environ, name)
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
