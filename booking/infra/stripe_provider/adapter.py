"""The port's verbs, said to Stripe.

A charge is a PaymentIntent that is created unconfirmed, with our payment's id as its idempotency key; its own id is
noted in the payment's row, and only then is it confirmed. So whoever cancels later has an id to cancel, or knows that
nothing was confirmed: closing the row without one refuses every later note.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TypedDict

import stripe
from stripe.params import PaymentIntentConfirmParams as Card
from stripe.params import PaymentIntentCreateParams as Intent

from booking.config import STRIPE, Settings
from booking.infra import deadline, telemetry
from booking.infra.provider import (
    Charge,
    FoundDispute,
    FoundReturns,
    Happened,
    Heard,
    HostedPage,
    NoAnswer,
    Outcome,
    References,
    Result,
)
from booking.infra.stripe_provider import client, disputes, listed, pages, returns, webhooks
from booking.infra.stripe_provider.amounts import NotPayable, to_units

NOT_KEPT = "card_not_kept"  # the same: it was paid before cards were kept, or at another account
ASKS_OWNER = "authentication_required"  # Stripe's code of a bank that wants the owner of the card to confirm
NOT_PAYABLE = "amount_not_payable"  # our own reason beside Stripe's codes
OURS = "payment"  # the entry of an object's metadata that holds our payment's id
LISTING = 6  # times the patience of a payment: nobody waits for it
UNEXPECTED = "payment_intent_unexpected_state"
# Of requests that Stripe refuses as wrong: these say "not now", whatever else they say (docs.stripe.com/error-codes).
NOT_NOW = {"lock_timeout", "rate_limit", "idempotency_key_in_use", "api_key_expired", "platform_api_key_expired"}
RETURNED = {"succeeded": Result.REFUNDED, "failed": Result.DECLINED, "canceled": Result.DECLINED}


class Owner(TypedDict, total=False):
    """What an intent says of whose card it is."""

    customer: str
    setup_future_usage: str


class StripeProvider:
    """Charges payment methods (`pm_…`) through Stripe's API. `references` is where the ids of intents are noted."""

    name = STRIPE

    def __init__(self, settings: Settings, references: References) -> None:
        self.patience = settings.payment_timeout_seconds
        self.references = references
        self._webhook_secret = settings.stripe_webhook_secret
        self.page_origin = settings.stripe_page_origin
        self._api = client.connect(settings.stripe_secret_key, settings.stripe_api_base).v1

    def charge(self, key: uuid.UUID, amount: Decimal, currency: str, method: str, keep: bool = False) -> Outcome:
        """A card that is kept is attached to a Customer of its own, who is nobody but this payment's id."""
        with self._asking("charge", key):
            owner: Owner = {"customer": self._customer(key), "setup_future_usage": "off_session"} if keep else {}
            # Nobody is there to be asked by a bank: a card that wants it is declined.
            card: Card = {"payment_method": method, "error_on_requires_action": True}
            return self._charged(key, amount, currency, owner, card)

    def charge_kept(self, key: uuid.UUID, amount: Decimal, currency: str, paid: Charge) -> Outcome:
        with self._asking("charge_kept", key):
            earlier = self._api.payment_intents.retrieve(paid.reference)
            owner, method = _id(earlier.customer), _id(earlier.payment_method)
            if owner is None or method is None:
                return Outcome(Result.DECLINED, "", NOT_KEPT)
            card: Card = {"payment_method": method, "off_session": True}
            return self._charged(key, amount, currency, {"customer": owner}, card)

    def find(self, key: uuid.UUID) -> Outcome | None:
        with self._asking("find", key):
            noted = self.references.find(key)
            if noted is None:
                return None
            if noted.charge:
                return self._found_refund(key, noted.charge)
            return self._found_charge(noted.reference) if noted.reference else None

    def cancel(self, key: uuid.UUID, currency: str) -> Outcome:  # noqa: ARG002 the port has it
        with self._asking("cancel", key):
            reference = self.references.close(key)
            if reference is None:
                return Outcome(Result.CANCELLED, "")
            return pages.closed(self._api, reference) if _is_page(reference) else self._cancelled(reference)

    def refund(self, key: uuid.UUID, charge: Charge, amount: Decimal, currency: str) -> Outcome:
        """Looked for before it is asked for: Stripe forgets keys after a day, and a refund may be asked for later."""
        with self._asking("refund", key):
            return self._found_refund(key, charge.reference) or self._refunded(key, charge, amount, currency)

    def page(self, key: uuid.UUID, amount: Decimal, currency: str, page: HostedPage) -> str | None:
        with self._asking("page", key):
            noted = self.references.find(key)
            if noted and noted.reference:
                return self._api.checkout.sessions.retrieve(noted.reference).url
            try:
                session = pages.made(self._api, key, to_units(amount, currency), currency, page)
            except NotPayable as error:
                raise NoAnswer from error
            return session.url if self.references.note(key, session.id) else None

    def heard(self, payload: bytes, signature: str) -> Heard:
        return webhooks.heard(payload, signature, self._webhook_secret)

    def dispute(self, reference: str) -> FoundDispute | None:
        with self._asking("dispute", reference):
            return disputes.found(self._api, reference)

    def returns(self, charge: str) -> FoundReturns | None:
        with self._asking("returns", charge):
            return returns.found(self._api, charge)

    def refunds_made(self, since: dt.datetime, until: dt.datetime) -> list[Happened]:
        with self._asking("refunds_made", since.isoformat(), LISTING):
            return listed.refunds(self._api, since, until)

    def disputes_made(self, since: dt.datetime, until: dt.datetime) -> list[Happened]:
        with self._asking("disputes_made", since.isoformat(), LISTING):
            return listed.disputed(self._api, since, until)

    # --- charges

    def _found_charge(self, reference: str) -> Outcome | None:
        if _is_page(reference):
            return pages.found(self._api, reference)
        return _outcome(self._api.payment_intents.retrieve(reference))

    def _charged(self, key: uuid.UUID, amount: Decimal, currency: str, owner: Owner, card: Card) -> Outcome:
        """Create, note, confirm. `owner`: who has the card, or to whom it is attached once it has paid."""
        try:
            intent = self._created(key, to_units(amount, currency), currency, owner)
        except NotPayable:
            return Outcome(Result.DECLINED, "", NOT_PAYABLE)
        except stripe.InvalidRequestError as error:
            return Outcome(Result.DECLINED, "", _refused(error))
        if not self.references.note(key, intent.id):
            return Outcome(Result.CANCELLED, intent.id)
        return self._confirmed(key, intent.id, card)

    def _customer(self, key: uuid.UUID) -> str:
        """docs.stripe.com/payments/save-during-payment: only a card that is attached to one can be charged again."""
        return self._api.customers.create({"metadata": {OURS: str(key)}}, {"idempotency_key": f"{key}:customer"}).id

    def _created(self, key: uuid.UUID, units: int, currency: str, owner: Owner) -> stripe.PaymentIntent:
        wanted: Intent = {
            "amount": units,
            "currency": currency.lower(),
            "allowed_payment_method_types": ["card"],
            "metadata": {OURS: str(key)},
        }
        if "customer" in owner:
            wanted["customer"] = owner["customer"]
        if "setup_future_usage" in owner:
            wanted["setup_future_usage"] = owner["setup_future_usage"]
        return self._api.payment_intents.create(wanted, {"idempotency_key": str(key)})

    def _confirmed(self, key: uuid.UUID, reference: str, card: Card) -> Outcome:
        try:
            intent = self._api.payment_intents.confirm(reference, card, {"idempotency_key": f"{key}:confirm"})
        except stripe.CardError as error:
            return Outcome(Result.DECLINED, reference, _refused(error), error.code == ASKS_OWNER)
        except stripe.InvalidRequestError as error:
            if error.code == UNEXPECTED:
                return _settled(self._api.payment_intents.retrieve(reference))
            return Outcome(Result.DECLINED, reference, _refused(error))
        return _settled(intent)

    def _cancelled(self, reference: str) -> Outcome:
        try:
            return _settled(self._api.payment_intents.cancel(reference))
        except stripe.InvalidRequestError as error:
            if error.code != UNEXPECTED:
                raise
        return _settled(self._api.payment_intents.retrieve(reference))

    # --- refunds

    def _refunded(self, key: uuid.UUID, charge: Charge, amount: Decimal, currency: str) -> Outcome:
        try:
            refund = self._api.refunds.create(
                {
                    "payment_intent": charge.reference,
                    "amount": to_units(amount, currency),
                    "metadata": {OURS: str(key)},
                },
                {"idempotency_key": str(key)},
            )
        except NotPayable:
            return Outcome(Result.DECLINED, "", NOT_PAYABLE)
        except stripe.InvalidRequestError as error:
            return Outcome(Result.DECLINED, "", _refused(error))
        return _returned(refund)

    def _found_refund(self, key: uuid.UUID, intent: str) -> Outcome | None:
        made = self._api.refunds.list({"payment_intent": intent, "limit": client.PAGE})
        found = next((refund for refund in made.auto_paging_iter() if _is_of(refund, key)), None)
        return _returned(found) if found else None

    # --- asking

    @contextmanager
    def _asking(self, verb: str, key: uuid.UUID | str, pages: int = 1) -> Iterator[None]:
        """Whatever leaves the outcome open is NoAnswer, within the time that a payment has; that many times it for
        what may have many pages.
        """
        try:
            with client.within(self.patience * pages):
                yield
        except stripe.StripeError as error:
            _log(verb, key, error)
            raise NoAnswer from error
        except deadline.Unavailable as error:  # our own notes cannot be written
            raise NoAnswer from error


