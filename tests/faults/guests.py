"""Guests as programs: they book and cancel over HTTP, ask again with the same key, and remember what they were told."""

from __future__ import annotations

import json
import random
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any

from tests.oracle import Told

PASSWORD = "a rather long password 42"
VISA, DECLINED = "pm_card_visa", "pm_card_declined"
PATIENCE = 15.0  # seconds for one answer
UNTIL = 90.0  # seconds of asking again for one attempt
ASK_AGAIN = {"ROOM_LOCKED", "IDEMPOTENCY_CONFLICT", "PAYMENT_IN_PROGRESS"}


@dataclass
class Reply:
    status: int  # 0: no answer at all
    body: dict[str, Any]
    seconds: float

    @property
    def error(self) -> str:
        return str(self.body.get("error", ""))


class Line:
    """A kept-alive connection."""

    def __init__(self, port: int, token: str = "") -> None:
        self.port, self.token = port, token
        self._connection: HTTPConnection | None = None

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Reply:
        """One question; no answer is an answer too."""
        began = time.monotonic()
        sent = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection = self._connection = self._connection or HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            connection.request(method, f"/api/v1{path}", None if body is None else json.dumps(body), sent)
            response = connection.getresponse()
            text = response.read()
        except (OSError, HTTPException):
            self.hang_up()
            return Reply(0, {}, time.monotonic() - began)
        return Reply(response.status, parsed(text), time.monotonic() - began)

    def hang_up(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None


def parsed(text: bytes) -> dict[str, Any]:
    """A body that is no JSON is kept, to be looked at."""
    try:
        return dict(json.loads(text or b"{}"))
    except ValueError:
        return {"error": "NOT JSON", "text": text.decode(errors="replace")[:500]}


@dataclass
class Plan:
    """What one attempt wants."""

    room: str
    check_in: str
    check_out: str
    card: str = VISA
    cancel: bool = False


@dataclass
class Guest:
    """One account with one connection. `told` is the log that the oracle compares with the database."""

    line: Line
    user_id: str
    chance: random.Random
    told: list[Told] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)  # every answer, the ones that were asked again included
    seconds: list[float] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)

    def attempt(self, plan: Plan) -> Told:
        """Ask until there is a final answer, always with the same key; maybe cancel at once."""
        told = Told(self.user_id, str(uuid.uuid4()))
        body = {"roomId": plan.room, "checkIn": plan.check_in, "checkOut": plan.check_out, "guests": 1}
        body["paymentMethodId"] = plan.card
        reply = self._until_final("POST", "/bookings", body, Idempotency_Key=told.key)
        if reply:
            told.status, told.error, told.booking_id = reply.status, reply.error, str(reply.body.get("id", ""))
        self.told.append(told)
        if plan.cancel and told.status == 201:
            told.cancelled = self._cancel(told.booking_id)
        return told

    def _cancel(self, booking_id: str) -> bool | None:
        """True, or None where nobody could say."""
        reply = self._until_final("POST", f"/bookings/{booking_id}/cancel")
        if reply and reply.error == "BOOKING_NOT_CANCELLABLE":  # the answer to the first try was lost
            reply = self._until_final("GET", f"/bookings/{booking_id}")
        if reply is None:
            return None
        if reply.body.get("status") != "CANCELLED":
            self.odd.append(f"cancel of {booking_id}: {reply.status} {reply.body}")
        return reply.body.get("status") == "CANCELLED"

    def _until_final(self, method: str, path: str, body: object = None, **headers: str) -> Reply | None:
        end = time.monotonic() + UNTIL
        while time.monotonic() < end:
            reply = self.line.ask(method, path, body, **headers)
            self.seen[f"{reply.status} {reply.error}".strip() if reply.status else "no answer"] += 1
            self.seconds.append(reply.seconds)
            if reply.status not in {0, 503} and reply.error not in ASK_AGAIN:
                if reply.status not in {200, 201, 402, 409}:
                    self.odd.append(f"{method} {path}: {reply.status} {reply.body}")
                return reply
            slow = reply.error == "IDEMPOTENCY_CONFLICT" or reply.status in {0, 503}
            time.sleep(self.chance.uniform(0.2, 0.8) if slow else self.chance.uniform(0.02, 0.15))
        self.odd.append(f"{method} {path}: no final answer in {UNTIL:.0f} s")
        return None


def registered(port: int, name: str, seed: int = 0) -> Guest:
    """A new guest, signed in."""
    line = Line(port)
    account = {"email": f"{name}@example.com", "password": PASSWORD}
    made = line.ask("POST", "/auth/register", {**account, "fullName": name.title()})
    assert made.status == 201, made
    signed_in = line.ask("POST", "/auth/login", account)
    assert signed_in.status == 200, signed_in
    line.token = signed_in.body["accessToken"]
    return Guest(line, made.body["id"], random.Random(f"{seed} {name}"))


def rooms(guest: Guest, check_in: str, check_out: str, number: int) -> list[str]:
    """Ids of so many rooms that are free for the whole time."""
    found = guest.line.ask("GET", f"/rooms?checkIn={check_in}&checkOut={check_out}&pageSize={number}")
    ids = [room["id"] for room in found.body["items"]]
    assert len(ids) == number, found
    return ids
