"""What mails say, to whom, and that nobody's name can change what they are."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from decimal import Decimal
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP, compat32
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from bs4 import BeautifulSoup
from hypothesis import example, given, settings
from hypothesis import strategies as st

from booking.domain.catalogue import HouseFacts
from booking.domain.reservations.booking_summary import BookingSummary
from booking.http import date_format, money_format
from booking.infra.mail import MailError
from booking.jobs.email_builder import one_line
from booking.jobs.mails import BALANCE_DECLINED, CANCELLATION, CONFIRMATION, REFUND_DECLINED, REFUND_RETURNED, compose
from tests.cases import each
from tests.jobs.letters_sent import received
from tests.jobs.stories import CANCELLED_NOTICE, NOTICE, SETTINGS, letter

MAILS = Path(date_format.__file__).parents[1] / "templates" / "mail"


def written(notice: BookingSummary = NOTICE, kind: str = CONFIRMATION) -> EmailMessage:
    return received(compose(notice, letter(kind), SETTINGS))


def decoded(message: EmailMessage, header: str) -> str:
    """The header's text, without the address. (The parser of Python 3.11 puts spaces between encoded words.)"""
    raw = str(message_from_bytes(message.as_bytes(), policy=compat32)[header])
    name = raw.rpartition("<")[0].strip() if header == "To" else raw
    unquoted = name[1:-1].replace("\\\\", "\0").replace("\\", "").replace("\0", "\\") if name.startswith('"') else name
    return " ".join(str(make_header(decode_header(unquoted))).split())


def text(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body
    return str(body.get_content())


def html(message: EmailMessage) -> BeautifulSoup:
    body = message.get_body(("html",))
    assert body
    return BeautifulSoup(body.get_content(), "html.parser")


def entry(message: EmailMessage) -> icalendar.Calendar:
    (attachment,) = message.iter_attachments()
    assert attachment.get_content_type() == "text/calendar"
    return icalendar.Calendar.from_ical(attachment.get_content())


def test_a_confirmation_says_reference_dates_price_and_terms() -> None:
    said = text(written())
    assert said.strip().startswith("Reference: K7PQ2WXH")
    for fact in (
        "Sea-facing studio",
        "12 Shabazi St",
        "Monday 4 May 2026",
        "from 15:00 local time (UTC+3)",
        "Friday 8 May 2026",
        "by 11:00",
        "2 guests, 4 nights",
        "3 nights at ₪480.00: ₪1,440.00",
        "1 night at ₪560.50 (weekend): ₪560.50",
        "Total paid: ₪2,000.50",
        "  Free cancellation until Wednesday 29 April 2026, 15:00 local time (UTC+3).",
        "  50% refund (₪1,000.25) until Sunday 3 May 2026, 15:00 local time (UTC+3).",
        "After that, no refund.",
        "https://stay.example/bookings/booking_",
    ):
        assert fact in said


def test_what_costs_nothing_was_not_paid() -> None:
    message = written(replace(NOTICE, total=Decimal(0), lines=(), refunds=()))
    for said in (text(message), html(message).get_text(" ")):
        assert "Total" in said
        assert "paid" not in said


def test_a_confirmation_says_how_to_reach_the_house_and_what_it_asks_where_the_house_has_said_it() -> None:
    house = HouseFacts(phone="+972 3 123 4567", rules="No parties.\n\nQuiet from 22:00.")
    for notice in (NOTICE, replace(NOTICE, rooms=2)):
        others = [] if notice is NOTICE else [NOTICE]
        message = received(compose(notice, letter(CONFIRMATION), SETTINGS, others, {"house": house}))
        for body in (text(message), html(message).get_text()):
            assert "+972 3 123 4567" in body
            assert body.index("House rules") < body.index("No parties.") < body.index("Quiet from 22:00.")
    assert "House rules" not in text(written())


def test_html_says_what_the_text_says() -> None:
    message = written()
    shown = " ".join(html(message).get_text(" ").split())
    for line in (
        "K7PQ2WXH",
        "Monday 4 May 2026",
        "₪2,000.50",
        "Free cancellation until Wednesday 29 April 2026, 15:00 local time (UTC+3)",
    ):
        assert line in shown
        assert line in " ".join(text(message).split())


def test_a_cancellation_states_the_refund() -> None:
    message = written(CANCELLED_NOTICE, CANCELLATION)
    assert "₪1,000.25 of the ₪2,000.50 you paid goes back" in text(message)
    assert "₪1,000.25" in html(message).get_text()


@pytest.mark.parametrize("refunded", [None, Decimal(0)])
def test_a_cancellation_without_refund_says_so(refunded: Decimal | None) -> None:
    message = written(replace(NOTICE, refunded=refunded), CANCELLATION)
    assert "\n  Under the terms of this booking, the ₪2,000.50 you paid is not refundable" in text(message)


def test_a_booking_without_open_terms_says_that_nothing_is_refunded() -> None:
    assert "This booking is non-refundable." in text(written(replace(NOTICE, refunds=())))


def test_what_stands_below_a_heading_is_indented() -> None:
    terms = (
        compose(NOTICE, letter(), SETTINGS)
        .text.partition("IF YOU NEED TO CANCEL\n")[2]
        .partition("\nView or cancel")[0]
    )
    assert "Free cancellation until" in terms
    assert "% refund (" in terms
    assert [line for line in terms.splitlines() if line and not line.startswith("  ")] == []


@each("path", sorted(MAILS.glob("*.txt")), ids=lambda path: path.name)
def test_no_statement_takes_the_indent_of_its_line(path: Path) -> None:
    # Jinja removes blanks before {% at the beginning of a line; {%+ keeps them.
    assert re.findall(r"(?m)^[ \t]+\{%[^+].*$", path.read_text()) == []


def test_the_same_delivery_makes_the_same_bytes() -> None:
    for kind in (CONFIRMATION, CANCELLATION, REFUND_DECLINED, REFUND_RETURNED, BALANCE_DECLINED):
        first, again = (compose(CANCELLED_NOTICE, letter(kind), SETTINGS).as_bytes() for _ in range(2))
        assert first == again


@each("kind", [CONFIRMATION, REFUND_RETURNED])
def test_every_line_is_as_mail_servers_want_it(kind: str) -> None:
    long = replace(NOTICE, room=" .\tÀ=" * 40, property="x" * 300, address=("\N{PARTY POPPER}" * 60,))
    sent = compose(replace(long, refunded=Decimal(1)), letter(kind), SETTINGS).as_bytes()
    assert max(map(len, sent.split(b"\r\n"))) <= 78
    assert sent.isascii()
    assert sent.endswith(b"\r\n")
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|[ \t]\r\n", sent.partition(b"\r\n\r\n")[2])
    assert [defect for part in message_from_bytes(sent, policy=SMTP).walk() for defect in part.defects] == []


def test_headers() -> None:
    message = written()
    assert message["Message-ID"] == "<019a.mail@stay.example>"
    assert message["Date"].datetime == dt.datetime(2026, 3, 1, 10, 15, tzinfo=dt.UTC)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["To"].addresses[0].addr_spec == "dana@example.com"
    assert message["Subject"].startswith("K7PQ2WXH: your booking is confirmed")


def test_names_cannot_add_headers() -> None:
    evil = "Dana\r\nBcc: victim@example.com\nX: y\x00\u2028z"
    message = written(replace(NOTICE, guest_name=evil, room=evil, property=evil))
    assert message["Bcc"] is None
    assert message["X"] is None
    assert message["To"].addresses[0].display_name == "Dana Bcc: victim@example.com X: y z"
    assert len(message["To"].addresses) == 1


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=255) | st.text(
    st.sampled_from('ab ,;:"\\\\()<>@.=?_é漢\r\n\t'), min_size=1, max_size=255
)


