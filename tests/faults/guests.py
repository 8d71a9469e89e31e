"""Guests as programs: they book and cancel over HTTP, ask again with the same key, and remember what they were told."""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.faults.line import Line, Reply
from tests.oracle import CONTACT as WHO_STAYS
from tests.oracle import Told

PASSWORD = "a rather long password 42"
VISA, DECLINED, SLOW = "pm_card_visa", "pm_card_declined", "pm_card_timeout"
REFUND_DECLINED, REFUND_SLOW = "pm_card_refund_declined", "pm_card_refund_timeout"
FICKLE = "pm_card_fickle"  # declined now and then: see detour/house_rules.py
UNTIL = 240.0  # seconds of asking again: several calls in a row may die, each leaving a key to its lease of 30 s
ASK_AGAIN = {"ROOM_LOCKED", "IDEMPOTENCY_CONFLICT", "PAYMENT_IN_PROGRESS"}

CONTACT = {"fullName": "Dana Levi", "email": WHO_STAYS, "arrivalTime": "18:30"}
# What a guest does with a key beside asking until there is a final answer.
ONCE = "once"
AGAIN = "again"  # ask once more afterwards, and once with other wishes
TWICE = "twice at once"  # two connections with one key
LENT = "lent"  # another guest uses the same key at the same time
HABITS = (ONCE, AGAIN, TWICE, LENT)


@dataclass
class Plan:
    """What one attempt wants."""

    room: str
    check_in: str
    check_out: str
    card: str = VISA
    cancel: bool = False
    change: bool = False
    habit: str = ONCE
    beside: tuple[str, ...] = ()  # more rooms of the same property, in one order
    deposit: bool = False  # the room takes one for these nights; held first, only together with others
    hold: bool = False  # first, as programs do that pay in a second step
    code: str | None = None  # of a promotion
    rate: str | None = None  # the rate plan's id; the cheapest otherwise

    @property
    def path(self) -> str:
        return "/orders" if self.beside else "/bookings"

    def body(self) -> dict[str, object]:
        wish = self.order() if self.beside else self._wish(self.room)
        return {**wish, **self.with_code(), "paymentMethodId": self.card}

    def with_code(self) -> dict[str, object]:
        return {"code": self.code} if self.code else {}

    @property
    def allowed(self) -> tuple[int, ...]:
        """How an attempt may end; a code may be refused."""
        return (201, 402, 409, *([400] if self.code else []))

    def order(self) -> dict[str, object]:
        """As of an order, which somebody else is to stay with where it has several rooms."""
        return {"items": self.items()} | ({"contact": CONTACT} if self.beside else {})

    def items(self) -> list[dict[str, object]]:
        """One for each room."""
        return [self._wish(room) for room in (self.room, *self.beside)]

    def other_body(self) -> dict[str, object]:
        """Another wish."""
        return (
            {"items": [self._wish(self.room)], "paymentMethodId": self.card}
            if self.beside
            else {**self.body(), "guests": 2}
        )

    def _wish(self, room: str) -> dict[str, object]:
        wish = {"roomId": room, "checkIn": self.check_in, "checkOut": self.check_out, "guests": 1}
        return wish | ({"ratePlan": self.rate} if self.rate else {})


@dataclass
class Log:
    """What guests were told, for the oracle and for the figures."""

    told: list[Told] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)  # every answer, the ones that were asked again included
    seconds: list[float] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)  # what should not have been answered
    replays: int = 0
    did: Counter[str] = field(default_factory=Counter)  # what else was done, for the report


