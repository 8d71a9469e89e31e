"""What people call a nationality in English, beside the country's name: British, UK and England are all GB.

What may be either of two (Congolese, Dominican, Korean) is left out.
"""

from __future__ import annotations

from functools import lru_cache

_NAMES = """
AD Andorran; AE Emirati, UAE; AF Afghan; AG Antiguan, Barbudan; AL Albanian; AM Armenian; AO Angolan; AR Argentine,
Argentinian; AT Austrian; AU Australian; AZ Azerbaijani; BA Bosnian, Herzegovinian, Bosnia and Herzegovina; BB
Barbadian; BD Bangladeshi; BE Belgian; BF Burkinabe; BG Bulgarian; BH Bahraini; BI Burundian; BJ Beninese; BM
Bermudian; BN Bruneian; BO Bolivian; BR Brazilian; BS Bahamian; BT Bhutanese; BW Botswanan; BY Belarusian; BZ
Belizean; CA Canadian; CD DR Congo; CF Central African; CH Swiss; CI Ivorian, Ivory Coast; CL Chilean; CM Cameroonian;
CN Chinese; CO Colombian; CR Costa Rican; CU Cuban; CV Cape Verdean, Cabo Verde; CY Cypriot; CZ Czech, Czech Republic;
DE German; DJ Djiboutian; DK Danish; DZ Algerian; EC Ecuadorian; EE Estonian; EG Egyptian; ER Eritrean; ES Spanish; ET
Ethiopian; FI Finnish; FJ Fijian; FM Micronesian; FR French; GA Gabonese; GB British, English, Scottish, Welsh,
Northern Irish, UK, Great Britain, England, Scotland, Wales, Northern Ireland; GD Grenadian; GE Georgian; GH Ghanaian;
GM Gambian; GN Guinean; GQ Equatorial Guinean; GR Greek; GT Guatemalan; GW Bissau-Guinean; GY Guyanese; HK Hong Kong,
Hong Konger; HN Honduran; HR Croatian; HT Haitian; HU Hungarian; ID Indonesian; IE Irish; IL Israeli; IN Indian; IQ
Iraqi; IR Iranian; IS Icelandic; IT Italian; JM Jamaican; JO Jordanian; JP Japanese; KE Kenyan; KG Kyrgyz; KH
Cambodian; KI I-Kiribati; KM Comorian; KN Kittitian, Nevisian; KP North Korean; KR South Korean; KW Kuwaiti; KZ
Kazakh, Kazakhstani; LA Laotian, Lao; LB Lebanese; LC Saint Lucian; LI Liechtensteiner; LK Sri Lankan; LR Liberian; LS
Basotho; LT Lithuanian; LU Luxembourgish; LV Latvian; LY Libyan; MA Moroccan; MC Monegasque; MD Moldovan; ME
Montenegrin; MG Malagasy; MH Marshallese; MK Macedonian, North Macedonian; ML Malian; MM Burmese, Burma, Myanmar; MN
Mongolian; MO Macanese, Macao, Macau; MR Mauritanian; MT Maltese; MU Mauritian; MV Maldivian; MW Malawian; MX Mexican;
MY Malaysian; MZ Mozambican; NA Namibian; NE Nigerien; NG Nigerian; NI Nicaraguan; NL Dutch, Holland; NO Norwegian; NP
Nepalese, Nepali; NR Nauruan; NZ New Zealander; OM Omani; PA Panamanian; PE Peruvian; PG Papua New Guinean; PH
Filipino, Filipina, Philippine; PK Pakistani; PL Polish; PR Puerto Rican; PS Palestinian, Palestine; PT Portuguese; PW
Palauan; PY Paraguayan; QA Qatari; RO Romanian; RS Serbian; RU Russian; RW Rwandan; SA Saudi, Saudi Arabian; SB
Solomon Islander; SC Seychellois; SD Sudanese; SE Swedish; SG Singaporean; SI Slovenian, Slovene; SK Slovak,
Slovakian; SL Sierra Leonean; SM Sammarinese; SN Senegalese; SO Somali; SR Surinamese; SS South Sudanese; ST Sao
Tomean; SV Salvadoran; SY Syrian; SZ Swazi, Swaziland; TD Chadian; TG Togolese; TH Thai; TJ Tajik; TL Timorese, East
Timor; TM Turkmen; TN Tunisian; TO Tongan; TR Turkish, Turkey; TT Trinidadian, Tobagonian; TV Tuvaluan; TW Taiwanese;
TZ Tanzanian; UA Ukrainian; UG Ugandan; US American, USA, America, United States of America; UY Uruguayan; UZ Uzbek;
VA Vatican; VC Vincentian; VE Venezuelan; VN Vietnamese; VU Ni-Vanuatu; WS Samoan; XK Kosovar, Kosovan; XX Stateless;
YE Yemeni; ZA South African; ZM Zambian; ZW Zimbabwean
"""


@lru_cache(maxsize=1)
def codes() -> dict[str, str]:
    """Codes of ISO 3166 by these names, folded; XX is nobody's."""
    found: dict[str, str] = {}
    for entry in " ".join(_NAMES.split()).split("; "):
        code, _, names = entry.partition(" ")
        found |= {name.casefold(): code for name in names.split(", ")}
    return found
