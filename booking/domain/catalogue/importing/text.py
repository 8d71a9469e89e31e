"""Foreign text made ours: names of one line, descriptions of paragraphs, nothing invisible, no HTML."""

from __future__ import annotations

import html
import re
import unicodedata

import nh3

from booking.domain import names

NULL_WORDS = {"", "na", "n/a", "null", "none", "nan"}

_TAGS = (
    "a abbr address article aside audio b big blockquote body br button center cite code dd details div dl dt em embed"
    " fieldset figcaption figure font footer form h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins kbd"
    " label li link main mark meta nav noscript object ol option p pre q s script section select small span strike"
    " strong style sub summary sup svg table tbody td textarea tfoot th thead title tr tt u ul video"
).replace(" ", "|")
_NOT_A_TAG = re.compile(rf"<(?!/?(?:{_TAGS})(?=[\s/>])[^<>]*>|!--)", re.IGNORECASE)
_NOT_AN_ENTITY = re.compile(r"&(?!#\d{1,7};|#x[0-9a-f]{1,6};|\w{2,31};)", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|\w{2,31});", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>|</(?:li|tr|dt|dd)\s*>", re.IGNORECASE)
_PARAGRAPH = re.compile(r"</?(?:p|div|ul|ol|table|h[1-6]|blockquote|section|hr)(?=[\s/>])[^<>]*>", re.IGNORECASE)

_JOINERS = "\u200c\u200d"
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f")  # 🏴󠁧󠁢󠁳󠁣󠁴󠁿 is a flag and six invisible letters


def is_missing(text: str) -> bool:
    """True for the words that data sets write where they know nothing."""
    return text.strip().lower() in NULL_WORDS


def visible(text: str, *, keep: str = "") -> str:
    """`text` in NFC without control, zero-width and direction characters, except those in `keep`.

    Joiners stay between two visible characters beyond ASCII: emoji families, Persian and Indic spelling need them.
    """
    text = unicodedata.normalize("NFC", text)
    if text.translate(dict.fromkeys(map(ord, keep))).isprintable():
        return text  # nearly all text: not worth a look at every letter
    flags = {place for match in _FLAG.finditer(text) for place in range(*match.span())}
    return "".join(
        character
        for place, character in enumerate(text)
        if unicodedata.category(character) not in {"Cc", "Cf", "Cs"}
        or character in keep
        or place in flags
        or (character in _JOINERS and _joins(text, place))
    )


def _joins(text: str, place: int) -> bool:
    neighbours = text[place - 1 : place] + text[place + 1 : place + 2]
    return len(neighbours) == 2 and all(
        ord(character) > 127 and unicodedata.category(character)[0] in "LMS" for character in neighbours
    )


def one_line(text: str) -> str:
    """A name: trimmed, line breaks and tabs turned into spaces, nothing invisible. Empty where nothing can be seen."""
    line = names.trimmed(visible(re.sub(r"[\t\r\n\v\f\x85\u2028\u2029]+", " ", text)))
    return line if names.is_visible(line) else ""


def paragraphs(text: str) -> str:
    """Plain text as we store it: lines and blank lines stay, nothing invisible."""
    return visible(text, keep="\n\r\t")


def from_html(markup: str) -> str:
    """HTML, or what looks like it, as plain text: tags go, breaks become lines, `<please` and `<3` stay as they are.

    The result is text, not HTML: it may contain `<` and has to be escaped where it is shown.
    """
    marked = _NOT_AN_ENTITY.sub("&amp;", _NOT_A_TAG.sub("&lt;", markup))
    marked = _PARAGRAPH.sub("\n\n", _BREAK.sub("\n", marked))
    stripped = nh3.clean(marked, tags=set())
    # Only whole entities: html.unescape() alone makes "R&notes" into "R¬es".
    text = _ENTITY.sub(lambda match: html.unescape(match[0]), stripped)
    return _tidy(visible(text.replace("\r\n", "\n").replace("\r", "\n"), keep="\n\t"))


def _tidy(text: str) -> str:
    lines = [re.sub(r"[^\S\n]+", " ", line).strip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
