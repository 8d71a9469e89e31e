"""From an event to its mail: once, again after a failure, by one worker only; not at all for what never happened."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from booking.domain import catalogue, messages
from booking.domain.maintenance.messages_again import retry
from booking.domain.messages import outbox
from booking.domain.tables import Event
from booking.infra import cache, clock, ids
from booking.infra.db import db, transaction
from booking.jobs import deliver as jobs
from booking.jobs import mails
from booking.jobs.cache_refresh import CACHE
from booking.jobs.mail_deliveries import MAIL
from tests.cast import SYSTEM
from tests.jobs.conftest import MailServer
from tests.jobs.stories import (
    booked,
    cancelled,
    confirmed,
    deliveries,
    events_age,
    happened,
    time_passes,
)
from tests.quick import first_quick


def offered(consumer: str = MAIL) -> list[str]:
    """What the ticker would hand to the queue now."""
    outbox.relay()
    return [str(event_id) for name, event_id in outbox.due() if name == consumer]


def states() -> list[tuple[str, int]]:
    return [(delivery.state, delivery.attempts) for delivery in deliveries()]


def test_a_confirmed_booking_gets_its_confirmation(smtp: MailServer) -> None:
    stay = booked()
    confirmed(stay)
    (event_id,) = offered()
    jobs.deliver(MAIL, [event_id])
    (message,) = smtp.messages
    assert stay.reference in message["Subject"]
    assert message["Message-ID"] == f"<{event_id}.mail@stay.example>"
    assert message["To"].addresses[0].addr_spec == "Guest1@example.com"
    assert states() == [("done", 1)]


def test_a_cancelled_booking_gets_its_cancellation(smtp: MailServer) -> None:
    stay = booked(status="CANCELLED", cancelled_at=dt.datetime(2026, 4, 1, tzinfo=dt.UTC), refund_amount=720)
    cancelled(stay)
    jobs.deliver(MAIL, offered())
    assert "₪720 of the ₪1,440" in smtp.messages[0].get_body(("plain",)).get_content()


def test_confirmed_and_cancelled_at_once_gets_both(smtp: MailServer) -> None:
    stay = booked(status="CANCELLED", cancelled_at=dt.datetime(2026, 4, 1, tzinfo=dt.UTC), refund_amount=1440)
    confirmed(stay)
    cancelled(stay)
    jobs.deliver(MAIL, offered())
    assert [message["Subject"].split(" (")[0].rsplit(" ", 1)[1] for message in smtp.messages] == [
        "confirmed",
        "cancelled",
    ]


def test_a_hold_that_was_given_up_gets_no_mail(smtp: MailServer) -> None:
    cancelled(booked(status="CANCELLED", cancelled_at=dt.datetime(2026, 4, 1, tzinfo=dt.UTC)), was_confirmed=False)
    jobs.deliver(MAIL, offered())
    assert smtp.messages == []
    assert states() == [("done", 1)]


def test_a_booking_that_was_rolled_back_gets_no_mail(smtp: MailServer) -> None:
    @transaction
    def breaks_off() -> None:
        outbox.record(SYSTEM, "booking.confirmed", {"bookingId": ids.encode("booking", uuid.uuid4())})
        db.session.flush()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        breaks_off()
    assert offered() == []
    assert db.session.query(Event).count() == 0


def test_a_booking_that_is_gone_gets_no_mail_and_is_not_tried_again(smtp: MailServer) -> None:
    happened("booking.confirmed", bookingId=ids.encode("booking", uuid.uuid4()))
    jobs.deliver(MAIL, offered())
    assert states() == [("done", 1)]


def test_the_same_job_twice_sends_one_mail(smtp: MailServer) -> None:
    confirmed(booked())
    work = offered()
    jobs.deliver(MAIL, work)
    jobs.deliver(MAIL, work)
    assert len(smtp.messages) == 1


def test_what_was_offered_is_not_offered_again_at_once_but_later(app: Flask) -> None:
    confirmed(booked())
    assert len(offered()) == 1
    assert offered() == []
    time_passes(31)
    assert len(offered()) == 1


@pytest.mark.parametrize("answer", first_quick(["451 later", "552 5.2.2 full", "421 come back", "530 5.7.0 sign in"]))
def test_a_refused_mail_waits_and_arrives_under_the_same_id(smtp: MailServer, answer: str) -> None:
    smtp.answers = [answer]
    confirmed(booked())
    (event_id,) = offered()
    jobs.deliver(MAIL, [event_id])
    (delivery,) = deliveries()
    assert (delivery.state, delivery.attempts) == ("waiting", 1)
    assert answer[:3] in delivery.error
    time_passes(3)
    jobs.deliver(MAIL, offered())
    assert smtp.message_ids() == [f"<{event_id}.mail@stay.example>"]
    assert states() == [("done", 2)]


@pytest.mark.slow
def test_pauses_grow_up_to_a_quarter_of_an_hour(smtp: MailServer) -> None:
    confirmed(booked())
    pauses = []
    for _ in range(14):
        smtp.answers = ["451 later"]
        jobs.deliver(MAIL, offered())
        (delivery,) = deliveries()
        pauses.append((delivery.next_at - _now()).total_seconds())
        time_passes(1000)
    assert pauses[:4] == pytest.approx([2, 4, 8, 16], abs=1)
    assert pauses[-1] == pytest.approx(900, abs=1)
    assert pauses == sorted(pauses) or pauses[-4:] == pytest.approx([900] * 4, abs=1)


def test_after_a_day_it_is_given_up_shown_and_can_be_tried_again(smtp: MailServer) -> None:
    confirmed(booked())
    events_age(dt.timedelta(hours=25))
    smtp.answers = ["451 later"]
    jobs.deliver(MAIL, offered())
    ((_, consumer, error),) = outbox.given_up()
    assert (consumer, "451" in error) == (MAIL, True)
    assert outbox.status()["mail_failed"] == 1
    time_passes(1e6)
    assert offered() == []
    assert retry(SYSTEM) == 1
    jobs.deliver(MAIL, offered())
    assert len(smtp.messages) == 1
    assert outbox.given_up() == []


def test_one_refused_mail_does_not_stop_the_others(smtp: MailServer) -> None:
    for number in range(3):
        confirmed(booked(number))
    smtp.answers = ["451 later"]
    jobs.deliver(MAIL, offered())
    assert len(smtp.messages) == 2
    assert sorted(states()) == [("done", 1), ("done", 1), ("waiting", 1)]


def test_a_mail_that_cannot_be_written_waits_and_the_others_go_out(
    smtp: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stays = [booked(number) for number in range(2)]
    for stay in stays:
        confirmed(stay)
    real = mails.compose

    def broken(notice: Any, *rest: Any, **more: Any) -> Any:
        if notice.reference == stays[0].reference:
            raise UnicodeError("cannot")
        return real(notice, *rest, **more)

    monkeypatch.setattr(mails, "compose", broken)
    jobs.deliver(MAIL, offered())
    assert [message["X-Booking-Reference"] for message in smtp.messages] == [stays[1].reference]
    assert sorted(states()) == [("done", 1), ("waiting", 1)]


def test_a_server_that_is_away_is_asked_once_per_job(
    app: Flask, smtp: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        confirmed(booked(number))
    smtp.controller.stop()
    jobs.deliver(MAIL, offered())
    assert sorted(states()) == [("waiting", 0), ("waiting", 0), ("waiting", 1)]
    smtp.controller = type(smtp.controller)(smtp, hostname="127.0.0.1", port=smtp.controller.port)
    smtp.controller.start()
    time_passes(31)
    jobs.deliver(MAIL, offered())
    assert len(set(smtp.message_ids())) == 3


@pytest.mark.slow
def test_two_workers_with_the_same_job_send_one_mail_each_time(app: Flask, smtp: MailServer) -> None:
    for number in range(8):
        confirmed(booked(number))
    work = offered()
    barrier = threading.Barrier(4)

    def worker() -> None:
        barrier.wait()
        with app.app_context():
            jobs.deliver(MAIL, work)

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(smtp.messages) == 8
    assert len(set(smtp.message_ids())) == 8


def test_a_killed_workers_claim_is_open_again_after_its_lease(smtp: MailServer) -> None:
    confirmed(booked())
    (event_id,) = offered()
    outbox.claim(MAIL, [uuid.UUID(event_id)])  # and nothing more: killed
    assert offered() == []
    time_passes(44)
    assert offered() == []
    time_passes(2)
    jobs.deliver(MAIL, offered())
    assert len(smtp.messages) == 1
    assert states() == [("done", 2)]


def test_a_worker_that_lost_its_claim_changes_nothing(app: Flask) -> None:
    confirmed(booked())
    (event_id,) = offered()
    (slow,) = outbox.claim(MAIL, [uuid.UUID(event_id)])
    time_passes(46)
    offered()
    (quick,) = outbox.claim(MAIL, [uuid.UUID(event_id)])
    outbox.fail(slow, "too late")
    assert states() == [("running", 2)]
    outbox.finish([quick])
    outbox.fail(slow, "too late")
    assert states() == [("done", 2)]


def test_asked_to_stop_it_leaves_the_rest_to_others(smtp: MailServer) -> None:
    for number in range(3):
        confirmed(booked(number))
    work = offered()
    jobs.stopping.set()
    jobs.deliver(MAIL, work)
    assert smtp.messages == []
    jobs.stopping.clear()
    jobs.deliver(MAIL, work)
    assert len(smtp.messages) == 3


def test_a_job_survives_postgres_going_away(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any) -> None:
        raise OperationalError("SELECT", {}, Exception("server closed the connection"))

    monkeypatch.setattr(messages, "claim_delivery", gone)
    jobs.deliver(CACHE, [str(uuid.uuid4())])


def test_cache_deliveries_bump_each_location_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    bumped: list[Any] = []
    dropped: list[Any] = []
    forgotten: list[Any] = []
    monkeypatch.setattr(cache, "bump", lambda locations: bumped.append(sorted(locations)) or True)
    monkeypatch.setattr(catalogue, "forget_room", dropped.append)
    monkeypatch.setattr(catalogue, "forget_destination", forgotten.append)
    for _ in range(3):
        happened("availability.updated", roomId="room_1", location="tel-aviv")
    happened("room.updated", roomId="room_2", location="lisbon")
    happened("room.updated", roomId=None, location="lisbon")
    jobs.deliver(CACHE, offered(CACHE))
    assert (bumped, dropped, forgotten) == ([["lisbon", "tel-aviv"]], ["room_2"], ["lisbon"])
    assert {state for state, _ in states()} == {"done"}


@pytest.mark.parametrize("broken", [{}, {"location": None}, {"location": 7}])
def test_an_event_that_cannot_be_read_fails_alone_and_the_others_reach_the_cache(
    app: Flask, monkeypatch: pytest.MonkeyPatch, broken: dict[str, Any]
) -> None:
    bumped: list[Any] = []
    monkeypatch.setattr(cache, "bump", lambda locations: bumped.append(sorted(locations)) or True)
    happened("availability.updated", roomId="room_1", location="tel-aviv")
    happened("room.updated", **broken)
    happened("availability.updated", roomId="room_2", location="antwerp")
    jobs.deliver(CACHE, offered(CACHE))
    assert bumped == [["antwerp", "tel-aviv"]]
    assert sorted(states()) == [("done", 1), ("done", 1), ("waiting", 1)]


def test_cache_deliveries_wait_while_redis_is_away(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "bump", lambda _: False)
    happened("availability.updated", roomId="room_1", location="tel-aviv")
    jobs.deliver(CACHE, offered(CACHE))
    assert states() == [("waiting", 1)]


@pytest.mark.slow
def test_finished_events_are_forgotten_after_a_month_and_given_up_ones_after_three(
    smtp: MailServer, request: pytest.FixtureRequest
) -> None:
    for number in range(3):
        confirmed(booked(number))
    smtp.answers = ["550 no"]
    events_age(dt.timedelta(days=2))
    jobs.deliver(MAIL, offered())
    assert outbox.prune() == 0
    request.addfinalizer(lambda: clock.shift(dt.timedelta(0)))
    clock.shift(dt.timedelta(days=31))
    assert outbox.prune(limit=1) == 1
    assert outbox.prune() == 1
    assert outbox.prune() == 0
    assert [delivery.state for delivery in deliveries()] == ["failed"]
    clock.shift(dt.timedelta(days=91))
    assert outbox.prune() == 1
    assert deliveries() == []


def test_logs_name_the_delivery_and_the_request_and_no_address(smtp: MailServer, said: list[dict[str, Any]]) -> None:
    stay = booked()
    happened("booking.confirmed", bookingId=ids.encode("booking", stay.id), requestId="req-12345678")
    smtp.answers = ["550 no Guest1@example.com here"]
    jobs.deliver(MAIL, offered())
    smtp.answers = ["451 no Guest2@example.com here"]
    happened("booking.confirmed", bookingId=ids.encode("booking", stay.id), requestId="req-12345678")
    jobs.deliver(MAIL, offered())
    for_good, for_now = said
    assert (for_good["event"], for_good["request_id"], for_good["code"]) == (
        "mail_undeliverable",
        "req-12345678",
        "550",
    )
    assert (for_now["event"], for_now["smtp_code"]) == ("delivery_failed", 451)
    assert "@example" not in str(said)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
