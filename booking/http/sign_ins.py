"""Who is behind a sign-in, by this application's settings."""

from __future__ import annotations

import uuid

from booking.domain import people
from booking.domain.people import CurrentUser
from booking.http.services import current_services


def who_is(session_id: uuid.UUID, user_id: uuid.UUID) -> CurrentUser:
    """The user, as they may act in this sign-in; raises Unauthorized when it is over."""
    services = current_services()
    return people.current_session(
        session_id,
        user_id,
        kept_for=services.settings.session_cache_seconds,
        ends=services.ends,
        second_factor_required=services.settings.second_factor_required,
    )
