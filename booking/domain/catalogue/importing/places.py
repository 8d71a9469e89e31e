"""Where rooms are: location slugs, time zones and currencies, checked before anything is written."""

from __future__ import annotations

import difflib
import re
import unicodedata
import zoneinfo
from contextlib import suppress
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.languages import get_official_languages

from booking.domain import spelling
from booking.domain.catalogue.importing.drafts import Unfit
from booking.domain.notices import AnyOf

# CLDR also names groups of countries, parts of some, and what is none.
_COUNTRY = re.compile(r"(?!AC|CP|CQ|DG|EA|EU|EZ|IC|QO|TA|UN|XA|XB|ZZ)[A-Z]{2}")
# What people call them, where CLDR has another name.
_CALLED = {
    "america": "US", "bosnia": "BA", "britain": "GB", "burma": "MM", "cabo verde": "CV", "congo brazzaville": "CG",
    "congo kinshasa": "CD", "czech republic": "CZ", "democratic republic of the congo": "CD", "drc": "CD",
    "east timor": "TL", "england": "GB", "great britain": "GB", "holland": "NL", "hong kong": "HK",
    "ivory coast": "CI", "macao": "MO", "macau": "MO", "macedonia": "MK", "northern ireland": "GB", "palestine": "PS",
    "people s republic of china": "CN", "republic of ireland": "IE", "republic of korea": "KR",
    "republic of the congo": "CG",
    "russian federation": "RU", "scotland": "GB", "swaziland": "SZ", "turkey": "TR", "uae": "AE",
    "united states of america": "US", "u s": "US", "u s a": "US", "u k": "GB", "vatican": "VA", "viet nam": "VN",
    "wales": "GB",
}  # fmt: skip
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def slugify(text: str) -> str:
    """`Tel Aviv` -> `tel-aviv`; empty where nothing is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def location(text: str) -> str:
    """A location slug as it is; Unfit with the one that was probably meant."""
    if len(text) <= 120 and _SLUG.fullmatch(text):
        return text
    meant = slugify(text)[:120].strip("-")
    raise Unfit("no_location", text=repr(text), hint=spelling.perhaps_meant([repr(meant)] if meant else []))


@lru_cache(maxsize=256)
def time_zone(text: str) -> str:
    """An IANA time zone as it is; Unfit with those it looks like."""
    known = zoneinfo.available_timezones()
    if text in known:
        return text
    # Most people know the city: "Antwerp" has no zone of its own, "brussels" is Europe/Brussels.
    by_city = {zone.rpartition("/")[2].lower(): zone for zone in sorted(known)}
    wanted = text.rpartition("/")[2].strip().lower().replace(" ", "_")
    close = [by_city[city] for city in difflib.get_close_matches(wanted, by_city, n=3, cutoff=0.8)]
    raise Unfit("no_time_zone", text=repr(text), hint=spelling.perhaps_meant(close))


@lru_cache(maxsize=1)
def _currencies() -> frozenset[str]:
    territories = get_global("territory_currencies")
    # (code, first day, last day, legal tender): those without a last day are in use.
    in_use = {entry[0] for entries in territories.values() for entry in entries if entry[2] is None and entry[3]}
    return frozenset(in_use - _GONE.keys())


# Gone, though the newest CLDR does not know it yet: with what came instead.
_GONE = {"BGN": "EUR"}  # Bulgaria, 1 January 2026 (Council Regulation (EU) 2025/1407)


def _successors(code: str) -> list[str]:
    """What is paid with today where this was money once."""
    lands = [entries for entries in get_global("territory_currencies").values() if any(e[0] == code for e in entries)]
    now = {entry[0] for entries in lands for entry in entries if entry[2] is None and entry[3]}
    return [_GONE[code]] if code in _GONE else sorted(now & _currencies())[:3]


def currency(text: str) -> str:
    """The ISO 4217 code of a currency in use, in capitals."""
    code = text.strip().upper()
    if code in _currencies():
        return code
    if instead := _successors(code):
        raise Unfit("currency_gone", code=code, instead=AnyOf(instead))
    raise Unfit("no_currency", text=repr(text))


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    """Names in English by what people may call them: name, ISO 3166 code of two or three letters, older names."""
    named = {code: name for code, name in Locale("en").territories.items() if _COUNTRY.fullmatch(code)}
    codes = {old: new[0] for old, new in get_global("territory_aliases").items() if old.isalpha() and len(new) == 1}
    spelt = [*((old, new) for old, new in codes.items() if new in named), *_CALLED.items()]
    # Myanmar (Burma) is known by either.
    spelt += [(known, code) for code, name in named.items() for known in (code, name, *re.split(r" \(|\)", name)[:-1])]
    return {_plain(known): named[code] for known, code in spelt}


@lru_cache(maxsize=64)
def _in_its_own_words(wanted: str) -> str:
    """The English name of the country whose people call it so (Deutschland, España); "" where none do."""
    for code, name in Locale("en").territories.items():
        if not _COUNTRY.fullmatch(str(code)):
            continue
        for language in get_official_languages(str(code)):
            with suppress(UnknownLocaleError, ValueError):
                if _plain(Locale.parse(language).territories.get(code, "")) == wanted:
                    return str(name)
    return ""


def _plain(name: str) -> str:
    """Without what is often left out: accents, punctuation, "the"."""
    folded = unicodedata.normalize("NFKD", name.casefold().replace("&", " and "))
    bare = "".join(letter for letter in folded if not unicodedata.combining(letter))
    words = re.sub(r"[^\w]+", " ", bare).split()
    words = ["saint" if word == "st" and len(words) > 1 else word for word in words]
    return " ".join(words[1:] if words[:1] == ["the"] else words)


def country(text: str) -> str:
    """A country's name in English, from that name or its ISO 3166 code; Unfit with those it looks like."""
    known, wanted = _countries(), _plain(text)
    if wanted in known:
        return known[wanted]
    if wanted and (own := _in_its_own_words(wanted)):
        return own
    close = [known[name] for name in difflib.get_close_matches(wanted, known, n=3, cutoff=0.8) if len(wanted) > 3]
    close = close or [name for key, name in known.items() if wanted and wanted in key.split()][:3]
    raise Unfit("no_country", text=repr(text), hint=spelling.perhaps_meant(dict.fromkeys(close)))


def title(slug: str) -> str:
    """`tel-aviv` -> `Tel Aviv`, for lack of a better name."""
    return " ".join(word.capitalize() for word in slug.split("-"))