@dataclass
class Guest:
    """One account with one connection. `log.told` is what the oracle compares with the database."""

    line: Line
    user_id: str
    chance: random.Random
    log: Log = field(default_factory=Log)
    friend: Guest | None = None  # who may be lent a key
    pays_at_pages: bool = False  # some changes, where the provider has pages of its own

    def attempt(self, plan: Plan) -> Told:
        """Ask until there is a final answer, always with the same key; maybe cancel at once."""
        told = Told(self.user_id, str(uuid.uuid4()))
        if plan.habit == LENT and self.friend:
            friend, lent = self.friend.twin(), Told(self.friend.user_id, told.key)
            together(lambda: self._book(plan, told), lambda: friend._book(plan, lent))
        elif plan.habit == TWICE:
            self._twice(plan, told)
        else:
            first = self._book(plan, told)
            if plan.habit == AGAIN and first:
                self._again(plan, told, first)
        if plan.change and told.status == 201:
            self.change(told, plan.card)
        if plan.cancel and told.status == 201:
            self.cancel(told)
        return told

    def twin(self) -> Guest:
        """The same guest on another connection, with the same log."""
        return Guest(Line(self.line.port, self.line.token), self.user_id, self.chance, self.log)

    def cancel(self, told: Told, *, twice: bool = False) -> None:
        """Give a booking back, maybe over two connections at once."""
        if twice:
            twin, other = self.twin(), Told(told.user_id, told.key, told.status, "", told.booking_id)
            together(lambda: self._cancel(told), lambda: twin._cancel(other))
            twin.line.hang_up()
            told.cancelled = told.cancelled or other.cancelled
        else:
            self._cancel(told)

    def change(self, told: Told, card: str = VISA) -> None:
        """Fewer nights at either end, or one more, where it can be had; `told` becomes what the guest is told then."""
        if told.stay is None:
            return
        wish, path = self._other_stay(told.stay), f"/bookings/{told.booking_id}/changes"
        quote = self.until_final("POST", f"{path}/quote", wish)
        if quote is None or quote.status != 200:
            return
        asked, key = wish | {"shownDifference": quote.body["difference"]}, str(uuid.uuid4())
        if not (self.pays_at_pages and quote.body["difference"] > 0 and lot(self.chance, 60)):
            asked["paymentMethodId"] = card
        reply = self.until_final("POST", path, asked, Idempotency_Key=key)
        if reply and reply.error == "PAYMENT_ACTION_REQUIRED" and lot(self.chance, 70):
            paid = pay_at(reply.body["details"]["url"])
            self.log.did[f"changes paid at their page{'' if paid.status else ', which was closed'}"] += 1
            reply = self.until_final("POST", path, asked, Idempotency_Key=key) if paid.status else reply
        if reply is None:
            told.price = told.stay = None
        elif reply.status == 200:
            self._did_change(told.stay, stay_of(reply.body), quote.body["difference"])
            told.price, told.stay = reply.body["totalPrice"], stay_of(reply.body)

    def _other_stay(self, stay: tuple[str, str, str]) -> dict[str, str]:
        first, last = (dt.date.fromisoformat(day) for day in stay[1:])
        spare = (last - first).days - 1
        if spare and lot(self.chance, 60):
            fewer = dt.timedelta(days=self.chance.randint(1, spare))
            leaves_early = lot(self.chance, 70)
            return {"checkOut": str(last - fewer)} if leaves_early else {"checkIn": str(first + fewer)}
        more = dt.timedelta(days=1)
        return {"checkOut": str(last + more)} if lot(self.chance, 70) else {"checkIn": str(first - more)}

    def _did_change(self, old: tuple[str, str, str], new: tuple[str, str, str], difference: float) -> None:
        is_shorter = new[1] > old[1] or new[2] < old[2]
        what = "shortened" if is_shorter else "prolonged"
        kept = ", without all of it back" if is_shorter and not difference else ""
        self.log.did[f"stays {what}{kept}"] += 1

    # --- booking

    def _book(self, plan: Plan, told: Told) -> Reply | None:
        reply = self.until_final("POST", plan.path, plan.body(), allowed=plan.allowed, Idempotency_Key=told.key)
        if reply:
            self.note_code(plan, reply)
            told.status, told.error = reply.status, reply.error
            first, *others = reply.body.get("bookings") or [reply.body]
            told.booking_id, told.price = str(first.get("id", "")), first.get("totalPrice")
            told.stay = stay_of(first) if told.price is not None else None
            told.deposit_of = told.price if plan.deposit else None
            for one in others:
                more = Told(told.user_id, "", 201, "", one["id"], price=one["totalPrice"], stay=stay_of(one))
                more.deposit_of = more.price if plan.deposit else None
                self.log.told.append(more)
        self.log.told.append(told)
        return reply

    def note_code(self, plan: Plan, reply: Reply) -> None:
        """Whoever names a code has it, or is told what is wrong with it; and on a rate plan, that one."""
        sold = reply.body.get("bookings") or [reply.body]
        if plan.rate and reply.status == 201:
            self.log.did["rooms sold on a rate plan"] += len(sold)
            if any((one["ratePlan"] or {}).get("id") != plan.rate for one in sold):
                self.log.odd.append(f"asked for on {plan.rate}, sold on another plan: {reply}")
        if plan.code is None or reply.status not in {201, 400}:
            return
        self.log.did["rooms sold with a code" if reply.status == 201 else "codes refused"] += len(sold)
        labels = [{line["label"] for line in one["lines"]} for one in sold] if reply.status == 201 else []
        refused = reply.status == 400 and [*reply.body.get("details", {})] == ["code"]
        if not refused and not (labels and all(plan.code in of_room for of_room in labels)):
            self.log.odd.append(f"asked for with {plan.code}: {reply}")

    def _twice(self, plan: Plan, told: Told) -> None:
        """Whatever the first one is told, the second is told too."""
        twin, replies = self.twin(), list[Reply | None]()
        together(
            lambda: replies.append(self._book(plan, told)),
            lambda: replies.append(twin.until_final("POST", plan.path, plan.body(), Idempotency_Key=told.key)),
        )
        twin.line.hang_up()
        if all(replies) and len({(reply.status, reply.text) for reply in replies if reply}) > 1:
            self.log.odd.append(f"two answers to one key: {' and '.join(map(str, replies))}")

    def _again(self, plan: Plan, told: Told, first: Reply) -> None:
        """The same answer once more, word for word; other wishes with this key are refused."""
        second = self.until_final("POST", plan.path, plan.body(), Idempotency_Key=told.key)
        if second:
            same = (first.status, first.text) == (second.status, second.text)
            if not same or second.headers.get("idempotency-replayed") != "true":
                self.log.odd.append(f"{told} was told something else the next time: {first} and {second}")
            self.log.replays += 1
        self.until_final("POST", plan.path, plan.other_body(), allowed=(422,), Idempotency_Key=told.key)

    def _cancel(self, told: Told) -> None:
        """`cancelled` becomes True, or None where nobody could say."""
        reply = self.until_final("POST", f"/bookings/{told.booking_id}/cancel")
        if reply and reply.error == "BOOKING_NOT_CANCELLABLE":  # the answer to the first try was lost
            reply = self.until_final("GET", f"/bookings/{told.booking_id}")
        if reply and reply.body.get("status") != "CANCELLED":
            self.log.odd.append(f"cancel of {told.booking_id}: {reply}")
        told.cancelled = reply.body.get("status") == "CANCELLED" if reply else None
        told.refund = reply.body.get("refundAmount") if reply and told.cancelled else None

    # --- asking

    def until_final(
        self, method: str, path: str, body: object = None, *, allowed: tuple[int, ...] = (), **headers: str
    ) -> Reply | None:
        """An answer of the API that asking again would not change; None where none came in time."""
        asking = lambda: self.line.ask(method, path, body, **headers)  # noqa: E731
        return self.insist(f"{method} {path}", asking, allowed or (200, 201, 402, 409))

    def insist(self, what: str, asking: Callable[[], Reply], allowed: tuple[int, ...]) -> Reply | None:
        """Ask until the answer is final; one with another status than these is noted down."""
        end, answers = time.monotonic() + UNTIL, Counter[str]()
        while time.monotonic() < end:
            reply = asking()
            said = f"{reply.status} {reply.error}".strip() if reply.status else "no answer"
            self.log.seen[said] += 1
            answers[said] += 1
            if reply.status:
                self.log.seconds.append(reply.seconds)
            if reply.status not in {0, 503} and reply.error not in ASK_AGAIN:
                if reply.status not in allowed:
                    self.log.odd.append(f"{what}: {reply}")
                return reply
            slow = reply.error == "IDEMPOTENCY_CONFLICT" or reply.status in {0, 503}
            time.sleep(self.chance.uniform(0.2, 0.8) if slow else self.chance.uniform(0.02, 0.15))
        self.log.odd.append(f"{what}: no final answer in {UNTIL:.0f} s, but {dict(answers)}")
        return None


