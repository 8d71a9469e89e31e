"""What may be said about a photo."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from booking.domain import names
from booking.domain.inputs import Input, plain

LONGEST_ALT = 300  # characters; whoever has it read out hears it all


class PhotoText(Input):
    """What it shows, for those who do not see it; `version` as it was read, where somebody else may describe it too."""

    alt: Annotated[str, Field(max_length=LONGEST_ALT), AfterValidator(plain), AfterValidator(names.trimmed)] = ""
    version: Annotated[int, Field(ge=1, le=2_000_000_000)] | None = None
