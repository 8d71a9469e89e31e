"""One application's parts, as the doors use them: settings, and what is made from them once."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app

from booking.config import Settings
from booking.domain.catalogue import PhotoLimits
from booking.domain.invoicing import InvoiceTerms
from booking.domain.payments import ProviderReferences, usual_patience
from booking.domain.people import SessionEnds, SignInGuard
from booking.domain.reservations import BookingContext
from booking.domain.stays import StayRules
from booking.infra import providers as known_providers
from booking.infra import secret_keys, texting
from booking.infra.texting import Texter
from booking.infra.tokens import KeyRing


def running_app() -> Flask:
    """The application itself, for work that goes on when its request is over, such as an answer sent piece by piece."""
    return cast(Flask, current_app._get_current_object())  # type: ignore[attr-defined]  # the proxy’s own method


@dataclass(frozen=True, slots=True)
class Services:
    """One application's parts, as the doors use them."""

    settings: Settings
    booking_context: BookingContext
    keys: KeyRing
    ends: SessionEnds
    guard: SignInGuard
    photo_limits: PhotoLimits
    invoice_terms: InvoiceTerms
    started: float
    texter: Texter | None  # None: no text messages are sent


def install(app: Flask, settings: Settings) -> None:
    """Give the application its services."""
    app.extensions["services"] = Services(
        settings,
        _booking_context(settings),
        _key_ring(settings),
        _ends(settings),
        _guard(settings),
        PhotoLimits.of(settings),
        InvoiceTerms(settings.region, settings.invoice_years),
        time.monotonic(),
        texting.configured(settings),
    )


def current_services() -> Services:
    """The running application's."""
    return cast(Services, current_app.extensions["services"])


def _booking_context(settings: Settings) -> BookingContext:
    providers = known_providers.configured(settings, ProviderReferences())
    return BookingContext(
        provider=providers[settings.payments],
        providers=providers,
        patience=usual_patience(settings.payment_timeout_seconds),
        rules=StayRules(
            settings.booking_horizon_days,
            settings.longest_stay_nights,
            dt.time.fromisoformat(settings.day_begins_at),
        ),
        hold_for=dt.timedelta(minutes=settings.hold_minutes),
        holds_per_guest=settings.holds_per_guest,
        lock_rooms=settings.redis_lock_enabled,
        search_cache_seconds=settings.search_cache_seconds,
    )


def _key_ring(settings: Settings) -> KeyRing:
    return KeyRing(settings.jwt_keys, settings.jwt_issuer, settings.jwt_audience, settings.access_token_seconds)


def _ends(settings: Settings) -> SessionEnds:
    return SessionEnds(
        idle=dt.timedelta(days=settings.refresh_token_days),
        longest=dt.timedelta(days=settings.session_days),
        staff_idle=dt.timedelta(hours=settings.staff_session_idle_hours),
        staff_longest=dt.timedelta(days=settings.staff_session_days),
    )


def _guard(settings: Settings) -> SignInGuard:
    key, *_ = secret_keys.ring(settings.secret_keys, secret_keys.ACCOUNTS)
    return SignInGuard(key, enabled=settings.ratelimit_enabled)
