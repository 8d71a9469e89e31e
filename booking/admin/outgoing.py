"""What the lists of what was sent have in common: emails and text messages, by property, words and state."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from flask import request
from flask_babel import gettext

from booking.admin import entrance, states
from booking.domain.correspondence import OutgoingSearch
from booking.infra.ids import encode
from booking.pages.forms import Form

S = TypeVar("S", bound=OutgoingSearch)


def asked(form: Form, search: type[S]) -> S:
    """What the address asks for; where it names no property, of the one that is chosen. Raises Invalid."""
    wanted, house = form.accept(search), entrance.desk().house
    if wanted.property is None and house is not None and len(entrance.desk().houses) > 1:
        return wanted.model_copy(update={"property": encode("property", house.id)})
    return wanted


def facts(form: Form, known: Iterable[str], shown: Callable[[str], tuple[str, str]]) -> dict[str, Any]:
    """What the page shows around its list; `known` are the states to choose from, `shown` says what each is called."""
    return {
        "form": form,
        "shows_property": entrance.desk().house is None,
        "is_filtered": any(request.args.get(name) for name in ("q", "state")),
        "choices": [("", gettext("All")), *((one, shown(one)[0]) for one in known)],
        "states": states,
    }
