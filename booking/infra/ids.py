"""Identifiers: UUIDs (version 7) inside, TypeIDs such as `room_01h2…` outside."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from functools import lru_cache

import uuid_utils
from typeid import TypeID
from typeid.errors import TypeIDException
from uuid_utils.compat import uuid7

LONGEST = 63 + 1 + 26  # characters of a TypeID

# No vowels (no words), no 0/O, 1/I/L: a reference is read aloud at a desk.
SPOKEN = "23456789BCDFGHJKMNPQRSTVWXZ"
REFERENCE_LENGTH = 8


def new_id() -> uuid.UUID:
    """A new time-ordered id; neighbours in time are neighbours in the index."""
    return uuid7()


@lru_cache(maxsize=16_384)
def encode(prefix: str, value: uuid.UUID | str) -> str:
    """`encode("room", id)` -> "room_01h2…"; the id as UUID or as Postgres writes it."""
    plain = uuid_utils.UUID(value) if isinstance(value, str) else uuid_utils.UUID(bytes=value.bytes)
    return str(TypeID.from_uuid(plain, prefix))


def decode(prefix: str, text: str) -> uuid.UUID | None:
    """The id behind `text`, or None where it is no id of this kind."""
    return _decoded(prefix, text) if len(text) <= LONGEST else None


@lru_cache(maxsize=4096)
def _decoded(prefix: str, text: str) -> uuid.UUID | None:
    try:
        parsed = TypeID.from_string(text)
    except TypeIDException:
        return None
    # psycopg2 cannot adapt the library's own UUID class.
    return uuid.UUID(bytes=parsed.uuid.bytes) if parsed.prefix == prefix else None


def new_reference() -> str:
    """A booking's spoken reference, 8 characters: 2.8e11 of them, and the column is unique."""
    return "".join(secrets.choice(SPOKEN) for _ in range(REFERENCE_LENGTH))


def new_secret() -> str:
    """256 random bits as URL-safe text."""
    return secrets.token_urlsafe(32)


def first_id_at(instant: dt.datetime) -> uuid.UUID:
    """The smallest id (UUID version 7) of that millisecond: a primary key is an index by age."""
    return uuid.UUID(int=int(instant.timestamp() * 1000) << 80)
