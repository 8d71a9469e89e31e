"""One account's objects, and what each request does to them. Everything happens under one lock."""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from tests.stripe_stand_in import refusals

Form = dict[str, Any]
Thing = dict[str, Any]

CANCELLABLE = ("requires_payment_method", "requires_capture", "requires_confirmation", "requires_action", "processing")
CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
# docs.stripe.com/testing: payment methods by what becomes of them.
DECLINES = {
    "pm_card_chargeDeclined": ("card_declined", "generic_decline"),
    "pm_card_chargeDeclinedInsufficientFunds": ("card_declined", "insufficient_funds"),
    "pm_card_chargeDeclinedExpiredCard": ("expired_card", None),
}
ASKS_ALWAYS = "pm_card_authenticationRequired"  # its bank wants its owner each time
ASKS_ONCE = "pm_card_authenticationRequiredOnSetup"  # not any more once it was set up for later with its owner there
TEST_CARDS = {"pm_card_visa", "pm_card_mastercard", ASKS_ALWAYS, ASKS_ONCE, "pm_card_refundFail"}
INTENT_KEYS = {
    "amount", "currency", "allowed_payment_method_types", "metadata", "description", "payment_method", "confirm",
    "automatic_payment_methods", "receipt_email", "customer", "setup_future_usage",
}  # fmt: skip
THREE_DECIMALS = {"bhd", "jod", "kwd", "omr", "tnd"}