def _outcome(intent: stripe.PaymentIntent) -> Outcome | None:
    """What the intent's status says by now (docs.stripe.com/payments/paymentintents/lifecycle); None: nothing yet."""
    failed = intent.last_payment_error
    reason = (failed.decline_code or failed.code or "") if failed else ""
    if intent.status == "succeeded":
        return Outcome(Result.CHARGED, intent.id)
    if intent.status == "canceled":
        return Outcome(Result.DECLINED if failed else Result.CANCELLED, intent.id, reason, reason == ASKS_OWNER)
    if intent.status == "requires_payment_method" and failed:
        return Outcome(Result.DECLINED, intent.id, reason, reason == ASKS_OWNER)
    return None


def _settled(intent: stripe.PaymentIntent) -> Outcome:
    outcome = _outcome(intent)
    if outcome is None:
        raise NoAnswer(f"{intent.id} is {intent.status}")
    return outcome


def _id(thing: stripe.Customer | stripe.PaymentMethod | str | None) -> str | None:
    """Of an object that Stripe gives by its id, unless it is asked for the whole."""
    return thing if isinstance(thing, str) or thing is None else thing.id


def _is_page(reference: str) -> bool:
    return reference.startswith(pages.PREFIX)


def _is_of(refund: stripe.Refund, key: uuid.UUID) -> bool:
    return refund.metadata is not None and refund.metadata.to_dict().get(OURS) == str(key)


def _returned(refund: stripe.Refund) -> Outcome:
    """A refund that is pending has returned nothing yet: ask again."""
    result = RETURNED.get(str(refund.status))
    if result is None:
        raise NoAnswer(f"{refund.id} is {refund.status}")
    return Outcome(result, refund.id, refund.failure_reason or "" if result is Result.DECLINED else "")


def _refused(error: stripe.CardError | stripe.InvalidRequestError) -> str:
    """Why nothing moved, by Stripe's published code. Raises the error again where it says nothing about that."""
    if error.code in NOT_NOW or error.http_status in (409, 429):
        raise error
    decline = error.error.decline_code if error.error else None
    return decline or error.code or "refused"


def _log(verb: str, key: uuid.UUID | str, error: stripe.StripeError) -> None:
    code = error.code or (error.error.code if error.error else None)
    facts = {"verb": verb, "payment": str(key), "code": code, "request": error.request_id}
    telemetry.log.warning("stripe_unanswered", kind=type(error).__name__, **facts)
