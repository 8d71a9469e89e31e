"""What the document says about every field and parameter: a sentence and an example. By name, because names mean the
same everywhere; where one does not, it stands with its schema or operation before it.
"""

from __future__ import annotations

from typing import Any

ROOM, BOOKING, ORDER, USER = (f"{kind}_01h2xcejqtf2nbrexx3vqjhp41" for kind in ("room", "booking", "order", "user"))
TOKEN = "eyJhbGciOiJIUzI1NiIsImtpZCI6Im5vdyJ9.eyJzdWIiOiJ1c2VyXzAxaDJ4In0.c2lnbmF0dXJl"  # noqa: S105 of nobody
REFRESH = "session_01h2xcejqtf2nbrexx3vqjhp41.c2VjcmV0"

CONTACT = {
    "fullName": "Dana Levi",
    "email": "dana@example.com",
    "phone": "+32 3 123 45 67",
    "arrivalTime": "18:30",
    "requests": "A quiet room, please.",
}
STAY = {"roomId": ROOM, "checkIn": "2026-12-01", "checkOut": "2026-12-04", "guests": 2}

TEXTS: dict[str, tuple[str, Any]] = {
    # --- finding
    "location": (
        "The destination, as GET /places lists it. A name in any case is understood, too: Tel Aviv, LISBON.",
        "tel-aviv",
    ),
    "capacity": ("How many guests the room sleeps; as a filter, at least so many.", 2),
    "checkIn": ("The day of arrival.", "2026-12-01"),
    "checkOut": ("The day of departure: its night is not part of the stay.", "2026-12-04"),
    "from": ("The first night.", "2026-12-01"),
    "to": ("The day after the last night.", "2026-12-31"),
    "guests": ("How many people stay.", 2),
    "minPrice": ("Lowest price per night, in the currency of the destination, or in `currency`.", 50),
    "maxPrice": ("Highest price per night, in the currency of the destination, or in `currency`.", 200.5),
    "currency": ("ISO 4217 code.", "ILS"),
    "amenities": ("What the room has, as GET /amenities lists it; several with commas, all of them wanted.", ["wifi"]),
    "q": ("Words to look for in names, in any case and spelling with or without accents.", "sea view"),
    "kind": ("What kind of room it is, null where unknown.", "Private room"),
    "get_rooms.kind": ("How much of the place is the guest’s own.", "entire-place"),
    "sort": ("The order. Without one, a stable order that pages may rely on.", "price"),
    "page": ("Which page, from 1.", 1),
    "pageSize": ("Entries on a page.", 20),
    "total": ("How many there are on all pages.", 42),
    "items": ("The entries of this page, or of the whole list.", None),
    # --- rooms
    "roomId": ("The room’s id.", ROOM),
    "name": ("What it is called.", "Room with a view"),
    "description": ("What the host says about it.", "A quiet room above the courtyard."),
    "pricePerNight": ("The price of a usual night, before local taxes.", 120),
    "price": ("What this night costs.", 120),
    "totalPrice": ("The price of the whole stay.", 360),
    "isAvailable": ("Whether it can be booked now.", True),
    "images": ("Photos, in the host’s order.", None),
    "url": ("Where the photo is.", "https://images.example/room.jpg"),
    "alt": ("What the photo shows, for those who do not see it.", "A bed beneath a window"),
    "caption": ("What the host says about the photo.", "The bedroom"),
    "width": ("Width in pixels.", 1200),
    "height": ("Height in pixels.", 800),
    "rules": ("What a stay has to keep to.", None),
    "minNights": ("The shortest stay.", 1),
    "maxNights": ("The longest stay.", 30),
    "checkInFrom": ("From when guests may arrive, local time.", "15:00"),
    "checkOutUntil": ("Until when guests leave, local time.", "11:00"),
    "timeZone": ("IANA name of the property’s zone.", "Asia/Jerusalem"),
    "cancellationPolicy": ("What comes back when a booking is cancelled.", None),
    "CancellationPolicy.name": ("What the policy is called, null where it has no name.", "moderate"),
    "tiers": ("The refunds, the most generous first; later than the last one nothing comes back.", None),
    "daysBefore": ("Calendar days before check-in, at the hour of check-in.", 5),
    "percent": ("How much of the price comes back.", 100),
    "property": ("The house that the room is in.", None),
    "address": ("Where it is; what is unknown is null.", None),
    "street": ("Street and number.", "12 Shabazi St"),
    "district": ("Part of the city.", "Neve Tzedek"),
    "city": ("The city, empty where unknown.", "Tel Aviv"),
    "country": ("The country’s name or code, empty where unknown.", "Israel"),
    "latitude": ("Degrees north.", 32.0613),
    "longitude": ("Degrees east.", 34.7649),
    "quote": ("The price of the stay that was asked for, null without dates.", None),
    "nights": ("How many nights.", 3),
    "date": ("The day on which the night begins.", "2026-12-01"),
    "rooms": ("How many rooms.", 12),
    "room": ("The room that is booked.", None),
    # --- bookings
    "bookingId": ("The booking’s id.", BOOKING),
    "id": ("The id: opaque, and good for ever.", BOOKING),
    "Room.id": ("The room’s id.", ROOM),
    "RoomSummary.id": ("The room’s id.", ROOM),
    "BookedRoom.id": ("The room’s id.", ROOM),
    "User.id": ("The user’s id.", USER),
    "CurrentUser.id": ("The user’s id.", USER),
    "RegisteredUser.id": ("The user’s id.", USER),
    "reference": ("Short, to be read out on the phone.", "K7PQ2WXH"),
    "orderId": ("The order that it is part of: what was bought in one go.", ORDER),
    "Order.id": ("The order’s id.", ORDER),
    "Order.total": ("What its bookings cost as they are now.", 750),
    "bookings": ("Its bookings, a room each, as they were asked for.", None),
    "paid": ("What was charged.", 750),
    "refunded": ("What has gone back.", 0),
    "waived": ("What its guest need not pay, by the house’s word: so much less is due.", 0),
    "due": ("What is still to be paid.", 0),
    "RoomsToHold.items": ("The rooms, all of one property: one to nine.", [STAY]),
    "OrderPurchase.items": ("The rooms, all of one property: one to nine.", [STAY]),
    "shownTotal": ("The total that was shown: another one is refused, and nothing is charged.", 750),
    "Order.heldUntil": ("Until when it is to be paid; null where nothing of it is held.", None),
    "userId": ("Whose booking it is.", USER),
    "status": ("How it stands.", "CONFIRMED"),
    "get_bookings.status": ("Only bookings that stand so. CANCELLED: those that were confirmed before.", "CONFIRMED"),
    "Health.status": ("`ok`, or `unavailable` where bookings do not work.", "ok"),
    "Readiness.status": ("`ok`, or `unavailable` where bookings do not work.", "ok"),
    "lines": ("What the price is made of.", None),
    "night": ("The day on which the night begins; null where the line is for the whole stay.", "2026-12-01"),
    "amount": ("What this line adds to the total.", 120),
    "rule": ("Why: the rule that made the price.", "base"),
    "refunds": ("Until when how much comes back, the most generous first.", None),
    "until": ("Cancelled before this instant, so much comes back.", "2026-11-30T13:00:00.000Z"),
    "refundAmount": ("What is due back once it is cancelled, returned yet or not; null before.", None),
    "refundStatus": (
        "What became of refundAmount: `UNDER_WAY`, `RETURNED`, or `OWED` where it was declined and will be tried again;"
        " null where nothing is due back.",
        "RETURNED",
    ),
    "heldUntil": ("Until when an unpaid booking keeps its nights, null for others.", None),
    "createdAt": ("When it was made.", "2026-10-01T08:15:30.000Z"),
    "difference": ("What is to be paid for the change; below 0, what comes back.", -120),
    "shownDifference": ("The difference as it was quoted: another one by now changes nothing.", 120),
    "kept": ("What the house keeps of nights that are given back, as one of the lines.", 0),
    "ChangeQuote.version": ("The version of the booking that this was worked out for, for If-Match.", 3),
    "RoomsToHold.contact": (
        "Who stays, if not the account’s owner; emails go there.",
        CONTACT,
    ),
    "OrderPurchase.contact": (
        "Who stays, if not the account’s owner; emails go there.",
        CONTACT,
    ),
    "Order.contact": ("Who stays, as it was given with the order; null where that is the account’s owner.", CONTACT),
    "ContactDetails.fullName": ("The name of who stays.", "Dana Levi"),
    "ContactDetails.email": ("Where emails about the order go.", "dana@example.com"),
    "ContactDetails.phone": ("For the house to call; null: unknown.", "+32 3 123 45 67"),
    "ContactDetails.arrivalTime": (
        "About when, by the clock at the property; null: unknown.",
        "18:30",
    ),
    "ContactDetails.requests": (
        "What the guest asks of the house; null: nothing.",
        "A quiet room, please.",
    ),
    "OrderContact.fullName": ("The name of who stays.", "Dana Levi"),
    "OrderContact.email": ("Where emails about the order go; null: there is none.", "dana@example.com"),
    "OrderContact.phone": ("For the house to call; null: unknown.", "+32 3 123 45 67"),
    "OrderContact.arrivalTime": (
        "About when, by the clock at the property; null: unknown.",
        "18:30",
    ),
    "OrderContact.requests": (
        "What the guest asks of the house; null: nothing.",
        "A quiet room, please.",
    ),
    "Alternative.kind": ("Another room, the same room on other dates, or a part of a split stay.", "room"),
    "alternatives": (
        "What could be had instead when the answer was made, 6 at most; there on 409 ROOM_NOT_AVAILABLE.",
        None,
    ),
    "StayWish.checkIn": ("The new day of arrival; null or absent: as it is.", "2026-12-01"),
    "StayWish.checkOut": ("The new day of departure; null or absent: as it is.", "2026-12-05"),
    "StayWish.roomId": ("Another room of the same property; null or absent: as it is.", ROOM),
    "StayWish.guests": ("How many people stay; null or absent: as it is.", 2),
    "StayChangeOrder.paymentMethodId": ("The means of payment, where there is something to pay.", "pm_card_visa"),
    "paymentMethodId": ("The means of payment, as the provider calls it.", "pm_card_visa"),
    "Idempotency-Key": ("The same key never books twice; up to 255 visible ASCII characters, kept 24 h.", "order-4711"),
    "If-None-Match": ("Send it only if it no longer has this version (its ETag).", '"3"'),
    "If-Match": ("Act only if the booking still has this version (its ETag).", '"3"'),
    # --- accounts
    "email": ("The address that belongs to the account, compared in any case.", "you@example.com"),
    "password": ("10 to 256 characters that are not easily guessed.", "correct horse battery"),
    "code": (
        "Of an account with two-step sign-in: what its authenticator app shows, or a recovery code; else left out.",
        "492039",
    ),
    "fullName": ("As shown on the passport.", "Dana Levi"),
    "region": ("Where the account and its bookings are kept.", "eu"),
    "role": ("What the account may do.", "guest"),
    "emailVerified": ("Whether somebody has shown that the address is theirs.", True),
    "accessToken": ("For the Authorization header: `Bearer …`.", TOKEN),
    "tokenType": ("How the access token is sent.", "Bearer"),
    "expiresIn": ("Seconds that the access token is good for.", 3600),
    "refreshToken": ("For the next access token; it works once.", REFRESH),
    "user": ("Whose tokens these are.", None),
    # --- everything else
    "error": ("A code to decide by.", "VALIDATION_ERROR"),
    "message": ("A sentence to show.", "Invalid input data"),
    "details": ("What is wrong, by field; null or absent where no field is at fault.", {"checkIn": "is missing"}),
    "uptimeSeconds": ("Since the process started.", 86400),
    "version": ("Of the software.", "1.0.0"),
    "degraded": ("What does not work as it should while bookings do.", []),
}

