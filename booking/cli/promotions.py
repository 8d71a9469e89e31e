"""flask promotions: codes that take something off a stay, with how often each was used."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from booking.cli.json_output import as_json, instant, show
from booking.cli.operator import Group, acting, refusals_said
from booking.cli.values import Id
from booking.domain import catalogue, pricing
from booking.domain.inputs import accept
from booking.domain.pricing import Promotion, PromotionInput, PromotionView
from booking.infra.ids import encode
from booking.infra.words import count

F = TypeVar("F", bound=Callable[..., Any])
PROMOTION = Id("promotion", "see `flask promotions list`")
OPTIONS = (
    ("--percent", "percent", "So many percent off the nights, less other discounts."),
    ("--amount", "amount", "So much off instead, at most what the nights cost."),
    ("--currency", "currency", "Of the amount, such as EUR."),
    ("--min-nights", "minNights", "Only for stays of so many nights or more."),
    ("--valid-from", "validFrom", "The first day on which it can be used."),
    ("--valid-to", "validTo", "The last day on which it can be used."),
    ("--stays-from", "staysFrom", "The first night that it is for."),
    ("--stays-to", "staysTo", "The last night that it is for."),
    ("--most-uses", "mostUses", "How many rooms can be booked with it."),
    ("--most-per-guest", "mostPerGuest", "How many of these by one guest."),
)
NAMES = {field: option for option, field, _ in OPTIONS}
FIELDS = ("code", "name", *NAMES)

group = Group("promotions", help="Codes that take something off a stay: list, add, change, end, resume.")


def _options(command: F) -> F:
    for option, field, told in reversed(OPTIONS):
        command = click.option(option, field, help=told)(command)
    slugs = click.option(
        "--property", "slugs", multiple=True, metavar="PROPERTY", help="Only for this one; may be given several times."
    )
    return slugs(command)


@group.command("list")
@click.option("--ended", is_flag=True, help="Those that have ended, too.")
@as_json
def list_them(ended: bool, as_json: bool) -> None:
    """List promotions, and how many bookings that stand use each.

    \b
    Example:
        flask promotions list --ended
    """
    found = pricing.promotions_of_staff(acting(), ended=ended)
    _told(found, as_json)
    if not as_json:
        click.echo(f"{count(len(found), 'promotion')}.", err=True)


@group.command("add")
@click.argument("code")
@click.argument("name")
@_options
@as_json
def add(code: str, name: str, slugs: tuple[str, ...], as_json: bool, **given: str | None) -> None:
    """Add a promotion with a CODE that guests type, called NAME beside the price; for all properties if none is named.

    \b
    Examples:
        flask promotions add SPRING27 "Spring sale" --percent 10 --stays-to 2027-05-31
        flask promotions add WELCOME Welcome --amount 25 --currency EUR --most-uses 100 --most-per-guest 1
    """
    with refusals_said(**NAMES):
        made = pricing.add_promotion(acting(), _read({"code": code, "name": name, **given}, _houses(slugs)))
        found = pricing.get_promotion(acting(), made)
    _told([found], as_json)


@group.command("change")
@click.argument("promotion_id", metavar="PROMOTION", type=PROMOTION)
@click.option("--code", "code", help="What guests type.")
@click.option("--name", "name", help="What it is called.")
@_options
@as_json
def change(promotion_id: uuid.UUID, slugs: tuple[str, ...], as_json: bool, **given: str | None) -> None:
    """Change what is given of a promotion; the rest stays as it is. An empty value takes away what was said.

    What was sold before keeps its price.

    \b
    Example:
        flask promotions change promotion_01k5... --most-uses 200
    """
    with refusals_said(**NAMES):
        was = pricing.get_promotion(acting(), promotion_id).promotion
        whole = {name: value for name, value in _facts(was).items() if name in FIELDS}
        whole |= {name: value for name, value in given.items() if value is not None}
        houses = _houses(slugs) if slugs else list(was.property_ids)
        pricing.change_promotion(acting(), promotion_id, _read(whole, houses), seen_version=was.version)
        found = pricing.get_promotion(acting(), promotion_id)
    _told([found], as_json)


@group.command("end")
@click.argument("promotion_id", metavar="PROMOTION", type=PROMOTION)
@as_json
def end(promotion_id: uuid.UUID, as_json: bool) -> None:
    """End a promotion: nobody can use it any more. What was sold keeps its price.

    \b
    Example:
        flask promotions end promotion_01k5...
    """
    _moved(pricing.end_promotion, promotion_id, as_json)


@group.command("resume")
@click.argument("promotion_id", metavar="PROMOTION", type=PROMOTION)
@as_json
def resume(promotion_id: uuid.UUID, as_json: bool) -> None:
    """Put a promotion that was ended in force again.

    \b
    Example:
        flask promotions resume promotion_01k5...
    """
    _moved(pricing.resume_promotion, promotion_id, as_json)


def _moved(verb: Callable[..., None], promotion_id: uuid.UUID, as_json: bool) -> None:
    with refusals_said():
        pricing.get_promotion(acting(), promotion_id)  # who may not see it moves nothing
        verb(acting(), promotion_id)
        found = pricing.get_promotion(acting(), promotion_id)
    _told([found], as_json)


def _read(given: dict[str, Any], houses: list[uuid.UUID]) -> PromotionInput:
    """Raises Invalid."""
    said = {name: value for name, value in given.items() if value not in (None, "")}
    return accept(PromotionInput, said | {"properties": houses}, strict=False)


def _houses(slugs: Iterable[str]) -> list[uuid.UUID]:
    return [catalogue.get_property(slug) for slug in slugs]


def _told(found: Iterable[PromotionView], as_json: bool) -> None:
    if as_json:
        show(_facts(one.promotion) | {"uses": one.uses} for one in found)
        return
    for one in found:
        click.echo(_line(one))


def _line(one: PromotionView) -> str:
    """promotion_01k5… SPRING27 “Spring sale” 10% off, used 3 of 100."""
    of = one.promotion
    off = f"{of.amount:f} {of.currency}" if of.amount is not None else f"{of.percent:f}%"
    limit = f" of {of.most_uses}" if of.most_uses else ""
    state = ", ended" if of.ended_at else ", used up" if one.is_used_up else ""
    return f"{encode('promotion', of.id)} {of.code} “{of.name}” {off} off, used {one.uses}{limit}{state}"


def _facts(of: Promotion) -> dict[str, Any]:
    return {
        "promotionId": encode("promotion", of.id),
        "version": of.version,
        "code": of.code,
        "name": of.name,
        "percent": None if of.percent is None else f"{of.percent.normalize():f}",
        "amount": None if of.amount is None else f"{of.amount.normalize():f}",
        "currency": of.currency,
        "properties": [encode("property", one) for one in of.property_ids],
        "minNights": of.min_nights,
        "validFrom": of.valid_from and of.valid_from.isoformat(),
        "validTo": of.valid_to and of.valid_to.isoformat(),
        "staysFrom": of.stays_from and of.stays_from.isoformat(),
        "staysTo": of.stays_to and of.stays_to.isoformat(),
        "mostUses": of.most_uses,
        "mostPerGuest": of.most_per_guest,
        "endedAt": instant(of.ended_at),
    }
