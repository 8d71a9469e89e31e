"""The commands about promotions: a part of the matrix (test_matrix.py)."""

from __future__ import annotations

from tests.cli.command_house import unknown
from tests.cli.command_kinds import CHANGES, LISTS, A, Command, of

BOTH = {A.SEE_PROMOTIONS, A.EDIT_PROMOTIONS}

PROMOTIONS: dict[str, Command] = {
    "promotions list": Command(
        LISTS, {A.SEE_PROMOTIONS}, lambda h: [h.promotion(), "--ended"][1:], of("--ended", "nonsense")
    ),
    "promotions add": Command(
        CHANGES,
        BOTH,
        lambda _: ["AUTUMN", "Autumn sale", "--percent", "10"],
        lambda _: ["AUTUMN", "Autumn sale", "--percent", "110"],
    ),
    "promotions change": Command(
        CHANGES, BOTH, lambda h: [h.promotion(), "--most-uses", "5"], of(unknown("promotion"), "--most-uses", "5")
    ),
    "promotions end": Command(CHANGES, BOTH, lambda h: [h.promotion()], of(unknown("promotion"))),
    "promotions resume": Command(CHANGES, BOTH, lambda h: [h.promotion(ended=True)], of(unknown("promotion"))),
}
