"""What proves, beside the password, that somebody is the account's owner. Belongs to their region."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import CreatedAt, Id
from booking.infra.db import Model
from booking.infra.homes import REGIONAL


class Authenticator(Model):
    """An app that shows a new code every 30 seconds (TOTP, RFC 6238); one per account.

    It counts once its owner has typed a code of it (`confirmed_at`). `secret` is sealed with a key that is not in the
    database. `last_step` is the time step of the newest code that was taken: no code is good twice.
    """

    __tablename__ = "authenticators"
    __table_args__ = (
        CheckConstraint("confirmed_at IS NULL OR last_step IS NOT NULL", name="confirmed_by_a_code"),
        {"info": REGIONAL},
    )

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[CreatedAt]
    confirmed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))


class RecoveryCode(Model):
    """Good once, in the place of a code from the app. Only its first letters can be read here: they find its row."""

    __tablename__ = "recovery_codes"
    __table_args__ = (
        Index("uq_recovery_codes_user_id_begins", "user_id", "begins", unique=True),
        {"info": REGIONAL},
    )

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    begins: Mapped[str] = mapped_column(String(4))
    code_hash: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[CreatedAt]
    used_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))


class Passkey(Model):
    """The public half of a key that a device of the owner's keeps (WebAuthn). Nothing in it opens an account.

    `credential_id` is how the device calls it, `sign_count` how often it says that it has signed (always 0 for keys
    that are kept in step on several devices). `last_challenge_at` is when the challenge was made that it answered last:
    no older one is answered after it, so that none is good twice.
    """

    __tablename__ = "passkeys"
    __table_args__ = (
        CheckConstraint("sign_count >= 0", name="counted"),
        CheckConstraint("(last_used_at IS NULL) = (last_challenge_at IS NULL)", name="used_by_a_challenge"),
        {"info": REGIONAL},
    )

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)  # COSE, as the device gave it
    sign_count: Mapped[int] = mapped_column(BigInteger)
    transports: Mapped[list[str]] = mapped_column(ARRAY(String(16)))  # how browsers may look for it: usb, internal ...
    name: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[CreatedAt]
    last_used_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    last_challenge_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
