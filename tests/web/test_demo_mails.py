"""The mails that a copy for trying out has written: the demo owner sees them, nobody else does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from booking.domain.messages import outbox
from booking.domain.people import users
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Room, User
from booking.jobs import deliver
from booking.jobs.mail_deliveries import MAIL
from tests.cast import PASSWORD, SYSTEM, VISA, acting, order
from tests.web.visitor import Visitor


@pytest.fixture
def mails(app: Flask, tmp_path: Path) -> Iterator[Path]:
    before = app.extensions["services"]
    app.extensions["services"] = replace(before, settings=replace(before.settings, mail_dir=str(tmp_path)))
    yield tmp_path
    app.extensions["services"] = before


@pytest.fixture
def owner(app: Flask, mails: Path) -> Visitor:
    users.ensure(SYSTEM, email="olga@example.com", password=PASSWORD, full_name="Olga", role="owner", region="eu")
    return Visitor(app).sign_in("olga")


@pytest.fixture
def one_mail(alice: User, room: Room, desk: BookingContext, mails: Path) -> str:
    bookings.book(acting(alice), order(alice, room), VISA, desk)
    outbox.relay()
    deliver.deliver(MAIL, [str(event_id) for name, event_id in outbox.due() if name == MAIL])
    (file,) = mails.glob("*.eml")
    return file.name


def test_without_mails_the_page_says_so(owner: Visitor) -> None:
    assert "No emails yet" in owner.go("/demo/mails").text


def test_a_mail_is_listed_and_shown(owner: Visitor, one_mail: str) -> None:
    assert "your booking is confirmed" in owner.go("/demo/mails").text
    owner.go(f"/demo/mails/{one_mail}")
    assert "alice@example.com" in owner.text
    assert "stay.ics" in owner.text
    assert any("/bookings/booking_" in link for link in owner.links())


def test_the_frame_can_do_nothing_but_look(owner: Visitor, one_mail: str) -> None:
    frame = owner.go(f"/demo/mails/{one_mail}").page.find("iframe")
    assert not frame["sandbox"]
    owner.go(str(frame["src"]))
    policy = owner.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'none'" in policy
    assert "sandbox" in policy
    assert "Your booking is confirmed" in owner.text


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nothing.eml", "..%2Fsecret.eml", "%2Fetc%2Fpasswd", ".hidden.eml", "x"])
def test_nothing_else_is_read(owner: Visitor, mails: Path, name: str) -> None:
    (mails.parent / "secret.eml").write_text("Subject: secret\n\n")
    assert owner.go(f"/demo/mails/{name}").status == 404
    assert owner.go(f"/demo/mails/{name}/html").status == 404


def test_guests_may_not_look(app: Flask, alice: User, mails: Path, one_mail: str) -> None:
    guest = Visitor(app).sign_in("alice")
    for path in ("/demo/mails", f"/demo/mails/{one_mail}", f"/demo/mails/{one_mail}/html"):
        assert guest.go(path).status == 403


def test_a_page_that_is_not_theirs_offers_another_sign_in(app: Flask, alice: User, mails: Path) -> None:
    guest = Visitor(app).sign_in("alice").go("/demo/mails")
    form = guest.page.select_one("main form")
    assert form.button.get_text() == "Sign in with a different account"
    guest.send("/sign-out", {"next": form.select_one("[name=next]")["value"]})
    assert (guest.heading, guest.status) == ("Sign in", 200)
    assert guest.page.select_one("input[name=next]")["value"] == "/demo/mails"


def test_in_production_there_is_no_such_page(app: Flask, owner: Visitor) -> None:
    before = app.extensions["services"]
    app.extensions["services"] = replace(before, settings=replace(before.settings, app_env="production"))
    try:
        assert owner.client.get("/demo/mails").status_code == 404
    finally:
        app.extensions["services"] = before
