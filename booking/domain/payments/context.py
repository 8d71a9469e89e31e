"""Who moves the money, and how long that may take."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from booking.infra.provider import HostedPages, Provider

CONFIRMING = dt.timedelta(seconds=5)  # what confirming may take once the provider has answered
USUAL_PATIENCE = dt.timedelta(seconds=5) + CONFIRMING


def patience(payment_timeout_seconds: float) -> dt.timedelta:
    """How long nobody but its own process may touch a payment that was begun."""
    return dt.timedelta(seconds=payment_timeout_seconds) + CONFIRMING


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentContext:
    """`provider` takes new charges; `providers`, by name, also those that once did, for what they charged."""

    provider: Provider
    providers: Mapping[str, Provider] = field(default_factory=dict)
    patience: dt.timedelta = USUAL_PATIENCE

    @property
    def hosted(self) -> HostedPages | None:
        """The provider, where guests pay at its own page."""
        return self.provider if isinstance(self.provider, HostedPages) else None

    def find_provider(self, name: str) -> Provider | None:
        """The one that a payment names; None where this copy has no such provider (any more)."""
        return self.provider if name == self.provider.name else self.providers.get(name)
