"""`flask events`: what waits, what was given up, and trying it again."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Flask

from booking.cli.events import group
from booking.jobs import deliver
from booking.jobs.mail_deliveries import MAIL
from tests.jobs.conftest import MailServer
from tests.jobs.stories import booked, confirmed, events_age
from tests.jobs.test_deliveries import offered


def say(app: Flask, *words: str) -> Any:
    result = app.test_cli_runner().invoke(group, words)
    assert result.exit_code == 0, result.output
    return result.output


def test_status_counts_what_waits(app: Flask) -> None:
    confirmed(booked())
    assert "1 event not yet looked at" in say(app, "status")
    offered()
    assert "mail: 1 waiting, 0 running, 0 given up" in say(app, "status")


def test_given_up_work_is_shown_and_can_be_tried_again(smtp: MailServer, app: Flask) -> None:
    confirmed(booked())
    events_age(dt.timedelta(days=2))
    smtp.answers = ["550 no\nsuch user"]
    deliver.deliver(MAIL, offered())
    shown = say(app, "status")
    assert "mail: 0 waiting, 0 running, 1 given up" in shown
    assert "given up: mail for event_" in shown
    assert "550" in shown
    assert say(app, "retry") == "1 delivery will be tried again\n"
    assert say(app, "retry") == "0 deliveries will be tried again\n"
    deliver.deliver(MAIL, offered())
    assert len(smtp.messages) == 1


def test_help_shows_an_example(app: Flask) -> None:
    for command in ("status", "retry"):
        assert f"flask events {command}" in say(app, command, "--help")
