"""The email about a changed booking: once, with what was and what is; its calendar entry takes the old one's place."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from dataclasses import replace
from decimal import Decimal
from email.message import EmailMessage
from pathlib import Path

import icalendar

from booking.domain.reservations import bookings, goodwill
from booking.domain.reservations.booking_summary import ChangedFrom
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.models import EarlierRoom
from booking.domain.reservations.refund_decisions import Decided
from booking.domain.stays import Stay
from booking.domain.tables import Room, User
from booking.jobs.mails import CHANGE, compose
from tests.cast import SYSTEM, VISA, acting, in_days, order
from tests.domain.reservations.changing import changed
from tests.jobs.letters_sent import newest, received, sent, text
from tests.jobs.stories import NOTICE, SETTINGS, letter


def entry_of(message: EmailMessage) -> icalendar.Component:
    [part] = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    calendar = icalendar.Calendar.from_ical(payload)
    return next(iter(calendar.walk("VEVENT")))


def test_a_change_is_told_once_and_moves_the_entry_in_the_calendar(
    alice: User, room: Room, desk: BookingContext, mail_dir: Path
) -> None:
    booking = bookings.book(acting(alice), order(alice, room), VISA, desk)
    changed(booking, desk, check_out=in_days(30, 5).check_out)
    changed(booking, desk, None, check_out=in_days(30, 2).check_out)
    subjects = [str(message["Subject"]).partition(" (")[0] for message in sent(mail_dir)]
    assert subjects.count(f"{booking.reference}: your booking has changed") == 2
    told = newest(mail_dir, f"{booking.reference}: your booking has changed")
    assert "€360 goes back to the card you paid with" in " ".join(text(told).split())
    entry = entry_of(told)
    assert (entry["SEQUENCE"], entry["STATUS"]) == (2, "CONFIRMED")
    bookings.cancel(acting(alice), booking.id, desk)
    last = entry_of(newest(mail_dir, f"{booking.reference}: your booking has been cancelled"))
    assert (last["UID"], last["SEQUENCE"]) == (entry["UID"], 3)


def test_every_outcome_says_what_it_costs() -> None:
    was = ChangedFrom("Attic", NOTICE.arrival.date(), NOTICE.departure.date(), 1, Decimal(0), Decimal(0))
    for change, said in (
        (was, "That is as much as before."),
        (replace(was, difference=Decimal("120")), "That is ₪120.00 more than before."),
        (replace(was, difference=Decimal("-120")), "That is ₪120.00 less than before."),
        (replace(was, difference=Decimal("-120"), refund=Decimal("120")), "₪120.00 goes back to the card"),
    ):
        message = received(compose(replace(NOTICE, changed_from=change), letter(CHANGE), SETTINGS))
        for kind in ("plain", "html"):
            body = " ".join(text(message, kind).replace("<strong>", "").replace("</strong>", "").split())
            assert said in body, body
            assert "Attic" in body


def test_a_guest_who_moves_is_told_where_they_slept_until_when() -> None:
    was = ChangedFrom("Attic", NOTICE.arrival.date(), NOTICE.departure.date(), 1, Decimal(0), Decimal(0))
    day = dt.date(2027, 3, 2)
    earlier = EarlierRoom(uuid.uuid4(), "At\ntic", Stay(day - dt.timedelta(days=1), day))
    message = received(compose(replace(NOTICE, changed_from=was, earlier_rooms=(earlier,)), letter(CHANGE), SETTINGS))
    for kind in ("plain", "html"):
        body = " ".join(re.sub("<[^>]*>|[\u2066-\u2069]", " ", text(message, kind)).split())
        assert f"{NOTICE.room} until Tuesday 2 March 2027: At tic" in body, body


def test_two_changes_before_the_first_email_are_each_told_as_they_were(
    alice: User, room: Room, desk: BookingContext, mail_dir: Path
) -> None:
    booking = bookings.book(acting(alice), order(alice, room), VISA, desk)
    changed(booking, desk, check_out=in_days(30, 5).check_out)
    changed(booking, desk, None, check_out=in_days(30, 2).check_out)
    told = [one for one in sent(mail_dir) if "has changed" in str(one["Subject"])]
    told.sort(key=lambda one: str(entry_of(one)["SEQUENCE"]))
    first, second = (" ".join(text(one).split()) for one in told)
    assert [entry_of(one)["SEQUENCE"] for one in told] == [1, 2]
    assert "5 nights at €120: €600" in first
    assert "That is €240 more than before." in first
    assert "It has been changed once more since then." in first
    assert "2 nights at €120: €240" in second
    assert "changed once more" not in second
    days = [entry_of(one)["DTEND"].dt.date() for one in told]
    assert days == [in_days(30, 5).check_out, in_days(30, 2).check_out]


def test_goodwill_says_what_comes_back_and_that_the_stay_is_as_it_was(
    alice: User, room: Room, desk: BookingContext, mail_dir: Path
) -> None:
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    decided = Decided(Decimal(50), "no hot water")
    goodwill.give(SYSTEM, booked.id, decided, desk, seen_version=booked.version)
    told = newest(mail_dir, f"{booked.reference}: your booking has changed")
    for kind in ("plain", "html"):
        said = " ".join(re.sub("<[^>]*>|[\u2066-\u2069]", " ", text(told, kind)).split())
        assert "we have taken €50 off the price of your stay" in said, said
        assert "€50 goes back to the card you paid with" in said
        assert "Goodwill" in said
        assert "Before:" not in said
        assert "hot water" not in said