SCHEMAS = {
    "AmenityList": "All amenities, the most frequent first.",
    "Amenity": "An amenity and how many rooms have it.",
    "Address": "Where a property is. What is unknown is null.",
    "BookedProperty": "The property of a booking.",
    "BookedRoom": "The room of a booking.",
    "BookingPage": "One page of bookings.",
    "Booking": "A booking.",
    "Calendar": "Nights one by one.",
    "ChangeQuote": "What another stay would cost.",
    "StayWish": "What is to be different about a stay.",
    "StayChangeOrder": "What is to be different about a stay, the difference that was shown, and who pays.",
    "Credentials": "Email and password; the code as well, where the account has two-step sign-in.",
    "Health": "The process answers.",
    "Image": "A photo of a room.",
    "Order": "What was bought in one go: bookings of rooms of one property, and what is paid and due.",
    "OrderPage": "One page of orders.",
    "OrderPayment": "Who pays, and the total that they were shown.",
    "OrderPurchase": "Which rooms, which nights, how many guests, and who pays.",
    "RoomStay": "Which room, which nights, how many guests.",
    "RoomsToHold": "Which rooms, which nights, how many guests.",
    "PriceLine": "A line of a price.",
    "CurrentUser": "The account that asks.",
    "Night": "One night of a room.",
    "Place": "A destination and how many rooms it has.",
    "PlaceList": "All destinations, by name.",
    "CancellationPolicy": "A cancellation policy.",
    "Property": "The house that a room is in.",
    "Quote": "The price of a stay, line by line.",
    "Readiness": "Whether bookings work.",
    "Refresh": "A refresh token.",
    "ContactDetails": "Who stays, where that is not the account’s owner.",
    "OrderContact": "Who stays, as it was given with the order.",
    "Alternative": "A stay that could be had instead; a split stay has one for each of its two parts.",
    "Refusal": "Why not: every error looks like this.",
    "RegisteredUser": "The new account.",
    "Registration": "A new account.",
    "RoomSummary": "A room in a list, with the price of the stay that was asked for.",
    "RoomOrder": "Which room, which nights, how many guests, and who pays.",
    "RoomPage": "One page of rooms.",
    "Room": "A room with all that is known about it.",
    "StayRules": "What a stay has to keep to.",
    "PolicyTier": "Cancelled early enough, so much of the price comes back.",
    "Tokens": "A session’s tokens.",
    "User": "An account.",
}


def explain(schemas: dict[str, Any]) -> None:
    """Give every schema its sentence, every field its sentence and example, every choice its name."""
    for title, schema in schemas.items():
        if title in SCHEMAS:
            schema["description"] = SCHEMAS[title]
        for name, field in schema.get("properties", {}).items():
            text, example = of(title, name)
            rest = field.pop("description", "")
            field["description"] = f"{text} {rest}".strip()
            if example is not None:
                field["examples"] = [example]
            named_choices(field)


def of(owner: str, name: str) -> tuple[str, Any]:
    """Sentence and example of a field or parameter; empty for one that nobody has explained, which a test refuses."""
    return TEXTS.get(f"{owner}.{name}") or TEXTS.get(name) or ("", None)


def named_choices(schema: dict[str, Any]) -> None:
    """Names for the constants that generators make of an enum."""
    for one in (schema, *schema.get("anyOf", [])):
        if "enum" in one:
            one["x-enum-varnames"] = [_constant(choice) for choice in one["enum"]]


def _constant(choice: str) -> str:
    name = choice.removeprefix("-").replace("-", "_").upper()
    return f"{name}_DESCENDING" if choice.startswith("-") else name
