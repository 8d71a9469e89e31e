"""From a chosen room to a paid booking: reserve (holds the nights), pay (charges and confirms)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, g, request, session, url_for
from flask_wtf.csrf import CSRFError

from booking.domain import catalogue, payments, pricing, reservations, search
from booking.domain.errors import (
    BookingError,
    Invalid,
    PaymentFailed,
    PaymentInProgress,
    PaymentPageUnavailable,
    PaymentUnknown,
    PriceChanged,
    RoomLocked,
    RoomNotAvailable,
    RoomNotFound,
    TooManyHolds,
)
from booking.domain.notices import Notice
from booking.domain.reservations import BookingDetails, BookingRequest, ChosenStay, HoldPayment, ShownTotal
from booking.http import date_format, limits, words
from booking.http.error_rendering import status_of
from booking.http.services import current_services
from booking.infra import clock
from booking.infra.ids import decode, encode
from booking.pages import bills, form_check, formats, security, signed_in
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page, wants_part
from booking.pages.signed_in import actor, current_user, required, visitor
from booking.web import cards, releases, room_cards, text_consents, wishes
from booking.web.bookings import own_trip
from booking.web.room_cards import RoomCard

blueprint = Blueprint("checkout", __name__)

LOOK_AGAIN = 10  # seconds, where no script does it sooner
TOLD = "told"  # in the cookie, until it was told: what became of the last payment
CHECKING = "CHECKING"  # that somebody was paying at this moment, or nobody knows: what becomes of it is told then
FAILURES = {payments.DECLINED: PaymentFailed.code, payments.ABANDONED: "PAYMENT_LOST"}
CODE_LOST = "CODE_LOST"  # that of a hold that made way for this one
OLD_FORM = "OLD_FORM"  # nothing: its form was from before the last sign-in


# --- reserve


@blueprint.post("/rooms/<room_id>/reserve")
@signed_in.counted(reserves=True)
def reserve(room_id: str) -> Response:
    """Hold the nights and go on to paying. Without a sign-in, or with an outdated form, ask once more first."""
    form_check.refuse_without_cookie()
    if not current_user.is_authenticated:
        return _after_signing_in(room_id)
    if form_check.is_outdated():
        if "again" in request.form:
            raise CSRFError  # a fresh form did not help: say so instead of asking for ever
        return go_to(url_for(".wish", room_id=room_id, again=1, **wishes.sent(wishes.posted())))
    wanted = _wanted(room_id, form := wishes.posted())
    if wanted is None:
        return go_to(_room_page(room_id, form))
    return _reserved(wanted, form, _seen(form))


def _reserved(wanted: BookingRequest, form: Form, shown: Decimal | None) -> Response:
    """Hold the nights; `shown` is the total that the guest saw before, None where there was none."""
    room_id = encode("room", wanted.room_id)
    g.user = visitor()
    limits.count_reservation()
    lost: list[Notice] = []
    try:
        held = reservations.reserve(actor(), wanted, current_services().booking_context, lost=lost)
    except Invalid:
        return go_to(_room_page(room_id, form))  # which says what is wrong with the dates
    except (RoomNotAvailable, RoomLocked, TooManyHolds) as refusal:
        return _pay_or_release(wanted, refusal) if isinstance(refusal, TooManyHolds) else _gone(wanted, refusal)
    booking_id = encode("booking", held.id)
    if lost:
        return _told(booking_id, CODE_LOST, "", why=words.sentence("code", lost[0]))
    expected = (None, held.total_price, reservations.price_without_code(held))  # a code that was kept is no change
    if shown not in expected and held.held_until is not None:
        return _told(booking_id, PriceChanged.code, "", str(shown))
    return go_to(url_for(".show", booking_id=booking_id))


def _seen(form: Form) -> Decimal | None:
    """The total that the guest was shown; nonsense in the field is nothing that was seen."""
    try:
        return form.accept(ShownTotal).shown_total
    except Invalid:
        return None


def _after_signing_in(room_id: str) -> Response:
    """Ask a stranger to sign in; what was wanted by a form of ours is then done without asking for it again."""
    wanted = url_for(".wish", room_id=room_id, **wishes.sent(wishes.posted()))
    if not form_check.is_outdated() and request.form.get("shownTotal"):
        session[signed_in.WISH] = {"page": wanted, "total": request.form["shownTotal"]}
    return go_to(wanted)


def _wished_total() -> Decimal | None:
    """The total shown where this was asked for before signing in, None where it was not; once."""
    wish = session.pop(signed_in.WISH, None) or {}
    return _seen(Form({"shownTotal": wish["total"]})) if wish.get("page") == security.current_path() else None


# It looks itself: a form that is too old leads to a fresh one, and the wish is kept.
form_check.csrf.exempt(reserve)


@blueprint.get("/rooms/<room_id>/reserve")
@required
def wish(room_id: str) -> Response:
    """What somebody wanted to reserve before signing in, with the one button that is left to press."""
    wanted = _wanted(room_id, form := wishes.opened())
    if wanted is None:
        return go_to(_room_page(room_id, form))
    mine = reservations.find_own_claim(actor(), wanted)
    if mine.same and not (mine.changes or mine.moves_plan):
        return go_to(url_for(".show", booking_id=encode("booking", mine.same.id)))
    services = current_services()
    try:
        rules = services.booking_context.rules
        children, extras = _beside(wanted, mine)
        party = wanted.room_id, wanted.stay, wanted.guests
        quote = pricing.quote_stay(*party, rules, wanted.plan, children=children, extras=extras)
    except Invalid:
        return go_to(_room_page(room_id, form))
    shown = _wished_total()
    if shown == quote.price.total and quote.is_available and mine == reservations.GuestClaim():
        return _reserved(wanted, form, shown)
    if mine.changes or mine.moves_plan or mine.can_be_had(quote):
        facts = _offer(wanted, quote) | {"shown": shown, "again": "again" in request.args}
        said = mine.overlapping is not None and not wanted.as_held
        facts["wish"] = wishes.of(wanted, quote.chosen.id, said=said)
        return page("checkout/wish.html", mine=mine, **facts)
    return _gone(wanted, RoomNotAvailable())


# --- pay


@blueprint.get("/checkout/<booking_id>")
@required
def show(booking_id: str) -> Response:
    """The hold, and how to pay for it; or what has become of it."""
    trip = own_trip(booking_id)
    if wants_part() and trip.stage == reservations.STAGE_PAYING:
        return Response(status=204)  # asked again in a moment
    if wants_part() or trip.stage in (reservations.STAGE_BOOKED, reservations.STAGE_CANCELLED):
        return go_to(_next(trip))
    told = session.pop(TOLD, {}) if trip.stage != reservations.STAGE_PAYING else {}
    if told.get("booking") != booking_id:
        return shown(trip, Form())
    form, why = Form({"paymentMethodId": told["card"]}), told.get("why", "")
    return shown(trip, form, told=told["code"], old=told.get("old"), why=why)


def once_more(booking_id: str) -> Response:
    """The same page with a new token, after somebody has signed in anew beside it."""
    chosen = Form.posted().value("paymentMethodId")
    card = chosen if chosen in {one.method for one in cards.simulated()} else ""
    return _told(booking_id, OLD_FORM, card)


@blueprint.post("/checkout/<booking_id>")
@signed_in.counted()
@required
@form_check.asks_again(once_more)
def pay(booking_id: str) -> Response:
    """Charge the card that was chosen, and confirm; what costs nothing needs none."""
    trip, form = own_trip(booking_id), Form.posted()
    g.user = visitor()
    limits.count(public=False, books=True)
    if current_services().booking_context.hosted:
        return _to_the_provider(trip, form)
    try:
        text_consents.take(form)
        given = form.accept(HoldPayment)
        method, total, context = given.payment_method_id, given.shown_total, current_services().booking_context
        reservations.pay(actor(), trip.id, method, total, context, seen_version=given.version)
    except (PaymentUnknown, PaymentInProgress):
        return _told(booking_id, CHECKING, form.value("paymentMethodId"))
    except (PaymentFailed, PriceChanged) as refusal:
        return _told(booking_id, refusal.code, form.value("paymentMethodId"))
    except Invalid as refusal:
        return refused(booking_id, form.refuse(refusal), refusal)
    except RoomNotAvailable as refusal:
        return refused(booking_id, form, refusal)
    return go_to(url_for("bookings.show", booking_id=booking_id))


def _to_the_provider(trip: BookingDetails, form: Form) -> Response:
    """On to the page where the guest pays; what costs nothing is confirmed here."""
    booking_id = encode("booking", trip.id)
    site = current_services().settings.site_url.rstrip("/")
    back, paid = (site + url_for(name, booking_id=booking_id) for name in (".show", ".paid"))
    try:
        text_consents.take(form)
        shown, context = form.accept(ShownTotal).shown_total, current_services().booking_context
        url = reservations.payment_page(actor(), trip.id, shown, context, reservations.PaymentLinks(paid, back))
    except PaymentInProgress:
        return go_to(back)
    except (PriceChanged, PaymentPageUnavailable) as refusal:
        return _told(booking_id, refusal.reason, "")
    except (Invalid, RoomNotAvailable) as refusal:
        return refused(booking_id, form, refusal)
    return go_to(url or back)


@blueprint.get("/checkout/<booking_id>/paid")
@required
def paid(booking_id: str) -> Response:
    """The guest comes back from the provider's page, which says that it is paid: ask it."""
    reservations.came_back_from_payment(actor(), own_trip(booking_id).id, current_services().booking_context)
    return go_to(url_for(".show", booking_id=booking_id))


