"""Emails of the application under test, and where they go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask


class mail_settings:  # noqa: N801 reads as a verb
    def __init__(self, app: Flask, **changes: str) -> None:
        self.app, self.changes = app, changes

    def __enter__(self) -> None:
        self.before = self.app.extensions["services"]
        changed = replace(self.before.settings, site_url="https://stay.example", **self.changes)
        self.app.extensions["services"] = replace(self.before, settings=changed)

    def __exit__(self, *_: object) -> None:
        self.app.extensions["services"] = self.before


@pytest.fixture
def mail_dir(app: Flask, tmp_path: Path) -> Iterator[Path]:
    """The application writes its mails into this directory."""
    with mail_settings(app, mail_dir=str(tmp_path), smtp_url=""):
        yield tmp_path
