"""The picture of a room in the email that confirms it: inside of it, so that nothing is fetched when it is read."""

from __future__ import annotations

from dataclasses import dataclass

from booking.domain import catalogue
from booking.domain.catalogue import PhotosUnavailable
from booking.domain.reservations import BookingSummary
from booking.infra.mail_message import Picture
from booking.jobs.email_builder import Letter, one_line

WIDTH = 504  # pixels of the column that it stands in


@dataclass(frozen=True, slots=True)
class Cover:
    """A photo, and what it shows for whoever does not see it."""

    picture: Picture
    alt: str
    width: int
    height: int


def of(notice: BookingSummary, letter: Letter) -> Cover | None:
    """The first photo of the room as it is now; None where it has none, or where the photos are away: no confirmation
    waits for a picture.
    """
    photo = catalogue.find_cover(notice.room_id) if notice.room_id else None
    try:
        content = catalogue.photo_for_mail(photo) if photo else None
    except PhotosUnavailable:
        return None
    if photo is None or content is None:
        return None
    alt, height = one_line(photo.alt or notice.room), round(WIDTH * photo.height / photo.width)
    return Cover(Picture(f"cover.{letter.message_id.strip('<>')}", content), alt, WIDTH, height)