@blueprint.post("/checkout/<booking_id>/release")
@required
@form_check.asks_again(once_more)
def release(booking_id: str) -> Response:
    """The guest does not want the room after all, or would rather have another one, or other dates of this one.

    Of an order of several it is this room, or with `all` every one that is held.
    """
    trip, form = own_trip(booking_id), Form.posted()
    if not releases.release(trip, whole=bool(form.value("all"))):
        return go_to(url_for(".show", booking_id=booking_id))
    wish = wishes.sent(wishes.posted())
    if decode("room", instead := form.value("roomId")):
        return go_to(url_for(".wish", room_id=instead, **wish))
    if wish:
        return go_to(_room_page(encode("room", trip.room_id), form))
    if beside := releases.still_held(trip):
        return go_to(url_for(".show", booking_id=encode("booking", beside.booking_id)))
    return go_to(url_for("rooms.show", room_id=encode("room", trip.room_id), **wishes.of_trip(trip)))


# --- showing


def shown(
    trip: BookingDetails, form: Form, *, status: int = 200, told: str = "", old: str | None = None, why: str = ""
) -> Response:
    facts: dict[str, Any] = {"trip": trip, "booking_id": encode("booking", trip.id), "lines": bills.of_trip(trip)}
    facts |= {"room_id": encode("room", trip.room_id), "wish": wishes.of_trip(trip)}
    if trip.stage in (reservations.STAGE_HELD, reservations.STAGE_AWAITED):
        facts |= _ways_to_pay(trip)
        facts |= {"left": date_format.duration(trip.seconds_left), "told": _outcome(trip, told)}
        house = catalogue.house_facts(trip.notice.property_id) if trip.notice.property_id else None
        facts |= {"old": old and Decimal(old), "why": why, "texting": text_consents.offer(), "house": house}
        return page("checkout/pay.html", status=status, form=form, **facts)
    if trip.stage == reservations.STAGE_PAYING:
        here = url_for(".show", booking_id=facts["booking_id"])
        return page("checkout/checking.html", look_again_seconds=LOOK_AGAIN, here=here, **facts)
    return page("checkout/over.html", status=status, **facts, **_elsewhere(trip))


