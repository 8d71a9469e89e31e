"""Drafts become rows, and rows go out again. A batch is one transaction; doing it twice changes nothing."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Row, and_, func, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.dml import ReturningInsert

from booking.domain import messages, people
from booking.domain.actors import Actor
from booking.domain.catalogue.cancellation_policies import MODERATE
from booking.domain.catalogue.importing.drafts import LONGEST_STAY, PropertyDraft, RoomDraft
from booking.domain.catalogue.models import Property, Room
from booking.domain.errors import Conflict, Forbidden
from booking.domain.notices import FieldName, Notice
from booking.domain.people import Action
from booking.infra import ids
from booking.infra.db import READ_COMMITTED, db, reading, transaction

BATCH = 500  # rows: a fraction of a second, well within the limits of a transaction

# Always said by a file; the other columns only by some (RoomDraft).
_STATED = ("name", "description", "kind", "capacity", "price_per_night", "amenities", "min_nights", "max_nights")
_PERHAPS = ("images", "cancellation_policy", "published", "beds", "size_m2")

# What the audit log tells of a property that is made, and of a room; of what is long, only that it has changed.
_AUDITED_OF_HOUSE = ("slug", "name", "location", "currency", "time_zone")
_AUDITED_BY_NAME = ("description", "amenities", "images")
_AUDITED = tuple(column for column in (*_STATED, *_PERHAPS) if column not in _AUDITED_BY_NAME)

# Rows of a query: those columns of a room that it asked for.
_Found: TypeAlias = Row[*tuple[Any, ...]]
_Key: TypeAlias = tuple[str | None, str]

_ONE_IMPORT_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('rooms import'))")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A column of a room that becomes otherwise."""

    column: str
    before: Any
    after: Any


@dataclass(slots=True)
class Outcome:
    """What became of the drafts of one batch. Every draft is in exactly one of the first four."""

    created: list[RoomDraft] = field(default_factory=list)
    updated: list[RoomDraft] = field(default_factory=list)
    unchanged: list[RoomDraft] = field(default_factory=list)
    refused: list[tuple[RoomDraft, str, Notice]] = field(default_factory=list)  # with field and reason
    changes: dict[_Key, list[FieldChange]] = field(default_factory=dict)  # of those that were updated
    new_houses: list[str] = field(default_factory=list)  # names

    def fingerprint(self) -> str:
        """Of what it does to which rooms: the same only where that is the same."""
        told = [sorted(one.key[1] for one in self.created), sorted(self.new_houses), len(self.unchanged)]
        told += [sorted((key[1], [repr(one) for one in found]) for key, found in self.changes.items())]
        told += [sorted(draft.line for draft, *_ in self.refused)]
        return hashlib.sha256(repr(told).encode()).hexdigest()

    @property
    def held_back(self) -> list[RoomDraft]:
        """Those now in the database which guests cannot be offered."""
        return [draft for draft in self.created + self.updated + self.unchanged if draft.held_back]


class PropertyMisfit(Conflict):
    """The property is there already, and differs in the field that `details` names."""

    reason = "PROPERTY_MISFIT"


class ImportChanged(Conflict):
    """Something has changed since it was rehearsed: it would do something else now."""

    code = "IMPORT_CHANGED"


class _Rehearsed(Exception):
    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome


def put(
    actor: Actor,
    drafts: Sequence[RoomDraft],
    *,
    rehearse: bool = False,
    keep_existing: bool = False,
    as_rehearsed: str = "",
) -> Outcome:
    """Insert or update the rooms, and create the properties they name where there are none and the actor may.

    `rehearse` does all of it and rolls back; `keep_existing` leaves rooms that are there already as they are;
    `as_rehearsed`, the fingerprint of a rehearsal, does nothing but what that would have done. Drafts must be distinct
    by key. Existing properties are used as they are, but learn their country where they do not know it; a room is never
    moved to another property. Rooms of properties that are not the actor's are refused, one by one.

    Raises Forbidden, ImportChanged.
    """
    if not people.reach(actor, Action.IMPORT_ROOMS):
        raise Forbidden
    try:
        return _put(actor, drafts, rehearse, keep_existing, as_rehearsed)
    except _Rehearsed as rehearsed:
        return rehearsed.outcome


@reading
def check_property(wanted: PropertyDraft) -> None:
    """Raise PropertyMisfit where the property exists and rooms described like this cannot go into it."""
    house = db.session.scalar(select(Property).where(Property.slug == wanted.slug))
    if house and (problem := _misfit(house, wanted)):
        raise PropertyMisfit(details=dict([problem]))


