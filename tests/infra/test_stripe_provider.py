"""The port's verbs said to Stripe: each outcome by its published code, and NoAnswer for whatever is not known."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from functools import partial
from types import SimpleNamespace
from typing import cast

import pytest

from booking.config import Settings
from booking.infra.ids import new_id
from booking.infra.provider import Charge, NoAnswer, Noted, Result
from booking.infra.stripe_provider import StripeProvider
from booking.infra.stripe_provider.amounts import NotPayable, to_units
from tests.cases import each
from tests.stripe_stand_in import StandIn
from tests.stripe_stand_in.stand_in import AFTER, BEFORE, SECRET, SILENT_AFTER, SILENT_BEFORE, WEBHOOK_SECRET

pytest_plugins = ["tests.stripe_stand_in.fixtures"]

VISA = "pm_card_visa"
CREATE, CONFIRM, CANCEL, REFUND = (
    "/v1/payment_intents",
    "/v1/payment_intents/.*/confirm",
    "/v1/payment_intents/.*/cancel",
    "/v1/refunds",
)


class Book:
    """References as our table keeps them; `noting` is called before one is noted."""

    def __init__(self) -> None:
        self.noted: dict[uuid.UUID, str | None] = {}
        self.charges: dict[uuid.UUID, str] = {}
        self.noting: Callable[[str], None] = lambda _: None

    def note(self, key: uuid.UUID, reference: str) -> bool:
        self.noting(reference)
        return self.noted.setdefault(key, reference) == reference

    def find(self, key: uuid.UUID) -> Noted | None:
        return Noted(self.noted.get(key), self.charges.get(key))

    def close(self, key: uuid.UUID) -> str | None:
        return self.noted.setdefault(key, None)


@pytest.fixture
def book() -> Book:
    return Book()


def connected(stand_in: StandIn, book: Book, secret: str = SECRET, patience: float = 2.0) -> StripeProvider:
    settings = SimpleNamespace(
        stripe_secret_key=secret,
        stripe_webhook_secret=WEBHOOK_SECRET,
        stripe_api_base=stand_in.base,
        stripe_page_origin="https://checkout.stripe.com",
        payment_timeout_seconds=patience,
    )
    return StripeProvider(cast(Settings, settings), book)


@pytest.fixture
def stripe(stand_in: StandIn, book: Book) -> StripeProvider:
    return connected(stand_in, book)


def days_later(days: int) -> float:
    return time.time() + 25 * 3600 * days


def charged(stripe: StripeProvider, amount: str = "120.50", currency: str = "EUR") -> Charge:
    key = new_id()
    outcome = stripe.charge(key, Decimal(amount), currency, VISA)
    assert outcome.result is Result.CHARGED
    return Charge(key, outcome.reference)


def test_a_charge_is_created_unconfirmed_and_noted_before_it_is_confirmed(
    stripe: StripeProvider, stand_in: StandIn, book: Book
) -> None:
    seen: list[str] = []
    book.noting = lambda reference: seen.append(stand_in.account.intents[reference]["status"])
    key = new_id()
    outcome = stripe.charge(key, Decimal("120.50"), "EUR", VISA)
    [intent] = stand_in.account.intents.values()
    assert (outcome.result, outcome.reference, book.noted[key]) == (Result.CHARGED, intent["id"], intent["id"])
    assert seen == ["requires_payment_method"]
    assert (intent["amount"], intent["currency"], intent["metadata"]) == (12050, "eur", {"payment": str(key)})
    assert stand_in.headers[0]["Idempotency-Key"] == str(key)
    assert stripe.find(key) == outcome
    assert stripe.cancel(key, "EUR") == outcome  # too late


@each(
    ("method", "reason"),
    [
        ("pm_card_chargeDeclined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
        ("pm_card_authenticationRequired", "authentication_required"),
        ("pm_of_somebody_else", "resource_missing"),
    ],
)
def test_a_card_that_is_refused_is_declined_for_stripes_reason(
    stripe: StripeProvider, stand_in: StandIn, method: str, reason: str
) -> None:
    key = new_id()
    outcome = stripe.charge(key, Decimal(10), "EUR", method)
    assert (outcome.result, outcome.reason) == (Result.DECLINED, reason)
    found = stripe.find(key)
    assert found is None or found.result is Result.DECLINED
    assert all(one["amount_received"] == 0 for one in stand_in.account.intents.values())


@each(
    ("amount", "currency", "units"),
    [
        ("12.34", "EUR", 1234),
        ("0.01", "EUR", 1),
        ("500", "JPY", 500),
        ("500", "VND", 500),
        ("5.120", "KWD", 5120),
        ("5", "ISK", 500),
        ("5", "UGX", 500),
        ("12", "MGA", 12),
        ("99", "HUF", 9900),
    ],
)
def test_an_amount_is_said_exactly(stripe: StripeProvider, amount: str, currency: str, units: int) -> None:
    assert to_units(Decimal(amount), currency) == units
    charged(stripe, amount, currency)


@each(("amount", "currency"), [("5.124", "KWD"), ("0.5", "JPY"), ("5.5", "ISK"), ("12.40", "MGA"), ("1.005", "EUR")])
def test_an_amount_that_stripe_cannot_say_is_never_rounded(
    stripe: StripeProvider, stand_in: StandIn, amount: str, currency: str
) -> None:
    with pytest.raises(NotPayable):
        to_units(Decimal(amount), currency)
    outcome = stripe.charge(new_id(), Decimal(amount), currency, VISA)
    assert (outcome.result, outcome.reason, stand_in.requests) == (Result.DECLINED, "amount_not_payable", [])


def test_too_much_for_stripe_is_declined_and_charges_nobody(stripe: StripeProvider, stand_in: StandIn) -> None:
    outcome = stripe.charge(new_id(), Decimal("1000000.00"), "EUR", VISA)
    assert (outcome.result, outcome.reason) == (Result.DECLINED, "amount_too_large")


# --- lost answers


@each("path", [CREATE, CONFIRM])
@each("what", [BEFORE, AFTER, (500, "api_error"), (429, "lock_timeout"), (409, "idempotency_key_in_use")])
def test_an_answer_that_was_lost_charges_once_or_not_and_a_cancel_tells_which(
    stand_in: StandIn, path: str, what: str | tuple[int, str]
) -> None:
    book = Book()
    stripe, key = connected(stand_in, book), new_id()
    stand_in.order(what, path)
    try:
        outcome = stripe.charge(key, Decimal(10), "EUR", VISA)
    except NoAnswer:
        outcome = stripe.cancel(key, "EUR")
    ours = [one for one in stand_in.account.intents.values() if one["metadata"]["payment"] == str(key)]
    paid = [one for one in ours if one["status"] == "succeeded"]
    assert (outcome.result is Result.CHARGED) == (len(paid) == 1)
    assert outcome.result in (Result.CHARGED, Result.CANCELLED)
    assert len(ours) <= 1
    assert stripe.cancel(key, "EUR").result is outcome.result


@each("path", [CREATE, CONFIRM])
@each("what", [SILENT_BEFORE, SILENT_AFTER])
def test_silence_ends_in_time_and_recovery_decides(stand_in: StandIn, path: str, what: str) -> None:
    stripe, key = connected(stand_in, Book(), patience=0.4), new_id()
    stand_in.silence = 0.8
    stand_in.order(what, path)
    began = time.monotonic()
    with pytest.raises(NoAnswer):
        stripe.charge(key, Decimal(10), "EUR", VISA)
    assert time.monotonic() - began < 0.75
    outcome = stripe.cancel(key, "EUR")
    happened = path == CONFIRM and what == SILENT_AFTER
    assert outcome.result is (Result.CHARGED if happened else Result.CANCELLED)


def test_what_was_cancelled_before_it_had_a_reference_is_never_confirmed(
    stripe: StripeProvider, stand_in: StandIn, book: Book
) -> None:
    key = new_id()
    assert stripe.cancel(key, "EUR").result is Result.CANCELLED
    assert stripe.charge(key, Decimal(10), "EUR", VISA).result is Result.CANCELLED
    assert stand_in.asked(CONFIRM) == 0
    other = new_id()
    book.noting = lambda _: book.noted.update({other: None})  # recovery comes between
    assert stripe.charge(other, Decimal(10), "EUR", VISA).result is Result.CANCELLED
    assert stand_in.asked(CONFIRM) == 0


def test_what_is_cancelled_between_noting_and_confirming_is_not_charged(
    stripe: StripeProvider, stand_in: StandIn, book: Book
) -> None:
    def cancelled(reference: str) -> None:
        stand_in.account.cancel_intent(reference, {})

    book.noting, key = cancelled, new_id()
    assert stripe.charge(key, Decimal(10), "EUR", VISA).result is Result.CANCELLED
    assert stripe.cancel(key, "EUR").result is Result.CANCELLED


@each("status", ["processing", "requires_capture"])
def test_what_is_neither_paid_nor_refused_is_no_answer(
    stripe: StripeProvider, stand_in: StandIn, book: Book, status: str
) -> None:
    key = new_id()
    book.noting = lambda reference: stand_in.account.intents[reference].update(status=status)
    with pytest.raises(NoAnswer):
        stripe.charge(key, Decimal(10), "EUR", VISA)
    assert stripe.find(key) is None


def test_a_key_that_stripe_does_not_know_is_no_answer(stand_in: StandIn, book: Book) -> None:
    stranger, key = connected(stand_in, book, secret="sk_test_other"), new_id()
    with pytest.raises(NoAnswer):
        stranger.charge(key, Decimal(10), "EUR", VISA)
    assert stranger.cancel(key, "EUR").result is Result.CANCELLED  # nothing was confirmed
    with pytest.raises(NoAnswer):
        stranger.refund(new_id(), Charge(key, "pi_unknown"), Decimal(1), "EUR")


# --- refunds


def test_parts_go_back_each_once_and_never_more_than_was_paid(stripe: StripeProvider, stand_in: StandIn) -> None:
    paid, first, second = charged(stripe, "100.00"), new_id(), new_id()
    for _ in range(2):
        assert stripe.refund(first, paid, Decimal(60), "EUR").result is Result.REFUNDED
    assert stripe.refund(second, paid, Decimal(40), "EUR").result is Result.REFUNDED
    assert (stand_in.account.returned(paid.reference), len(stand_in.account.refunds)) == (10000, 2)
    third = stripe.refund(new_id(), paid, Decimal(1), "EUR")
    assert (third.result, third.reason) == (Result.DECLINED, "charge_already_refunded")


def test_a_refund_is_not_made_twice_when_stripe_has_forgotten_its_key(
    stripe: StripeProvider, stand_in: StandIn
) -> None:
    paid, key = charged(stripe, "100.00"), new_id()
    first = stripe.refund(key, paid, Decimal(30), "EUR")
    stand_in.account.clock = lambda: time.time() + 25 * 3600
    assert stripe.refund(key, paid, Decimal(30), "EUR") == first
    assert stand_in.account.returned(paid.reference) == 3000


@each("what", [BEFORE, AFTER, (500, "api_error"), (429, "rate_limit")])
def test_a_refund_without_an_answer_is_made_once_when_it_is_asked_for_again(
    stripe: StripeProvider, stand_in: StandIn, what: str | tuple[int, str]
) -> None:
    paid, key = charged(stripe, "100.00"), new_id()
    stand_in.order(what, REFUND, times=3)
    answers = []
    for day in range(4):
        stand_in.account.clock = partial(days_later, day)  # a 500 is repeated for a day
        with suppress(NoAnswer):
            answers.append(stripe.refund(key, paid, Decimal(30), "EUR").result)
    assert set(answers) == {Result.REFUNDED}
    assert len(answers) < 4
    assert stand_in.account.returned(paid.reference) == 3000


def test_a_refund_that_is_pending_has_returned_nothing_yet(
    stripe: StripeProvider, stand_in: StandIn, book: Book
) -> None:
    paid, key = charged(stripe), new_id()
    book.charges[key] = paid.reference
    stand_in.account.refund_status = "pending"
    for _ in range(2):
        with pytest.raises(NoAnswer):
            stripe.refund(key, paid, Decimal(30), "EUR")
    [made] = stand_in.account.refunds.values()
    made["status"] = "succeeded"
    assert stripe.refund(key, paid, Decimal(30), "EUR").result is Result.REFUNDED
    assert stripe.find(key).result is Result.REFUNDED
    made |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
    found = stripe.find(key)
    assert (found.result, found.reason) == (Result.DECLINED, "expired_or_canceled_card")


def test_what_a_bank_has_taken_back_is_not_refunded_as_well(stripe: StripeProvider, stand_in: StandIn) -> None:
    paid = charged(stripe)
    stand_in.account.dispute(paid.reference)
    outcome = stripe.refund(new_id(), paid, Decimal(30), "EUR")
    assert (outcome.result, outcome.reason) == (Result.DECLINED, "charge_disputed")


# --- the stand-in itself, where the adapter does not come by


def test_the_stand_in_holds_a_key_to_its_parameters_and_repeats_its_first_answer(stand_in: StandIn) -> None:
    form = {"amount": "100", "currency": "eur"}
    first = stand_in.answer("POST", CREATE, form, "a key")
    assert stand_in.answer("POST", CREATE, form, "a key") == first
    status, said = stand_in.answer("POST", CREATE, form | {"amount": "200"}, "a key")
    assert (status, said["error"]["type"]) == (400, "idempotency_error")
    wrong = stand_in.answer("POST", CREATE, {"amount": "0", "currency": "eur"}, "another")
    assert (wrong[0], stand_in.answer("POST", CREATE, form, "another")[0]) == (400, 200)  # it had not begun
    later = time.time() + 25 * 3600
    stand_in.account.clock = lambda: later
    assert stand_in.answer("POST", CREATE, form, "a key")[1]["id"] != first[1]["id"]
