"""Amazon SES, which tells through an SNS topic: docs.aws.amazon.com/sns, "Verifying the signatures of messages".

Each message is signed with a certificate of SNS, whose address it names. It is fetched from SNS' own hosts only, and
kept by this process.
"""

from __future__ import annotations

import datetime as dt
import http.client
import json
import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.x509 import load_pem_x509_certificate

from booking.infra.mail_reports.report import (
    BOUNCED,
    COMPLAINED,
    DELIVERED,
    Heard,
    MailReport,
    NotSigned,
    email_of,
    refuse_unless_recent,
)

HOST = re.compile(r"sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?")
PATIENCE = 5.0  # seconds for SNS to answer
LARGEST = 64 * 1024  # bytes of its answer
NOTIFICATION, CONFIRMATION = "Notification", "SubscriptionConfirmation"
# What is signed of a message, in this order (SNS, "Verifying the signatures").
SIGNED = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    CONFIRMATION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
HASHES: dict[str, HashAlgorithm] = {"1": SHA1(), "2": SHA256()}  # noqa: S303 what SNS signs with by default

Fetch = Callable[[str], bytes]


class SnsAway(Exception):
    """SNS does not answer now."""


@dataclass(frozen=True, slots=True)
class Topic:
    """`arn` names the only topic that is listened to."""

    arn: str
    fetch: Fetch

    def heard(self, payload: bytes) -> Heard:
        """What was told; a topic that asks whether we listen to it is told so. Raises NotSigned, SnsAway."""
        try:
            told = json.loads(payload)
            parts = SIGNED[told["Type"]]
            self._verify(told, parts)
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
            raise NotSigned from error
        if told["Type"] == CONFIRMATION:
            self.fetch(_of_sns(told["SubscribeURL"]))
            return Heard(told["MessageId"], ())
        return Heard(told["MessageId"], tuple(_reports(told["Message"])))

    def _verify(self, told: dict[str, str], parts: tuple[str, ...]) -> None:
        if told["TopicArn"] != self.arn:
            raise NotSigned
        signed = "".join(f"{part}\n{told[part]}\n" for part in parts if part != "Subject" or told.get(part) is not None)
        key = _key(self.fetch, _of_sns(told["SigningCertURL"], ending=".pem"))
        try:
            key.verify(b64decode(told["Signature"]), signed.encode(), PKCS1v15(), HASHES[told["SignatureVersion"]])
        except InvalidSignature as error:
            raise NotSigned from error
        refuse_unless_recent(dt.datetime.fromisoformat(told["Timestamp"]))


def _of_sns(url: str, ending: str = "") -> str:
    """An address at which SNS itself answers. Raises NotSigned for any other one."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not HOST.fullmatch(parts.netloc) or not parts.path.endswith(ending):
        raise NotSigned
    return url


@lru_cache(maxsize=8)
def _key(fetch: Fetch, url: str) -> RSAPublicKey:
    key = load_pem_x509_certificate(fetch(url)).public_key()
    if not isinstance(key, RSAPublicKey):
        raise NotSigned
    return key


def fetched(url: str) -> bytes:
    """What SNS answers at this address, without following it elsewhere. Raises SnsAway."""
    parts = urlsplit(url)
    connection = http.client.HTTPSConnection(parts.netloc, timeout=PATIENCE)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}" if parts.query else parts.path)
        answer = connection.getresponse()
        body = answer.read(LARGEST + 1)
    except (OSError, http.client.HTTPException) as error:
        raise SnsAway(f"{parts.netloc}: {error}") from error
    finally:
        connection.close()
    if answer.status != http.HTTPStatus.OK or len(body) > LARGEST:
        raise SnsAway(f"{parts.netloc} answers {answer.status}")
    return body


def _reports(message: str) -> Iterator[MailReport]:
    """Of a notification or a published event of SES; anything else that the topic tells says nothing to us."""
    try:
        said = json.loads(message)
    except ValueError:
        return
    if not isinstance(said, dict):
        return
    kind = str(said.get("notificationType") or said.get("eventType") or "")
    if kind not in ("Bounce", "Complaint", "Delivery"):
        return
    about: dict[str, Any] = said[kind.lower()]
    at, email_id = dt.datetime.fromisoformat(about["timestamp"]), _email(said.get("mail") or {})
    if kind == "Bounce" and about.get("bounceType") == "Permanent":
        for one in about["bouncedRecipients"]:
            yield MailReport(BOUNCED, one["emailAddress"], at, str(one.get("status") or ""), email_id)
    elif kind == "Complaint":
        for one in about["complainedRecipients"]:
            yield MailReport(COMPLAINED, one["emailAddress"], at, "", email_id)
    elif kind == "Delivery":
        for address in about["recipients"]:
            yield MailReport(DELIVERED, address, at, "", email_id)


def _email(mail: dict[str, Any]) -> Any:
    """SES gives emails a Message-ID of its own; ours is told where the topic is set to include the original headers."""
    named = (one["value"] for one in mail.get("headers") or () if one.get("name", "").lower() == "message-id")
    return next((found for one in named if (found := email_of(one))), None)
