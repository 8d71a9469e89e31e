"""Malformed HTTP against a running copy, the short form: `make fuzz` is the long one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.faults.product import Product, running
from tests.fuzz.messages import ANSWERED, REFUSED, Message
from tests.fuzz.wire import Answer, Wire


@pytest.mark.timeout(300)
def test_broken_messages_are_refused_and_everybody_else_is_served() -> None:
    with running(RATELIMIT_ENABLED="false") as product:
        wire = Wire(product)
        wire.run(seed=1, seconds=0)
        assert wire.findings == []


@pytest.mark.parametrize(
    ("outcome", "answer"),
    [
        (REFUSED, Answer([500], closed=True)),
        (REFUSED, Answer([200], closed=True)),
        (REFUSED, Answer([], closed=False)),
        (ANSWERED, Answer([], closed=True)),
        (ANSWERED, Answer([503], closed=True)),
    ],
)
def test_what_may_not_come_of_a_message_is_found(outcome: Any, answer: Any, tmp_path: Path) -> None:
    wire = Wire(Product(tmp_path))
    wire.judge(Message("a message", b"", outcome), answer)
    assert len(wire.findings) == 1


@pytest.mark.parametrize(
    ("outcome", "answer"),
    [
        (REFUSED, Answer([400], closed=True)),
        (REFUSED, Answer([], closed=True)),
        (ANSWERED, Answer([404], closed=False)),
    ],
)
def test_what_may_come_of_a_message_is_none_of_the_findings(outcome: Any, answer: Any, tmp_path: Path) -> None:
    wire = Wire(Product(tmp_path))
    wire.judge(Message("a message", b"", outcome), answer)
    assert wire.findings == []