@pytest.mark.slow
@settings(deadline=None)
@example(name="Große Wohnung mit Ausblick über die ganze schöne Stadt – für Sie")
@example(name="חדר עם נוף לים ומרפסת גדולה מאוד מאוד, ליד החוף של תל אביב ויפו")
@example(name="000 ¡𐀀𐀀 ¡")
@given(name=NAMES)
def test_any_name_arrives_as_it_is(name: Any) -> None:
    message = written(replace(NOTICE, guest_name=name, room=name))
    assert message["To"].addresses[0].addr_spec == "dana@example.com"
    assert len(message["To"].addresses) == 1
    assert decoded(message, "To") == one_line(name)[:80].strip()
    assert one_line(name)[:50].strip() in decoded(message, "Subject")
    assert "\n" not in message["Subject"]
    assert set(message.keys()) == set(written().keys())
    assert one_line(name) in text(message)


def test_markup_in_names_is_text() -> None:
    page = html(written(replace(NOTICE, room="<script>alert(1)</script><img src=x>", guest_name="<b>Dana</b>")))
    assert page.find("script") is None
    assert page.find("img") is None
    assert "<b>Dana</b>" in page.get_text()


def test_template_marks_in_names_are_text() -> None:
    assert "{{ 7 * 7 }}" in text(written(replace(NOTICE, room="{{ 7 * 7 }}")))


def test_nothing_remote_is_loaded() -> None:
    page = html(written())
    assert not page.find_all(["img", "link", "script", "iframe"])
    assert "url(" not in str(page)
    assert "@import" not in str(page)
    assert [a["href"][:20] for a in page.find_all("a")] == ["https://stay.example"]


def test_styles_are_on_the_elements_and_dark_mode_stays() -> None:
    page = html(written())
    assert "background" in page.find(class_="card")["style"]
    assert "prefers-color-scheme: dark" in page.find("style").text


