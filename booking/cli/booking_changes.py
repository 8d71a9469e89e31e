"""`flask bookings change`: another stay in the place of the one that is booked, as the page of a booking makes it."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace
from decimal import Decimal
from typing import Any

import click
from flask.cli import with_appcontext

from booking.cli import room_names
from booking.cli.booking_lists import show_one
from booking.cli.json_output import as_json
from booking.cli.operator import WAYS_TO_PAY, acting, refusals_said
from booking.cli.values import AMOUNT, DATE
from booking.domain import payments, reservations
from booking.domain.inputs import accept
from booking.domain.reservations import ChangeQuote, ChangeSettlement, front_desk
from booking.domain.reservations.front_desk import ChangePreview
from booking.http import money_format
from booking.http.services import current_services
from booking.infra.ids import decode, encode
from booking.infra.words import count

WAIVED = "waived"


@click.command("change")
@click.argument("reference")
@click.option("--check-in", type=DATE, help="The new day of arrival.")
@click.option("--check-out", type=DATE, help="The new day of departure: fewer nights put the others back on sale.")
@click.option("--room", metavar="ROOM", help="Another room of the same property, by its name or id.")
@click.option("--guests", type=click.IntRange(1, 1000), help="How many people stay.")
@click.option("--children", metavar="AGES", help="The ages of those of them who are children, such as 4,7; or none.")
@click.option(
    "--how",
    type=click.Choice([*payments.GUARANTEES, WAIVED]),
    help="How what it costs more is to be paid, for which you vouch; or that the guest is let off it, for a --reason.",
)
@click.option("--refund", type=AMOUNT, help="Of a cheaper stay: refund this much instead, for a --reason.")
@click.option("--reason", help="Why the guest need not pay it, with --how waived, or why another amount is refunded.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@with_appcontext
def change(
    reference: str,
    how: str | None,
    refund: Decimal | None,
    reason: str | None,
    *,
    yes: bool,
    as_json: bool,
    **wanted: Any,
) -> None:
    """Change the stay of a booking for its guest; what is not named stays as it is.

    REFERENCE is the one in the guest's emails, or the booking's id. What is refunded or kept, and what is due then, is
    shown first. What the new stay costs more stays due where the booking is guaranteed already; else say with --how
    what becomes of it, or leave it to its guest, who can pay for it by card. The guest gets an email. Another room of a
    stay that has begun is for the nights that are left: those before it stay as they were.

    \b
    Example:
        flask bookings change H7K2M9QX --check-out 2027-05-03
        flask bookings change H7K2M9QX --check-out 2027-05-05 --how later
        flask bookings change H7K2M9QX --guests 3 --children 4
        flask bookings change H7K2M9QX --room "Garden room" --how waived --reason "moved for repairs"
        flask bookings change H7K2M9QX --check-out 2027-05-02 --refund 80 --reason "fell ill"
    """
    if reason is not None and how != WAIVED and refund is None:
        raise click.UsageError("--reason says why the guest is let off: it goes with --how waived, or with --refund.")
    dates: Any = {name: day.date() if (day := wanted[name]) else None for name in ("check_in", "check_out")}
    context = current_services().booking_context
    with refusals_said():
        room = wanted["room"] and _room(reference, wanted["room"])
        asked = reservations.StayChange(
            room_id=room, guests=wanted["guests"], children=_ages(wanted["children"]), **dates
        )
        found = reservations.quote_change_by_reference(acting(), reference, asked, context.rules)
        seen = front_desk.preview_change(acting(), found.booking.id, asked, context.rules)
        click.echo(_shown(seen, how), err=as_json)
        if seen.quote.is_nothing:
            if as_json:
                show_one(found.booking.reference)
            return
        _refuse_unless_settled(seen.quote, how)
        if not (yes or as_json):
            click.confirm("Change this booking?", abort=True)
        if refund is not None:
            click.echo(f"Instead, {money_format.plain(refund, seen.quote.currency)} will be refunded.", err=as_json)
        agreed = _agreed(seen, asked, how, reason)
        if refund is not None:
            agreed = replace(agreed, decided=reservations.DecidedRefund(refund, reason or ""))
        changed = reservations.change_booking(acting(), found.booking.id, agreed, context)
    if as_json:
        show_one(changed.reference)
        return
    click.echo(f"{changed.reference} is changed: {_stay(changed.room_name, changed.check_in, changed.check_out)}.")


def _ages(said: str | None) -> tuple[int, ...] | None:
    """None where nobody has said: as they are."""
    if said is None or said.strip().lower() == "none":
        return None if said is None else ()
    return accept(reservations.StayWish, {"childrenAges": said}, strict=False).children


def _room(reference: str, said: str) -> uuid.UUID:
    """Of the booking's property; an id is what it is."""
    if known := decode("room", said):
        return known
    as_it_is = reservations.StayChange()
    booking = reservations.quote_change_by_reference(
        acting(), reference, as_it_is, current_services().booking_context.rules
    ).booking
    return room_names.meant(said, booking.property_id)


