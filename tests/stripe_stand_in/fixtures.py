"""What tests with the stand-in begin with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from booking.domain.payments import ProviderReferences
from booking.domain.reservations.context import BookingContext
from booking.http.services import Services
from booking.infra.stripe_provider import StripeProvider
from tests.stripe_stand_in.stand_in import SECRET, WEBHOOK_SECRET, StandIn

QUICK = 0.8  # seconds that a payment has here


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn().open() as running:
        yield running


@pytest.fixture
def stripe_desk(app: Flask, desk: BookingContext, stand_in: StandIn) -> BookingContext:
    """Sells with Stripe; what the simulated provider charged is still returned by it."""
    services: Services = app.extensions["services"]
    settings = replace(
        services.settings,
        stripe_secret_key=SECRET,
        stripe_webhook_secret=WEBHOOK_SECRET,
        stripe_api_base=stand_in.base,
        payment_timeout_seconds=QUICK,
    )
    stripe = StripeProvider(settings, ProviderReferences())
    return replace(desk, provider=stripe, providers={**desk.providers, stripe.name: stripe})
