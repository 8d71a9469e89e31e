"""What is known of a command: what it does, what it asks for, and words with which it works or is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from booking.domain.people import Action
from tests.cli.command_house import House

# Print an array with --json: what is there, or what they have changed.
LISTS, CHANGES = "lists", "changes"
# Say a sentence: about the whole house at once (and change it or not), or with files. Or know no house at all.
SWEEPS, FILES, OUTSIDE = "sweeps the whole house", "reads or writes a file", "needs no house"
ARRAYS = {LISTS, CHANGES}
OTHER_JSON = {"doctor", "backup list", "system status"}  # one object: not about things of the house

Words = Callable[[House], list[str]]


@dataclass(frozen=True)
class Command:
    """`words` work; `wrong` are about what is not there. `asks`: without any of these it is refused; `looks`: what the
    permissions table is asked besides, because more could be done then. No more than both.
    """

    does: str
    asks: set[Action]
    words: Words
    wrong: Words = lambda _: ["nonsense"]
    typed: str = ""
    looks: frozenset[Action] = frozenset()


def of(*words: str) -> Words:
    return lambda _: list(words)


A = Action
NOBODY = "nobody@example.com"
OWN_CASH = frozenset({A.KEEP_DRAWER})  # the system has none
ACCOUNTS = frozenset({A.SEE_ACCOUNT})  # whose emails are about no booking
OF_READERS = frozenset({A.SEE_BOOKING, A.SEE_PAYMENTS, A.SEE_SYSTEM})  # what each of them may be told of
NIGHTS = ["2030-01-01", "2030-01-02"]
REPORT = (
    "balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,payment_intent_id\n"
    "txn_1,2026-11-02 10:00:00,eur,360.00,5.65,354.35,charge,pi_1\n"
)

OF_REPORTS: dict[str, Command] = {
    "payments due": Command(LISTS, {A.SEE_PAYMENTS}, lambda h: [h.vouched()][:0]),
    "payments reconcile": Command(LISTS, {A.SEE_PAYMENTS}, of("-"), of("no-such-file.csv"), typed=REPORT),
}