def _refuse_unless_settled(seen: ChangeQuote, how: str | None) -> None:
    """Somebody has to say what becomes of what it costs more, unless the house vouches for the booking already."""
    if seen.difference <= 0 or how or front_desk.look_up_order(acting(), seen.booking.reference).guarantee:
        return
    raise click.ClickException(
        f"The new stay costs {money_format.plain(seen.difference, seen.currency)} more, and a command cannot"
        " charge a card. Say with --how what becomes of it, or ask the guest to change the booking, who can pay for it."
    )


def _agreed(
    seen: ChangePreview, asked: reservations.StayChange, how: str | None, reason: str | None
) -> reservations.AgreedChange:
    """On the terms that were shown."""
    settled = None
    if how and seen.quote.difference > 0:
        settled = ChangeSettlement(let_off=reason or "") if how == WAIVED else ChangeSettlement(how)
    quote = seen.quote
    return reservations.AgreedChange(
        asked, quote.difference, quote.version, settlement=settled, shown_refund=seen.refund
    )


def _shown(seen: ChangePreview, how: str | None) -> str:
    """What it is, what it would be, and what that does to the price."""
    quote = seen.quote
    was = quote.booking
    before = f"{was.reference}: {_stay(was.room_name, was.check_in, was.check_out)}, {_party(was.guests, was.children)}"
    if quote.is_nothing:
        return f"{before}. It is so already: nothing to change."
    after = (
        f"{_stay(quote.room_name, quote.stay.check_in, quote.stay.check_out)}, {_party(quote.guests, quote.children)}"
    )
    if quote.moves_on:
        after = f"{was.room_name} until {quote.moves_on}, {after}"
    return f"{before}; then {after}. {_difference(quote)}{_settled(seen, how)}"


def _difference(quote: ChangeQuote) -> str:
    total = f"The price becomes {money_format.plain(quote.price.total, quote.currency)}"
    if quote.difference > 0:
        return f"{total}, {money_format.plain(quote.difference, quote.currency)} more."
    kept = f"{money_format.plain(quote.price.kept, quote.currency)} of it is kept" if quote.price.kept else ""
    back = f"{money_format.plain(-quote.difference, quote.currency)} less" if quote.difference else "the same as before"
    return f"{total}, {'; '.join(part for part in (back, kept) if part)}."


def _settled(seen: ChangePreview, how: str | None) -> str:
    """What is refunded, and what is due once it is changed."""
    quote = seen.quote
    is_dearer = quote.difference > 0
    waived = min(quote.difference, seen.due) if is_dearer and how == WAIVED else Decimal(0)
    way = f", {WAYS_TO_PAY[how]}" if is_dearer and how in WAYS_TO_PAY else ""
    sums = {"refunded": seen.refund, "waived": waived, f"due{way}": seen.due - waived}
    already = "{} of it was waived, not paid." if seen.waived_more < 0 else "{} of it is waived already."
    told = " " + already.format(money_format.plain(abs(seen.waived_more), quote.currency)) if seen.waived_more else ""
    return told + "".join(
        f" {money_format.plain(one, quote.currency)} will be {what}." for what, one in sums.items() if one
    )


def _party(guests: int, children: tuple[int, ...]) -> str:
    """2 guests, children of 4 and 7 among them."""
    young = f", children of {' and '.join(map(str, children))} among them" if children else ""
    return count(guests, "guest") + young


def _stay(room: str, check_in: dt.date, check_out: dt.date) -> str:
    return f"{room}, {check_in} to {check_out}"


@click.command("refund")
@click.argument("reference")
@click.argument("amount", type=AMOUNT)
@click.option("--reason", required=True, help="Why; staff alone sees it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@with_appcontext
def refund(reference: str, amount: Decimal, reason: str, yes: bool, as_json: bool) -> None:
    """Refund something as goodwill for a stay that stays as it is: it costs AMOUNT less.

    REFERENCE is the one in the guest's emails, or the booking's id. At most what was paid for it. What of it is still
    due is not due any more, the rest is refunded, and the guest gets an email.

    \b
    Example:
        flask bookings refund H7K2M9QX 25 --reason "no hot water"
    """
    with refusals_said():
        order = front_desk.look_up_order(acting(), reference)
        meant = [one for one in order.bookings if reference in (one.reference, encode("booking", one.id))]
        [booking, *_] = meant or order.bookings
        lower = money_format.plain(amount, booking.currency)
        shown = f"{booking.reference}: {_stay(booking.room_name, booking.check_in, booking.check_out)}"
        click.echo(f"{shown}; it costs {money_format.plain(booking.total_price, booking.currency)}.", err=as_json)
        if not (yes or as_json):
            click.confirm(f"Take {lower} off?", abort=True)
        context, decided = current_services().booking_context, reservations.DecidedRefund(amount, reason)
        now = reservations.give_goodwill(acting(), booking.id, decided, context, seen_version=booking.version)
    if as_json:
        show_one(now.reference)
        return
    click.echo(f"{now.reference} costs {money_format.plain(now.total_price, now.currency)} now.")


COMMANDS = (change, refund)
