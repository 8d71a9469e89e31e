"""Who is asked to wait is told for how long, and offered nothing that would be refused before."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from bs4 import Tag
from flask import Flask

from booking.domain.errors import TooManyAttempts, Unavailable
from booking.domain.tables import User
from booking.http import date_format
from booking.pages import formats, rendering
from tests.cases import each
from tests.web.visitor import Visitor

STYLES = (Path(rendering.__file__).parents[1] / "static" / "app.css").read_text()


def seconds_hidden(button: Tag | None) -> int:
    """For how long the stylesheet hides it."""
    assert button is not None
    assert button.has_attr("data-waits")
    assert "after-wait" in button["class"]
    return sum(int(one.removeprefix("wait-")) for one in button["class"] if one.startswith("wait-"))


@each("seconds", [1, 9, 23, 60, 272, 899, 3600, 12_345, 86_399])
def test_the_delays_of_the_stylesheet_add_up_to_every_wait(seconds: int) -> None:
    steps = formats.wait_steps(seconds).split()
    assert sum(int(step.removeprefix("wait-")) for step in steps) == seconds
    [added] = re.findall(r"\.after-wait:not.*calc\((.*)\) backwards", STYLES)
    for step in steps:
        [(name, delay)] = re.findall(rf"\.{step} {{ (--wait-\d+): (\d+)s; }}", STYLES)
        assert (f"wait-{delay}", f"var({name}, 0s)" in added) == (step, True)


@each(
    ("seconds", "said"),
    [
        (1, "1 second"),
        (59, "59 seconds"),
        (61, "2 minutes"),
        (7_140, "119 minutes"),
        (7_201, "3 hours"),
        (86_399, "24 hours"),
    ],
)
def test_a_wait_is_rounded_up_and_long_ones_are_told_in_hours(app: Flask, seconds: int, said: str) -> None:
    with app.test_request_context():
        assert date_format.at_most(seconds) == said


@pytest.mark.parametrize(
    ("refusal", "status", "told"),
    [(TooManyAttempts(272), 429, "Try again in 5 minutes."), (Unavailable(), 503, "Your bookings are safe.")],
)
def test_try_again_waits_as_long_as_the_answer_says(
    app: Flask, alice: User, monkeypatch: pytest.MonkeyPatch, refusal: Exception, status: int, told: str
) -> None:
    def refused(*_: object, **__: object) -> Any:
        raise refusal

    guest = Visitor(app).signed_in(alice).go("/account")
    monkeypatch.setattr("booking.domain.people.change_name", refused)
    monkeypatch.setattr("booking.domain.reservations.overview", refused)
    guest.send("/account/profile", fullName="Alice Liddell")
    for _ in ("a form", "a page"):
        again = guest.page.find(["a", "button"], string="Try again")
        assert isinstance(again, Tag)
        assert (guest.status, told in guest.text) == (status, True)
        assert seconds_hidden(again) == int(guest.headers["Retry-After"])
        assert "“Try again” appears here when the wait is over." in guest.text
        guest.go("/bookings")
