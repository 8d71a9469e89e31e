"""What schemathesis has to know of a booking platform (it loads this by SCHEMATHESIS_HOOKS).

Its requests name rooms that exist as often as not, nights that are yet to come, and addresses; a refusal is no finding
where it states a rule that no schema can state.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import urllib.request
import zlib
from typing import Any

import schemathesis

URL, SPARE = os.environ["FUZZ_URL"], json.loads(os.environ["FUZZ_SPARE_USER"])
ROOMS = os.environ["FUZZ_ROOMS"].split(",")
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

# What alice finds by way of her bookings, and everybody else by a search.
EVERYBODYS = {"GET /rooms/{roomId}", "GET /rooms/{roomId}/availability"}
ENDS_HOLDS = {"POST /bookings/{bookingId}/cancel", "POST /holds/{orderId}/pay"}
ENDED: set[str] = set()  # orders
ANSWERS_OF_THE_SERVER = {414, 431}  # to what is too long to be read: the application never sees it
ONE_OF_SEVERAL = re.compile(r"items\[\d+\]\.")
# Rules about what is sent that OpenAPI has no words for: field and sentence of a refusal.
BEYOND_SCHEMAS = re.compile(
    r"check(In|Out): checkIn must be before checkOut"  # it does not compare fields
    r"|check(In|Out): check(In|Out) is missing"  # nor know "both or none"
    r"|checkIn: checkIn (is in the past|may be at most \d+ days ahead)"  # nor what day it is
    r"|checkOut: (a stay may have at most \d+ nights|this room (asks for at least|allows at most) \d+ nights)"
    r"|(from|to): .+"  # the same for the nights of a calendar
    r"|guests: this room sleeps \d+ guests?"  # nor this room
    r"|maxPrice: must not be below minPrice"
    r"|(minPrice|maxPrice|shownTotal|shownDifference): has too many (decimals|digits)"
    r"|amenities: (must have at most \d+ characters|has too many entries)"  # of what stands between commas
    r"|guests: must be a whole number"  # 2.0 is an integer to it
    r"|currency: .+"  # wanted where the place does not settle it
    r"|(check(In|Out)|from|to): (is a date that does not exist|must be a date such as .+)"  # to it 0000-01-01 is one
    r"|region: must be .+: accounts of other regions are made there"
    r"|roomId: this room is at another property"  # than the stay that is to be changed
    r"|location: is not a destination we know.*"
    r"|amenities: no room has .+"
    r"|(contact\.)?email: must be an email address"  # `format: email` is wider than what can have a mailbox
    r"|password: is (one of the most common passwords; please choose another|too easy to guess[;:] .+)"
    r"|(fullName|location|message|contact\.requests): must not be empty"  # signs alone that nobody sees
    r"|fullName: must not contain a link or an email address"
    r"|roomId: is the same room twice for some of the nights"  # of an order
    r"|Idempotency-Key: must be 1 to 255 visible ASCII characters"
)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Every request, right before it goes out."""
    if case.operation.label == "POST /auth/logout" and _is_good_token(case):
        case.headers["Authorization"] = f"Bearer {_spare_token()}"  # the one of everybody else has to last
    if "roomId" in (case.path_parameters or {}):
        case.path_parameters["roomId"] = _room(case.path_parameters["roomId"])
    for part in (case.query, case.body):
        if isinstance(part, dict):
            _move_to_the_future(part)
            _bring_within_reach(part)
            if isinstance(part.get("roomId"), str):
                part["roomId"] = _room(part["roomId"])
            if ADDRESS.fullmatch(str(part.get("email"))) and _lot(part["email"]) % 2:
                part["email"] = f"guest-{_lot(part['email'])}@example.com"  # what is made up hardly ever is one


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Notes whose hold has ended in another way than by DELETE: what was held is booked or cancelled."""
    asked = case.operation.label if case.method.upper() == "POST" else ""  # OPTIONS is tried there, too
    if response.status_code in {200, 201} and asked in ENDS_HOLDS:
        body = response.json()
        ENDED.add(str(body.get("orderId") or body.get("id")))


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Whether it is a finding."""
    kind, status = type(failure).__name__, response.status_code
    if kind == "ObjectLevelAuthorizationViolation":
        return failure.operation not in EVERYBODYS
    if kind == "EnsureResourceAvailability" and (case.path_parameters or {}).get("orderId") in ENDED:
        return False
    if status in ANSWERS_OF_THE_SERVER or (kind == "RejectedPositiveData" and status == 304):
        return False
    if kind != "RejectedPositiveData" or status != 400:
        return True
    details = response.json().get("details") or {"": ""}
    said = (ONE_OF_SEVERAL.sub("", f"{field}: {sentence}") for field, sentence in details.items())
    return not all(BEYOND_SCHEMAS.fullmatch(one) for one in said)


def _is_good_token(case: Any) -> bool:
    return len(str((case.headers or {}).get("Authorization", ""))) > 200


def _spare_token() -> str:
    asked = urllib.request.Request(
        f"{URL}/auth/login", json.dumps(SPARE).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(asked) as answer:
        return str(json.load(answer)["accessToken"])


def _room(given: Any) -> Any:
    lot = _lot(given)
    made_up = not str(given).startswith("room_") and str(given).isprintable()
    return ROOMS[lot % len(ROOMS)] if made_up and lot % 4 else given


def _move_to_the_future(part: dict[str, Any]) -> None:
    """Three in four stays that are dates at all begin within a year and last up to nine nights."""
    stay = [part.get("checkIn"), part.get("checkOut")]
    lot = _lot(stay)
    if lot % 4 and all(isinstance(day, str) and DATE.fullmatch(day) for day in stay):
        check_in = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1 + lot % 365)
        part["checkIn"] = check_in.isoformat()
        part["checkOut"] = (check_in + dt.timedelta(days=1 + lot % 9)).isoformat()


def _bring_within_reach(part: dict[str, Any]) -> None:
    """As often as not, parties that fit into a room and pages that are not beyond the end."""
    for name, most in (("guests", 2), ("capacity", 2), ("page", 1)):
        if type(part.get(name)) is int and part[name] > most and _lot(part) % 2:
            part[name] = most


def _lot(value: Any) -> int:
    """The same for the same value, in every run."""
    return zlib.crc32(repr(value).encode("utf-8", "replace")) >> 4
