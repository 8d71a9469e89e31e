"""Events and their signed deliveries, which a test hands out when and in which order it likes.

docs.stripe.com/webhooks: at least once, in no order, signed over "timestamp.body" with HMAC-SHA256.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Delivery:
    """What arrives at an endpoint: the body, and the Stripe-Signature header."""

    kind: str
    body: bytes
    signature: str


@dataclass
class Post:
    secret: str
    events: list[dict[str, Any]] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def happened(self, kind: str, thing: dict[str, Any]) -> None:
        """Remember the event with the object as it is at this moment."""
        self.events.append(
            {
                "id": f"evt_{next(self._numbers):08d}",
                "object": "event",
                "type": kind,
                "created": int(time.time()),
                "livemode": False,
                "data": {"object": json.loads(json.dumps(thing))},
            }
        )

    def deliveries(self, *kinds: str, at: float | None = None) -> list[Delivery]:
        """Of all events of these kinds (of all, where none is named), in the order they happened, signed `at`."""
        wanted = [event for event in self.events if not kinds or event["type"] in kinds]
        return [self.delivery(event, at) for event in wanted]

    def delivery(self, event: dict[str, Any], at: float | None = None) -> Delivery:
        body, stamp = json.dumps(event, indent=2).encode(), int(time.time() if at is None else at)
        signed = hmac.new(self.secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        return Delivery(event["type"], body, f"t={stamp},v1={signed}")
