"""Properties are made, changed, archived and published again by whoever runs them.

Currency, time zone and the city's slug stay as they are once there are rooms: prices, nights and what was sold hang on
them. A change is made in the place of what was seen: `version` says what that was.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.catalogue import saving
from booking.domain.catalogue.as_said import IN_ADDRESS
from booking.domain.catalogue.edit_errors import PropertyModified, PropertyNotFound
from booking.domain.catalogue.edit_inputs import PropertyDetails, PropertyEdit
from booking.domain.catalogue.importing.places import slugify
from booking.domain.catalogue.models import Property, Room
from booking.domain.errors import Forbidden, Invalid
from booking.domain.notices import Notice
from booking.domain.people import Action
from booking.infra import clock
from booking.infra.db import READ_COMMITTED, db, transaction
from booking.infra.ids import encode, new_id

SLUG_TAKEN = ("uq_properties_slug",)
FIXED = ("location", "currency", "time_zone")  # once there are rooms
COLUMNS = (
    "name", "slug", "location", "address", "time_zone", "currency", "legal_name", "tax_number",
    "invoice_at", "contact_email", "contact_phone", "check_in_time", "check_out_time",
    "babies_under", "house_rules", "description",
)  # fmt: skip


@transaction(isolation=READ_COMMITTED, retry_on=SLUG_TAKEN)
def add(actor: Actor, said: PropertyDetails) -> uuid.UUID:
    """A new property, without rooms; its id. For whoever is an owner of all. Raises Forbidden, Invalid."""
    people.require(actor, Action.ADD_PROPERTIES, otherwise=Forbidden)
    given = said.slug or slugify(said.name)[:255].strip("-") or said.place
    new = _values(said, {}, slug=given if said.slug else _free_slug(given))
    _refuse_without_place(said)
    _refuse_taken(str(new["slug"]), None)
    house = Property(id=new_id(), **new)
    db.session.add(house)
    db.session.flush()
    after = {name: saving.plain(value) for name, value in new.items()}
    people.audit(actor, "property.created", encode("property", house.id), after=after)
    return house.id


@transaction(isolation=READ_COMMITTED, retry_on=SLUG_TAKEN)
def edit(actor: Actor, property_id: uuid.UUID, said: PropertyEdit) -> int:
    """The property as it is said, in place of the version that was seen; its version now. Twice is once.

    Raises PropertyNotFound, PropertyModified; Invalid, also for what rooms hold fast.
    """
    house = locked(actor, property_id)
    _refuse_without_place(said)
    new = _values(said, house.address, slug=said.slug or house.slug)
    if all(getattr(house, name) == value for name, value in new.items()):
        return house.version
    refuse_modified(house, said.version)
    _refuse_fixed(house, new)
    _refuse_taken(str(new["slug"]), house.id)
    save(actor, house, new)
    return house.version


def save(actor: Actor, house: Property, new: Mapping[str, Any]) -> None:
    """Inside the caller's transaction, which has locked it: write it, and tell whom it concerns."""
    change = saving.applied(house, new)
    if change:
        people.audit(actor, "property.changed", encode("property", house.id), before=change.before, after=change.after)
        saving.tell_of_house(actor, house)


@transaction(isolation=READ_COMMITTED)
def publish(actor: Actor, property_id: uuid.UUID, *, seen_version: int) -> int:
    """An archived property is there again; its rooms are published one by one or all at once. Its version now.

    Raises PropertyNotFound, PropertyModified.
    """
    house = locked(actor, property_id)
    if house.archived_at is not None:
        refuse_modified(house, seen_version)
        save(actor, house, {"archived_at": None})
    return house.version


def close(actor: Actor, property_id: uuid.UUID, *, seen_version: int) -> None:
    """Inside the caller's transaction, which knows that nobody stays there any more: archived, all rooms unpublished.

    Raises PropertyNotFound, PropertyModified.
    """
    house = locked(actor, property_id)
    if house.archived_at is not None:
        return
    refuse_modified(house, seen_version)
    shown = Room.property_id == property_id, Room.published
    for room in db.session.scalars(select(Room).where(*shown).order_by(Room.id).with_for_update()):
        saving.note_room(actor, room, saving.applied(room, {"published": False}), was_published=True)
    save(actor, house, {"archived_at": clock.now()})


# --- steps of others


def locked(actor: Actor, property_id: uuid.UUID) -> Property:
    """Inside the caller's transaction: the property, which nobody else changes or gives a room meanwhile.

    Raises PropertyNotFound, also for who may not change it.
    """
    people.require(actor, Action.EDIT_PROPERTY, at=property_id, otherwise=PropertyNotFound)
    house = db.session.get(Property, property_id, with_for_update=True)
    if house is None:
        raise PropertyNotFound
    return house


def refuse_modified(house: Property, seen_version: int) -> None:
    """Raises PropertyModified."""
    if house.version != seen_version:
        raise PropertyModified


# --- around them


def _values(said: PropertyDetails, address: Mapping[str, Any], *, slug: str) -> dict[str, Any]:
    """The columns; what else an import has written into the address stays."""
    stated = {name: getattr(said, name) for name in IN_ADDRESS}
    kept = {name: value for name, value in address.items() if name not in IN_ADDRESS}
    return {
        "name": said.name,
        "slug": slug,
        "location": said.place,
        "address": {**kept, **{name: value for name, value in stated.items() if value is not None}},
        "time_zone": said.time_zone,
        "currency": said.currency,
        "legal_name": said.legal_name or said.name,
        "tax_number": said.tax_number,
        "invoice_at": said.invoice_at,
        "contact_email": said.contact_email,
        "contact_phone": said.contact_phone,
        "check_in_time": said.check_in_time,
        "check_out_time": said.check_out_time,
        "babies_under": said.babies_under,
        "house_rules": said.house_rules,
        "description": said.description,
    }


def _free_slug(wanted: str) -> str:
    """The slug, or the first of slug-2, slug-3 … that no property has."""
    begins = Property.slug.startswith(wanted, autoescape=True)
    taken = set(db.session.scalars(select(Property.slug).where(begins)))
    tried = (wanted if number == 1 else f"{wanted[:250]}-{number}" for number in range(1, len(taken) + 2))
    return next(slug for slug in tried if slug not in taken)


def _refuse_without_place(said: PropertyDetails) -> None:
    if not said.place:
        raise Invalid(details={"location": Notice("missing")})


def _refuse_taken(slug: str, own: uuid.UUID | None) -> None:
    if not slug:
        raise Invalid(details={"slug": Notice("missing")})
    holder = db.session.scalar(select(Property.id).where(Property.slug == slug))
    if holder is not None and holder != own:
        raise Invalid(details={"slug": Notice("slug_taken")})


def _refuse_fixed(house: Property, new: Mapping[str, Any]) -> None:
    changed = [name for name in FIXED if getattr(house, name) != new[name]]
    if changed and db.session.scalar(select(Room.id).where(Room.property_id == house.id).limit(1)) is not None:
        named = {"time_zone": "timeZone"}
        raise Invalid(details={named.get(name, name): Notice("fixed_by_rooms") for name in changed})