@transaction(isolation=READ_COMMITTED)
def _put(actor: Actor, drafts: Sequence[RoomDraft], rehearse: bool, keep_existing: bool, as_rehearsed: str) -> Outcome:
    db.session.execute(_ONE_IMPORT_AT_A_TIME)
    outcome = Outcome()
    houses, before = _houses(actor, drafts, outcome), _existing(drafts)
    accepted = []
    for draft in drafts:
        house = houses.get(draft.house.slug)
        if house is None:
            outcome.refused.append((draft, "property_slug", _NOT_YOURS))
        elif problem := _misfit(house, draft.house) or _moved(before.get(draft.key), house):
            outcome.refused.append((draft, *problem))
        else:
            accepted.append((draft, house))
    after = _write(accepted, keep_existing)
    for draft, _ in accepted:
        _sort(outcome, draft, after.get(draft.key))
    outcome.changes = {one.key: _changes(before[one.key], after[one.key]) for one in outcome.updated}
    if as_rehearsed and outcome.fingerprint() != as_rehearsed:
        raise ImportChanged
    _record(actor, outcome, before, after)
    if rehearse:
        raise _Rehearsed(outcome)
    return outcome


_NOT_YOURS = Notice("house_not_yours")


def _changes(was: _Found, now: _Found) -> list[FieldChange]:
    pairs = ((name, getattr(was, name), getattr(now, name)) for name in (*_AUDITED, *_AUDITED_BY_NAME))
    return [FieldChange(name, before, after) for name, before, after in pairs if before != after]


def _houses(actor: Actor, drafts: Sequence[RoomDraft], outcome: Outcome) -> dict[str, Property]:
    """The properties by slug that are the actor's, those missing created as the first draft that names them says."""
    wanted: dict[str, PropertyDraft] = {}
    for draft in drafts:
        wanted.setdefault(draft.house.slug, draft.house)
    present = set(db.session.scalars(select(Property.slug).where(Property.slug.in_(wanted))))
    may_add = people.may(actor, Action.ADD_PROPERTIES)
    new = [_house(draft) for slug, draft in wanted.items() if may_add and slug not in present]
    outcome.new_houses = [house.name for house in new]
    db.session.add_all(new)
    db.session.flush()
    for house in new:
        after = {column: getattr(house, column) for column in _AUDITED_OF_HOUSE}
        people.audit(actor, "property.created", ids.encode("property", house.id), after=after)
    there = db.session.scalars(select(Property).where(Property.slug.in_(wanted)))
    own = people.reach(actor, Action.IMPORT_ROOMS).properties
    houses = {house.slug: house for house in there if own is None or house.id in own}
    for slug in present & houses.keys():
        _learn_country(actor, houses[slug], wanted[slug])
    return houses


def _learn_country(actor: Actor, house: Property, draft: PropertyDraft) -> None:
    country = draft.address.get("country")
    if country and not house.address.get("country"):
        house.address = {**house.address, "country": country}
        people.audit(actor, "property.changed", ids.encode("property", house.id), after={"country": country})


def _house(draft: PropertyDraft) -> Property:
    return Property(
        slug=draft.slug,
        name=draft.name,
        legal_name=draft.legal_name,
        location=draft.location,
        currency=draft.currency,
        time_zone=draft.time_zone,
        address=dict(draft.address),
        check_in_time=draft.check_in_time,
        check_out_time=draft.check_out_time,
    )


def _misfit(house: Property, wanted: PropertyDraft) -> tuple[str, Notice] | None:
    if house.archived_at is not None:
        return "property_slug", Notice("house_archived", slug=repr(house.slug))
    for column in ("location", "currency", "time_zone"):
        there, here = getattr(house, column), getattr(wanted, column)
        if there != here:
            facts = {"slug": repr(house.slug), "column": FieldName(column), "there": there, "here": here}
            return column, Notice("property_differs", **facts)
    return None


def _moved(existing: _Found | None, house: Property) -> tuple[str, Notice] | None:
    if existing is None or existing.property_id == house.id:
        return None
    return "source_id", Notice("room_elsewhere", location=existing.location)


def _existing(drafts: Sequence[RoomDraft]) -> dict[_Key, _Found]:
    by_source: dict[str, list[str]] = {}
    for draft in drafts:
        if draft.source and draft.source_id:
            by_source.setdefault(draft.source, []).append(draft.source_id)
    ours = [draft.id for draft in drafts if draft.id]
    named = [and_(Room.source == source, Room.source_id.in_(known)) for source, known in by_source.items()]
    columns = (Room.id, Room.source, Room.source_id, Room.property_id, Room.location)
    columns += tuple(getattr(Room, column) for column in (*_AUDITED, *_AUDITED_BY_NAME))
    rows = db.session.execute(select(*columns).where(or_(Room.id.in_(ours), *named))).all()
    return {key: row for row in rows for key in ((row.source, row.source_id), (None, str(row.id)))}


