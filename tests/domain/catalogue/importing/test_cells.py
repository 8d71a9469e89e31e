"""What a cell means, and why some mean nothing we could use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.domain import money
from booking.domain.catalogue.importing import BadRow, drafts, places, values
from booking.domain.catalogue.importing.drafts import Unfit
from tests.cases import each
from tests.refusals import refused


@each(
    ("cell", "currency", "amount"),
    [
        ("$1,309.00", "EUR", "1309.00"),
        ("$46.00", "JPY", "46"),
        ("€ 46", "EUR", "46"),
        ("1309.5", "USD", "1309.50"),
        ("EUR 1,234,567.89", "EUR", "1234567.89"),
        ("12.345", "KWD", "12.345"),
        ("99999999", "VND", "99999999"),
        ("80 kr", "ISK", "80"),
        ("165000000", "IRR", "165000000"),
        ("165,000,000", "IRR", "165000000"),
        ("120.500", "TND", "120.500"),
        ("1,234,567", "TND", "1234567"),
        ("1,234.500", "TND", "1234.500"),
        ("120,500", "EUR", "120500"),
    ],
)
def test_a_price_is_read_in_the_currency_asked_for(cell: str, currency: str, amount: str) -> None:
    assert values.price("price", cell, currency) == Decimal(amount)


@each("cell", ["", "NA", "N/A", "NULL", "  "])
def test_a_missing_price_is_none(cell: str) -> None:
    assert values.price("price", cell, "EUR") is None


@each(
    ("cell", "currency", "reason"),
    [
        ("$0.00", "EUR", "not more than zero"),
        ("-6.38", "EUR", "not more than zero"),
        ("$-6.38", "EUR", "not more than zero"),
        ("-$6.38", "EUR", "not more than zero"),
        ("2739726028", "IRR", "more than 2,739,726,027"),
        ("9" * 20, "EUR", "more than 2,739,726,027"),
        ("120,500", "TND", r"may be 120.500 or 120500: TND has three decimals"),
        ("$12,500", "KWD", "may be 12.500 or 12500"),
        ("NaN", "EUR", '"NaN" is not a price'),
        ("nan", "EUR", "is not a price"),
        ("Infinity", "EUR", "is not a price"),
        ("-inf", "EUR", "is not a price"),
        ("10.50", "JPY", "more than the 0 decimals of JPY"),
        ("10.505", "EUR", "more than the 2 decimals of EUR"),
        ("1.309,00", "EUR", "not a price"),
        ("46,00", "EUR", "not a price"),
        ("(46.00)", "EUR", "not a price"),
        ("1e5", "EUR", "not a price"),
        ("free", "EUR", "not a price"),
        ("١٢", "EUR", "not a price"),
        ("9" * 500, "EUR", "not a price"),
    ],
)
def test_a_price_that_cannot_be_charged_is_refused(cell: str, currency: str, reason: str) -> None:
    with refused(BadRow, reason):
        values.price("price", cell, currency)


@given(st.decimals("0.01", "99999999", places=2), st.sampled_from(["EUR", "ILS", "GBP"]))
def test_any_price_comes_back_as_it_was_written(amount: Decimal, currency: str) -> None:
    assert values.price("price", f"${amount:,}", currency) == money.rounded(amount, currency)


@each(("cell", "number"), [("2", 2), ("2.0", 2), (" 7 ", 7), ("2147483647", 2147483647), ("NA", None)])
def test_whole_numbers(cell: str, number: int | None) -> None:
    assert values.whole_number("beds", cell, lowest=1) == number


@each("cell", ["0", "-1", "2.5", "two", "1_0", "٢", "2147483648", "9" * 400, "1e3"])
def test_what_is_no_whole_number_in_range_is_refused(cell: str) -> None:
    with pytest.raises(BadRow):
        values.whole_number("beds", cell, lowest=1)


@each(
    ("reader", "cell"),
    [
        (values.truth, "maybe"),
        (values.clock_time, "25:00"),
        (values.clock_time, "3"),
        (values.clock_time, "13:00 PM"),
        (values.clock_time, "0:30 AM"),
        (values.clock_time, "24:00"),
        (values.clock_time, "9:5"),
        (values.clock_time, "09:00:30"),
        (values.clock_time, "09:00Z"),
        (values.clock_time, "٩:٠٠"),
        (values.json_list, "{}"),
        (values.json_list, "[1,"),
        (values.json_list, "[NaN]"),
        (values.json_list, "[" * 100_000),
        (values.json_object, "[]"),
    ],
)
def test_what_cannot_be_read_is_refused(reader: Callable[[str, str], Any], cell: str) -> None:
    with refused(BadRow, r"^cell: "):
        reader("cell", cell)


@each(
    ("cell", "time"),
    [
        ("9:00", "09:00"),
        ("09:00:00", "09:00"),
        ("9:00 AM", "09:00"),
        ("9:00:00 PM", "21:00"),
        ("9:00\u202fPM", "21:00"),
        ("9:00 p.m.", "21:00"),
        ("3pm", "15:00"),
        ("12:15 AM", "00:15"),
        ("12:00 PM", "12:00"),
        ("15.30", "15:30"),
        ("15h00", "15:00"),
        (" 15:00 ", "15:00"),
        ("0:00", "00:00"),
    ],
)
def test_times_are_read_as_spreadsheets_write_them(cell: str, time: str) -> None:
    assert values.clock_time("check_in_time", cell) == dt.time.fromisoformat(time)


def test_the_highest_price_fits_into_the_total_of_the_longest_stay() -> None:
    assert Decimal(10) ** 12 > values.HIGHEST_PRICE * drafts.LONGEST_STAY


@each(
    ("said", "name"),
    [
        ("UK", "United Kingdom"),
        ("U.K.", "United Kingdom"),
        ("great britain", "United Kingdom"),
        ("GBR", "United Kingdom"),
        ("Turkey", "Türkiye"),
        ("Turkiye", "Türkiye"),
        ("Czech Republic", "Czechia"),
        ("USA", "United States"),
        ("the Netherlands", "Netherlands"),
        ("Holland", "Netherlands"),
        ("Cote d'Ivoire", "Côte d’Ivoire"),
        ("Ivory Coast", "Côte d’Ivoire"),
        ("Hong Kong", "Hong Kong SAR China"),
        ("Saint Lucia", "St. Lucia"),
        ("Myanmar", "Myanmar (Burma)"),
        ("Bosnia and Herzegovina", "Bosnia & Herzegovina"),
        ("Deutschland", "Germany"),
        ("日本", "Japan"),
        ("st", "São Tomé & Príncipe"),
    ],
)
def test_a_country_is_known_by_what_people_call_it(said: str, name: str) -> None:
    assert places.country(said) == name


def test_cells_that_say_something() -> None:
    assert values.truth("published", "T") is True
    assert values.truth("published", "false") is False
    assert values.clock_time("check_in_time", "15:30") == dt.time(15, 30)
    assert values.json_list("images", "[{}]") == [{}]
    assert values.json_object("address", '{"city": "Köln"}') == {"city": "Köln"}


@each("value", [{"a": "\x00"}, ["\ud800"], {"\udfff": 1}])
def test_what_jsonb_cannot_hold_is_refused(value: Any) -> None:
    with refused(BadRow, "cannot be stored"):
        values.storable("address", value)


@each(
    ("rule", "value", "hint"),
    [
        (places.location, "Tel Aviv", "tel-aviv"),
        (places.location, "São Paulo", "sao-paulo"),
        (places.location, "-x", "'x'"),
        (places.location, "北京", "such as tel-aviv"),
        (places.location, "a" * 121, "location"),
        (places.time_zone, "Brussels", "Europe/Brussels"),
        (places.time_zone, "europe/brussels", "Europe/Brussels"),
        (places.time_zone, "../etc/passwd", "IANA"),
        (places.time_zone, "", "IANA"),
        (places.currency, "EURO", "three letters"),
        (places.currency, "DEM", "DEM is no longer in use: EUR came instead"),
        (places.currency, "bgn", "BGN is no longer in use: EUR came instead"),
        (places.currency, "HRK", "EUR came instead"),
        (places.currency, "SLL", "SLE came instead"),
        (places.country, "Belgiun", "Did you mean Belgium"),
        (places.country, "Korea", "South Korea or North Korea"),
        (places.country, "Congo", "Brazzaville or Congo - Kinshasa"),
        (places.country, "European Union", "not a country"),
        (places.country, "EU", "not a country"),
        (places.country, "Canary Islands", "not a country"),
        (places.country, "IC", "not a country"),
        (places.country, "", "not a country"),
        (places.currency, "XXX", "ISO 4217"),
    ],
)
def test_a_place_that_is_none_gets_a_hint(rule: Callable[[str], str], value: str, hint: str) -> None:
    with refused(Unfit, hint):
        rule(value)


def test_places_that_are() -> None:
    assert places.location("tel-aviv") == "tel-aviv"
    assert places.time_zone("America/Argentina/Buenos_Aires") == "America/Argentina/Buenos_Aires"
    assert [places.currency(code) for code in ("eur", "ILS", "JPY", "KWD")] == ["EUR", "ILS", "JPY", "KWD"]
