"""What a text message costs: its segments, counted as networks do (3GPP TS 23.038 §6.2.1, TS 23.040 §9.2.3.24).

160 characters of the GSM alphabet fit into one message, 153 into each part of a longer one. A single character that is
not of it, such as ’ or Ł, turns all of the text into UCS-2: 70, and 67 in each part.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

GSM, UCS2 = "GSM-7", "UCS-2"
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("^{}\\[~]|€\f")  # written with an escape: two places
ALONE = {GSM: 160, UCS2: 70}
TOGETHER = {GSM: 153, UCS2: 67}  # a header says which part it is
PLAINER = str.maketrans(
    {
        **dict.fromkeys("‘’‚′`´", "'"),
        **dict.fromkeys("“”„″", '"'),
        **dict.fromkeys("‐‑‒–—−", "-"),
        **dict.fromkeys("\u00a0\u2007\u2009\u202f\t", " "),
        "…": "...",
        "·": "-",
        "•": "-",
        "×": "x",
    }
)


@dataclass(frozen=True, slots=True)
class TextSize:
    """`places` of the encoding that it takes, and how many messages that is."""

    encoding: str
    places: int
    segments: int


def measured(text: str) -> TextSize:
    """How much a text takes. No character is ever cut in two, so the parts may end early."""
    is_gsm = all(sign in BASIC or sign in EXTENDED for sign in text)
    encoding = GSM if is_gsm else UCS2
    widths = [_width(sign, encoding) for sign in text]
    places = sum(widths)
    return TextSize(encoding, places, 1 if places <= ALONE[encoding] else _parts(widths, TOGETHER[encoding]))


def _width(sign: str, encoding: str) -> int:
    if encoding == GSM:
        return 2 if sign in EXTENDED else 1
    return 2 if ord(sign) > 0xFFFF else 1  # a pair of surrogates


def _parts(widths: list[int], room: int) -> int:
    parts, used = 1, 0
    for width in widths:
        if used + width > room:
            parts, used = parts + 1, 0
        used += width
    return parts


def spelled_plainly(text: str) -> str:
    """The same with the quotes, dashes and blanks that a phone's keyboard has, and accents left out where only they
    would make it dearer; untouched where it is of another script anyway.
    """
    plain = unicodedata.normalize("NFC", text).translate(PLAINER)
    bare = "".join(sign if sign in BASIC or sign in EXTENDED else _bare(sign) for sign in plain)
    return bare if measured(bare).encoding == GSM else plain


def _bare(sign: str) -> str:
    return "".join(part for part in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(part))
