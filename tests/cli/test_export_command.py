"""`flask rooms export`: what goes out can come back as it was."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from booking.domain import catalogue
from booking.domain.actors import Actor
from booking.domain.catalogue.cancellation_policies import STRICT
from booking.domain.tables import Property, Room
from booking.infra.db import db, transaction
from tests.cast import a_room
from tests.room_files import ANTWERP, Files, listings, read

pytestmark = pytest.mark.usefixtures("app")

KEPT = [
    column
    for column in Room.__mapper__.columns.keys()  # noqa: SIM118 a collection of columns by name, not a dict
    if column not in ("property_id", "version", "created_at", "updated_at")
]


@transaction
def contents() -> list[dict[str, object]]:
    """All rooms with their properties' slugs, without what says when they were written."""
    rows = db.session.execute(select(Room, Property.slug).join(Property, Room.property_id == Property.id))
    found = [{**{column: getattr(room, column) for column in KEPT}, "house": slug} for room, slug in rows]
    return sorted(found, key=lambda room: (room["source"] or "", room["source_id"] or str(room["id"])))


@transaction
def forget_everything() -> None:
    db.session.execute(delete(Room))
    db.session.execute(delete(Property))


def odd_rooms(files: Files) -> None:
    files.import_(
        listings({"name": '=HYPERLINK("http://x")'}, {"name": "@home"}, {"name": "'quoted"}, {"price": ""}), *ANTWERP
    )
    photo = {"url": "https://a.example/%C3%A9.jpg", "alt": "é"}
    for name in ("+1 bed", "-cheap-", "''=double", 'Plain, "quoted"', "חדר עם נוף"):
        a_room(name=name, description=f"={name}\n\nsecond\r\nparagraph ", images=[photo])
    a_room(
        currency="JPY",
        price_per_night=Decimal(12000),
        location="kyoto",
        cancellation_policy=STRICT,
    )
    a_room(currency="KWD", price_per_night=Decimal("12.345"), location="kuwait-city", published=False, capacity=300)
    a_room(min_nights=2, max_nights=900, amenities=[], kind="Suite", price_per_night=Decimal("10.50"))


def test_export_and_import_is_a_round_trip(files: Files) -> None:
    odd_rooms(files)
    before, exported = contents(), files.export()
    result = files.import_(exported)
    assert f"0 created, 0 updated, {len(before)} unchanged, 0 bad" in result.output
    assert contents() == before


def test_an_export_rebuilds_an_empty_installation(files: Files) -> None:
    odd_rooms(files)
    before, exported = contents(), files.export()
    forget_everything()
    assert f"{len(before)} created, 0 updated, 0 unchanged, 0 bad" in files.import_(exported).output
    without_ids = [{**room, "id": room["id"] if room["source"] is None else None} for room in before]
    assert [{**room, "id": room["id"] if room["source"] is None else None} for room in contents()] == without_ids
    assert sorted(files.export().splitlines()) == sorted(exported.splitlines())


def test_no_cell_is_a_formula(files: Files) -> None:
    odd_rooms(files)
    cells = [cell for row in read(files.export()) for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_one_location_can_be_exported_alone(files: Files) -> None:
    odd_rooms(files)
    assert {row["location"] for row in read(files.export("--location", "kyoto"))} == {"kyoto"}


def test_a_place_without_rooms_writes_nothing_over_the_last_export(files: Files, tmp_path: Path) -> None:
    odd_rooms(files)
    last = tmp_path / "rooms.csv"
    last.write_text("the last export")
    for location, hint in (("nowhere", ""), ("kyotto", "Did you mean kyoto?"), ("Kuwait City", "kuwait-city")):
        result = files.runner.invoke(args=["rooms", "export", str(last), "--location", location])
        assert result.exit_code == 1
        assert f"No room is in '{location}'" in result.stderr
        assert hint in result.stderr
        assert last.read_text() == "the last export"
        assert files.runner.invoke(args=["rooms", "export", "--location", location]).stdout == ""


def test_excel_reads_an_export_as_utf_8(files: Files) -> None:
    odd_rooms(files)
    result = files.runner.invoke(args=["rooms", "export"])
    assert result.stdout_bytes.startswith(b"\xef\xbb\xbfproperty_slug,")
    assert result.stdout_bytes.count(b"\xef\xbb\xbf") == 1


def test_standard_output_carries_nothing_but_the_rows(files: Files) -> None:
    odd_rooms(files)
    result = files.runner.invoke(args=["rooms", "export"])
    assert result.stdout_bytes.decode("utf-8-sig") == files.export()
    assert "rooms exported." in result.stderr


def test_a_file_appears_whole_or_not_at_all(files: Files, tmp_path: Path) -> None:
    result = files.runner.invoke(args=["rooms", "export", str(tmp_path / "no" / "rooms.csv")])
    assert result.exit_code == 1
    assert "Cannot write" in result.stderr
    assert files.runner.invoke(args=["rooms", "export", str(tmp_path / "plain.csv")]).exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["plain.csv"]


@pytest.mark.usefixtures("survivor")
@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGHUP])
def test_an_export_that_is_told_to_stop_leaves_no_part_of_a_file(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: signal.Signals
) -> None:
    a_room()
    rows = catalogue.exported_rooms

    def interrupted(actor: Actor, location: str | None) -> Iterator[Any]:
        signal.raise_signal(told)
        yield from rows(actor, location)

    monkeypatch.setattr(catalogue, "exported_rooms", interrupted)
    result = files.runner.invoke(args=["rooms", "export", str(tmp_path / "rooms.csv")])
    assert result.exit_code == 128 + told
    assert list(tmp_path.glob("rooms.csv*")) == []
