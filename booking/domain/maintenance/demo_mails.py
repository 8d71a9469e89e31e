"""Emails that a copy for trying the product has written as files: for its owner to read."""

from __future__ import annotations

from booking.domain.actors import Actor
from booking.domain.errors import Forbidden
from booking.domain.people import Action, require
from booking.infra import sent_mails
from booking.infra.sent_mails import SentMail


def latest(actor: Actor, folder: str) -> list[SentMail]:
    """The newest first. Raises Forbidden."""
    require(actor, Action.SEE_DEMO_MAILS, otherwise=Forbidden)
    return sent_mails.latest(folder)


def find(actor: Actor, folder: str, name: str) -> SentMail | None:
    """The email in this file, None where there is none. Raises Forbidden."""
    require(actor, Action.SEE_DEMO_MAILS, otherwise=Forbidden)
    return sent_mails.one(folder, name)
