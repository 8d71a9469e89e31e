"""Text messages: guests agree to them or end them on their account's page, and what Twilio tells of them is heard."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request, session, url_for

from booking.config_values import SMS_TWILIO
from booking.domain import correspondence, texting
from booking.domain.actors import Actor
from booking.domain.errors import Invalid
from booking.domain.texting import TextNumber, TextReport
from booking.http.error_rendering import status_of
from booking.http.services import current_services
from booking.infra import ids, telemetry
from booking.infra.domains import ascii_url
from booking.infra.texting import twilio
from booking.pages import form_check
from booking.pages.forms import Form
from booking.pages.rendering import go_to
from booking.pages.signed_in import actor, required
from booking.web import profile, text_consents

blueprint = Blueprint("texts", __name__)

TWILIO = Actor.system("twilio webhook")
NO_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


# --- the guest


@blueprint.get("/account/texts")
@required
def show_again() -> Response:
    """Where a refused form stays: its address may be reloaded."""
    return go_to(url_for("profile.show"))


@blueprint.post("/account/texts")
@required
def agree() -> Response:
    """Text messages before one's stays, to this number."""
    form = Form.posted()
    if not text_consents.is_offered():
        return go_to(url_for("profile.show"))
    try:
        texting.agree_to_texts(actor(), form.accept(TextNumber).mobile, texting.ACCOUNT)
    except Invalid as refusal:
        return profile.account_page(status=status_of(refusal), texts=form)
    return _done("texts")


@blueprint.post("/account/texts/stop")
@required
def stop() -> Response:
    """None any more, of any kind; also where nobody sends any by now."""
    texting.withdraw_from_texts(actor())
    return _done("texts_stopped")


def _done(what: str) -> Response:
    session[profile.DONE] = what
    return go_to(url_for("profile.show", _anchor="texts"))


# --- the provider


@blueprint.post("/webhooks/twilio/status/<text_id>")
def hear_status(text_id: str) -> Response:
    """What became of a text message. 204 also where it is none of ours; 404 where Twilio sends none; 400 unsigned."""
    refused = _refused()
    if refused is not None:
        return refused
    told, event_id = twilio.report(request.form.to_dict()), ids.decode("text", text_id)
    outcome = {twilio.DELIVERED: True, twilio.UNDELIVERED[0]: False}.get(told.outcome)
    if event_id is not None:
        report = TextReport(outcome, told.reference, told.code, stopped=told.code == twilio.STOPPED)
        texting.hear_text_report(TWILIO, event_id, report)
    return Response(status=204)


@blueprint.post("/webhooks/twilio/inbound")
def hear_reply() -> Response:
    """Somebody has answered: STOP ends text messages, anything else is a message to the house. Nothing goes back."""
    refused = _refused()
    if refused is not None:
        return refused
    told = twilio.reply(request.form.to_dict())
    correspondence.hear_text_reply(TWILIO, told.id, told.number, told.text, told.wants)
    return Response(NO_ANSWER, content_type="text/xml; charset=utf-8")


def _refused() -> Response | None:
    """Unless Twilio has signed this request, to the address that it was told."""
    settings = current_services().settings
    if settings.sms != SMS_TWILIO:
        return Response(status=404)
    query = f"?{request.query_string.decode('ascii', 'replace')}" if request.query_string else ""
    url, signature = ascii_url(settings.site_url) + request.path + query, request.headers.get("X-Twilio-Signature", "")
    fields: list[tuple[str, Any]] = list(request.form.items(multi=True))
    if twilio.is_signed(url, fields, signature, settings.twilio_auth_token):
        return None
    telemetry.log.warning("text_report_not_signed")
    return Response(status=400)


for view in (hear_status, hear_reply):
    form_check.csrf.exempt(view)  # signed by the provider, who has no cookie of ours
