"""What somebody answers to a text message: STOP and START are heeded, anything else is said to the house.

It stands with the messages about the stay that they were texted about last. What belongs to none is read by nobody, and
the text messages say where to write instead.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from booking.domain import people, texting
from booking.domain.actors import Actor
from booking.domain.correspondence.conversations import MessageText, written_by_guest
from booking.domain.correspondence.errors import WritingRefused
from booking.domain.errors import Forbidden, Invalid, TooManyAttempts
from booking.domain.inputs import accept
from booking.domain.messages import HeardReport
from booking.domain.people import Action
from booking.domain.reservations import Booking
from booking.domain.texting import SentText
from booking.infra import telemetry
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, transaction

ANSWERED_WITHIN = dt.timedelta(days=14)
STOP, START = "stop", "start"


@transaction(isolation=READ_COMMITTED)
def hear(actor: Actor, reply_id: str, number: str, said: str, wants: str) -> bool:
    """What came from this number (E.164); `wants`: STOP, START or "". Told twice, it is heard once: whether something
    came of it now. Raises Forbidden.
    """
    people.require(actor, Action.STOP_TEXTS, otherwise=Forbidden)
    known = insert(HeardReport).values(id=f"text:{reply_id}"[:255], heard_at=sql_now())
    if db.session.scalars(known.on_conflict_do_nothing().returning(HeardReport.id)).one_or_none() is None:
        return False
    if wants == STOP:
        return texting.stop_texts_within(actor, number) > 0
    if wants == START:
        return texting.resume_texts_within(actor, number) > 0
    return _said(actor, reply_id, number, said)


def _said(actor: Actor, reply_id: str, number: str, said: str) -> bool:
    lately = SentText.number == number, SentText.booking_id.is_not(None), SentText.sent_at > sql_now() - ANSWERED_WITHIN
    last = db.session.scalars(select(SentText).where(*lately).order_by(SentText.event_id.desc()).limit(1)).first()
    booking = db.session.get(Booking, last.booking_id, with_for_update=True) if last else None
    if booking is None or last is None or last.user_id not in (None, booking.user_id):
        telemetry.log.info("text_reply_about_nothing", reply=reply_id)
        return False
    try:
        message = accept(MessageText, {"message": said}, strict=False).message
        writer = Actor.guest(last.user_id) if last.user_id else actor  # who stays, and has no account
        written_by_guest(writer, booking, message, last.user_id)
    except (Invalid, WritingRefused, TooManyAttempts) as refusal:
        telemetry.log.info("text_reply_refused", reply=reply_id, reason=refusal.reason)
        return False
    return True
