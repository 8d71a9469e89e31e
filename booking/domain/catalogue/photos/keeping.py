"""What staff does with photos: add, describe, put in order, delete."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, Integer, Uuid, bindparam, func, select, text

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.catalogue import units
from booking.domain.catalogue.edit_errors import PropertyNotFound
from booking.domain.catalogue.models import Room
from booking.domain.catalogue.photos import files, places
from booking.domain.catalogue.photos.files import (
    PhotoFile,
    PhotoLimits,
    PhotoModified,
    PhotoNotFound,
    TooManyPhotos,
)
from booking.domain.catalogue.photos.inputs import PhotoText
from booking.domain.catalogue.photos.models import FAILED, MADE_WITHIN, READY, WAITING, Photo
from booking.domain.catalogue.photos.places import Owner, PhotoPlace
from booking.domain.catalogue.photos.shown import ShownPhoto, original
from booking.domain.errors import NotFound
from booking.domain.inputs import accept
from booking.infra import clock, storage, telemetry
from booking.infra.db import READ_COMMITTED, OutcomeUnknown, db, execute, reading, transaction
from booking.infra.ids import encode, new_id
from booking.infra.storage import StorageAway

MOST = 60  # photos of one room or property


@dataclass(frozen=True, slots=True)
class StaffPhoto:
    """A photo as staff sees it: `shown` once it is ready, `problem` (one of PROBLEMS) where it will never be."""

    id: uuid.UUID
    place: PhotoPlace
    alt: str
    file_name: str
    state: str
    problem: str | None
    version: int
    added_at: dt.datetime
    shown: ShownPhoto | None

    @property
    def is_late(self) -> bool:
        """Its sizes should have been made by now."""
        return self.state == WAITING and clock.now() - self.added_at > MADE_WITHIN

    @property
    def needs_words(self) -> bool:
        """Nobody has described it for those who do not see it."""
        return not self.alt


@dataclass(frozen=True, slots=True)
class PlacePhotos:
    """All photos of a room or a property in their order, the cover first."""

    place: PhotoPlace
    name: str
    property_id: uuid.UUID
    photos: Sequence[StaffPhoto]


@reading
def list_of(actor: Actor, place: PhotoPlace) -> PlacePhotos:
    """Raises RoomNotFound or NotFound, also for who may not change them."""
    owner = places.entered(actor, place)
    name = (units.title_of(owner) if isinstance(owner, Room) else None) or owner.name  # units have theirs in common
    return PlacePhotos(place, name, places.property_of(owner), [_seen(photo) for photo in _ordered(place)])


@reading
def rooms_with_some(actor: Actor, property_id: uuid.UUID) -> set[uuid.UUID]:
    """The rooms of a property that have photos, ready or not; of identical units, the one with which they are kept.

    Raises PropertyNotFound.
    """
    people.require(actor, people.Action.CHANGE_PHOTOS, at=property_id, otherwise=PropertyNotFound)
    has = select(Photo.room_id).join(Room, Room.id == Photo.room_id).where(Room.property_id == property_id)
    return set(db.session.scalars(has.where(Photo.state != FAILED).distinct()))


@reading
def get(actor: Actor, photo_id: uuid.UUID) -> StaffPhoto:
    """Raises PhotoNotFound, also for who may not change it."""
    return _seen(_entered(actor, photo_id)[0])


def add(
    actor: Actor, place: PhotoPlace, file: PhotoFile, limits: PhotoLimits, alt: str = ""
) -> tuple[StaffPhoto, bool]:
    """Take in a photo as the last one; the worker makes its sizes. And whether it is new: the same file is there once.

    Raises Invalid for what is no photo, TooManyPhotos, PhotosUnavailable: then nothing is there; RoomNotFound and
    NotFound.
    """
    files.check(file, limits)
    words = accept(PhotoText, {"alt": alt}, strict=True).alt
    _refuse_strangers(actor, place)
    content_hash = file.content_hash
    key = files.new_key(content_hash)
    try:
        storage.files().put(original(key), file.content)
    except StorageAway as trouble:
        raise files.unavailable(trouble) from trouble
    try:
        new = Photo(alt=words, file_name=file.shown_name, content_hash=content_hash, storage_key=key)
        photo, is_new = _add(actor, place, new)
    except OutcomeUnknown:  # it may be in: then its file is needed
        raise
    except BaseException:
        discard([original(key)])
        raise
    if photo.storage_key != key:
        discard([original(key)])
    return _seen(photo), is_new


def describe(actor: Actor, place: PhotoPlace, said: Mapping[uuid.UUID, PhotoText]) -> int:
    """Say what photos show, for those who do not see them. Returns how many have other words now.

    Raises PhotoModified, and changes none, where somebody has described one of them otherwise since it was read;
    PhotoNotFound, RoomNotFound, NotFound.
    """
    return _describe(actor, place, said)


@transaction(isolation=READ_COMMITTED)
def move(actor: Actor, photo_id: uuid.UUID, to: int) -> StaffPhoto:
    """Put it at this place of the order, counted from 0, which is the cover; past the end is the end.

    Raises PhotoNotFound.
    """
    photo, place, owner = _entered(actor, photo_id, locked=True)
    order = [one.id for one in _ordered(place)]
    before = order.index(photo.id)
    order.remove(photo.id)
    order.insert(max(0, to), photo.id)
    if order.index(photo.id) != before:
        execute(_PLACES, {"ids": order, "places": list(range(len(order)))})
        facts = {"photo": encode("photo", photo.id), "position": before + 1}
        after = {**facts, "position": order.index(photo.id) + 1}
        people.audit(actor, "photo.moved", place.subject, before=facts, after=after)
        places.tell(actor, owner)
    return _seen(photo)


def remove(actor: Actor, photo_id: uuid.UUID) -> StaffPhoto:
    """Take it away for good, with its files, unless another place has the same photo. Raises PhotoNotFound."""
    gone, orphaned = _remove(actor, photo_id)
    discard(orphaned)
    return gone


def discard(names: Sequence[str]) -> None:
    """Files that belong to nobody any more. Where the storage is away, sweeping.py finds them later."""
    try:
        storage.files().remove(names)
    except StorageAway as trouble:
        telemetry.log.warning("photo_files_left", files=len(names), error=str(trouble))


# --- steps


@reading
def _refuse_strangers(actor: Actor, place: PhotoPlace) -> None:
    """Before anything is stored for them."""
    places.entered(actor, place)


@transaction(isolation=READ_COMMITTED)
def _add(actor: Actor, place: PhotoPlace, sent: Photo) -> tuple[Photo, bool]:
    owner = places.entered(actor, place, locked=True)
    there = db.session.scalar(select(Photo).where(place.photos, Photo.content_hash == sent.content_hash))
    if there:
        return there, False
    number, last = db.session.execute(select(func.count(), func.max(Photo.position)).where(place.photos)).one()
    if number >= MOST:
        raise TooManyPhotos(most=MOST)
    said = {name: getattr(sent, name) for name in ("alt", "file_name", "content_hash", "storage_key")}
    photo = Photo(id=new_id(), position=0 if last is None else last + 1, **{f"{place.kind}_id": place.id}, **said)
    _share(photo)
    db.session.add(photo)
    db.session.flush()
    people.audit(
        actor, "photo.added", place.subject, after={"photo": encode("photo", photo.id), "file": photo.file_name}
    )
    if photo.state == READY:
        places.tell(actor, owner)
    return photo, True


def _share(photo: Photo) -> None:
    """Where another place has the same photo, its files are this one's too. Locked, so that they are not removed."""
    same = select(Photo).where(Photo.content_hash == photo.content_hash, Photo.state != "failed")
    other = db.session.scalars(
        same.order_by((Photo.state == READY).desc(), Photo.id).limit(1).with_for_update(read=True, key_share=True)
    ).one_or_none()
    if other:
        photo.storage_key, photo.state = other.storage_key, other.state
        photo.width, photo.height, photo.widths = other.width, other.height, other.widths


