"""The commands about rate rules: a part of the matrix (test_matrix.py)."""

from __future__ import annotations

from tests.cli.command_house import unknown
from tests.cli.command_kinds import CHANGES, FILES, LISTS, A, Command, of

BOTH = {A.SEE_RATES, A.EDIT_RATES}

RATES: dict[str, Command] = {
    "rates list": Command(LISTS, {A.SEE_RATES}, lambda h: [h.rate(), h.slug][1:], of("nowhere")),
    "rates show": Command(LISTS, {A.SEE_RATES}, lambda h: [h.rate()], of(unknown("rate"))),
    "rates add": Command(
        CHANGES,
        BOTH,
        lambda h: [h.slug, "adjust", "Weekend", "percent=20", "--weekdays", "fri,sat"],
        lambda h: [h.slug, "adjust", "Weekend", "percent=20", "--weekdays", "caturday"],
    ),
    "rates change": Command(CHANGES, BOTH, lambda h: [h.rate(), "amount=210"], of(unknown("rate"), "amount=210")),
    "rates end": Command(CHANGES, BOTH, lambda h: [h.rate()], of(unknown("rate"))),
    "rates import": Command(
        CHANGES, {A.EDIT_RATES}, lambda h: [h.slug, h.rates_file()], lambda h: [h.slug, h.rates_file("igloo")]
    ),
    "rates import-days": Command(
        CHANGES,
        {A.EDIT_RATES, A.BLOCK_NIGHTS},
        lambda h: [h.slug, h.days_file()],
        lambda h: [h.slug, h.days_file("nowhere")],
    ),
    "rates export-days": Command(FILES, {A.SEE_RATES, A.BLOCK_NIGHTS}, lambda h: [h.slug], of("nowhere")),
    "rates export": Command(FILES, {A.SEE_RATES}, lambda h: [h.slug], of("nowhere")),
}
