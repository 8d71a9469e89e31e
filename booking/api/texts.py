"""What the document says about every field and parameter: a sentence and an example. By name, because names mean the
same everywhere; where one does not, it stands with its schema or operation before it.
"""

from __future__ import annotations

from typing import Any

from booking.api.schema_texts import SCHEMAS

ROOM, BOOKING, ORDER, USER, INVOICE, PLAN = (
    f"{kind}_01h2xcejqtf2nbrexx3vqjhp41" for kind in ("room", "booking", "order", "user", "invoice", "rate")
)
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
CODE = ("A promotion’s code: it takes something off, or is refused with a reason.", "SPRING")
SOLD_PLAN = ("The rate plan; null for the room’s own cancellation policy.", None)

TEXTS: dict[str, tuple[str, Any]] = {
    # --- finding
    "location": (
        "The destination, as GET /places lists it. A name in any case is understood, too: Tel Aviv, LISBON.",
        "tel-aviv",
    ),
    "capacity": ("How many guests the room sleeps; as a filter, the minimum.", 2),
    "checkIn": ("The day of arrival.", "2026-12-01"),
    "checkOut": ("The day of departure: its night is not part of the stay.", "2026-12-04"),
    "from": ("The first night.", "2026-12-01"),
    "to": ("The day after the last night.", "2026-12-31"),
    "guests": ("The number of guests.", 2),
    "childrenAges": ("The ages of those of the guests who are children, from 0 to 17.", [4]),
    "StayWish.extras": ("What is chosen beside the stay, the `rule` of each; null or absent to keep it.", []),
    "StayWish.childrenAges": ("The children’s ages; null or absent to keep them.", [4]),
    "extras": ("What can be chosen beside the stay, with what it costs; in requests, the `rule` of each.", []),
    "StayQuote.version": ("It is greater once the stay may cost something else.", 12),
    "Extra.label": ("What it is called.", "Breakfast"),
    "Extra.amount": ("What it costs for all of the stay.", 36),
    "Extra.text": ("How it counts.", "€6.00 for each guest and night"),
    "isChosen": ("Whether it is in the total.", False),
    "minPrice": ("Lowest price per night, in the currency of the destination, or in `currency`.", 50),
    "maxPrice": ("Highest price per night, in the currency of the destination, or in `currency`.", 200.5),
    "currency": ("ISO 4217 code.", "ILS"),
    "amenities": ("The room’s amenities, as listed by GET /amenities.", ["wifi"]),
    "get_rooms.amenities": ("Comma-separated amenities, as listed by GET /amenities; a room must have all.", ["wifi"]),
    "q": ("Words to look for in names, in any case and spelling with or without accents.", "sea view"),
    "kind": ("The kind of room; null if unknown.", "Private room"),
    "get_rooms.kind": ("The type of place: all of it, a private room in it, or a shared room.", "entire-place"),
    "sort": ("The sort order. Without one, results come in a stable order.", "price"),
    "page": ("Which page, from 1.", 1),
    "pageSize": ("Entries on a page.", 20),
    "total": ("How many there are on all pages.", 42),
    "totalExact": (
        "False where there are more than `total` says, which counts no further than 1000; else absent.",
        False,
    ),
    "hints": (
        "Only where nothing is found and a value names nothing there is: by parameter, what is wrong with it.",
        {"location": "is not a destination we know (similar: lisbon)"},
    ),
    "items": ("The entries of this page, or of the whole list.", None),
    # --- rooms
    "roomId": ("The room’s id.", ROOM),
    "name": ("The name.", "Room with a view"),
    "description": ("The host’s description.", "A quiet room above the courtyard."),
    "pricePerNight": ("The standard price per night, before local taxes.", 120),
    "price": ("The price of this night.", 120),
    "RatedNight.minNights": ("The shortest stay from this day.", 2),
    "RatedNight.maxNights": ("The longest stay from this day.", 30),
    "closedToArrival": ("Whether nobody can arrive on this day.", False),
    "closedToDeparture": ("Whether nobody can leave on this day.", False),
    "RatedNight.reason": ("Why nobody can arrive on this day; null if one can.", None),
    "NightReason.code": ("The reason, for programs.", "closed_to_arrival"),
    "NightReason.message": ("The reason, for people.", "nobody can arrive on this day (“Weekend”)"),
    "PriceLine.kind": ("What the line is.", "night"),
    "PriceLine.date": ("The day the line is for; null if it is for the whole stay.", "2026-12-01"),
    "PriceLine.included": (
        "Whether it is a tax that the other lines hold already: then it adds nothing to the total.",
        False,
    ),
    "PriceLine.label": ("What the line is called, for people.", "Weekend"),
    "reasons": ("What each rule did to the amount; empty if it is the room’s own price.", []),
    "PriceReason.rule": ("The rule: `base` is the room’s own price.", "base"),
    "PriceReason.label": ("What the rule is called.", "Weekend"),
    "PriceReason.amount": ("What it says in money; null if it says it in percent.", None),
    "PriceReason.percent": ("What it says in percent; null if it says it in money.", 20),
    "PriceReason.text": ("What it did, as a sentence.", "Weekend: 20% more"),
    "totalPrice": ("The total price of the stay.", 360),
    "isAvailable": ("Whether it can be booked now.", True),
    "unitsLeft": (
        "How many identical units are free for the stay. The room stands for all of them: whoever books it gets the one"
        " that fits best. Null for a room by itself.",
        4,
    ),
    "images": ("Photos, in the host’s order.", None),
    "beds": ("How many beds of each type; empty if unknown.", [{"type": "double", "count": 1}]),
    "Bed.type": ("The type of bed.", "double"),
    "Bed.count": ("How many of this type.", 1),
    "sizeM2": ("The size in square metres; null if unknown.", 24),
    "contactEmail": ("The property’s email for guests; null if there is none.", "hello@pier.example"),
    "contactPhone": ("The property’s phone for guests; null if there is none.", "+47 22 12 34 56"),
    "houseRules": ("The house rules; empty if there are none.", "Quiet from 22:00."),
    "url": ("Where the photo is.", "https://images.example/room.jpg"),
    "alt": ("What the photo shows, for those who do not see it.", "A bed beneath a window"),
    "caption": ("What the host says about the photo.", "The bedroom"),
    "width": ("Width in pixels.", 1200),
    "height": ("Height in pixels.", 800),
    "rules": ("The rules for a stay.", None),
    "minNights": ("The shortest stay.", 1),
    "maxNights": ("The longest stay.", 30),
    "checkInFrom": ("Earliest check-in time, local time.", "15:00"),
    "checkOutUntil": ("Latest check-out time, local time.", "11:00"),
    "timeZone": ("IANA name of the property’s zone.", "Asia/Jerusalem"),
    "cancellationPolicy": ("What is refunded when a booking is cancelled.", None),
    "CancellationPolicy.name": ("The name of the policy; null if it has none.", "moderate"),
    "tiers": ("Refund tiers, most generous first. After the last deadline there is no refund.", None),
    "freeCancellation": ("Only rooms that can still be cancelled free of charge, at the price for that.", True),
    **{f"{of}.code": CODE for of in ("QuoteOrder", "RoomOrder", "RoomsToHold", "OrderPurchase")},
    **{f"{of}.ratePlan": SOLD_PLAN for of in ("RoomSummary", "Quote", "PlanOffer", "Booking")},
    "ratePlan": ("The rate plan’s id; “own”: the room’s own policy; without it the cheapest.", PLAN),
    "ratePlans": ("All that the stay can be booked on, cheapest first.", None),
    "RatePlan.id": ("The rate plan’s id.", PLAN),
    "RatePlan.name": ("What the property calls the rate plan.", "Non-refundable"),
    "PlanOffer.difference": ("The difference to the price without a rate plan; negative where it is less.", -36.0),
    "freeUntil": ("Cancel before to get the whole price back; null if that is over or was never so.", None),
    "RefundTier.amount": ("What is refunded.", 360.0),
    "hoursBefore": ("Hours before check-in, where the deadline counts hours.", None),
    "keptNights": (
        "As many nights, each at the average price, are not refunded.",
        None,
    ),
    "daysBefore": ("Calendar days before check-in, at the hour of check-in.", 5),
    "percent": ("The share of the price that is refunded, in percent.", 100),
    "property": ("The property the room belongs to.", None),
    "address": ("The address; unknown parts are null.", None),
    "street": ("Street and number.", "12 Shabazi St"),
    "district": ("Part of the city.", "Neve Tzedek"),
    "city": ("The city, empty where unknown.", "Tel Aviv"),
    "country": ("The country’s name or code, empty where unknown.", "Israel"),
    "latitude": ("Degrees north.", 32.0613),
    "longitude": ("Degrees east.", 34.7649),
    "quote": ("The price of the requested stay; null without dates.", None),
    "nights": ("How many nights.", 3),
    "date": ("The day on which the night begins.", "2026-12-01"),
    "rooms": ("How many rooms.", 12),
    "room": ("The booked room.", None),
    "earlierRooms": (
        "Where the guest stayed before they moved to `room`, in the order of the nights; mostly empty. "
        "`checkIn` and `checkOut` of the booking are those of the whole stay.",
        [],
    ),
    "movesOn": (
        "The first night in the other room, of a stay that has begun: the nights before it stay as they were. "
        "`null` if all nights are in the one room.",
        None,
    ),
    # --- bookings
    "Invoice.id": ("The id of the invoice: opaque and permanent.", INVOICE),
    "Invoice.kind": ("An invoice, or a credit note that takes one back.", "invoice"),
    "number": ("Consecutive for each legal entity, region and year.", "EU-1-2026-00042"),
    "credits": ("The number of the invoice that a credit note takes back; null of an invoice.", None),
    "issuedOn": ("The day of issue at the property.", "2026-11-28"),
    "seller": ("Who sells, as it was on the day of issue.", None),
    "InvoiceSeller.name": ("The legal name.", "Neve House Ltd"),
    "InvoiceSeller.property": ("What the property is called.", "Neve House"),
    "taxNumber": ("The seller’s tax number; null if not stated.", "BE 0123.456.789"),
    "buyer": ("Whom it is for; null once the books need not name them any longer.", None),
    "InvoiceBuyer.name": ("The guest’s name; empty if nobody knew it any more.", "Dana Levi"),
    "company": ("The company; null if none.", "Levi & Co"),
    "postalCode": ("The postal code; null if not stated.", "2000"),
    "vatNumber": ("The buyer’s VAT number; null if not stated.", "BE 0987.654.321"),
    "Invoice.lines": ("What it is for, line by line; of a credit note, what is taken back.", None),
    "InvoiceLineTax.label": ("What the tax is called.", "VAT"),
    "InvoiceLineTax.rate": ("In percent.", 6),
    "InvoiceLineTax.amount": ("The part of the tax’s amount that is this line’s.", 6.79),
    "InvoiceLineTax.included": ("Whether the line’s amount holds it already.", True),
    "InvoiceLine.taxes": ("The taxes in percent that it bears; none of a tax itself.", []),
    "InvoiceLine.kind": ("What the line is for: a night, a fee, a tax or a discount.", "night"),
    "InvoiceLine.date": ("The night that it is for; null for the whole stay.", "2026-12-01"),
    "InvoiceLine.amount": ("What this line costs; below 0 of a discount.", 120),
    "label": ("What the line is called.", "base"),
    "included": ("Whether it is a tax that other lines hold already: it adds nothing.", False),
    "Invoice.total": ("The sum of the lines.", 360),
    "Invoice.due": ("What of it was not paid yet on the day of issue.", 0),
    "author": ("Who wrote it: the `guest`, or the `house`.", "guest"),
    "MessageText.message": ("What to say; up to 4,000 characters.", "Is there a cot?"),
    "Message.message": ("What was written.", "Is there a cot?"),
    "bookingId": ("The booking’s id.", BOOKING),
    "id": ("The id: opaque and permanent.", BOOKING),
    "Room.id": ("The room’s id.", ROOM),
    "RoomSummary.id": ("The room’s id.", ROOM),
    "BookedRoom.id": ("The room’s id.", ROOM),
    "unit": ("Of identical units, the own name of the one that was picked; `null` for a room by itself.", None),
    "EarlierRoom.id": ("The room’s id.", ROOM),
    "EarlierRoom.checkIn": ("The first night there.", "2026-03-01"),
    "EarlierRoom.checkOut": ("The day on which the guest moved.", "2026-03-03"),
    "User.id": ("The user’s id.", USER),
    "CurrentUser.id": ("The user’s id.", USER),
    "RegisteredUser.id": ("The user’s id.", USER),
    "reference": ("A short code that is easy to read out over the phone.", "K7PQ2WXH"),
    "orderId": ("The order this booking belongs to.", ORDER),
    "Order.id": ("The order’s id.", ORDER),
    "Order.total": ("The current total of its bookings.", 750),
    "bookings": ("Its bookings, one per room, in the order requested.", None),
    "paid": ("The amount paid.", 750),
    "refunded": ("The amount refunded so far.", 0),
    "waived": ("The amount the property has waived; it is no longer due.", 0),
    "due": ("The amount still to be paid.", 0),
    "RoomsToHold.items": ("The rooms, all of one property: one to nine.", [STAY]),
    "OrderPurchase.items": ("The rooms, all of one property: one to nine.", [STAY]),
    "shownTotal": (
        "The total shown to the guest. If it is no longer correct, the request is refused and nothing is charged.",
        750,
    ),
    "Order.heldUntil": ("When its hold expires: pay before then; null if no room of it is held.", None),
    "userId": ("The user the booking belongs to.", USER),
    "status": ("The current status.", "CONFIRMED"),
    "get_bookings.status": (
        "Only bookings with this status. CANCELLED returns those that had been confirmed.",
        "CONFIRMED",
    ),
    "Health.status": ("`ok`, or `unavailable` if bookings do not work.", "ok"),
    "Readiness.status": ("`ok`, or `unavailable` if bookings do not work.", "ok"),
    "lines": ("The lines that make up the price.", None),
    "night": ("The day on which the night begins; null where the line is for the whole stay.", "2026-12-01"),
    "amount": ("What this line adds to the total.", 120),
    "rule": ("The rule that set this amount.", "base"),
    "refunds": ("Refund deadlines, most generous first.", None),
    "deposit": (
        "What is charged when the stay is booked, and the rest, which is charged to the same card later; null if all is"
        " charged at once.",
        None,
    ),
    "CancellationPolicy.deposit": ("Which part is paid when a stay is booked; left out if all of it.", None),
    "Deposit.amount": ("The amount charged when the stay is booked.", 108),
    "Deposit.rest": ("The amount charged later.", 252),
    "restDueAt": ("When the rest is charged.", "2026-11-20T14:00:00.000Z"),
    "PolicyDeposit.percent": ("The part of the price in percent; null if the deposit is an amount.", 30),
    "PolicyDeposit.amount": ("The deposit’s amount; null if it is a part of the price.", None),
    "balanceDays": ("So many days before check-in the rest is charged.", 30),
    "until": ("Cancel before this instant to get this refund.", "2026-11-30T13:00:00.000Z"),
    "refundAmount": (
        "The refund due for a cancelled booking, whether or not it has been returned yet; null unless cancelled.",
        None,
    ),
    "refundStatus": (
        "The state of refundAmount: `UNDER_WAY`, `RETURNED`, or `OWED` if it was declined and will be tried again;"
        " null if no refund is due.",
        "RETURNED",
    ),
    "heldUntil": ("When the hold on an unpaid booking expires; null for other bookings.", None),
    "createdAt": ("When it was created.", "2026-10-01T08:15:30.000Z"),
    "difference": ("The amount to pay for the change; negative if it is refunded.", -120),
    "shownDifference": (
        "The quoted difference. If it is no longer correct, the request is refused and nothing changes.",
        120,
    ),
    "kept": ("The amount the property keeps for cancelled nights, also one of the lines.", 0),
    "ChangeQuote.version": ("The version of the booking this quote was calculated for; send it in If-Match.", 3),
    "RoomsToHold.contact": (
        "The guest’s contact details, if the guest is not the account’s owner; emails go to this address.",
        CONTACT,
    ),
    "OrderPurchase.contact": (
        "The guest’s contact details, if the guest is not the account’s owner; emails go to this address.",
        CONTACT,
    ),
    "Order.contact": ("The contact details given with the order; null if the account’s owner is the guest.", CONTACT),
    "ContactDetails.fullName": ("The guest’s name.", "Dana Levi"),
    "ContactDetails.email": ("The address for emails about the order.", "dana@example.com"),
    "ContactDetails.phone": ("A number the property can call; null if unknown.", "+32 3 123 45 67"),
    "ContactDetails.arrivalTime": (
        "The expected arrival time, local to the property; null if unknown.",
        "18:30",
    ),
    "ContactDetails.requests": (
        "The guest’s requests to the property; null if none.",
        "A quiet room, please.",
    ),
    "OrderContact.fullName": ("The guest’s name.", "Dana Levi"),
    "OrderContact.email": ("The address for emails about the order; null if there is none.", "dana@example.com"),
    "OrderContact.phone": ("A number the property can call; null if unknown.", "+32 3 123 45 67"),
    "OrderContact.arrivalTime": (
        "The expected arrival time, local to the property; null if unknown.",
        "18:30",
    ),
    "OrderContact.requests": (
        "The guest’s requests to the property; null if none.",
        "A quiet room, please.",
    ),
    "Alternative.kind": ("Another room, the same room on other dates, or one part of a split stay.", "room"),
    "alternatives": (
        "Up to 6 alternatives available at the time of the response; present on 409 ROOM_NOT_AVAILABLE.",
        None,
    ),
    "StayWish.checkIn": ("The new day of arrival; null or absent to keep it.", "2026-12-01"),
    "StayWish.checkOut": ("The new day of departure; null or absent to keep it.", "2026-12-05"),
    "StayWish.roomId": ("Another room of the same property; null or absent to keep the room.", ROOM),
    "StayWish.guests": ("The new number of guests; null or absent to keep it.", 2),
    "StayChangeOrder.paymentMethodId": ("The payment method, if there is anything to pay.", "pm_card_visa"),
    "paymentMethodId": ("The provider’s id of the payment method.", "pm_card_visa"),
    "Idempotency-Key": ("The same key never books twice; up to 255 visible ASCII characters, kept 24 h.", "order-4711"),
    "If-None-Match": ("Send it only if it no longer has this version (its ETag).", '"3"'),
    "If-Match": ("Act only if the booking still has this version (its ETag).", '"3"'),
    # --- accounts
    "email": ("The address that belongs to the account, compared in any case.", "you@example.com"),
    "password": ("10 to 256 characters that are not easily guessed.", "correct horse battery"),
    "code": (
        "With two-step sign-in: the code from the authenticator app, or a recovery code; otherwise omit it.",
        "492039",
    ),
    "fullName": ("As shown on the passport.", "Dana Levi"),
    "region": ("The region where the account and its bookings are stored.", "eu"),
    "role": ("What the account may do.", "guest"),
    "emailVerified": ("Whether the email address has been confirmed.", True),
    "accessToken": ("For the Authorization header: `Bearer …`.", TOKEN),
    "tokenType": ("How the access token is sent.", "Bearer"),
    "expiresIn": ("Lifetime of the access token in seconds.", 3600),
    "refreshToken": ("Exchange it for new tokens; it works once.", REFRESH),
    "user": ("The user the tokens belong to.", None),
    # --- everything else
    "error": ("A machine-readable error code.", "VALIDATION_ERROR"),
    "message": ("A message to show to people.", "Invalid input data"),
    "details": ("What is wrong, by field; null or absent if no field is at fault.", {"checkIn": "is missing"}),
    "uptimeSeconds": ("Seconds since the process started.", 86400),
    "version": ("The version of the software.", "1.0.0"),
    "degraded": ("Parts of the service that are degraded while bookings still work.", []),
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
