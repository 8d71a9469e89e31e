"""Text that people read as a name: something to see in it, and, where a person chose it, no link.

Unicode has letters that show nothing (Hangul fillers), a symbol that is a blank (Braille), marks and format characters
that only change their neighbours: none of them alone is a name.
"""

from __future__ import annotations

import re
import unicodedata

# Letters and symbols by their category, and yet nothing to see: fillers of Hangul and Khmer, blank Braille.
_FILLERS = "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
# Around a name they are spaces; a joiner or a variation selector there belongs to the sign before it.
_EDGES = f"{_FILLERS}\u00ad\u061c\u180e\u200b\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff"

_KNOWN_ENDS = "com|net|org|info|biz|io|co|me|ru|cn|xyz|top|site|online|shop|club|link|click|live|app|dev|example|test"
_PLAIN_LINK = re.compile(
    rf"""://|\bwww\d?\.|\bmailto:|\S@\S+\.\S|[\w-]\.[a-z]{{2,}}[/?:#]|[\w-]{{2,}}\.(?:{_KNOWN_ENDS})\b""", re.IGNORECASE
)
# What some mail program may turn into a link: also Dr.Smith, so this refuses nothing.
_MAY_BECOME_LINK = re.compile(r"[^\s.]\.[^\W\d_]{2,}|@\S")
_NUMBER = re.compile(r"(\d+)")


def trimmed(text: str) -> str:
    """Without spaces and invisible signs at either end."""
    while text != (shorter := text.strip().strip(_EDGES)):
        text = shorter
    return text


def is_visible(text: str) -> bool:
    """True where at least one character shows something by itself."""
    return any(_shows(character) for character in text)


def _shows(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNPS" and character not in _FILLERS


def has_link(text: str) -> bool:
    """True for what reads as an address of a page or a mailbox; a name that has one is an advertisement."""
    return bool(_PLAIN_LINK.search(_bare(text)))


def for_greeting(full_name: str) -> str:
    """The name for the first line of a mail; empty where a mail program could make a link of it."""
    return "" if has_link(full_name) or _MAY_BECOME_LINK.search(_bare(full_name)) else full_name


def _bare(text: str) -> str:
    """As a mail program may understand it: full-width letters as plain ones, nothing invisible between them."""
    plain = unicodedata.normalize("NFKC", text).replace("\u3002", ".")
    return "".join(sign for sign in plain if unicodedata.category(sign) != "Cf" and sign not in _FILLERS)


def natural(name: str) -> list[tuple[int, str]]:
    """To sort by: numbers within names by their value, "Room 9" before "Room 10"; capitals do not count."""
    return [(int(part), "") if part.isdecimal() else (-1, part.casefold()) for part in _NUMBER.split(name)]
