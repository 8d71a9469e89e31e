"""Where rooms are: location slugs, time zones and currencies, checked before anything is written."""

from __future__ import annotations

import difflib
import re
import unicodedata
import zoneinfo
from functools import lru_cache

from babel import Locale
from babel.core import get_global

from booking.domain.errors import Invalid

_COUNTRY = re.compile(r"(?!EU|EZ|UN|XA|XB|ZZ|QO)[A-Z]{2}")  # CLDR also names groups of countries and what is none
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def slugify(text: str) -> str:
    """`Tel Aviv` -> `tel-aviv`; empty where nothing is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def location(text: str) -> str:
    """A location slug as it is; Invalid with the one that was probably meant."""
    if len(text) <= 120 and _SLUG.fullmatch(text):
        return text
    hint = f" Did you mean {slugify(text)[:120].strip('-')!r}?" if slugify(text) else ""
    raise Invalid(
        f"{text!r} is not a location: lower-case letters and digits joined by hyphens, such as tel-aviv.{hint}"
    )


@lru_cache(maxsize=256)
def time_zone(text: str) -> str:
    """An IANA time zone as it is; Invalid with those it looks like."""
    known = zoneinfo.available_timezones()
    if text in known:
        return text
    # Most people know the city: "Antwerp" has no zone of its own, "brussels" is Europe/Brussels.
    by_city = {zone.rpartition("/")[2].lower(): zone for zone in sorted(known)}
    wanted = text.rpartition("/")[2].strip().lower().replace(" ", "_")
    close = [by_city[city] for city in difflib.get_close_matches(wanted, by_city, n=3, cutoff=0.8)]
    hint = f" Did you mean {' or '.join(close)}?" if close else ""
    raise Invalid(f"{text!r} is not a time zone: an IANA name, such as Europe/Brussels.{hint}")


@lru_cache(maxsize=1)
def _currencies() -> frozenset[str]:
    territories = get_global("territory_currencies")
    # (code, first day, last day, legal tender): those without a last day are in use.
    return frozenset(entry[0] for entries in territories.values() for entry in entries if entry[2] is None and entry[3])


def currency(text: str) -> str:
    """The ISO 4217 code of a currency in use, in capitals."""
    code = text.strip().upper()
    if code in _currencies():
        return code
    raise Invalid(f"{text!r} is not a currency: an ISO 4217 code of three letters, such as EUR.")


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    """Names in English by what people may call them: their name or their ISO 3166 code, in lower case."""
    named = {code: name for code, name in Locale("en").territories.items() if _COUNTRY.fullmatch(code)}
    return {known.lower(): name for code, name in named.items() for known in (code, name)}


def country(text: str) -> str:
    """A country's name in English, from that name or its ISO 3166 code; Invalid with those it looks like."""
    known, wanted = _countries(), text.strip().lower()
    if wanted in known:
        return known[wanted]
    close = [known[name] for name in difflib.get_close_matches(wanted, known, n=3, cutoff=0.8)]
    hint = f" Did you mean {' or '.join(close)}?" if close else ""
    raise Invalid(f"{text!r} is not a country: its English name or its ISO code, such as Belgium or BE.{hint}")


def title(slug: str) -> str:
    """`tel-aviv` -> `Tel Aviv`, for lack of a better name."""
    return " ".join(word.capitalize() for word in slug.split("-"))
