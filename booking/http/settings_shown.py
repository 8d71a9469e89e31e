"""The settings in force, for owners and operators: each with where it comes from, and nothing that is a secret."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from booking.config import Settings

PASSWORD = re.compile(r"(://[^:/@]*:).*(?=@)|([?&]password=)[^&]+")  # which may have signs that belong in no address
GROUPS = ("limit_", "hold", "booking_horizon", "longest_stay", "ratelimit", "max_body")  # what is a limit


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """`value` is empty for what is not set; of a secret it says no more than that there is one."""

    name: str
    value: str
    is_default: bool
    is_limit: bool


def shown(settings: Settings, environ: Mapping[str, str] | None = None) -> list[ShownSetting]:
    """All, in the order in which they are declared."""
    given = os.environ if environ is None else environ
    return [_shown(settings, name, is_given=name.upper() in given) for name in Settings.__dataclass_fields__]


def _shown(settings: Settings, name: str, *, is_given: bool) -> ShownSetting:
    value, is_secret = getattr(settings, name), not Settings.__dataclass_fields__[name].repr
    text = "" if is_secret else _masked(str(value).lower() if isinstance(value, bool) else str(value))
    return ShownSetting(
        name.upper(),
        ("***" if value else "") if is_secret else text,
        not is_given,
        name.startswith(GROUPS),
    )


def _masked(text: str) -> str:
    """Passwords within addresses."""
    return PASSWORD.sub(lambda found: f"{found[1] or found[2]}***", text)
