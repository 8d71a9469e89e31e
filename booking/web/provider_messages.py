"""Where payment providers tell us that something has happened. It only makes us ask them."""

from __future__ import annotations

from flask import Blueprint, Response, request

from booking.config import STRIPE
from booking.domain import reservations
from booking.domain.actors import Actor
from booking.http.services import current_services
from booking.infra import telemetry
from booking.infra.provider import NoAnswer, NotSigned, TellsByItself
from booking.pages import form_check

blueprint = Blueprint("provider_messages", __name__)


@blueprint.post("/webhooks/stripe")
def hear() -> Response:
    """204 once it is acted upon, also where it is none of ours; 503: tell it again later."""
    context = current_services().booking_context
    provider = context.find_provider(STRIPE)
    if not isinstance(provider, TellsByItself):
        return Response(status=404)
    try:
        heard = provider.heard(request.get_data(), request.headers.get("Stripe-Signature", ""))
    except NotSigned:
        telemetry.log.warning("provider_message_not_signed", provider=STRIPE)
        return Response(status=400)
    try:
        reservations.hear_from_provider(Actor.system("Stripe webhook"), STRIPE, heard, context)
    except NoAnswer:
        return Response(status=503, headers={"Retry-After": "30"})
    return Response(status=204)


form_check.csrf.exempt(hear)  # signed by the provider, who has no cookie of ours