@transaction(isolation=READ_COMMITTED)
def _describe(actor: Actor, place: PhotoPlace, said: Mapping[uuid.UUID, PhotoText]) -> int:
    owner = places.entered(actor, place, locked=True)
    photos = {photo.id: photo for photo in _ordered(place)}
    if not said.keys() <= photos.keys():
        raise PhotoNotFound
    changed = [photos[key] for key, words in said.items() if photos[key].alt != words.alt]
    if any(said[photo.id].version not in (None, photo.version) for photo in changed):
        raise PhotoModified
    for photo in changed:
        named = {"photo": encode("photo", photo.id)}
        facts: dict[str, Any] = {**named, "description": said[photo.id].alt}
        people.audit(actor, "photo.described", place.subject, before={**named, "description": photo.alt}, after=facts)
        photo.alt, photo.version = said[photo.id].alt, photo.version + 1
    db.session.flush()
    if any(photo.state == READY for photo in changed):
        places.tell(actor, owner)
    return len(changed)


@transaction(isolation=READ_COMMITTED)
def _remove(actor: Actor, photo_id: uuid.UUID) -> tuple[StaffPhoto, list[str]]:
    photo, place, owner = _entered(actor, photo_id, locked=True)
    gone, key = _seen(photo), photo.storage_key
    db.session.delete(photo)
    db.session.flush()
    people.audit(
        actor,
        "photo.deleted",
        place.subject,
        before={"photo": encode("photo", photo.id), "file": photo.file_name, "description": photo.alt},
    )
    places.tell(actor, owner)
    # Asked after its own row is gone: whoever shares the key has either locked that row, and is seen, or finds it gone.
    shared = db.session.scalar(select(func.count()).where(Photo.storage_key == key))
    made = gone.shown.files if gone.shown else []
    return gone, [] if shared else [original(key), *made]


def _entered(actor: Actor, photo_id: uuid.UUID, *, locked: bool = False) -> tuple[Photo, PhotoPlace, Owner]:
    """The photo, inside the caller's transaction, as it is once its place is locked. Raises PhotoNotFound."""
    photo = db.session.get(Photo, photo_id)
    if photo is None:
        raise PhotoNotFound
    place = places.place_of(photo)
    try:
        owner = places.entered(actor, place, locked=locked)
    except NotFound:
        raise PhotoNotFound from None
    now = db.session.get(Photo, photo_id, populate_existing=True, with_for_update=True) if locked else photo
    if now is None:
        raise PhotoNotFound
    return now, place, owner


def _ordered(place: PhotoPlace) -> Sequence[Photo]:
    wanted = select(Photo).where(place.photos).order_by(Photo.position, Photo.id)
    return db.session.scalars(wanted.execution_options(populate_existing=True)).all()


def _seen(photo: Photo) -> StaffPhoto:
    shown = None
    if photo.state == READY and photo.width and photo.height:
        shown = ShownPhoto(photo.storage_key, photo.alt, photo.width, photo.height, tuple(photo.widths))
    place, about = places.place_of(photo), (photo.alt, photo.file_name, photo.state, photo.problem)
    return StaffPhoto(photo.id, place, *about, photo.version, photo.created_at, shown)


_PLACES = text(
    "UPDATE photos SET position = new.place FROM unnest(:ids, :places) AS new (id, place)"
    " WHERE photos.id = new.id AND photos.position <> new.place"
).bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("places", type_=ARRAY(Integer)))