class Account:
    """`tell` hears of every event: type and object."""

    def __init__(self, tell: Callable[[str, Thing], None]) -> None:
        self.lock = threading.RLock()
        self.tell = tell
        self.clock = time.time
        self.pages = "https://checkout.stripe.com"
        self.intents: dict[str, Thing] = {}
        self.refunds: dict[str, Thing] = {}
        self.sessions: dict[str, Thing] = {}
        self.disputes: dict[str, Thing] = {}
        self.customers: dict[str, Thing] = {}
        self.methods: dict[str, Thing] = {}  # each use of a test card's name makes one
        self.refund_status = "succeeded"  # of those to come
        self.cards, self.declines = set(TEST_CARDS), dict(DECLINES)
        self.unreturnable: set[str] = set()  # cards to which a refund fails
        self._numbers = itertools.count(1)

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{next(self._numbers):06d}{uuid.uuid4().hex[:12]}"

    # --- payment intents

    def create_intent(self, form: Form) -> Thing:
        if "payment_method_types" in form:
            raise refusals.invalid("Use dynamic payment methods.", code="payment_method_types_no_longer_supported")
        for unknown in sorted(form.keys() - INTENT_KEYS):
            raise refusals.invalid(f"Received unknown parameter: {unknown}", code="parameter_unknown", param=unknown)
        owner = form.get("customer")
        if owner is not None and owner not in self.customers:
            raise refusals.missing("customer", owner, status=400, param="customer")
        intent = self._intent(_amount(form), form["currency"], form.get("metadata", {}))
        intent |= {"customer": owner, "setup_future_usage": form.get("setup_future_usage")}
        self.tell("payment_intent.created", intent)
        return intent

    def _intent(self, amount: int, currency: str, metadata: Form) -> Thing:
        name = self._id("pi")
        intent: Thing = {
            "id": name,
            "object": "payment_intent",
            "amount": amount,
            "amount_received": 0,
            "currency": currency,
            "status": "requires_payment_method",
            "metadata": metadata,
            "last_payment_error": None,
            "customer": None,
            "payment_method": None,
            "setup_future_usage": None,
            "latest_charge": None,
            "created": int(self.clock()),
            "livemode": False,
        }
        self.intents[name] = intent
        return intent

    def intent(self, name: str) -> Thing:
        if name not in self.intents:
            raise refusals.missing("payment_intent", name, param="intent")
        return self.intents[name]

    def confirm_intent(self, name: str, form: Form) -> Thing:
        intent = self.intent(name)
        if intent["status"] not in CONFIRMABLE:
            raise refusals.unexpected(intent, "confirm", CONFIRMABLE)
        method = self._usable(form.get("payment_method", ""), intent)
        card, alone = method["card"], form.get("off_session") == "true"
        if card in self.declines:
            raise self._declined(intent, *self.declines[card])
        intent["payment_method"] = method["id"]
        if card == ASKS_ALWAYS or (card == ASKS_ONCE and not method["customer"]):
            if alone or form.get("error_on_requires_action") == "true":
                raise self._declined(intent, "authentication_required", "authentication_required")
            intent["status"] = "requires_action"
            return intent
        return self._paid(intent)

    def _usable(self, name: str, intent: Thing) -> Thing:
        """docs.stripe.com/payments/payment-methods: one that is attached to no Customer pays once, and never again."""
        if name in self.cards or name in self.declines:
            method = self._method(name)
        elif name in self.methods:
            method = self.methods[name]
        else:
            raise refusals.missing("PaymentMethod", name, status=400, param="payment_method")
        if method["customer"] and method["customer"] != intent["customer"]:
            raise refusals.invalid("This PaymentMethod belongs to a Customer: pass that.", param="payment_method")
        if not method["customer"] and method["used_by"] not in (None, intent["id"]):
            raise refusals.invalid(refusals.USED_BEFORE)
        method["used_by"] = intent["id"]
        return method

    def _method(self, card: str) -> Thing:
        made = {"id": self._id("pm"), "object": "payment_method", "card": card, "customer": None, "used_by": None}
        self.methods[str(made["id"])] = made
        return made

    def create_customer(self, form: Form) -> Thing:
        customer: Thing = {"id": self._id("cus"), "object": "customer", "metadata": form.get("metadata", {})}
        self.customers[customer["id"]] = customer
        return customer

    def _declined(self, intent: Thing, code: str, decline_code: str | None) -> refusals.Refusal:
        intent["status"] = "requires_payment_method"
        intent["last_payment_error"] = {"type": "card_error", "code": code, "decline_code": decline_code}
        self.tell("payment_intent.payment_failed", intent)
        return refusals.card(code, dict(intent), decline_code)

    def _paid(self, intent: Thing) -> Thing:
        intent |= {"status": "succeeded", "amount_received": intent["amount"], "latest_charge": self._id("ch")}
        if intent["customer"] and intent["setup_future_usage"]:
            self.methods[intent["payment_method"]]["customer"] = intent["customer"]
        self.tell("payment_intent.succeeded", intent)
        return intent

    def cancel_intent(self, name: str, _: Form) -> Thing:
        intent = self.intent(name)
        if any(session["payment_intent"] == name for session in self.sessions.values()):
            raise refusals.invalid("This PaymentIntent belongs to a Checkout Session: expire that.", executed=True)
        if intent["status"] not in CANCELLABLE:
            raise refusals.unexpected(intent, "cancel", CANCELLABLE)
        intent |= {"status": "canceled", "canceled_at": int(self.clock())}
        self.tell("payment_intent.canceled", intent)
        return intent

    # --- refunds and disputes

    def create_refund(self, form: Form) -> Thing:
        name = form.get("payment_intent", "")
        if name not in self.intents:
            raise refusals.missing("payment_intent", name, status=400, param="payment_intent")
        intent = self.intents[name]
        if intent["status"] != "succeeded":
            said = "This PaymentIntent does not have a successful charge to refund."
            raise refusals.invalid(said, executed=True)
        if any(one["payment_intent"] == name and one["status"] != "won" for one in self.disputes.values()):
            raise refusals.invalid("The charge is disputed.", executed=True, code="charge_disputed")
        left = intent["amount_received"] - self.returned(name)
        if not left:
            raise refusals.invalid("Charge has already been refunded.", executed=True, code="charge_already_refunded")
        amount = int(form.get("amount", left))
        if amount > left:
            said = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
            raise refusals.invalid(said, executed=True, param="amount")
        return self._refund(intent, amount, form.get("metadata", {}))

    def refund_at_dashboard(self, name: str, amount: int) -> Thing:
        """Somebody who is signed in to the dashboard gives money back: without any metadata of ours."""
        with self.lock:
            refund = self._refund(self.intents[name], amount, {})
            charge = {"id": refund["charge"], "object": "charge", "payment_intent": name}
            self.tell("charge.refunded", charge | {"metadata": self.intents[name]["metadata"]})
        return refund

    def returned(self, name: str) -> int:
        """What has gone back of this intent, or is about to."""
        made = (one for one in self.refunds.values() if one["payment_intent"] == name)
        return sum(one["amount"] for one in made if one["status"] in ("succeeded", "pending"))

    def _refund(self, intent: Thing, amount: int, metadata: Form) -> Thing:
        card = self.methods[intent["payment_method"]]["card"]
        status = "failed" if card in self.unreturnable else self.refund_status
        refund: Thing = {
            "id": self._id("re"),
            "object": "refund",
            "amount": amount,
            "currency": intent["currency"],
            "payment_intent": intent["id"],
            "charge": intent["latest_charge"],
            "status": status,
            "failure_reason": "lost_or_stolen_card" if status == "failed" else None,
            "metadata": metadata,
            "created": int(self.clock()),
        }
        self.refunds[refund["id"]] = refund
        self.tell("refund.created", refund)
        return refund

    def list_refunds(self, form: Form) -> Thing:
        return self._listed("/v1/refunds", self.refunds, form)

    def list_disputes(self, form: Form) -> Thing:
        return self._listed("/v1/disputes", self.disputes, form)

    def _listed(self, url: str, things: dict[str, Thing], form: Form) -> Thing:
        """docs.stripe.com/api/pagination: the newest first, those of an intent or of a time."""
        first, last = (int(form.get("created", {}).get(name, most)) for name, most in (("gte", 0), ("lte", 2**40)))
        wanted = form.get("payment_intent")
        made = [one for one in things.values() if wanted in (None, one["payment_intent"])]
        made = [self._expanded(one, "data.", form) for one in made if first <= one["created"] <= last]
        made.sort(key=lambda one: str(one["id"]), reverse=True)
        names = [one["id"] for one in made]
        start = names.index(form["starting_after"]) + 1 if "starting_after" in form else 0
        page = made[start : start + int(form.get("limit", 10))]
        more = start + len(page) < len(made)
        return {"object": "list", "url": url, "data": page, "has_more": more}

    def _expanded(self, thing: Thing, within: str, form: Form) -> Thing:
        if f"{within}payment_intent" not in form.get("expand", {}).values():
            return thing
        return thing | {"payment_intent": self.intents[thing["payment_intent"]]}

    def dispute(self, intent: str, amount: int | None = None, reason: str = "fraudulent") -> Thing:
        """The cardholder's bank takes the money back."""
        with self.lock:
            paid = self.intents[intent]
            dispute: Thing = {
                "id": self._id("dp"),
                "object": "dispute",
                "amount": amount or paid["amount_received"],
                "currency": paid["currency"],
                "payment_intent": intent,
                "charge": paid["latest_charge"],
                "reason": reason,
                "status": "needs_response",
                "created": int(self.clock()),
            }
            self.disputes[dispute["id"]] = dispute
            self.tell("charge.dispute.created", dispute)
            return dispute

    def close_dispute(self, name: str, status: str) -> None:
        """`status`: won, lost or warning_closed."""
        with self.lock:
            self.disputes[name]["status"] = status
            self.tell("charge.dispute.closed", self.disputes[name])

    def get_dispute(self, name: str, form: Form) -> Thing:
        if name not in self.disputes:
            raise refusals.missing("dispute", name, param="dispute")
        return self._expanded(self.disputes[name], "", form)

    # --- checkout sessions

    def create_session(self, form: Form) -> Thing:
        if "payment_method_types" in form:
            raise refusals.invalid("Use dynamic payment methods.", code="payment_method_types_no_longer_supported")
        now, price = int(self.clock()), form["line_items"]["0"]["price_data"]
        expires = int(form.get("expires_at", now + 24 * 3600))
        if not now + 30 * 60 <= expires <= now + 24 * 3600:
            raise refusals.invalid("`expires_at` must be 30 minutes to 24 hours from now.", param="expires_at")
        amount = _amount({"amount": price["unit_amount"], "currency": price["currency"]})
        name = self._id("cs_test")
        session: Thing = {
            "id": name,
            "object": "checkout.session",
            "mode": form["mode"],
            "status": "open",
            "payment_status": "unpaid",
            "payment_intent": None,
            "amount_total": amount,
            "currency": price["currency"],
            "client_reference_id": form.get("client_reference_id"),
            "metadata": form.get("metadata", {}),
            "intent_data": form.get("payment_intent_data", {}),
            "customer": None,
            "customer_creation": form.get("customer_creation", "if_required"),
            "success_url": form["success_url"],
            "cancel_url": form.get("cancel_url"),
            "url": f"{self.pages}/c/pay/{name}",
            "expires_at": expires,
            "created": now,
        }
        self.sessions[name] = session
        return session

    def session(self, name: str) -> Thing:
        if name not in self.sessions:
            raise refusals.missing("checkout.session", name, param="session")
        session = self.sessions[name]
        if session["status"] == "open" and self.clock() >= session["expires_at"]:
            self._expire(session)
        return session

    def expire_session(self, name: str, _: Form) -> Thing:
        session = self.session(name)
        if session["status"] != "open":
            raise refusals.invalid(
                'Only Checkout Sessions with a status in ["open"] can be expired.'
                f" This Checkout Session has a status of `{session['status']}`.",
                executed=True,
            )
        self._expire(session)
        return session

    def _expire(self, session: Thing) -> None:
        session |= {"status": "expired", "url": None}
        self.tell("checkout.session.expired", session)

    def guest_pays(self, name: str, method: str = "pm_card_visa") -> Thing:
        """The guest fills in the hosted page. A declined card leaves it open."""
        with self.lock:
            session = self.session(name)
            if session["status"] != "open":
                raise refusals.invalid(f"The page says: this session is {session['status']}.")
            if session["payment_intent"] is None:
                data = session["intent_data"]
                intent = self._intent(session["amount_total"], session["currency"], data.get("metadata", {}))
                intent["setup_future_usage"] = data.get("setup_future_usage")
                session["payment_intent"] = intent["id"]
            paying = self.intents[session["payment_intent"]]
            if method in self.declines:
                raise self._declined(paying, *self.declines[method])
            if session["customer_creation"] == "always":
                session["customer"] = paying["customer"] = self.create_customer({})["id"]
            used = self._method(method)
            used["used_by"], paying["payment_method"] = paying["id"], used["id"]
            self._paid(paying)  # its owner is there, and confirms what the bank asks
            session |= {"status": "complete", "payment_status": "paid", "url": None}
            self.tell("checkout.session.completed", session)
            return session


def _amount(form: Form) -> int:
    """Raises Refusal where Stripe would not take it: docs.stripe.com/currencies."""
    text, currency = str(form.get("amount", "")), str(form.get("currency", ""))
    if not text.isdigit() or int(text) < 1:
        raise refusals.invalid("This value must be greater than or equal to 1.", code="parameter_invalid_integer")
    if len(currency) != 3 or not currency.islower():
        raise refusals.invalid(f"Invalid currency: {currency}", param="currency")
    amount = int(text)
    if (currency in ("isk", "ugx") and amount % 100) or (currency in THREE_DECIMALS and amount % 10):
        raise refusals.invalid("Invalid amount.", code="invalid_charge_amount_no_decimal_compatible")
    if amount > 99_999_999:
        raise refusals.invalid("Amount must be no more than 99999999.", code="amount_too_large", param="amount")
    return amount
