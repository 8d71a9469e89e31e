"""The payment providers that there are, by the name that PAYMENTS and a payment's row give them."""

from __future__ import annotations

from collections.abc import Callable

from booking.config import SIMULATED, STRIPE, Settings
from booking.infra.provider import Provider, References, SimulatedProvider

# A real one joins in `configured`, and in booking/config.py.
REGISTRY: dict[str, Callable[[Settings], Provider]] = {SIMULATED: SimulatedProvider}


def configured(settings: Settings, references: References) -> dict[str, Provider]:
    """Every provider by its name: one that takes no new charges still returns what it charged."""
    providers = {name: build(settings) for name, build in REGISTRY.items()}
    if settings.stripe_secret_key:
        from booking.infra.stripe_provider import StripeProvider

        providers[STRIPE] = StripeProvider(settings, references)
    return providers
