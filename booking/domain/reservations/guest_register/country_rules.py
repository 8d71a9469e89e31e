"""What a house has to ask of its guests, by the country in which it stands. Elsewhere nothing is asked.

Of nationality, date of birth and an identity document, which these laws name among others; address, sex and signature
are for the country's own form. Read in November 2026, to be read again by whoever is answerable for the house:

- AT: Meldegesetz 1991, § 5 and § 10 (Gästeblatt): of foreigners the travel document, too
- DE: Bundesmeldegesetz, §§ 29, 30, since 1 January 2025 of foreigners alone
- ES: Real Decreto 933/2021, annex I A 3
- FR: Code de l'entrée et du séjour des étrangers, R814-1: of foreigners, without a document
- GB: The Immigration (Hotel Records) Order 1972, articles 4 and 5
- IT: Testo unico delle leggi di pubblica sicurezza, article 109; decree of 7 January 2013: the document of the first
  of those who travel together
- JP: Hotel Business Act (旅館業法), article 6, and its Ordinance for Enforcement, article 4-2: of foreigners
- PT: Lei 23/2007, articles 15 and 16: of foreigners
- SG: Hotels Licensing Regulations, regulation 27
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from babel import Locale

NATIONALITY, BIRTH_DATE, DOCUMENT = ASKED = ("nationality", "birthDate", "document")
PASSPORT, IDENTITY_CARD, RESIDENCE_PERMIT, OTHER_DOCUMENT = DOCUMENT_TYPES = (
    "passport",
    "identity_card",
    "residence_permit",
    "other",
)
STATELESS = "XX"  # as ICAO Doc 9303 has it, in two letters
# Of the codes in two letters, those that are no country's.
_COUNTRY = re.compile(r"(?!AC|CP|CQ|DG|EA|EU|EZ|IC|QO|TA|UN|XA|XB|ZZ)[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class RegisterRules:
    """What the `country` (ISO 3166, two letters) asks: of everyone, and of those who are not its nationals."""

    country: str
    everyone: frozenset[str]
    foreigners: frozenset[str]
    document_of_first: bool = False

    @property
    def asked(self) -> frozenset[str]:
        """All that may have to be asked; the nationality says of whom."""
        return self.everyone | self.foreigners | {NATIONALITY}

    def wanted(self, nationality: str | None, *, is_first: bool) -> frozenset[str]:
        """What is asked of somebody; without a nationality, first of all that."""
        if nationality is None:
            return self.everyone | {NATIONALITY}
        wanted = self.everyone if nationality == self.country else self.everyone | self.foreigners
        return wanted - {DOCUMENT} if self.document_of_first and not is_first else wanted


def _rules(country: str, everyone: str, foreigners: str = "", *, document_of_first: bool = False) -> RegisterRules:
    return RegisterRules(country, frozenset(everyone.split()), frozenset(foreigners.split()), document_of_first)


_BY_CODE = {
    rules.country: rules
    for rules in (
        _rules("AT", "nationality birthDate", "document"),
        _rules("DE", "", "nationality birthDate document"),
        _rules("ES", "nationality birthDate document"),
        _rules("FR", "", "nationality birthDate"),
        _rules("GB", "nationality", "document"),
        _rules("IT", "nationality birthDate document", document_of_first=True),
        _rules("JP", "", "nationality document"),
        _rules("PT", "", "nationality birthDate document"),
        _rules("SG", "nationality document"),
    )
}


def at(country: str | None) -> RegisterRules | None:
    """By the country of a property's address, its English name or its code; None where nothing is asked."""
    return _by_name().get((country or "").strip().casefold())


@lru_cache(maxsize=1)
def _by_name() -> dict[str, RegisterRules]:
    named = countries()
    return {known.casefold(): rules for code, rules in _BY_CODE.items() for known in (code, named[code])}


@lru_cache(maxsize=8)
def countries(language: str = "en") -> dict[str, str]:
    """Names of countries by their codes, in the order of the names."""
    known = Locale.parse(language).territories.items()
    return dict(sorted(((code, name) for code, name in known if _COUNTRY.fullmatch(code)), key=lambda one: one[1]))


@lru_cache(maxsize=1)
def nationalities() -> frozenset[str]:
    """The codes that a nationality may have."""
    return frozenset({*countries(), STATELESS})
