"""Asking for another address, and pressing what the mails about it lead to."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from flask import Flask

from booking.domain.actors import VISITOR, Actor
from booking.domain.people import users
from booking.domain.people.inputs import Registration
from booking.domain.tables import User
from tests.jobs.letters_sent import newest, path_in
from tests.web.visitor import Visitor

WORKER = Actor.system("worker")
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
OLD, NEW = "alice@example.com", "alice@new.example"
TO_NEW, TO_OLD, AFTER = "Confirm your new", "Your email address is about", "Your email address was changed"
AWAITED = "Confirm the change"
MINE = "a-secret-for-tests-only-0123456789abcdef"


def ask(guest: Visitor, new: str = NEW) -> Visitor:
    return guest.go("/account").send("/account/email", newEmail=new)


def pressed(app: Flask, mail_dir: Path, subject: str, page: str) -> Visitor:
    """Somebody in another browser opens the newest such mail's link and presses its button."""
    path = path_in(newest(mail_dir, subject), page)
    return Visitor(app).go(path).send(path)


def confirmed(app: Flask, mail_dir: Path) -> Visitor:
    return pressed(app, mail_dir, TO_NEW, "change-email")


def undone(app: Flask, mail_dir: Path, subject: str = AFTER) -> Visitor:
    return pressed(app, mail_dir, subject, "keep-email")


def has(email: str, user: User) -> bool:
    found = users.find(email)
    return found is not None and found.id == user.id


def is_in(visitor: Visitor) -> bool:
    return visitor.go("/account").heading == "Your account"


def agreed(app: Flask, mail_dir: Path, subject: str = TO_OLD) -> Visitor:
    """Somebody who reads the old mailbox presses the button that says that it was them."""
    path = path_in(newest(mail_dir, subject), "keep-email")
    visitor = Visitor(app).go(path)
    return visitor.send(f"{path}/confirm")


def link_of(mail_dir: Path, subject: str, page: str) -> str:
    return path_in(newest(mail_dir, subject), page).rpartition("/")[2]


def register(email: str) -> User:
    fields = {"email": email, "password": "a window by the sea", "fullName": "Somebody"}
    return users.register(VISITOR, Registration.model_validate(fields), "eu")
