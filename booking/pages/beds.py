"""The beds of a room in words: "1 double bed, 2 single beds"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import ngettext


def in_words(beds: Iterable[Mapping[str, Any]]) -> str:
    """As they are kept, in their order."""
    return ", ".join(_one(str(bed["type"]), int(bed["count"])) for bed in beds)


def _one(kind: str, num: int) -> str:
    told = {
        "single": lambda: ngettext("%(num)s single bed", "%(num)s single beds", num),
        "double": lambda: ngettext("%(num)s double bed", "%(num)s double beds", num),
        "queen": lambda: ngettext("%(num)s queen bed", "%(num)s queen beds", num),
        "king": lambda: ngettext("%(num)s king bed", "%(num)s king beds", num),
        "bunk": lambda: ngettext("%(num)s bunk bed", "%(num)s bunk beds", num),
        "sofa_bed": lambda: ngettext("%(num)s sofa bed", "%(num)s sofa beds", num),
        "cot": lambda: ngettext("%(num)s cot", "%(num)s cots", num),
    }
    return str(told[kind]())
