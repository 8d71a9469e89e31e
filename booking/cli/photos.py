"""flask photos: photos of rooms and properties, as on their pages under /admin."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from booking.cli.json_output import as_json, instant, show
from booking.cli.operator import Group, acting, refusals_said
from booking.cli.room_names import ROOM
from booking.cli.values import Id
from booking.domain import catalogue
from booking.domain.catalogue import PHOTOS_OF_PROPERTY, PHOTOS_OF_ROOM, PhotoFile, PhotoPlace, PhotoText, StaffPhoto
from booking.domain.inputs import accept
from booking.http import photo_addresses
from booking.http.services import current_services
from booking.infra.ids import encode
from booking.infra.words import count

PHOTO = Id("photo", "see `flask photos list`")
STATES = {"waiting": "being prepared", "ready": "ready", "failed": "cannot be shown"}

group = Group("photos", help="Photos of rooms and properties: order, descriptions, files.")
of_room = click.option("--room", "room_id", type=ROOM, help="Of this room.")
of_property = click.option("--property", "slug", help="Of this property, by its slug.")


@group.command("list")
@of_room
@of_property
@as_json
def list_them(room_id: uuid.UUID | None, slug: str | None, as_json: bool) -> None:
    """List the photos of a room or a property in their order, the cover first.

    \b
    Example:
        flask photos list --room room_01k5...
        flask photos list --property seaside --json
    """
    with refusals_said():
        found = catalogue.list_photos(acting(), _place(room_id, slug)).photos
    _tell(found, as_json)
    if not as_json:
        bare = sum(photo.needs_words for photo in found)
        click.echo(f"{count(len(found), 'photo')}, {bare} without a description.", err=True)


@group.command("show")
@click.argument("photo_id", metavar="PHOTO", type=PHOTO)
@as_json
def show_one(photo_id: uuid.UUID, as_json: bool) -> None:
    """Show a photo: what it is, what is said about it, and where it can be seen.

    \b
    Example:
        flask photos show photo_01k5...
    """
    with refusals_said():
        photo = catalogue.get_photo(acting(), photo_id)
    _tell([photo], as_json)
    if photo.shown and not as_json:
        click.echo(photo_addresses.absolute(photo.shown, current_services().settings))


@group.command("add")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@of_room
@of_property
@click.option("--description", default="", help="What it shows, for guests who cannot see it. With one file only.")
@as_json
def add(files: tuple[str, ...], room_id: uuid.UUID | None, slug: str | None, description: str, as_json: bool) -> None:
    """Add photos as the last ones. The worker prepares them; until then nobody sees them.

    A file that is no photo is named, and ends the command; those before it are in. The same file twice is one photo.

    \b
    Example:
        flask photos add bed.jpg bath.jpg --room room_01k5...
        flask photos add garden.jpg --property seaside --description "A garden with old trees"
    """
    if description and len(files) > 1:
        raise click.UsageError("--description is for one file.")
    limits = current_services().photo_limits
    taken: list[StaffPhoto] = []
    try:
        with refusals_said():
            place = _place(room_id, slug)
            for name in files:
                with Path(name).open("rb") as source:
                    file = PhotoFile(name, source.read(limits.most_bytes + 1))
                photo, is_new = catalogue.add_photo(acting(), place, file, limits, description)
                taken.append(photo)
                if not is_new:
                    click.echo(f"{file.shown_name} is there already.", err=True)
    finally:
        _tell(taken, as_json)


@group.command("edit")
@click.argument("photo_id", metavar="PHOTO", type=PHOTO)
@click.option("--description", "alt", required=True, help="What it shows, for guests who cannot see it.")
@as_json
def edit(photo_id: uuid.UUID, alt: str, as_json: bool) -> None:
    """Describe a photo in other words.

    \b
    Example:
        flask photos edit photo_01k5... --description "A double bed beneath a window"
    """
    with refusals_said(alt="--description"):
        place = catalogue.get_photo(acting(), photo_id).place
        catalogue.describe_photos(acting(), place, {photo_id: accept(PhotoText, {"alt": alt}, strict=True)})
        _tell([catalogue.get_photo(acting(), photo_id)], as_json)


@group.command("move")
@click.argument("photo_id", metavar="PHOTO", type=PHOTO)
@click.argument("to", metavar="NUMBER", type=click.IntRange(1, 1000))
@as_json
def move(photo_id: uuid.UUID, to: int, as_json: bool) -> None:
    """Put a photo at this place of the order; 1 is the cover.

    \b
    Example:
        flask photos move photo_01k5... 1
    """
    with refusals_said():
        _tell([catalogue.move_photo(acting(), photo_id, to - 1)], as_json)


@group.command("delete")
@click.argument("photo_id", metavar="PHOTO", type=PHOTO)
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
def delete(photo_id: uuid.UUID, yes: bool, as_json: bool) -> None:
    """Delete a photo for good, with its files.

    \b
    Example:
        flask photos delete photo_01k5... --yes
    """
    with refusals_said():
        photo = catalogue.get_photo(acting(), photo_id)
        if not (yes or as_json):
            click.confirm(f"{_line(photo)}. Delete it for good?", abort=True)
        _tell([catalogue.remove_photo(acting(), photo_id)], as_json)


# --- around them


def _place(room_id: uuid.UUID | None, slug: str | None) -> PhotoPlace:
    if (room_id is None) is (slug is None):
        raise click.UsageError("Say --room or --property.")
    if room_id:
        return PhotoPlace(PHOTOS_OF_ROOM, room_id)
    return PhotoPlace(PHOTOS_OF_PROPERTY, catalogue.get_property(str(slug)))


def _tell(photos: Sequence[StaffPhoto], as_json: bool) -> None:
    if as_json:
        show(map(_facts, photos))
        return
    for photo in photos:
        click.echo(_line(photo))


def _line(photo: StaffPhoto) -> str:
    """photo_01k5… bed.jpg, ready, 1600 × 1067: A double bed."""
    size = f", {photo.shown.width} × {photo.shown.height}" if photo.shown else ""
    words = photo.alt or "needs a description"
    return f"{encode('photo', photo.id)} {photo.file_name}, {STATES[photo.state]}{size}: {words}"


def _facts(photo: StaffPhoto) -> dict[str, Any]:
    """For programs."""
    shown = photo.shown
    return {
        "photoId": encode("photo", photo.id),
        "roomId": encode("room", photo.place.id) if photo.place.kind == PHOTOS_OF_ROOM else None,
        "propertyId": encode("property", photo.place.id) if photo.place.kind == PHOTOS_OF_PROPERTY else None,
        "file": photo.file_name,
        "description": photo.alt,
        "state": photo.state,
        "problem": photo.problem,
        "url": photo_addresses.absolute(shown, current_services().settings) if shown else None,
        "width": shown.width if shown else None,
        "height": shown.height if shown else None,
        "addedAt": instant(photo.added_at),
    }
