"""What mail providers tell, signed by keys made here: heard once, in any order, and from nobody else."""

from __future__ import annotations

import datetime as dt
import hmac
import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from booking.domain import reservations
from booking.domain.maintenance import retention
from booking.domain.people import undeliverable
from booking.domain.reservations import bookings, front_desk
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.desk_errors import AddressTakesNoMail
from booking.domain.tables import Booking, HeardReport, Room, SentEmail, User
from booking.infra import clock
from booking.infra.db import db, reading
from booking.infra.mail_reports import ses
from tests.cast import SYSTEM, VISA, acting, count, in_days, later, order
from tests.domain.reservations.test_desk_bookings import CALLER, staff
from tests.domain.reservations.test_guest_erasure import called
from tests.jobs.letters_sent import sent

pytestmark = pytest.mark.slow

TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem"
SECRET = "a signing key of Mailgun's"
RSA, EC = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())
EC_KEY = b64encode(
    EC.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
).decode()
A_MINUTE, AN_HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)


@pytest.fixture
def fetched(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What SNS was asked for; it answers with its certificate."""
    asked: list[str] = []

    def answer(url: str) -> bytes:
        asked.append(url)
        return _certificate()

    services = app.extensions["services"]
    given = {"ses_topic_arn": TOPIC, "sendgrid_webhook_key": EC_KEY, "mailgun_signing_key": SECRET}
    monkeypatch.setitem(app.extensions, "services", replace(services, settings=replace(services.settings, **given)))
    monkeypatch.setattr(ses, "fetched", answer)
    return asked


def _certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder(name, name, RSA.public_key(), x509.random_serial_number(), clock.now(), clock.now())
    return made.sign(RSA, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def email(alice: User, room: Room, desk: BookingContext, mail_dir: Path) -> SentEmail:
    """A confirmation that has gone to alice."""
    bookings.book(acting(alice), order(alice, room, in_days(30)), VISA, desk)
    assert len(sent(mail_dir)) == 1
    return latest()


@reading
def latest() -> SentEmail:
    return db.session.scalars(select(SentEmail).order_by(SentEmail.event_id.desc()).limit(1)).one()


Tell = Callable[..., TestResponse]
number = iter(range(10_000))


def tell_ses(client: FlaskClient, kind: str, address: str, at: dt.datetime, email: SentEmail | None = None) -> Any:
    told: dict[str, Any] = {"timestamp": at.isoformat().replace("+00:00", "Z")}
    told |= {
        "Bounce": {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": address, "status": "5.1.1"}]}
    }.get(kind, {"complainedRecipients": [{"emailAddress": address}], "recipients": [address]})
    headers = [{"name": "Message-ID", "value": f"<{email.event_id}.mail@stay.example>"}] if email else []
    said = {"notificationType": kind, kind.lower(): told, "mail": {"headers": headers}}
    return client.post("/webhooks/ses", data=json.dumps(sns(Message=json.dumps(said))))


def sns(**more: str) -> dict[str, str]:
    """A message as SNS signs it."""
    told = {"Type": "Notification", "MessageId": f"sns-{next(number)}", "TopicArn": TOPIC, "Message": ""}
    told |= {"Timestamp": clock.now().isoformat().replace("+00:00", "Z"), "SignatureVersion": "2"}
    told |= {"SigningCertURL": CERTIFICATE, **more}
    signed = "".join(f"{part}\n{told[part]}\n" for part in ses.SIGNED[told["Type"]] if part in told)
    hash_ = {"1": hashes.SHA1(), "2": hashes.SHA256()}[told["SignatureVersion"]]
    return told | {"Signature": b64encode(RSA.sign(signed.encode(), padding.PKCS1v15(), hash_)).decode()}


def tell_sendgrid(
    client: FlaskClient, kind: str, address: str, at: dt.datetime, email: SentEmail | None = None, **more: Any
) -> Any:
    event = {"Bounce": "bounce", "Complaint": "spamreport", "Delivery": "delivered"}[kind]
    told = {"email": address, "timestamp": int(at.timestamp()), "event": event, "sg_event_id": f"sg-{next(number)}"}
    told |= {"status": "5.1.1", "smtp-id": f"<{email.event_id}.mail@stay.example>" if email else ""}
    return post_sendgrid(client, json.dumps([told | more]))


def post_sendgrid(client: FlaskClient, body: str, signed: str = "", at: str = "") -> Any:
    timestamp = at or str(int(clock.now().timestamp()))
    signature = b64encode(EC.sign(f"{timestamp}{signed or body}".encode(), ec.ECDSA(hashes.SHA256()))).decode()
    headers = {"X-Twilio-Email-Event-Webhook-Signature": signature}
    return client.post(
        "/webhooks/sendgrid", data=body, headers=headers | {"X-Twilio-Email-Event-Webhook-Timestamp": timestamp}
    )


def tell_mailgun(
    client: FlaskClient, kind: str, address: str, at: dt.datetime, email: SentEmail | None = None, **more: Any
) -> Any:
    event = {"Bounce": "failed", "Complaint": "complained", "Delivery": "delivered"}[kind]
    about = {"event": event, "severity": "permanent", "recipient": address, "timestamp": at.timestamp()}
    about |= {"delivery-status": {"code": 550, "enhanced-code": "5.1.1"}}
    headers = {"message-id": f"{email.event_id}.mail@stay.example"} if email else {}
    return post_mailgun(client, about | {"message": {"headers": headers}} | more)


def post_mailgun(client: FlaskClient, about: Any, key: str = SECRET, token: str = "", at: float = 0) -> Any:
    signed = {"timestamp": str(int(at or clock.now().timestamp())), "token": token or f"token-{next(number)}"}
    proof = hmac.digest(key.encode(), f"{signed['timestamp']}{signed['token']}".encode(), "sha256").hex()
    return client.post("/webhooks/mailgun", json={"signature": signed | {"signature": proof}, "event-data": about})


PROVIDERS = pytest.mark.parametrize("tell", [tell_ses, tell_sendgrid, tell_mailgun])


def refusal(booking: Booking) -> type | None:
    """Why no email can be sent again about it."""
    found = reservations.emails_of(SYSTEM, booking.id).refusal
    return type(found) if found else None


@reading
def mark(user: User) -> str | None:
    return db.session.scalar(select(User.email_undeliverable_code).where(User.id == user.id))


@PROVIDERS
@pytest.mark.usefixtures("fetched")
def test_an_email_that_came_back_marks_the_address_until_another_is_delivered(
    client: FlaskClient, tell: Tell, email: SentEmail, alice: User
) -> None:
    at = clock.now()
    assert tell(client, "Bounce", "Alice@example.com", at, email).status_code == 204
    assert (latest().bounce_code, mark(alice)) == ("5.1.1", "reported 5.1.1")
    [told] = reservations.emails_of(SYSTEM, latest().booking_id or email.event_id).emails
    assert (told.state, told.error) == ("bounced", "5.1.1")
    undeliverable.forget(["alice@example.com"])  # the provider takes every email: that says nothing
    assert mark(alice) is not None
    tell(client, "Delivery", "alice@example.com", at - A_MINUTE, email)  # told later, of before
    assert mark(alice) is not None
    tell(client, "Delivery", "alice@example.com", at + A_MINUTE)
    assert mark(alice) is None
    tell(client, "Bounce", "alice@example.com", at, email)  # told late, of before
    assert mark(alice) is None


@PROVIDERS
@pytest.mark.usefixtures("fetched")
def test_a_complaint_stays(client: FlaskClient, tell: Tell, email: SentEmail, alice: User) -> None:
    at = clock.now()
    tell(client, "Complaint", "alice@example.com", at, email)
    tell(client, "Bounce", "alice@example.com", at + A_MINUTE)
    tell(client, "Delivery", "alice@example.com", at + 2 * A_MINUTE)
    assert (latest().bounce_code, mark(alice)) == ("complaint", "reported complaint")


@pytest.mark.usefixtures("fetched")
def test_who_has_no_account_is_marked_too_and_without_a_message_id(
    client: FlaskClient,
    room: Room,
    desk: BookingContext,
    mail_dir: Path,
) -> None:
    caller = called(desk, room, CALLER)
    assert len(sent(mail_dir)) == 1
    assert refusal(caller) is None
    tell_ses(client, "Bounce", "carol@example.com", clock.now())
    assert refusal(caller) is AddressTakesNoMail
    [lost] = front_desk.day_of_houses(staff(room), [room.property_id], desk.rules).emails
    assert (lost.booking.id, lost.error) == (caller.id, "5.1.1")
    tell_ses(client, "Bounce", "nobody@example.com", clock.now())  # nothing follows from it


@pytest.mark.usefixtures("fetched")
def test_what_is_told_again_is_heard_once(client: FlaskClient, email: SentEmail, alice: User) -> None:
    about = {"recipient": "alice@example.com", "timestamp": clock.now().timestamp()}
    for told in (
        {"event": "delivered"},
        {"event": "failed", "severity": "permanent"},
    ):  # the token of the first, stolen
        assert post_mailgun(client, about | told, token="stolen").status_code == 204
    assert (latest().bounced_at, mark(alice)) == (None, None)
    body = json.dumps(sns(Message=json.dumps(_bounce(email))))
    assert [client.post("/webhooks/ses", data=body).status_code for _ in range(2)] == [204, 204]
    assert latest().bounced_at is not None
    assert count(HeardReport) == 2
    later(dt.timedelta(days=8))
    assert retention.prune(SYSTEM, dt.timedelta(days=90))["mail_reports"] == 2


def _bounce(email: SentEmail) -> dict[str, Any]:
    about = {"bounceType": "Permanent", "timestamp": clock.now().isoformat()}
    about["bouncedRecipients"] = [{"emailAddress": email.to_address, "status": "5.1.1"}]  # type: ignore[assignment]
    return {"eventType": "Bounce", "bounce": about, "mail": {}}


@pytest.mark.usefixtures("fetched")
def test_what_may_be_delivered_another_time_is_no_bounce(client: FlaskClient, email: SentEmail) -> None:
    at = clock.now()
    tell_sendgrid(client, "Bounce", "alice@example.com", at, email, type="blocked")
    tell_sendgrid(client, "Bounce", "alice@example.com", at, email, event="dropped", reason="Unsubscribed Address")
    tell_mailgun(client, "Bounce", "alice@example.com", at, email, severity="temporary")
    transient = _bounce(email) | {"bounce": _bounce(email)["bounce"] | {"bounceType": "Transient"}}
    for said in (
        json.dumps(transient),
        "Successfully validated SNS topic",
        json.dumps({"notificationType": "AmazonSnsSubscriptionSucceeded"}),
        json.dumps(["of somebody else"]),
    ):
        assert client.post("/webhooks/ses", data=json.dumps(sns(Message=said))).status_code == 204
    assert latest().bounced_at is None
    tell_sendgrid(client, "Bounce", "alice@example.com", at, email, event="dropped", reason="Bounced Address")
    assert latest().bounced_at is not None


def test_sns_is_answered_when_it_asks_whether_we_listen(client: FlaskClient, fetched: list[str]) -> None:
    asks = {
        "Type": "SubscriptionConfirmation",
        "Token": "t",
        "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t",
    }
    for version in ("1", "2"):
        told = sns(**asks, SignatureVersion=version)
        assert client.post("/webhooks/ses", data=json.dumps(told)).status_code == 204
    assert fetched.count(asks["SubscribeURL"]) == 2
    elsewhere = sns(**asks | {"SubscribeURL": "https://sns.evil.example/?Token=t"})
    assert client.post("/webhooks/ses", data=json.dumps(elsewhere)).status_code == 400
    assert not any("evil" in url for url in fetched)


def test_nobody_else_is_heard(client: FlaskClient, fetched: list[str], email: SentEmail, alice: User) -> None:
    said = json.dumps(_bounce(email))
    good, old = sns(Message=said), (clock.now() - dt.timedelta(days=4)).isoformat().replace("+00:00", "Z")
    wrong_ses: list[Any] = [
        good | {"Message": said.replace("alice", "bob")},
        good | {"Signature": "AAAA"},
        sns(Message=said, TopicArn=f"{TOPIC}-2"),
        sns(Message=said, Timestamp=old),
        sns(Message=said, SigningCertURL="https://sns.eu-west-1.amazonaws.com.evil.example/x.pem"),
        sns(Message=said, SigningCertURL="https://evil.example/sns.eu-west-1.amazonaws.com/x.pem"),
        sns(Message=said, SigningCertURL=CERTIFICATE.replace("https", "http")),
        sns(Message=said, SigningCertURL="https://a@sns.eu-west-1.amazonaws.com:1/x.pem"),
        {},
        [],
        "x",
    ]
    assert {client.post("/webhooks/ses", data=json.dumps(one)).status_code for one in wrong_ses} == {400}
    deep = "[" * 20_000
    assert client.post("/webhooks/ses", data=deep).status_code == 400
    assert not any("evil" in url for url in fetched)
    about = {"event": "failed", "severity": "permanent", "recipient": "alice@example.com", "timestamp": 1}
    days_ago = clock.now().timestamp() - 4 * 86_400
    answers = [
        post_mailgun(client, about, key="another"),
        post_mailgun(client, about, at=days_ago),
        client.post("/webhooks/mailgun", json={"signature": {}}),
        client.post("/webhooks/mailgun", data="x"),
        client.post("/webhooks/mailgun", data=deep),
        post_sendgrid(client, "[]", signed="[1]"),
        post_sendgrid(client, "[]", at=str(int(days_ago))),
        post_sendgrid(client, "x"),
        client.post("/webhooks/sendgrid", data="[]"),
    ]
    assert [answer.status_code for answer in answers] == [400] * len(answers)
    assert (count(HeardReport), mark(alice)) == (0, None)


def test_without_its_setting_a_provider_is_not_there(client: FlaskClient) -> None:
    for provider in ("ses", "sendgrid", "mailgun"):
        assert client.post(f"/webhooks/{provider}", data="{}").status_code == 404


@pytest.mark.usefixtures("fetched")
def test_sns_that_does_not_answer_is_told_to_try_again(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(url: str) -> bytes:
        raise ses.SnsAway(url)

    monkeypatch.setattr(ses, "fetched", away)
    answer = client.post("/webhooks/ses", data=json.dumps(sns(Message="x")))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
