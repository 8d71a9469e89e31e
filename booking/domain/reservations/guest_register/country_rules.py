"""What a house has to ask of its guests, by the country in which it stands, and how long it keeps that. Elsewhere
nothing is asked.

Of nationality, date of birth and an identity document, which these laws name among others; address, sex and signature
are for the country's own form. Read in November 2026, to be read again by whoever is answerable for the house:

- AT: Meldegesetz 1991, § 5 (1): everyone's nationality and date of birth, of foreigners the travel document; (3): of
  those who travel with a guest as a family name and date of birth alone. § 10 (2): 7 years. (jusline.at, usp.gv.at)
- DE: Bundesmeldegesetz, §§ 29, 30, since 1 January 2025 of foreigners alone; relatives who travel with them are told by
  number and nationality. § 30 (4): 1 year from arrival
- ES: Real Decreto 933/2021, annex I A 3; article 5: 3 years from the end of the stay (interior.gob.es)
- FR: Code de l'entrée et du séjour des étrangers, R814-1 (until 2021 R611-42): of foreigners, those who live in France
  too, without a document; children below 15 may stand on an adult's form. 6 months. (service-public.fr F33458, cnil.fr)
- GB: The Immigration (Hotel Records) Order 1972, articles 4 and 5: the document of aliens, who are neither British nor
  Irish nor of the Commonwealth. 12 months. (legislation.gov.uk uksi/1972/1689, visitbritain.org)
- IT: Testo unico delle leggi di pubblica sicurezza, article 109; decree of 7 January 2013 and its annex: no document of
  those who travel with another guest, as a family or a group. Destroyed as soon as the police has it (Alloggiati Web,
  within 24 hours of arrival); what is kept for 5 years is the portal's receipt. (gazzettaufficiale.it 13A00360)
- JP: Hotel Business Act (旅館業法), article 6, and its Ordinance for Enforcement, article 4-2: nationality and passport
  of foreigners who have no address in Japan. 3 years. (pref.hokkaido.lg.jp, pref.mie.lg.jp)
- PT: Lei 23/2007, articles 15 and 16, Portaria 415/2008: of each foreigner, also of the EU; article 15 (5): 1 year from
  the day after the departure was reported, for which there are 3 working days. (siba.sef.pt, pgdlisboa.pt)
- SG: Hotels Licensing Regulations, regulation 27 (sso.agc.gov.sg); how long was not found
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

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
    days: int  # for which it is kept after the stay
    companions: frozenset[str] | None = None  # all that may be asked of those who travel with the first; None: as of it
    visitors_alone: bool = False  # foreigners who live in the country are asked what its nationals are
    as_nationals: frozenset[str] = frozenset()  # who else is no foreigner to this law

    @property
    def asked(self) -> frozenset[str]:
        """All that may have to be asked; the nationality says of whom."""
        return self.everyone | self.foreigners | {NATIONALITY}

    def wanted(
        self, nationality: str | None, *, is_companion: bool = False, lives_here: bool = False
    ) -> frozenset[str]:
        """What is asked of somebody; without a nationality, first of all that."""
        if nationality in {self.country, *self.as_nationals} or (self.visitors_alone and lives_here):
            wanted = self.everyone
        elif nationality is None:
            wanted = self.everyone | {NATIONALITY}
        else:
            wanted = self.everyone | self.foreigners
        return wanted if self.companions is None or not is_companion else wanted & self.companions


def _rules(
    country: str, days: int, everyone: str, foreigners: str = "", *, companions: str | None = None, **more: Any
) -> RegisterRules:
    of_companions = None if companions is None else frozenset(companions.split())
    return RegisterRules(
        country, frozenset(everyone.split()), frozenset(foreigners.split()), days, of_companions, **more
    )


# Members of the Commonwealth that the British Nationality Act 1981 names in Schedule 3, and Ireland.
_COMMONWEALTH = (
    "AG AU BB BD BN BS BW BZ CA CM CY DM FJ GD GH GY IN JM KE KI KN LC LK LS MT MU MV MW MY MZ NA NG NR NZ PG PK SB SC"
    " SG SL SZ TO TT TV TZ UG VC VU WS ZA ZM"
)
_NO_ALIENS = frozenset(f"IE {_COMMONWEALTH}".split())
HALF_A_YEAR, A_YEAR = 184, 366
TO_REPORT = 7  # the working days in which a departure is told

_BY_CODE = {
    rules.country: rules
    for rules in (
        _rules("AT", 7 * A_YEAR, "nationality birthDate", "document", companions="birthDate"),
        _rules("DE", A_YEAR, "", "nationality birthDate document", companions="nationality"),
        _rules("ES", 3 * A_YEAR, "nationality birthDate document"),
        _rules("FR", HALF_A_YEAR, "", "nationality birthDate"),
        _rules("GB", A_YEAR, "nationality", "document", as_nationals=_NO_ALIENS),
        _rules("IT", 1, "nationality birthDate document", companions="nationality birthDate"),
        _rules("JP", 3 * A_YEAR, "", "nationality document", visitors_alone=True),
        _rules("PT", A_YEAR + TO_REPORT, "", "nationality birthDate document"),
        _rules("SG", A_YEAR, "nationality document"),
    )
}


def at(country: str | None) -> RegisterRules | None:
    """By the country of a property's address, its English name or its code; None where nothing is asked."""
    return _by_name().get((country or "").strip().casefold())


@lru_cache(maxsize=1)
def _by_name() -> dict[str, RegisterRules]:
    named = countries()
    return {known.casefold(): rules for code, rules in _BY_CODE.items() for known in (code, named[code])}


def days_kept() -> dict[str, int]:
    """How long after the stay a register is kept, by what the country may be called, as casefold() writes it."""
    return {known: rules.days for known, rules in _by_name().items()}


@lru_cache(maxsize=8)
def countries(language: str = "en") -> dict[str, str]:
    """Names of countries by their codes, in the order of the names."""
    known = Locale.parse(language).territories.items()
    return dict(sorted(((code, name) for code, name in known if _COUNTRY.fullmatch(code)), key=lambda one: one[1]))


@lru_cache(maxsize=1)
def nationalities() -> frozenset[str]:
    """The codes that a nationality may have."""
    return frozenset({*countries(), STATELESS})
