"""What is wrong in the house, and what of it whoever looks is told by email."""

from __future__ import annotations

from flask import Blueprint, Response, session, url_for
from flask_babel import gettext

from booking.admin.entrance import desk
from booking.domain import people, system, texting
from booking.domain.errors import Invalid
from booking.domain.texting import TextAlertsChoice, TextNumber
from booking.http import words
from booking.http.error_rendering import status_of
from booking.http.services import current_services
from booking.infra import phone_numbers
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor

blueprint = Blueprint("alerts", __name__, url_prefix="/alerts")

DONE = "alerts_done"  # in the cookie until it was shown


@blueprint.get("")
def show() -> Response:
    """What is wrong now, what was, and one's own choices."""
    return _page(Form(), 200)


@blueprint.post("")
def choose() -> Response:
    """Be told as it was chosen from now on."""
    form, known = Form.posted(), people.own_alerts(actor())
    try:
        people.choose_alerts(actor(), {kind: form.value(kind) for kind in known if form.value(kind)})
    except Invalid as refusal:
        return _page(form.refuse(refusal), status_of(refusal))
    session[DONE] = True
    return go_to(url_for(".show"))


@blueprint.post("/texts")
def choose_texts() -> Response:
    """Be told by text message, too, or not any more; nothing where nobody sends any."""
    form = Form.posted()
    people.own_alerts(actor())  # for who may be told of nothing, there is no such page
    if not current_services().settings.sends_texts:
        return go_to(url_for(".show"))
    try:
        chosen = form.accept(TextAlertsChoice).text_alerts
        number = form.accept(TextNumber).mobile if chosen != texting.OFF else None
        texting.choose_text_alerts(actor(), chosen, number)
    except Invalid as refusal:
        return _page(Form(), status_of(refusal), texts=form)
    session[DONE] = True
    return go_to(url_for(".show"))


def _text_ways() -> list[tuple[str, str]]:
    """When somebody's phone may be told."""
    hours = {"begin": texting.DAY_BEGINS.isoformat("minutes"), "end": texting.DAY_ENDS.isoformat("minutes")}
    return [
        (texting.OFF, gettext("No text messages")),
        (texting.BY_DAY, gettext("From %(begin)s to %(end)s; what happens at night, in the morning", **hours)),
        (texting.ALWAYS, gettext("At any hour")),
    ]


def _kinds() -> dict[str, tuple[str, str]]:
    """What each kind is called, and what belongs to it."""
    return {
        people.ALERT_MONEY: (
            gettext("Payments and refunds in doubt"),
            gettext("No answer from the payment provider, or a refund that was declined."),
        ),
        people.ALERT_EMAILS: (
            gettext("Emails and text messages that fail"),
            gettext("Late, or not deliverable."),
        ),
        people.ALERT_SYSTEM: (
            gettext("Disk, memory or queue filling up"),
            gettext("Also maintenance that should be over."),
        ),
        people.ALERT_BACKUPS: (gettext("Backups that are late"), ""),
        people.ALERT_BOOKINGS: (gettext("New bookings"), ""),
        people.ALERT_MESSAGES: (gettext("Messages from guests"), ""),
    }


def _ways(kind: str) -> list[tuple[str, str]]:
    """How one may be told of it."""
    at_once = gettext("At once, several in one email") if kind in NEWS else gettext("At once")
    return [("off", gettext("Not at all")), ("at_once", at_once), ("daily", gettext("Once a day, in the morning"))]


NEWS = (people.ALERT_BOOKINGS, people.ALERT_MESSAGES)


def _page(form: Form, status: int, texts: Form | None = None) -> Response:
    chosen, houses = people.own_alerts(actor()), desk().houses
    names = {house.id: house.name for house in houses}
    sends_texts = current_services().settings.sends_texts
    facts = {
        "form": form,
        "texts": texts,
        "sends_texts": sends_texts,
        "phone": texting.own_text_consent(actor()) if sends_texts else None,
        "number": phone_numbers.shown,
        "text_ways": _text_ways,
        "done": session.pop(DONE, None) if status == 200 else None,
        "chosen": chosen,
        "kinds": {kind: told for kind, told in _kinds().items() if kind in chosen},
        "ways": _ways,
        "is_attended": system.is_attended(actor()),
        "alerts": system.list_alerts(actor(), closed=True, limit=50),
        "told": lambda one: words.alert(one.code, one.facts, desk().zone),
        "place_of": lambda one: names.get(one.property_id, ""),
        "zone": desk().zone,
    }
    return page("admin/alerts.html", block="main", status=status, **facts)
