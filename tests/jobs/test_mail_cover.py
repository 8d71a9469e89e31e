"""The picture of the room in its confirmation: inside of the email, and never what an email waits for."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from email.message import EmailMessage

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from booking.domain.tables import Room
from booking.infra.storage import Storage
from booking.jobs import mail_covers
from booking.jobs.mail_covers import Cover
from booking.jobs.mails import compose
from tests.jobs.stories import NOTICE, SETTINGS, letter
from tests.photos import added, away, of_room

pytestmark = pytest.mark.slow


def written(cover: Cover | None) -> EmailMessage:
    sent = compose(NOTICE, letter(), SETTINGS, cover=cover).as_bytes()
    return email.message_from_bytes(sent, policy=email.policy.default)


def test_the_first_photo_of_the_room_is_inside_of_the_email(room: Room, storage: Storage) -> None:
    added(of_room(room), "red", "A red door")
    added(of_room(room), "blue")
    cover = mail_covers.of(replace(NOTICE, room_id=room.id), letter())
    assert cover
    assert (cover.alt, cover.width, cover.height) == ("A red door", 504, 336)
    message = written(cover)
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds[:6] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/jpeg",
    ]
    html, picture = list(message.walk())[4:6]
    assert picture["Content-ID"] == "<cover.019a.mail@stay.example>"
    assert picture.get_content() == cover.picture.content
    image = BeautifulSoup(html.get_content(), "html.parser").img
    assert image
    assert (image["src"], image["alt"]) == ("cid:cover.019a.mail@stay.example", "A red door")
    assert (image["width"], image["height"]) == ("504", "336")


def test_without_one_or_while_the_photos_are_away_it_goes_without(
    app: Flask, room: Room, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = replace(NOTICE, room_id=room.id)
    assert mail_covers.of(notice, letter()) is None
    assert mail_covers.of(NOTICE, letter()) is None
    added(of_room(room))
    away(app, monkeypatch)
    assert mail_covers.of(notice, letter()) is None
    assert "cid:" not in str(written(None))