def _outcome(trip: BookingDetails, told: str) -> str:
    """What the guest is told; also of a payment that nobody could tell them about when they made it."""
    if told not in ("", CHECKING):
        return told
    return FAILURES.get(trip.last_failure or "", "") if told or trip.failed_unheard else ""


def _ways_to_pay(trip: BookingDetails) -> dict[str, Any]:
    """The provider's page, which the form leads to, or the test cards."""
    hosted = current_services().booking_context.hosted
    if hosted:
        security.allow(form_action=f"'self' {hosted.page_origin}")
        return {"hosted": True, "awaited": trip.stage == reservations.STAGE_AWAITED}
    return {"hosted": False, "awaited": trip.stage == reservations.STAGE_AWAITED, "cards": cards.simulated()}


def _told(booking_id: str, code: str, card: str, old: str | None = None, why: str = "") -> Response:
    """Told by the page itself: going back to it or reloading it must not send the form again."""
    session[TOLD] = {"booking": booking_id, "code": code, "card": card, "old": old, "why": why}
    return go_to(url_for(".show", booking_id=booking_id))


def refused(booking_id: str, form: Form, refusal: BookingError) -> Response:
    """The page as it is now, with what went wrong; whatever the refusal was, the booking may be paid by now."""
    trip = own_trip(booking_id)
    if trip.stage in (reservations.STAGE_BOOKED, reservations.STAGE_CANCELLED, reservations.STAGE_PAYING):
        return go_to(_next(trip))
    return shown(trip, form, status=status_of(refusal))


def _offer(wanted: BookingRequest, quote: pricing.StayQuote) -> dict[str, Any]:
    services, price = current_services(), quote.price
    refunds = pricing.refund_promises(quote.refunds, price.total, price.currency, clock.now())
    formats.alike(price.currency, [refund.amount for refund in refunds])
    return {
        "room": catalogue.get_room_details(wanted.room_id, services.settings.room_cache_seconds),
        "quote": quote,
        "lines": bills.of_quote(price),
        "refunds": refunds,
        "hold_minutes": int(services.booking_context.hold_for.total_seconds()) // 60,
    }


