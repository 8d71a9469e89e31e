"""What lists of what was sent are narrowed to, emails and text messages alike."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from booking.domain.inputs import Input, plain


class OutgoingSearch(Input):
    """`q` is a whole address or number, or what finds a booking; `property` an id; `after` the last one seen.

    Each list has states of its own.
    """

    q: Annotated[str, Field(max_length=320), AfterValidator(plain)] = ""
    state: str | None = None
    property: Annotated[str, Field(max_length=64)] | None = None
    after: Annotated[str, Field(max_length=64)] | None = None
