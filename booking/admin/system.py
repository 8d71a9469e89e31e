"""What happens behind the pages, for owners: work, backups, servers, the doctor's findings, settings in force."""

from __future__ import annotations

import datetime as dt
import platform
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, current_app, session, url_for
from flask_babel import format_timedelta

from booking.admin.entrance import desk
from booking.domain import maintenance, people, system
from booking.domain.errors import NotFound
from booking.http import checkup, settings_shown, words
from booking.http.services import current_services
from booking.infra.doctor import report
from booking.infra.ids import decode
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor

blueprint = Blueprint("system", __name__, url_prefix="/system")

DONE = "system_done"  # in the cookie until it was shown
AGAIN, DROP = STEPS = ("again", "drop")  # what becomes of a delivery that was given up
PATIENCE = 2.5  # seconds for one check, while somebody waits; those that build on another come after it


@blueprint.get("")
def show() -> Response:
    """All of it at a glance."""
    settings = current_services().settings
    status = system.get_status(actor(), settings)
    listed = settings_shown.shown(settings)
    facts: dict[str, Any] = {
        "seen": status,
        "mode": system.current_maintenance(),
        "alerts": system.list_alerts(actor()),
        "told": lambda one: words.alert(one.code, one.facts, desk().zone),
        "backups": status.noted.get(system.NOTED_BACKUPS),
        "drill": status.noted.get(system.NOTED_DRILL),
        "doctor": status.noted.get(system.NOTED_DOCTOR),
        "has_archive": bool(settings.backup_url),
        "settings": [one for one in listed if not one.is_limit],
        "limits": [one for one in listed if one.is_limit],
        "version": current_app.config["VERSION"],
        "python": platform.python_version(),
        "instant": dt.datetime.fromisoformat,
        "size": _size,
        "late": format_timedelta(dt.timedelta(seconds=round(status.seconds_late)), threshold=1),
        "done": session.pop(DONE, None),
        "zone": desk().zone,
    }
    return page("admin/system.html", block="main", **facts)


@blueprint.post("/deliveries/<event_id>/<step>")
def settle(event_id: str, step: str) -> Response:
    """One delivery that was given up: tried once more, or never again. A second time changes nothing."""
    known, consumer = decode("event", event_id), Form.posted().value("consumer")
    if known is None or step not in STEPS:
        raise NotFound
    is_settled = maintenance.settle_delivery(actor(), known, consumer, again=step == AGAIN)
    session[DONE] = step if is_settled else "settled"
    return go_to(url_for(".show", _anchor="work"))


@blueprint.post("/deliveries/again")
def retry() -> Response:
    """All of them once more."""
    maintenance.retry_deliveries(actor())
    session[DONE] = "again"
    return go_to(url_for(".show", _anchor="work"))


@blueprint.post("/doctor")
def examine() -> Response:
    """Look at everything now, for some seconds at most, and keep what was found."""
    system.get_maintenance(actor())  # for who may not, nothing is looked at
    people.require_recent_sign_in(actor())
    settings = current_services().settings
    lines = report.examine(checkup.plan(settings, []), report.secrets_of(settings), PATIENCE)
    system.note_facts(actor(), system.NOTED_DOCTOR, {"lines": [asdict(line) for line in lines]})
    return go_to(url_for(".show", _anchor="doctor"))


def _size(number: int) -> str:
    """1.4 GB"""
    return f"{number / 2**20:,.0f} MB" if number < 2**30 else f"{number / 2**30:,.1f} GB"
