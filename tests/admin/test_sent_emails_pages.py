"""Emails at the desk: the list by address and state, each in its words, and a failed one that is sent again."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from booking.domain import correspondence
from booking.domain.actors import Role
from booking.domain.correspondence import EmailSearch, SentEmailNotFound
from booking.domain.messages import outbox
from booking.domain.people import password_resets
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Delivery, Room, User
from booking.infra.db import db, transaction
from booking.infra.ids import new_id
from tests.admin.staff import at_work
from tests.admin.test_booking_page import at
from tests.cast import SYSTEM, VISA, a_room, acting, in_days, order, person
from tests.domain.reservations.test_desk_bookings import staff
from tests.jobs.letters_sent import sent
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow
EMAILS = "/admin/messages/emails"


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext, mail_dir: Path) -> Booking:
    made = bookings.book(acting(alice), order(alice, room, in_days(40)), VISA, desk)
    assert len(sent(mail_dir)) == 1
    return made


@pytest.fixture
def clerk(app: Flask, bob: User, room: Room) -> Visitor:
    return at_work(app, bob, Role.DESK, room)


@transaction
def failing(error: str = "550 mailbox unavailable") -> None:
    """Every email that there is was refused."""
    db.session.execute(update(Delivery).values(state="failed", error=error))


def rows(visitor: Visitor) -> list[str]:
    return [" ".join(row.get_text(" ").split()) for row in visitor.page.select("tbody tr")]


def test_what_was_sent_is_found_by_address_reference_and_state(clerk: Visitor, booked: Booking) -> None:
    for asked in ("", "?q=ALICE@example.com", f"?q={booked.reference.lower()}", "?state=sent", "?q=alice"):
        [row] = rows(clerk.go(f"{EMAILS}{asked}"))
        assert row.startswith("Confirmation"), asked
        assert f"Sent alice@example.com {booked.reference}" in row
    long = f"{'a' * 60}@{'b' * 60}.example"
    for asked in ("?q=nobody@example.com", f"?q={long}", "?state=failed", "?state=to_send", "?state=bounced"):
        assert "No email matches" in clerk.go(f"{EMAILS}{asked}").text, asked
    for asked, status in (("?state=x", 400), ("?after=x", 404), ("?property=property_x", 404)):
        assert clerk.go(f"{EMAILS}{asked}").status == status, asked


def test_it_is_read_as_it_was_sent_from_the_list_and_from_the_booking(clerk: Visitor, booked: Booking) -> None:
    for page in (EMAILS, at(booked)):
        [link] = {one for one in clerk.go(page).links() if one.startswith(f"{EMAILS}/")}
        clerk.go(link)
        assert clerk.heading == "Confirmation"
        assert f"Reference: {booked.reference}" in clerk.text
        assert "alice@example.com" in clerk.text


def test_what_waits_and_what_failed_is_listed_and_a_failed_one_sent_again_leaves_today(
    clerk: Visitor,
    alice: User,
    room: Room,
    desk: BookingContext,
    mail_dir: Path,
) -> None:
    bookings.book(acting(alice), order(alice, room, in_days(40)), VISA, desk)
    outbox.relay()
    [row] = rows(clerk.go(f"{EMAILS}?state=to_send"))
    assert row.startswith("Confirmation")
    failing()
    [row] = rows(clerk.go(f"{EMAILS}?state=failed&q=alice"))
    assert "Not delivered 550 mailbox unavailable" in row
    assert "Emails that failed 1" in clerk.go("/admin/").text
    [link] = [one for one in clerk.go(EMAILS).links() if one.startswith(f"{EMAILS}/")]
    clerk.go(link).press("Send again")
    assert "The email is on its way." in clerk.text
    assert "Emails that failed 0" in clerk.go("/admin/").text
    assert len(sent(mail_dir)) == 1
    failing()  # the second one, too
    assert "Emails that failed 1" in clerk.go("/admin/").text


def test_another_propertys_is_not_there_and_accounts_are_for_owners_of_all(
    app: Flask,
    booked: Booking,
    alice: User,
    mail_dir: Path,
) -> None:
    password_resets.request(alice.email)
    sent(mail_dir)
    elsewhere = at_work(app, person("carol"), Role.OWNER, a_room())
    assert "No emails yet" in elsewhere.go(EMAILS).text
    here = at_work(app, person("dave"), Role.OWNER, app_room(booked))
    assert [row.split(" ")[0] for row in rows(here.go(EMAILS))] == ["Confirmation"]
    boss = at_work(app, person("erin"), Role.OWNER)
    assert [row.split(" ")[0] for row in rows(boss.go(EMAILS))] == ["New", "Confirmation"]
    links = [one for one in boss.links() if one.startswith(f"{EMAILS}/")]
    assert "[hidden]" in boss.go(links[0]).text
    boss.post(f"{links[0]}/resend", csrf_token=boss.token())
    assert "The email is on its way." not in boss.text, "it has not failed"
    assert [elsewhere.go(link).status for link in links] == [404, 404]
    assert [here.go(link).status for link in links] == [404, 200]
    failing()
    boss.go(links[0]).press("Send again")
    assert "The email is on its way." in boss.text
    here.go("/account").post(f"{links[0]}/resend", csrf_token=here.token())
    assert here.status == 404


def app_room(booked: Booking) -> Room:
    """A room of its property."""
    return Room(property_id=booked.property_id)


def test_pages_follow_each_other(
    alice: User,
    room: Room,
    desk: BookingContext,
    mail_dir: Path,
) -> None:
    for start in (40, 50):
        bookings.book(acting(alice), order(alice, room, in_days(start)), VISA, desk)
    sent(mail_dir)
    bookings.book(acting(alice), order(alice, room, in_days(60)), VISA, desk)
    outbox.relay()
    found, after = [], None
    for _ in range(3):
        page = correspondence.find_emails(staff(room), EmailSearch(after=after), 1)
        found += [one.state for one in page.entries]
        after = page.after
    assert (found, after) == (["to_send", "sent", "sent"], None)
    with pytest.raises(SentEmailNotFound):
        correspondence.read_email(SYSTEM, new_id())
