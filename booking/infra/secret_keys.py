"""One SECRET_KEY, a key of its own for every purpose (HKDF, RFC 5869): what one of them gives away opens nothing else.

Each purpose has a ring: the key from SECRET_KEY signs, those from SECRET_KEY_FALLBACKS still verify, so that the secret
can be exchanged without signing anybody out.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence

_SALT = b"room-booking/1"

COOKIES, FORMS, LINKS, DEVICES, ACCOUNTS = "cookies", "forms", "links", "devices", "accounts"
SECOND_FACTOR, REGISTERS = "second-factor", "guest-registers"


def ring(secrets: Sequence[str], purpose: str) -> tuple[bytes, ...]:
    """The keys for one purpose, 32 bytes each, the one that signs first."""
    return tuple(_derived(secret, purpose) for secret in secrets)


def _derived(secret: str, purpose: str) -> bytes:
    # One block of output is all that 32 bytes need: T(1) = HMAC(PRK, info | 0x01).
    extracted = hmac.digest(_SALT, secret.encode(), "sha256")
    return hmac.digest(extracted, purpose.encode() + b"\x01", "sha256")
