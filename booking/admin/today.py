"""The day at the desk."""

from __future__ import annotations

from flask import Blueprint, Response

from booking.pages.rendering import page

blueprint = Blueprint("today", __name__)


@blueprint.get("/")
def show() -> Response:
    """Where staff arrive after signing in."""
    return page("admin/today.html", block="main")