def _write(accepted: Sequence[tuple[RoomDraft, Property]], keep_existing: bool) -> dict[_Key, _Found]:
    """The rooms that changed, as they are now, by key. Drafts that say the same columns go together."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for draft, house in accepted:
        said = tuple(column for column in _PERHAPS if getattr(draft, column) is not None)
        groups.setdefault(("id" if draft.id else "source", *said), []).append(_row(draft, house))
    changed = {}
    for said, rows in groups.items():
        named_by = said[0]
        # Without this a new statement begins at every row that lacks a price where the one before has one.
        statement = _upsert(named_by, said[1:], keep_existing).execution_options(render_nulls=True)
        for row in db.session.execute(statement, rows):
            changed[(None, str(row.id)) if named_by == "id" else (row.source, row.source_id)] = row
    return changed


def _row(draft: RoomDraft, house: Property) -> dict[str, Any]:
    return {
        "id": draft.id or ids.new_id(),
        "property_id": house.id,
        "location": house.location,
        "currency": house.currency,
        **{column: getattr(draft, column) for column in _STATED},
        "amenities": list(draft.amenities),
        "images": draft.images if draft.images is not None else [],
        "cancellation_policy": draft.cancellation_policy or MODERATE,
        "beds": draft.beds or [],
        "size_m2": draft.size_m2 or None,
        "published": draft.published is not False and draft.held_back is None,
        "source": draft.source,
        "source_id": draft.source_id,
    }


def _upsert(named_by: str, said: Sequence[str], keep_existing: bool) -> ReturningInsert[*tuple[Any, ...]]:
    statement = insert(Room)
    target = [Room.id] if named_by == "id" else [Room.source, Room.source_id]
    new: dict[str, ColumnElement[Any]] = {column: statement.excluded[column] for column in (*_STATED, *said)}
    shown = statement.excluded["published"], Room.archived_at.is_(None)
    new["published"] = and_(*shown) if "published" in said else and_(*shown, _left_published())
    if keep_existing:
        statement = statement.on_conflict_do_nothing(index_elements=target)
    else:
        statement = statement.on_conflict_do_update(
            index_elements=target,
            set_={**new, "version": Room.version + 1, "updated_at": func.clock_timestamp()},
            where=or_(*(getattr(Room, column).is_distinct_from(value) for column, value in new.items())),
        )
    now = (getattr(Room, column) for column in (*_AUDITED, *_AUDITED_BY_NAME))
    return statement.returning(Room.id, Room.source, Room.source_id, Room.version, *now)


def _left_published() -> ColumnElement[bool]:
    """False where somebody took the room off by hand: a file that does not speak of it must not put it back."""
    return or_(Room.published, Room.price_per_night.is_(None), Room.min_nights > LONGEST_STAY)


def _sort(outcome: Outcome, draft: RoomDraft, row: _Found | None) -> None:
    if row is None:
        outcome.unchanged.append(draft)
    elif row.version == 1:
        outcome.created.append(draft)
    else:
        outcome.updated.append(draft)


def _record(actor: Actor, outcome: Outcome, before: dict[_Key, _Found], after: dict[_Key, _Found]) -> None:
    """Say which rooms guests see differently; new ones once per location, so that its cached searches go."""
    for draft in outcome.updated:
        room = after[draft.key]
        if before[draft.key].published or room.published:
            location = draft.house.location
            messages.record(actor, "room.updated", {"roomId": ids.encode("room", room.id), "location": location})
    for draft in outcome.created + outcome.updated:
        _audit(actor, before.get(draft.key), after[draft.key])
    for location in sorted({draft.house.location for draft in outcome.created if after[draft.key].published}):
        messages.record(actor, "room.updated", {"roomId": None, "location": location})


def _audit(actor: Actor, was: _Found | None, now: _Found) -> None:
    subject = ids.encode("room", now.id)
    if was is None:
        people.audit(actor, "room.created", subject, after=_values(now, _AUDITED))
        return
    changed = [column for column in _AUDITED if getattr(was, column) != getattr(now, column)]
    named = [column for column in _AUDITED_BY_NAME if getattr(was, column) != getattr(now, column)]
    after = _values(now, changed) | dict.fromkeys(named, "changed")
    people.audit(actor, "room.changed", subject, before=_values(was, changed), after=after)


def _values(room: _Found, columns: Iterable[str]) -> dict[str, Any]:
    return {column: _plain(getattr(room, column)) for column in columns}


def _plain(value: Any) -> Any:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


@reading
def locations() -> list[str]:
    """Where there are rooms, published or not."""
    return list(db.session.scalars(select(Room.location).distinct().order_by(Room.location)))


def exported(
    actor: Actor, location: str | None = None, property_id: uuid.UUID | None = None
) -> Iterator[tuple[Room, Property]]:
    """All rooms of the actor's properties, or those of one location or property, with their properties, by id.

    Read in pages, so of any number. Raises Forbidden.
    """
    own = people.reach(actor, Action.EXPORT_ROOMS)
    if not own:
        raise Forbidden
    last: uuid.UUID | None = None
    among = own.properties if property_id is None else frozenset([property_id])
    if property_id is not None and own.properties is not None and property_id not in own.properties:
        raise Forbidden
    while page := _page(among, location, last):
        yield from page
        last = page[-1][0].id


@reading
def _page(
    among: frozenset[uuid.UUID] | None, location: str | None, after: uuid.UUID | None
) -> list[tuple[Room, Property]]:
    query = select(Room, Property).join(Property, Room.property_id == Property.id).order_by(Room.id).limit(1000)
    if among is not None:
        query = query.where(Room.property_id.in_(among))
    if location:
        query = query.where(Room.location == location)
    if after:
        query = query.where(Room.id > after)
    return [(row[0], row[1]) for row in db.session.execute(query)]
