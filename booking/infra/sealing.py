"""Values that can be read only with a key: AES-256 in GCM, which also shows when somebody has changed them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12  # bytes (NIST SP 800-38D)


def new_key() -> bytes:
    """256 random bits."""
    return AESGCM.generate_key(bit_length=256)


def seal(value: Any, key: bytes, place: bytes) -> bytes:
    """The value (anything that JSON can hold), to be opened at this `place` only: elsewhere it means nothing."""
    nonce = secrets.token_bytes(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, json.dumps(value).encode(), place)


def opened(sealed: bytes, key: bytes, place: bytes) -> Any:
    """What was sealed; raises ValueError with another key, at another place, or where a bit was changed."""
    try:
        return json.loads(AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], place))
    except InvalidTag as error:
        raise ValueError("this was not sealed with that key at that place") from error


def opened_by_any(sealed: bytes, keys: Sequence[bytes], place: bytes) -> Any:
    """What was sealed with one of the keys; raises ValueError where it was none of them."""
    for key in keys:
        with suppress(ValueError):
            return opened(sealed, key, place)
    raise ValueError("this was sealed with another SECRET_KEY")


def sealed_anew(sealed: bytes, keys: Sequence[bytes], place: bytes) -> bytes | None:
    """The same with the first key; None where it is so already. Raises ValueError where none of them opens it."""
    with suppress(ValueError):
        opened(sealed, keys[0], place)
        return None
    return seal(opened_by_any(sealed, keys, place), keys[0], place)
