"""Amenities: one slug for what people call by many names."""

from __future__ import annotations

import csv
import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.domain.catalogue.importing import BadRow, listings
from booking.domain.catalogue.importing.amenities import LONGEST, MOST, normalised
from tests.cases import each
from tests.refusals import refused
from tests.room_files import LISTINGS, needs_listings


@each(
    ("name", "slug"),
    [
        ("Wifi", "wifi"),
        ("Fast wifi – 448 Mbps", "wifi"),
        ("AC - split type ductless system", "air_conditioning"),
        ("Central air conditioning", "air_conditioning"),
        ("65 inch HDTV with Netflix", "tv"),
        ("Free washer – In unit", "washer"),
        ("Washer –\u00a0In unit", "washer"),
        ("Paid dryer – In building", "dryer"),
        ("Hair dryer", "hair_dryer"),
        ("Coffee maker: Nespresso", "coffee_maker"),
        ("Pack \u2019n play/Travel crib - available upon request", "crib"),
        ("Children\u2019s books and toys for ages 0-2 years old", "toys"),
        ("Dove body soap", "soap"),
        ("Smeg refrigerator", "refrigerator"),
        ("Free street parking", "free_street_parking"),
        ("Free driveway parking on premises – 1 space", "free_parking"),
        ("Paid parking garage off premises", "paid_parking"),
        ("Pool table", "pool_table"),
        ("Pool view", "pool_view"),
        ("Indoor pool - available all year", "pool"),
        ("Fireplace guards", "fireplace_guards"),
        ("Indoor fireplace: gas", "fireplace"),
        ("Private patio or balcony", "balcony"),
        ("Air fryer", "air_fryer"),
        ("מרפסת", "מרפסת"),
    ],
)
def test_known_amenities_have_one_slug_each(name: str, slug: str) -> None:
    assert normalised([name]) == (slug,)


def test_each_amenity_once_in_the_order_given() -> None:
    assert normalised(["TV", "Wifi", "HDTV", "", "!!", "wifi"]) == ("tv", "wifi")


def test_at_most_a_hundred_of_at_most_sixty_characters() -> None:
    many = normalised([f"thing {number}" for number in range(150)])
    assert len(many) == MOST
    assert len(normalised(["very " * 40])[0]) <= LONGEST


@given(st.lists(st.text(), max_size=5))
def test_normalising_twice_changes_nothing(names: list[str]) -> None:
    assert normalised(normalised(names)) == normalised(names)


@needs_listings
@pytest.mark.parametrize("city", ["antwerp", "boston"])
def test_normalising_real_amenities_twice_changes_nothing(city: str) -> None:
    with gzip.open(LISTINGS / f"{city}_listings.csv.gz", "rt", encoding="utf-8", newline="") as file:
        lists = [normalised(json.loads(row["amenities"])) for row in csv.DictReader(file)]
    assert all(normalised(slugs) == slugs for slugs in lists)
    assert len({slug for slugs in lists for slug in slugs}) < 300


@each(
    ("cell", "slugs"),
    [
        ('{TV,"Cable TV",Internet,"Wireless Internet"}', ("tv", "internet", "wifi")),
        ('{"Air Conditioning",Dog(s)}', ("air_conditioning", "dog_s")),
        ('{Kitchen,"translation missing: en.hosting_amenity_49"}', ("kitchen",)),
        ('{"a \\"quoted\\" word, and a comma"}', ("a_quoted_word_and_a_comma",)),
        ("{}", ()),
        ('{""}', ()),
    ],
)
def test_lists_are_read_as_they_were_written_until_2020(cell: str, slugs: tuple[str, ...]) -> None:
    assert listings.amenity_slugs(cell) == slugs


@each("cell", ["{TV", '{"TV}', '{"TV"x}'])
def test_a_broken_list_is_refused(cell: str) -> None:
    with refused(BadRow, "amenities: "):
        listings.amenity_slugs(cell)