def stay_of(booking: dict[str, str]) -> tuple[str, str, str]:
    """The room and the nights that a guest was told of."""
    return booking["roomId"], booking["checkIn"], booking["checkOut"]


def pay_at(page: str) -> Reply:
    """The guest fills in the provider's own page, where it is still open."""
    place = urlsplit(page)
    return Line(int(place.port or 0)).send("POST", place.path, b"", {})


def lot(chance: random.Random, percent: int) -> bool:
    return chance.random() * 100 < percent


def together(*acts: Callable[[], object]) -> None:
    """All at once, the first one here."""
    threads = [threading.Thread(target=act, daemon=True) for act in acts[1:]]
    for thread in threads:
        thread.start()
    acts[0]()
    for thread in threads:
        thread.join()


def registered(port: int, name: str, seed: int = 0) -> Guest:
    """A new guest, signed in."""
    line = Line(port)
    account = {"email": email_of(name), "password": PASSWORD}
    made = line.ask("POST", "/auth/register", {**account, "fullName": name.title()})
    assert made.status == 201, made
    signed_in = line.ask("POST", "/auth/login", account)
    assert signed_in.status == 200, signed_in
    line.token = signed_in.body["accessToken"]
    return Guest(line, made.body["id"], random.Random(f"{seed} {name}"))


def email_of(name: str) -> str:
    return f"{name}@example.com"


def rooms(guest: Guest, check_in: str, check_out: str, number: int) -> list[str]:
    """Ids of so many rooms that are free for the whole time."""
    found = guest.until_final("GET", f"/rooms?checkIn={check_in}&checkOut={check_out}&pageSize={number}")
    assert found is not None
    ids = [room["id"] for room in found.body.get("items", [])]
    assert len(ids) == number, str(found)
    return ids