def _gone(wanted: BookingRequest, refusal: BookingError) -> Response:
    mine = reservations.find_own_claim(actor(), wanted)
    if mine.standing:
        return go_to(_page_of(wanted))  # which says that the guest has it
    services = current_services()
    room = catalogue.get_room_details(wanted.room_id, services.settings.room_cache_seconds)
    facts: dict[str, Any] = {"room": room, "stay": wanted.stay, "wish": wishes.of(wanted, _rate(wanted))}
    facts |= {
        "own": mine,
        "others": _others(wanted, room["location"]),
        "locked": isinstance(refusal, RoomLocked),
    }
    return page("checkout/gone.html", status=status_of(refusal), **facts)


def _pay_or_release(wanted: BookingRequest, refusal: TooManyHolds) -> Response:
    """What the guest has reserved already, with the ways to pay for it or to release it for this room."""
    services = current_services()
    room = catalogue.get_room_details(wanted.room_id, services.settings.room_cache_seconds)
    facts: dict[str, Any] = {
        "room": room,
        "wish": wishes.of(wanted, _rate(wanted)),
        "held": reservations.running_holds(actor()),
    }
    for entry in facts["held"]:
        formats.alike(entry.booking.currency, [entry.to_pay])
    facts["most"] = services.booking_context.holds_per_guest
    return page("checkout/holds.html", status=status_of(refusal), **facts)


def _elsewhere(trip: BookingDetails) -> dict[str, Any]:
    """The same room once more, if it is free, and a few others."""
    rules, party = current_services().booking_context.rules, trip.notice
    beside: dict[str, Any] = {"children": party.children, "extras": party.extras}
    wanted = BookingRequest(visitor().id, trip.room_id, trip.stay, party.guests, **beside)
    quote = search.still_free(wanted.room_id, wanted.stay, wanted.guests, rules, **beside)
    if quote:
        formats.alike(quote.price.currency, [quote.price.total])
    mine = reservations.find_own_claim(actor(), wanted)
    facts = {"quote": quote, "own": mine, "replaced": mine.replaces(trip)}
    return facts | {"others": _others(wanted, trip.location)}


def _others(wanted: BookingRequest, location: str) -> list[RoomCard]:
    rules, seconds = current_services().booking_context.rules, current_services().settings.search_cache_seconds
    party: dict[str, Any] = {"guests": wanted.guests, "children": wanted.children}
    others = search.other_rooms(wanted.room_id, location, wanted.stay, rules=rules, cache_seconds=seconds, **party)
    return room_cards.shown(others, wanted.stay.check_in)


def _next(trip: BookingDetails) -> str:
    area = "bookings" if trip.stage in (reservations.STAGE_BOOKED, reservations.STAGE_CANCELLED) else "checkout"
    return url_for(f"{area}.show", booking_id=encode("booking", trip.id))


# --- reading


def _wanted(room_id: str, form: Form) -> BookingRequest | None:
    """What is wanted; None where the form is not filled in rightly. Raises RoomNotFound."""
    room = decode("room", room_id)
    if room is None:
        raise RoomNotFound
    try:
        wishes.refuse_without_ages(form)
        typed = form.accept(ChosenStay)
    except Invalid:
        return None
    plan = form.value("ratePlan")
    beside: dict[str, Any] = {"children": typed.children, "extras": tuple(typed.extras)}
    beside["as_held"] = wishes.says_nothing_beside(request.values)
    on = plan if decode("rate", plan) else None
    return BookingRequest(visitor().id, room, typed.stay, typed.guests, plan=on, **beside)


def _beside(wanted: BookingRequest, mine: reservations.GuestClaim) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Children and extras; those of the guest's own hold for as many, where nobody has said a word of them."""
    same = mine.same if wanted.as_held else None
    return (same.children, same.extras) if same and same.guests == wanted.guests else (wanted.children, wanted.extras)


def _rate(wanted: BookingRequest) -> str | None:
    return wanted.plan if wanted.plan and decode("rate", wanted.plan) else None


def _room_page(room_id: str, form: Form) -> str:
    return url_for("rooms.show", room_id=room_id, **wishes.sent(form))


def _page_of(wanted: BookingRequest) -> str:
    return url_for("rooms.show", room_id=encode("room", wanted.room_id), **wishes.of(wanted))
