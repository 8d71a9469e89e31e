"""What text messages say: short, in the order of what somebody needs first, and in as few messages as that takes."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

from flask_babel import gettext

from booking.config import Settings
from booking.domain import catalogue, correspondence, people, system, texting
from booking.domain.correspondence import Arrival
from booking.domain.messages import Task
from booking.domain.people import AlertReader
from booking.domain.texting import Consent, TextDraft
from booking.http import date_format
from booking.infra import ids
from booking.infra.texting import Texter, measured, spelled_plainly
from booking.jobs import alert_mails
from booking.jobs.account_mails import site
from booking.jobs.email_builder import one_line

MOST_SEGMENTS = 2  # what does not fit is left out, the least important first
LONGEST_NAME = 40  # characters of a property


def written(task: Task, settings: Settings, texter: Texter) -> TextDraft | None:
    """The text message that this event is worth; None where it is no longer, or nobody wants it any more."""
    consent = _consent(task)
    if consent is None:
        return None
    if task.type == texting.ARRIVAL_NEAR:
        return _arrival(task, consent, texter)
    return _alert(task, consent, settings)


def _consent(task: Task) -> Consent | None:
    """The account's, or that of whoever stays with an order."""
    user_id, order_id = _reader(task)
    if user_id:
        return texting.find_text_consent(user_id)
    return texting.find_text_consent_for_order(order_id) if order_id else None


def _reader(task: Task) -> tuple[uuid.UUID | None, uuid.UUID | None]:
    told = task.payload
    return ids.decode("user", told.get("userId") or ""), ids.decode("order", told.get("orderId") or "")


def _arrival(task: Task, consent: Consent, texter: Texter) -> TextDraft | None:
    told = task.payload
    booking_id = ids.decode("booking", told["bookingId"])
    soon = correspondence.find_arrival(booking_id, dt.date.fromisoformat(told["checkIn"])) if booking_id else None
    if soon is None or not consent.arrivals:
        return None
    said = first_that_fits(_about_arrival(soon, texter))
    return _draft(task, consent, said, soon.time_zone)


def _about_arrival(soon: Arrival, texter: Texter) -> Iterator[str]:
    """From all that is known to what nobody can do without."""
    house = catalogue.house_facts(soon.property_id)
    name = soon.property if len(soon.property) <= LONGEST_NAME else f"{soon.property[: LONGEST_NAME - 3].rstrip()}..."
    facts = {"property": name, "day": date_format.day_short(soon.at), "hour": date_format.hour(soon.at)}
    first = (
        gettext("%(property)s: check-in is today, %(day)s, from %(hour)s.", **facts)
        if soon.is_today
        else gettext("%(property)s: check-in is tomorrow, %(day)s, from %(hour)s.", **facts)
    )
    where = ", ".join(part for part in (soon.street, soon.city) if part)
    reference = gettext("Booking %(reference)s.", reference=soon.reference)
    phone = gettext("Phone %(phone)s.", phone=house.phone) if house.phone else ""
    stop = gettext("Reply STOP to end these texts.") if texter.hears_replies else ""
    for parts in ((where and f"{where}.", reference, phone), (reference, phone), (reference,)):
        yield " ".join(part for part in (first, *parts, stop) if part)


def _alert(task: Task, consent: Consent, settings: Settings) -> TextDraft | None:
    """None where it was over before anybody could be told, and where its reader works here no more."""
    told: dict[str, Any] = task.payload
    what, alert_id = told["tells"], ids.decode("alert", told.get("alertId") or "")
    is_over = what == system.ALERT_OPENED and (alert_id is None or not system.is_alert_open(alert_id))
    user_id = ids.decode("user", told["userId"])
    reader = next((one for one in people.alert_readers() if one.user_id == user_id), None)
    if consent.alerts == texting.OFF or is_over or reader is None:
        return None
    line = alert_mails.headline(what, told)
    link = alert_mails.page_about(told["kind"], settings) if "kind" in told else f"{site(settings)}/admin"
    said = first_that_fits(iter((f"{line} {link}", line, f"{line[:200].rstrip()}...")))
    zone = None if consent.alerts == texting.ALWAYS else _zone(reader, told.get("propertyId"))
    return _draft(task, consent, said, zone)


def _zone(reader: AlertReader, about: str | None) -> str:
    """Whose night is quiet: that of the property that an alert is about, else of the reader's first."""
    place = ids.decode("property", about) if about else None
    houses = sorted(catalogue.properties_of_staff(reader.actor), key=lambda house: house.id != place)
    return next((house.time_zone for house in houses), "Etc/UTC")


def first_that_fits(ways: Iterator[str]) -> str:
    """The first of these in at most MOST_SEGMENTS messages; the last one where none is."""
    said = ""
    for way in ways:
        said = spelled_plainly(one_line(way))
        if measured(said).segments <= MOST_SEGMENTS:
            return said
    return said


def _draft(task: Task, consent: Consent, said: str, zone: str | None) -> TextDraft:
    about, place = task.payload.get("bookingId"), task.payload.get("propertyId")
    user_id, order_id = _reader(task)
    return TextDraft(
        kind=task.payload.get("tells", task.type),
        user_id=user_id,
        order_id=order_id,
        booking_id=ids.decode("booking", about) if about else None,
        property_id=ids.decode("property", place) if place else None,
        number=consent.number,
        text=said,
        segments=measured(said).segments,
        time_zone=zone,
    )
