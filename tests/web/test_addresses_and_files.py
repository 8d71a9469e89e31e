"""Slashes at the end, files that are kept, parts of files, numbers as people type them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from pydantic import ValidationError

from booking.domain.search.inputs import RoomSearch
from tests.cases import each

DATES = {"checkIn": "2030-05-01", "checkOut": "2030-05-03"}


@each(
    ("asked", "location"),
    [
        ("/rooms/", "/rooms"),
        ("/rooms//", "/rooms"),
        ("/sign-in/", "/sign-in"),
        ("/sign-in/?next=%2Fbookings", "/sign-in?next=%2Fbookings"),
        ("/rooms/?location=s%C3%A3o-paulo", "/rooms?location=s%C3%A3o-paulo"),
    ],
)
def test_a_slash_at_the_end_leads_to_the_page(client: FlaskClient, asked: str, location: str) -> None:
    answer = client.get(asked)
    assert (answer.status_code, answer.headers["Location"]) == (308, location)


def test_a_form_keeps_its_method_over_the_redirect(client: FlaskClient) -> None:
    assert client.post("/sign-in/", data={}).status_code == 308
    assert client.post("/rooms/", data={}).status_code == 404  # there is nothing to send to


@each("path", ["/nowhere/", "/x//evil.example/", "/\\evil.example/", "/rooms/x/y/z/"])
def test_no_slash_leads_anywhere_else(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def stylesheet(client: FlaskClient) -> str:
    (address,) = set(re.findall(r'href="(/static/app\.css\?v=\w+)"', client.get("/").text))
    return str(address)


@each("query", ["", "?v=deadbeef1234", "?v=", "?w=1"])
def test_a_file_is_kept_for_a_year_only_under_its_own_hash(client: FlaskClient, query: str) -> None:
    kept = client.get(stylesheet(client))
    assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    other = client.get(f"/static/app.css{query}")
    assert (other.status_code, other.headers["Cache-Control"]) == (200, "no-cache")
    again = client.get(f"/static/app.css{query}", headers={"If-None-Match": other.headers["ETag"]})
    assert again.status_code == 304


@each("encoding", ["br", "gzip", "zstd, br", "identity", "*"])
def test_a_part_of_a_file_is_those_bytes_of_the_file(client: FlaskClient, encoding: str) -> None:
    address = stylesheet(client)
    whole = (Path(__file__).parents[2] / "booking" / "static" / "app.css").read_bytes()
    part = client.get(address, headers={"Range": "bytes=0-2999", "Accept-Encoding": encoding})
    assert part.status_code == 206
    assert "Content-Encoding" not in part.headers
    assert part.headers["Content-Range"] == f"bytes 0-2999/{len(whole)}"
    assert part.data == whole[:3000]


@each(
    ("typed", "meant"),
    [
        ("99,50", "99.50"),
        ("99,5", "99.5"),
        ("99.50", "99.50"),
        ("1234", "1234"),
        ("1,234", "1234"),
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("12.345.678,9", "12345678.9"),
        ("1 234,50", "1234.50"),
        ("1\u202f234", "1234"),
        ("1'234.50", "1234.50"),
        ("  80 ", "80"),
    ],
)
def test_a_price_is_read_as_people_type_it(typed: str, meant: str) -> None:
    wanted = RoomSearch.model_validate({**DATES, "maxPrice": typed, "minPrice": typed}, strict=False)
    assert str(wanted.max_price) == meant
    assert wanted.min_price == wanted.max_price


@each("typed", ["9,9,9", "1,23,456", "a", "1,,5", ",", "1.2.3", "1 2", "--1", "1,5x"])
def test_what_is_no_price_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        RoomSearch.model_validate({**DATES, "maxPrice": typed}, strict=False)
