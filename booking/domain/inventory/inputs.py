"""What is asked of staff who take nights off sale."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from booking.domain import names
from booking.domain.inputs import Dates, plain
from booking.domain.inventory.blocks import LONGEST


class NightsToBlock(Dates):
    """Nights of a room, and why; a reason may be left out."""

    reason: Annotated[str, Field(max_length=LONGEST), AfterValidator(plain), AfterValidator(names.trimmed)] = ""
