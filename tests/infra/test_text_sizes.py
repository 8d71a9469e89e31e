"""What a text message costs, counted as networks count; and numbers in the one form that they understand."""

from __future__ import annotations

import pytest

from booking.infra import phone_numbers
from booking.infra.texting import measured, spelled_plainly
from booking.infra.texting.gsm7 import GSM, UCS2
from tests.cases import each

pytestmark = pytest.mark.slow


@each(
    ("text", "encoding", "places", "segments"),
    [
        ("a" * 160, GSM, 160, 1),
        ("a" * 161, GSM, 161, 2),
        ("a" * 306, GSM, 306, 2),
        ("a" * 307, GSM, 307, 3),
        ("€" * 80, GSM, 160, 1),  # two places each
        ("a" * 152 + "€" + "a" * 10, GSM, 164, 2),
        ("a" * 152 + "€" * 77, GSM, 306, 3),  # none is cut in two: the first part has 152 places
        ("ß@£Ç\n", GSM, 5, 1),
        ("א" * 70, UCS2, 70, 1),
        ("א" * 71, UCS2, 71, 2),
        ("’", UCS2, 1, 1),
        ("😀" * 35, UCS2, 70, 1),
        ("😀" * 67, UCS2, 134, 3),  # 33 pairs fit into 67 places
    ],
)
def test_a_text_is_as_many_messages_as_a_network_makes_of_it(
    text: str, encoding: str, places: int, segments: int
) -> None:
    size = measured(text)
    assert (size.encoding, size.places, size.segments) == (encoding, places, segments)


@each(
    ("text", "plain"),
    [
        ("Alice’s “house” – 15:00…", 'Alice\'s "house" - 15:00...'),
        ("São João", "Sao Joao"),
        ("Café à Malmö", "Café à Malmö"),  # all of it is in the alphabet
        ("Łódź", "Łódź"),  # no accent: left as it is
        ("בית – Haifa", "בית - Haifa"),
        ("15:00\u202f Uhr", "15:00  Uhr"),
    ],
)
def test_what_only_looks_nicer_makes_no_text_dearer(text: str, plain: str) -> None:
    assert spelled_plainly(text) == plain


@each(
    ("written", "number"),
    [
        ("+32 471 23 45 67", "+32471234567"),
        ("0032 (471) 23-45-67", "+32471234567"),
        ("+46 70 174 06 05", "+46701740605"),
        ("+1 415 555 2671", "+14155552671"),
    ],
)
def test_a_number_is_kept_in_one_form(written: str, number: str) -> None:
    assert phone_numbers.textable(written) == number


@each("written", ["", "0471 23 45 67", "471234567", "+32 471", "+999 471 23 45 67", "+32 471 23 45 67 ext. 5", "+"])
def test_what_is_no_number_of_a_country_is_refused(written: str) -> None:
    with pytest.raises(phone_numbers.NotANumber):
        phone_numbers.textable(written)


@each("written", ["+32 2 555 12 12", "+44 20 7946 0018", "+49 900 1234567", "+1 800 555 0199"])
def test_what_takes_no_text_messages_is_refused(written: str) -> None:
    with pytest.raises((phone_numbers.NotTextable, phone_numbers.NotANumber)):
        phone_numbers.textable(written)
