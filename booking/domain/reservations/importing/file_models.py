"""A file that somebody has uploaded to be looked at, and imported or thrown away; deleted after a day."""

from __future__ import annotations

import uuid

from sqlalchemy import LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import CreatedAt, Id
from booking.infra.db import Model
from booking.infra.homes import REGIONAL


class ImportFile(Model):
    """One at a time for each property and whoever uploads: the next one takes its place."""

    __tablename__ = "import_files"
    __table_args__ = (UniqueConstraint("property_id", "uploaded_by"), {"info": REGIONAL})

    id: Mapped[Id]
    property_id: Mapped[uuid.UUID]  # no foreign key: properties are global
    source: Mapped[str] = mapped_column(String(64))
    file_name: Mapped[str] = mapped_column(String(255))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    uploaded_by: Mapped[str] = mapped_column(String(255))  # the actor
    created_at: Mapped[CreatedAt]
