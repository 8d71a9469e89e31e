"""What of the staff side somebody may open: pages show no way to what would not be there for them."""

from __future__ import annotations

from dataclasses import dataclass

from booking.domain.actors import Actor
from booking.domain.errors import NotFound
from booking.domain.people import permissions
from booking.domain.people.permissions import Action


@dataclass(frozen=True, slots=True)
class StaffAreas:
    """Whether there is anything to see for somebody, at any property."""

    bookings: bool
    imports: bool
    cash: bool
    payouts: bool
    figures: bool
    properties: bool
    rates: bool
    rooms: bool  # to be made and changed
    people: bool
    audit: bool
    system: bool
    data_requests: bool


def of(actor: Actor) -> StaffAreas:
    """For whoever works at a house; for everybody else there is no staff side: raises NotFound."""
    if not permissions.reach(actor, Action.SEE_HOUSE):
        raise NotFound
    return StaffAreas(
        bookings=bool(permissions.reach(actor, Action.SEE_BOOKING)),
        imports=bool(permissions.reach(actor, Action.IMPORT_BOOKINGS)),
        cash=bool(permissions.reach(actor, Action.KEEP_DRAWER)),
        payouts=permissions.may(actor, Action.SEE_PAYMENTS),  # an account is of all properties
        figures=bool(permissions.reach(actor, Action.SEE_FIGURES)),
        rates=bool(permissions.reach(actor, Action.SEE_RATES)),
        rooms=bool(permissions.reach(actor, Action.EDIT_ROOMS)),
        properties=bool(permissions.reach(actor, Action.SEE_ROOMS)),
        people=bool(permissions.reach(actor, Action.GIVE_ROLES)),
        audit=permissions.may(actor, Action.SEE_AUDIT_LOG),  # it belongs to no property
        system=permissions.may(actor, Action.SEE_SYSTEM),
        data_requests=bool(permissions.reach(actor, Action.EXPORT_GUESTS)),
    )
