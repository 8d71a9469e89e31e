"""The commands about figures: a part of the matrix (test_matrix.py)."""

from __future__ import annotations

from tests.cli.command_kinds import CHANGES, LISTS, NOBODY, SWEEPS, A, Command, of

SEES = {A.SEE_FIGURES}
MONEY = frozenset({A.SEE_REVENUE})

FIGURES: dict[str, Command] = {
    "figures show": Command(LISTS, SEES, of(), of("--property", "nowhere"), looks=MONEY),
    "figures export": Command(LISTS, SEES, of("--period", "past"), of("--period", "soon"), looks=MONEY),
    "figures definitions": Command(SWEEPS, set(), of()),
    "figures rebuild": Command(SWEEPS, {A.KEEP_FIGURES}, of()),
    "figures email": Command(
        CHANGES, {A.SEE_ACCOUNT, A.GIVE_ROLES}, lambda h: [h.clerk(), "on"], of(NOBODY, "on"), looks=frozenset(SEES)
    ),
}
