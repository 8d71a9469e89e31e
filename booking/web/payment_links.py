"""Paying by a link from an email, without an account. Opening it does nothing: mail scanners open links, too."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, session, url_for

from booking.domain import payments, reservations
from booking.domain.errors import (
    BookingError,
    HoldOver,
    Invalid,
    OrderNotFound,
    PaymentFailed,
    PaymentInProgress,
    PaymentPageUnavailable,
    PaymentUnknown,
    PriceChanged,
    RoomNotAvailable,
)
from booking.domain.reservations import LinkedOrder, LinkPayment, ShownTotal
from booking.http import limits
from booking.http.error_rendering import status_of
from booking.http.services import current_services
from booking.infra.ids import decode, encode
from booking.pages import bills, form_check, formats, security
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page, wants_part
from booking.web import cards

blueprint = Blueprint("payment_links", __name__, url_prefix="/pay")

LOOK_AGAIN = 10  # seconds, where no script does it sooner
TOLD = "told_by_link"  # in the cookie, until it was told: what became of the last payment
OLD_FORM = "OLD_FORM"  # nothing: its form was from before the last sign-in
FAILURES = {payments.DECLINED: PaymentFailed.code, payments.ABANDONED: "PAYMENT_LOST"}


@blueprint.before_request
def _nothing_is_kept() -> None:
    security.personal()


@blueprint.errorhandler(OrderNotFound)
def _is_no_link(error: OrderNotFound) -> Response:
    return page("pay/show.html", block="main", status=status_of(error), linked=None, stage="unknown")


@blueprint.get("/<link>")
def show(link: str) -> Response:
    """What is to be paid and how; or what has become of it."""
    linked = _linked(link)
    if wants_part():
        return Response(status=204) if linked.is_being_checked else go_to(url_for(".show", link=link))
    told = session.pop(TOLD, {}) if linked.is_to_pay else {}
    if told.get("order") != encode("order", linked.order_id):
        return _page(link, linked, Form())
    code = told["code"] or FAILURES.get(linked.failure or "", "")
    return _page(link, linked, Form({"paymentMethodId": told["card"]}), told=code)


def _once_more(link: str) -> Response:
    """The same page with a new token, where the form was out of date."""
    return _told(link, OLD_FORM, "")


@blueprint.post("/<link>")
@form_check.asks_again(_once_more)
def pay(link: str) -> Response:
    """Charge the card that was chosen, or lead to the provider's page."""
    limits.count_public()
    services, form = current_services(), Form.posted()
    if services.booking_context.hosted:
        return _to_the_provider(link, form)
    card = form.value("paymentMethodId")
    try:
        given = form.accept(LinkPayment)
        seen = decode("payment", given.last or ""), given.version
        context, secrets = services.booking_context, services.settings.secret_keys
        reservations.pay_by_link(link, given.payment_method_id, given.shown_total, context, secrets, seen=seen)
    except (PaymentUnknown, PaymentInProgress):
        return _told(link, "", card)  # what becomes of it is told once that is known
    except (PaymentFailed, PriceChanged) as refusal:
        return _told(link, refusal.code, card)
    except (HoldOver, RoomNotAvailable):
        return go_to(url_for(".show", link=link))  # which says what has become of the hold
    except Invalid as refusal:
        return _refused(link, form.refuse(refusal), refusal)
    return go_to(url_for(".show", link=link))


def _to_the_provider(link: str, form: Form) -> Response:
    services = current_services()
    site = services.settings.site_url.rstrip("/")
    back, paid = (site + url_for(name, link=link) for name in (".show", ".paid"))
    links = reservations.PaymentLinks(paid, back)
    try:
        shown, context = form.accept(ShownTotal).shown_total, services.booking_context
        url = reservations.payment_page_of_link(link, shown, context, links, services.settings.secret_keys)
    except (PaymentInProgress, HoldOver, RoomNotAvailable):
        return go_to(back)
    except (PriceChanged, PaymentPageUnavailable) as refusal:
        return _told(link, refusal.reason, "")
    except Invalid as refusal:
        return _refused(link, form, refusal)
    return go_to(url or back)


@blueprint.get("/<link>/paid")
def paid(link: str) -> Response:
    """Back from the provider's page, which says that it is paid: ask it."""
    services = current_services()
    reservations.came_back_from_payment_by_link(link, services.booking_context, services.settings.secret_keys)
    return go_to(url_for(".show", link=link))


def _linked(link: str) -> LinkedOrder:
    return reservations.look_at_payment_link(link, current_services().settings.secret_keys)


def _page(link: str, linked: LinkedOrder, form: Form, *, status: int = 200, told: str = "") -> Response:
    hosted = current_services().booking_context.hosted
    if hosted:
        security.allow(form_action=f"'self' {hosted.page_origin}")
    sums = [linked.amount, *(amount for stay in linked.stays for amount in reservations.amounts_of(stay))]
    formats.alike(linked.first.currency, sums)
    facts: dict[str, Any] = {
        "linked": linked,
        "stage": linked.stage,
        "bill": bills.of_lines(linked.first.lines, linked.first.currency),
        "link": link,
        "form": form,
        "told": told,
        "hosted": hosted is not None,
        "cards": cards.simulated(is_held=linked.held_until is not None),
        "last": encode("payment", linked.last) if linked.last else "",
        "look_again_seconds": LOOK_AGAIN,
    }
    return page("pay/show.html", block="main", status=status, **facts)


def _told(link: str, code: str, card: str) -> Response:
    """Told by the page itself: going back to it or reloading it must not send the form again."""
    session[TOLD] = {"order": encode("order", _linked(link).order_id), "code": code, "card": card}
    return go_to(url_for(".show", link=link))


def _refused(link: str, form: Form, refusal: BookingError) -> Response:
    linked = _linked(link)
    if not linked.is_to_pay:
        return go_to(url_for(".show", link=link))
    return _page(link, linked, form, status=status_of(refusal))
