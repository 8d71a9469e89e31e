"""What refusals say, as the doors put it into words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from booking.domain.catalogue.importing.drafts import BadRow, Unfit
from booking.domain.errors import BookingError
from booking.http import words


def said(refusal: BaseException) -> str:
    """The sentence about the whole; of a cell its column too."""
    if isinstance(refusal, BadRow):
        return f"{refusal.field}: {words.told(refusal.notice)}"
    if isinstance(refusal, Unfit):
        return words.told(refusal.notice)
    assert isinstance(refusal, BookingError)
    return words.message(refusal)


def problems(refusal: BookingError) -> dict[str, str]:
    """What is wrong, by field, as programs read it."""
    return {field: words.problem(field, notice) for field, notice in refusal.details.items()}


@contextmanager
def refused(kind: type[BaseException], saying: str) -> Iterator[pytest.ExceptionInfo[BaseException]]:
    """`pytest.raises`, with a pattern for what is said."""
    with pytest.raises(kind) as caught:
        yield caught
    assert re.search(saying, said(caught.value)), said(caught.value)
