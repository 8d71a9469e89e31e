"""Where mail providers tell what became of emails: delivered, come back, called spam. Each signs what it tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Blueprint, Response, request

from booking.domain import correspondence
from booking.domain.actors import Actor
from booking.http.services import current_services
from booking.infra import telemetry
from booking.infra.mail_reports import Heard, NotSigned, mailgun, sendgrid, ses
from booking.pages import form_check

blueprint = Blueprint("mail_reports", __name__, url_prefix="/webhooks")


@blueprint.post("/ses")
def hear_ses() -> Response:
    """By the SNS topic of SES."""
    arn = current_services().settings.ses_topic_arn
    return _heard("ses", arn, lambda: [ses.Topic(arn, ses.fetched).heard(request.get_data())])


@blueprint.post("/sendgrid")
def hear_sendgrid() -> Response:
    """By SendGrid's signed event webhook."""
    key, signature = current_services().settings.sendgrid_webhook_key, request.headers.get(sendgrid.SIGNATURE, "")
    timestamp = request.headers.get(sendgrid.TIMESTAMP, "")
    return _heard("sendgrid", key, lambda: sendgrid.heard(request.get_data(), signature, timestamp, key))


@blueprint.post("/mailgun")
def hear_mailgun() -> Response:
    """By Mailgun's webhooks."""
    key = current_services().settings.mailgun_signing_key
    return _heard("mailgun", key, lambda: [mailgun.heard(request.get_data(), key)])


def _heard(provider: str, setting: str, read: Callable[[], Sequence[Heard]]) -> Response:
    """204 once it is noted, also where it is about nothing of ours; 503: tell it again later; 404 without `setting`."""
    if not setting:
        return Response(status=404)
    try:
        told = read()
    except NotSigned:
        telemetry.log.warning("mail_report_not_signed", provider=provider)
        return Response(status=400)
    except ses.SnsAway as error:
        telemetry.log.warning("mail_report_unverified", provider=provider, error=str(error))
        return Response(status=503, headers={"Retry-After": "30"})
    correspondence.hear_mail_reports(Actor.system(f"{provider} webhook"), provider, told)
    return Response(status=204)


for view in (hear_ses, hear_sendgrid, hear_mailgun):
    form_check.csrf.exempt(view)  # signed by the provider, who has no cookie of ours
