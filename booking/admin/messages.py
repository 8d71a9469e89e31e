"""Messages: what guests have written, at which the house answers; found by guest, reference or address."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext

from booking.admin import entrance
from booking.domain import correspondence
from booking.domain.correspondence import MessageSearch
from booking.domain.errors import Invalid
from booking.http.error_rendering import status_of
from booking.infra.ids import encode
from booking.pages.forms import Form
from booking.pages.rendering import page
from booking.pages.signed_in import actor

blueprint = Blueprint("messages", __name__)


@blueprint.get("/messages")
def index() -> Response:
    """Conversations, the latest message first."""
    form = Form.asked()
    try:
        found = correspondence.find_conversations(actor(), _at_chosen_house(form.accept(MessageSearch)))
    except Invalid as refusal:
        return page("admin/messages.html", block="main", status=status_of(refusal), **_facts(form), found=None)
    return page("admin/messages.html", block="main", found=found, **_facts(form))


def _at_chosen_house(asked: MessageSearch) -> MessageSearch:
    """Where the address names no property, the one that is chosen."""
    house = entrance.desk().house
    if asked.property is None and house is not None:
        return asked.model_copy(update={"property": encode("property", house.id)})
    return asked


def _facts(form: Form) -> dict[str, Any]:
    return {
        "form": form,
        "shows_property": entrance.desk().house is None,
        "is_filtered": any(request.args.get(name) for name in ("q", "state")),
        "states": [("", gettext("All")), ("open", gettext("To answer"))],
    }
