"""Twilio's protocol: www.twilio.com/docs/messaging/api/message-resource and .../usage/webhooks/webhooks-security.

A message has no idempotency key there: after a try without an answer, find() asks what went out.
"""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from booking.config import Settings
from booking.infra.texting.port import TextingAway, TextRefused

if TYPE_CHECKING:
    import requests

API = "https://api.twilio.com"
CONNECTING, ANSWERING = 3.0, 8.0  # seconds
SLACK = dt.timedelta(minutes=1)  # between their clock and ours
STOPPED = "21610"  # www.twilio.com/docs/api/errors/21610: the recipient has replied STOP
DELIVERED, UNDELIVERED = "delivered", ("undelivered", "failed")
STOP_WORDS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
START_WORDS = frozenset({"start", "unstop"})


class TwilioTexter:
    """An account of theirs; every thread keeps its connection."""

    name = "twilio"

    def __init__(self, settings: Settings) -> None:
        account = settings.twilio_account_sid
        self._account = f"{settings.twilio_api_base or API}/2010-04-01/Accounts/{account}"
        self._who, self._sender = (account, settings.twilio_auth_token), settings.sms_from
        self.hears_replies = self._sender.startswith(("+", "MG"))  # nobody can answer a name
        self._kept = threading.local()

    def send(self, to: str, text: str, status_url: str) -> str:
        """Raises TextRefused, TextingAway."""
        sender = "MessagingServiceSid" if self._sender.startswith("MG") else "From"
        told = {"To": to, sender: self._sender, "Body": text, "StatusCallback": status_url}
        answer = self._asked("POST", data=told)
        if not answer.get("sid"):
            raise TextingAway("an answer without a sid")
        return str(answer["sid"])

    def find(self, to: str, text: str, since: dt.datetime) -> str | None:
        """Raises TextingAway."""
        wanted = {"To": to, "DateSent>": since.astimezone(dt.UTC).date().isoformat(), "PageSize": "50"}
        try:
            listed = self._asked("GET", params=wanted).get("messages", [])
        except TextRefused as refusal:
            raise TextingAway(str(refusal)) from refusal
        return next((str(one["sid"]) for one in listed if _is_same(one, text, since)), None)

    def account_status(self) -> str:
        """active, suspended or closed. Raises TextRefused, TextingAway."""
        return str(self._asked("GET", ".json").get("status"))

    def _asked(self, method: str, place: str = "/Messages.json", **given: Any) -> dict[str, Any]:
        import requests  # only who sends texts needs it: every process would start later

        try:
            waits = (CONNECTING, ANSWERING)
            answer = self._session().request(method, self._account + place, auth=self._who, timeout=waits, **given)
            told = answer.json()
        except (requests.RequestException, json.JSONDecodeError) as error:
            raise TextingAway(type(error).__name__) from error
        if not isinstance(told, dict):
            raise TextingAway("an answer that is no object")
        if answer.ok:
            return told
        code = str(told.get("code") or answer.status_code)
        if answer.status_code == requests.codes.bad_request:
            raise TextRefused(code, stopped=code == STOPPED)
        raise TextingAway(f"{answer.status_code} {code}")  # also 401: the operator mends it, and it is tried again

    def _session(self) -> requests.Session:
        import requests

        if not hasattr(self._kept, "session"):
            self._kept.session = requests.Session()
        session: requests.Session = self._kept.session
        return session


def _is_same(one: dict[str, Any], text: str, since: dt.datetime) -> bool:
    """Whether this is our text, on its way or arrived, and not of an earlier day."""
    if one.get("body") != text or one.get("status") in UNDELIVERED or one.get("direction") == "inbound":
        return False
    made = one.get("date_created")
    return made is None or parsedate_to_datetime(str(made)) >= since - SLACK


# --- what they tell us


@dataclass(frozen=True, slots=True)
class TextReport:
    """What became of a message: `outcome` delivered, undelivered or "" while it is on its way; `code` why not."""

    outcome: str
    reference: str
    code: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What somebody has sent us. `wants`: stop, start or "" for anything else."""

    id: str
    number: str
    text: str
    wants: str


def is_signed(url: str, fields: Iterable[tuple[str, str]], signature: str, token: str) -> bool:
    """Whether they have signed this request: HMAC-SHA1 over its whole address and its fields, sorted by name."""
    said = url + "".join(name + value for name, value in sorted(set(fields)))
    ours = base64.b64encode(hmac.digest(token.encode(), said.encode(), "sha1"))
    return hmac.compare_digest(ours, signature.encode())


def report(fields: dict[str, str]) -> TextReport:
    """Of a status callback; they come in any order."""
    status = fields.get("MessageStatus", "")
    outcome = DELIVERED if status in (DELIVERED, "read") else UNDELIVERED[0] if status in UNDELIVERED else ""
    return TextReport(outcome, fields.get("MessageSid", ""), fields.get("ErrorCode", "")[:16])


def reply(fields: dict[str, str]) -> Reply:
    """Of an incoming message. `OptOutType` stands in it where their own opt-out management has understood it."""
    text = fields.get("Body", "")
    wants, said = fields.get("OptOutType", "").lower(), text.strip().strip(".!").lower()
    if wants not in ("stop", "start"):
        wants = "stop" if said in STOP_WORDS else "start" if said in START_WORDS else ""
    return Reply(fields.get("MessageSid", ""), fields.get("From", ""), text, wants)
