"""One registry says who does something about what: deliveries, retries, gauges and commands follow from it."""

from __future__ import annotations

import ast
import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from booking.domain import messages
from booking.domain.messages import Consumer, Task, consumers, outbox
from booking.jobs import deliver, mails, ticker
from booking.jobs.consumers import CONSUMERS
from tests.jobs.conftest import MailServer
from tests.jobs.stories import booked, confirmed, deliveries, happened, time_passes
from tests.sources import nodes_of, tree_of

EXTRA = "counting"
DOMAIN = Path(messages.__file__).parents[1]


class Work:
    """What an extra consumer was given, and how often it fails first."""

    def __init__(self) -> None:
        self.seen: list[uuid.UUID] = []
        self.failures = 0

    def __call__(self, task: Task) -> None:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("not today")
        self.seen.append(task.event_id)

    def handle(self, event_ids: Sequence[uuid.UUID]) -> None:
        """One event at a time; what fails is tried again later."""
        for task in (task for event_id in event_ids for task in messages.claim_delivery(EXTRA, [event_id])):
            try:
                self(task)
            except RuntimeError as error:
                deliver.failed(task, error)
            else:
                messages.finish_delivery([task])


@pytest.fixture
def work(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Work:
    """One consumer more, for confirmed bookings and nothing else."""
    monkeypatch.setattr(consumers, "_registered", dict(consumers._registered))
    done = Work()
    subscribed = frozenset({"booking.confirmed"})
    messages.register_consumer(Consumer(EXTRA, subscribed, done.handle, batch=2))
    return done


def hand_out() -> None:
    """What the ticker would put into the queue for the extra consumer, done at once."""
    outbox.relay()
    for name, event_ids in ticker.batches(outbox.due()):
        if name == EXTRA:
            deliver.deliver(str(name), event_ids)  # type: ignore[arg-type]  # what travels through the queue


def of_extra() -> list[tuple[str, int]]:
    return [(one.state, one.attempts) for one in deliveries() if one.consumer == EXTRA]


def test_a_consumer_gets_its_deliveries_by_registering_alone(work: Work) -> None:
    for number in range(3):
        confirmed(booked(number))
    happened("room.updated", roomId=None, location="lisbon")
    hand_out()
    assert len(work.seen) == len(set(work.seen)) == 3
    assert of_extra() == [("done", 1)] * 3
    assert {one.consumer for one in deliveries()} == {EXTRA, "mail", "cache"}  # one of each, as subscribed


def test_twice_is_once(work: Work) -> None:
    confirmed(booked())
    outbox.relay()
    [event_id] = [str(event_id) for name, event_id in outbox.due() if name == EXTRA]
    deliver.deliver(EXTRA, [event_id])
    deliver.deliver(EXTRA, [event_id, event_id])
    assert outbox.relay() == (0, [])
    time_passes(60)
    hand_out()
    assert (len(work.seen), of_extra()) == (1, [("done", 1)])


@pytest.mark.usefixtures("work")
def test_what_is_offered_as_it_is_written_is_not_due_again_at_once() -> None:
    confirmed(booked())
    relayed, offered = outbox.relay(offered=True)
    assert (relayed, [name for name, _ in offered]) == (1, sorted([EXTRA, "mail"]))
    assert outbox.due() == []
    time_passes(31)  # nobody took it up
    assert outbox.due() == offered


def test_what_is_done_already_is_no_work_and_the_rest_is(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    confirmed(booked(1))
    confirmed(booked(2))
    knowing = replace(consumers._registered[EXTRA], done=lambda event_ids: set(event_ids[:1]))
    monkeypatch.setitem(consumers._registered, EXTRA, knowing)
    hand_out()
    assert (of_extra(), len(work.seen)) == ([("done", 1)], 1)
    assert outbox.relay() == (0, [])


def test_what_fails_is_tried_again_by_itself_and_holds_up_nobody(work: Work) -> None:
    work.failures = 1
    confirmed(booked(1))
    confirmed(booked(2))
    hand_out()
    assert sorted(of_extra()) == [("done", 1), ("waiting", 1)]
    time_passes(3)
    hand_out()
    assert sorted(of_extra()) == [("done", 1), ("done", 2)]
    assert len(set(work.seen)) == 2


def test_operators_see_it(work: Work, runner: FlaskCliRunner) -> None:
    confirmed(booked())
    outbox.relay()
    assert messages.outbox_figures()[f"{EXTRA}_waiting"] == 1
    assert f"{EXTRA}: 1 waiting, 0 running, 0 given up" in runner.invoke(args=["events", "status"]).output


def test_work_of_a_consumer_that_only_another_version_knows_is_left_to_it(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New and old code run side by side while they are exchanged."""
    confirmed(booked())
    outbox.relay()
    [event_id] = [str(one.event_id) for one in deliveries() if one.consumer == EXTRA]
    with monkeypatch.context() as older:
        older.delitem(consumers._registered, EXTRA)
        assert {name for name, _ in outbox.due()} == {"mail"}
        deliver.deliver(EXTRA, [event_id])  # as the queue may hand it to any worker
        assert of_extra() == [("waiting", 0)]
    hand_out()
    assert of_extra() == [("done", 1)]


def test_an_email_that_only_another_version_can_write_is_tried_again(smtp: MailServer) -> None:
    happened("booking.confirmed", bookingId="booking_unknown")
    outbox.relay()
    [(_, event_id)] = outbox.due()
    with pytest.MonkeyPatch.context() as older:
        older.delitem(mails.WRITERS, "booking.confirmed")
        deliver.deliver("mail", [str(event_id)])
    [delivery] = deliveries()
    assert (delivery.state, delivery.attempts) == ("waiting", 1)


def test_two_consumers_cannot_have_one_name() -> None:
    for consumer in CONSUMERS:
        messages.register_consumer(consumer)  # the same once more
    with pytest.raises(ValueError, match="mail"):
        messages.register_consumer(Consumer("mail", frozenset({"room.updated"}), print))


def test_every_event_that_somebody_waits_for_is_recorded_somewhere() -> None:
    texts = {
        node.value
        for path in DOMAIN.rglob("*.py")
        for node in nodes_of(tree_of(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert {event for consumer in CONSUMERS for event in consumer.events} <= texts


def test_nobody_keeps_a_list_of_consumers_beside_the_registry() -> None:
    """Their names stand where they are made, and in no second place."""
    names = {consumer.name for consumer in CONSUMERS}
    second = {
        f"{path.name}:{node.lineno}"
        for path in (DOMAIN.parent).rglob("*.py")
        for node in nodes_of(tree_of(path))
        if isinstance(node, ast.Tuple | ast.List | ast.Set | ast.Dict)
        and names <= {part.value for part in _parts(node) if isinstance(part, ast.Constant)}
    }
    assert second == set()


def _parts(node: ast.Tuple | ast.List | ast.Set | ast.Dict) -> list[ast.expr | None]:
    return [*node.keys] if isinstance(node, ast.Dict) else [*node.elts]
