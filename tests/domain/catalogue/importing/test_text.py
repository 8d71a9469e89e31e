"""Foreign text becomes plain text: nothing invisible, no markup, nothing lost that was meant."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from booking.domain.catalogue.importing.text import from_html, is_missing, one_line, paragraphs, visible
from tests.cases import each


@each(
    ("written", "stored"),
    [
        ("  Sunny loft \u200b ", "Sunny loft"),
        ("\ufeffCosy\u00ad room\x00", "Cosy room"),
        ("Two\nlines\tand a tab", "Two lines and a tab"),
        ("\u202eevil\u202c", "evil"),
        (
            "Family \U0001f468\u200d\U0001f469\u200d\U0001f467 flat",
            "Family \U0001f468\u200d\U0001f469\u200d\U0001f467 flat",
        ),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
        (
            "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
            "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        ),
        ("a\u200db", "ab"),
        ("\U000e0041hidden", "hidden"),
        ("Cafe\u0301", "Café"),
        ("half \ud83d an emoji", "half  an emoji"),
        ("=SUM(A1)", "=SUM(A1)"),
        ("\u200b\u200b", ""),
    ],
)
def test_a_name_is_one_visible_line(written: str, stored: str) -> None:
    assert one_line(written) == stored


@each(
    ("markup", "text"),
    [
        ("Bright.<br />Quiet.<br/><br>Central.", "Bright.\nQuiet.\n\nCentral."),
        ("<b>Bold</b> and <i>slanted</i>", "Bold and slanted"),
        ("Before you book <please read the rules", "Before you book <please read the rules"),
        ("<100m to the beach, <3 it, 5 < 6", "<100m to the beach, <3 it, 5 < 6"),
        ("<please> read", "<please> read"),
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<ul><li>Wifi</li><li>Tea</li></ul>", "Wifi\nTea"),
        ("a<script>alert(1)</script>b<style>p{}</style>c", "abc"),
        ('<a href="javascript:alert(1)" onclick="x()">here</a>', "here"),
        ("<!-- hidden -->seen", "seen"),
        ("B&B, R&notes, AT&T", "B&B, R&notes, AT&T"),
        ("Bread &amp; butter&nbsp;&trade; &#8211; 5&euro;", "Bread & butter ™ – 5€"),
        ("&lt;b&gt;", "<b>"),
        ("&amp;lt;", "&lt;"),
        ("&#0;&#x1;ok", "\ufffdok"),
        ("a  b \t c\r\nd   \n\n\n\ne", "a b c\nd\n\ne"),
        ("\ufeffzero\u200bwidth", "zerowidth"),
        ("", ""),
    ],
)
def test_html_becomes_plain_text(markup: str, text: str) -> None:
    assert from_html(markup) == text


def test_a_line_of_our_own_csv_is_kept_as_it_is() -> None:
    assert paragraphs(" <b>is text here</b>\r\n\r\n two  spaces ") == " <b>is text here</b>\r\n\r\n two  spaces "


@given(st.text())
def test_nothing_invisible_survives(written: str) -> None:
    for cleaned in (one_line(written), from_html(written)):
        assert not [letter for letter in cleaned if unicodedata.category(letter) == "Cc" and letter != "\n"]
        assert not {"\u200b", "\ufeff", "\u202e"} & set(cleaned)
        cleaned.encode()


@given(st.text())
def test_cleaning_twice_changes_nothing(written: str) -> None:
    assert one_line(one_line(written)) == one_line(written)
    assert visible(visible(written)) == visible(written)


@given(st.text(alphabet="<>/abrp &;lt#3\n", max_size=60))
def test_no_known_tag_survives(markup: str) -> None:
    assert "<br>" not in from_html(markup.replace("&", ""))


@each("word", ["", " ", "NA", "n/a", "NULL", "null", "None", "nan"])
def test_null_words_say_nothing(word: str) -> None:
    assert is_missing(word)