def test_a_domain_outside_ascii_is_written_as_servers_know_it() -> None:
    message = written(replace(NOTICE, email="dana@bücher.example"))
    assert message["To"].addresses[0].addr_spec == "dana@xn--bcher-kva.example"


@each("email", ["", "nobody", "a b@example.com", "dana@example..com", "x@" + "a" * 64 + ".com"])
def test_an_address_that_is_none_is_an_error_and_no_mail(email: str) -> None:
    with pytest.raises(MailError):
        written(replace(NOTICE, email=email))


def test_the_calendar_entry_is_the_stay_in_the_propertys_zone() -> None:
    calendar = entry(written())
    (stay,) = calendar.walk("VEVENT")
    assert calendar["METHOD"] == "PUBLISH"
    assert (stay["STATUS"], stay["SEQUENCE"]) == ("CONFIRMED", 0)
    assert stay["DTSTART"].dt == NOTICE.arrival
    assert stay["DTSTART"].params["TZID"] == "Asia/Jerusalem"
    assert stay["DTEND"].dt == NOTICE.departure
    assert stay["DTSTAMP"].dt == dt.datetime(2026, 3, 1, 10, 15, tzinfo=dt.UTC)
    assert [zone["TZID"] for zone in calendar.walk("VTIMEZONE")] == ["Asia/Jerusalem"]


def test_a_cancellation_takes_the_same_entry_away() -> None:
    (before,) = entry(written()).walk("VEVENT")
    calendar = entry(written(CANCELLED_NOTICE, CANCELLATION))
    (after,) = calendar.walk("VEVENT")
    assert calendar["METHOD"] == "CANCEL"
    assert (after["STATUS"], after["SEQUENCE"]) == ("CANCELLED", 1)
    assert after["UID"] == before["UID"]


def test_a_stay_over_the_change_of_the_clocks_keeps_its_hours() -> None:
    paris = ZoneInfo("Europe/Paris")
    arrival, departure = (dt.datetime(2026, 10, day, hour, tzinfo=paris) for day, hour in ((24, 15), (26, 11)))
    message = written(replace(NOTICE, arrival=arrival, departure=departure, nights=2))
    assert "from 15:00 local time (UTC+2)" in text(message)
    assert "by 11:00 local time (UTC+1)" in text(message)
    (stay,) = entry(message).walk("VEVENT")
    assert stay["DTEND"].dt - stay["DTSTART"].dt == dt.timedelta(hours=44)  # wall clock; one hour more on a watch


@pytest.mark.slow
@settings(deadline=None)
@given(name=NAMES)
def test_any_name_fits_into_the_calendar(name: Any) -> None:
    (stay,) = entry(written(replace(NOTICE, room=name))).walk("VEVENT")
    assert stay["SUMMARY"] == f"{one_line(name)}, Neve House"


@each(
    ("amount", "currency", "spelled"),
    [
        ("1234.5", "EUR", "€1,234.50"),
        ("18000", "JPY", "¥18,000"),
        ("41.5", "KWD", "KWD\N{NO-BREAK SPACE}41.500"),
        ("99", "ISK", "ISK\N{NO-BREAK SPACE}99"),
        ("1200", "ZAR", "ZAR\N{NO-BREAK SPACE}1,200"),
        ("1200.5", "USD", "US$1,200.50"),
        ("90", "CAD", "CA$90"),
        ("-3", "EUR", "−€3"),
    ],
)
def test_money_has_the_currencys_own_decimals(amount: str, currency: str, spelled: str) -> None:
    assert money_format.money(Decimal(amount), currency) == spelled


def test_amounts_of_one_mail_look_alike() -> None:
    said = text(written())
    assert "3 nights at ₪480.00: ₪1,440.00" in said  # because another night costs ₪560.50
    whole = replace(NOTICE, lines=NOTICE.lines[:1], total=Decimal(1440), refunds=())
    assert "3 nights at ₪480: ₪1,440" in text(written(whole))


@each(
    ("zone", "spelled"),
    [
        ("Asia/Kolkata", "(UTC+5:30)"),
        ("America/St_Johns", "(UTC-2:30)"),
        ("Europe/Dublin", "(UTC+1)"),
        ("UTC", "(UTC+0)"),
    ],
)
def test_zones_are_said_in_figures(zone: str, spelled: str) -> None:
    assert date_format.zone_offset(dt.datetime(2026, 7, 4, 15, tzinfo=ZoneInfo(zone))) == f"local time {spelled}"


@each("name", ["x" * 300, "ש" * 300, "Long title " * 30, "…" * 60])
def test_a_long_subject_begins_on_its_first_line(name: str) -> None:
    lines = compose(replace(NOTICE, room=name), letter(), SETTINGS).as_bytes().splitlines()
    first = next(line for line in lines if line.lower().startswith(b"subject:"))
    assert NOTICE.reference in str(make_header(decode_header(first.decode())))
