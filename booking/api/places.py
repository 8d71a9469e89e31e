"""What can be searched for: public, the same for everybody, and kept for a few minutes by whoever asks."""

from __future__ import annotations

from flask import Response
from pydantic import BaseModel

from booking.api import schemas
from booking.api.endpoint import endpoint, json_response, to_json
from booking.domain import catalogue
from booking.http.services import current_services

KEPT = {"Cache-Control": "public, max-age=300"}
KEPT_TOLD = {"Cache-Control": "The answer may be kept for five minutes."}


@endpoint("GET", "/places", tag="Rooms", schema=schemas.PlaceList, public=True, answer_headers=KEPT_TOLD)
def list_places() -> Response:
    """The destinations that have rooms, by name: `location` is what GET /rooms takes."""
    return _kept(schemas.places(catalogue.list_destinations(current_services().settings.room_cache_seconds)))


@endpoint("GET", "/amenities", tag="Rooms", schema=schemas.AmenityList, public=True, answer_headers=KEPT_TOLD)
def list_amenities() -> Response:
    """The amenities that rooms have, the most frequent first: `name` is what GET /rooms takes in `amenities`."""
    return _kept(schemas.amenities(catalogue.count_amenities()))


def _kept(body: BaseModel) -> Response:
    return json_response(to_json(body), 200, KEPT)
