"""What a pattern is called in English and Norwegian: made from what it asks, not from a report."""

from collections.abc import Mapping
from types import MappingProxyType

from runs.validation.dimensions import COUNTIES
from runs.validation.record import Pattern, Side
from sim.codes import DESTINATION, ORIGIN

Pair = tuple[str, str]  # English, Norwegian
LANGUAGES = ("en", "nb")

MEASURE_NAMES: Mapping[str, Pair] = MappingProxyType({
    "emigration_rate": ("Emigration, percent a year", "Utvandring, prosent per år"),
    "domestic_rate": ("Moves between levels of centrality, percent a year",
                      "Flytting mellom sentralitetsnivå, prosent per år"),
    "county_out_rate": ("Moves out of the county, percent a year",
                        "Flytting ut av fylket, prosent per år"),
    "adj_emigration": ("Effect on emigrating", "Virkning på utvandring"),
    "adj_domestic": ("Effect on moving between levels", "Virkning på flytting mellom nivå"),
    "adj_county_out": ("Effect on moving out of the county", "Virkning på flytting ut av fylket"),
    "adj_stay": ("Effect on staying", "Virkning på å bli boende"),
    "emigration_count": ("Emigrations", "Utvandringer"),
    "persons_in_sample": ("Persons", "Personer"),
    "person_years": ("Person-years", "Personår"),
    "emigrations_per_person": ("Emigrations per person", "Utvandringer per person"),
    "return_count_5y": ("Returned after five years", "Vendt tilbake etter fem år"),
    "emigration_count_share": ("Share of emigrations, percent", "Andel av utvandringene, prosent"),
    "stock": ("Residents", "Bosatte"),
    "stock_share": ("Share of residents, percent", "Andel av bosatte, prosent"),
    "destination_share": ("Share of emigrations by destination, percent",
                          "Andel av utvandringene etter flyttemål, prosent"),
    "return_share_5y": ("Returned after five years, percent",
                        "Vendt tilbake etter fem år, prosent"),
    "return_hazard": ("Return by years since emigration",
                      "Tilbakeflytting etter år siden utvandring"),
    "peak_age_emigration": ("Age of most emigration", "Alder med høyest utvandring"),
    "admin_emigration_share": ("Emigrations by decision of the register, percent",
                               "Utvandringer vedtatt av registeret, prosent"),
    "mean_duration": ("Mean length of stay", "Gjennomsnittlig botid"),
    "missing_education_share": ("Education unknown, percent", "Uoppgitt utdanning, prosent"),
    "driver_effect": ("Effect of the economy on emigration", "Økonomiens virkning på utvandring"),
    "effect_of_scenario": ("Change in emigrations of 2013, percent",
                           "Endring i utvandringer i 2013, prosent"),
    "income_ratio": ("Income in Norway over income at home", "Inntekt i Norge over inntekt hjemme"),
    "municipality_count": ("Municipalities", "Kommuner"),
    "sample_size": ("Persons in the models", "Personer i modellene"),
    "register_artifact": ("Errors of the register", "Feil i registeret"),
    "cumulative_exit_5y": ("Left within five years, percent", "Utvandret innen fem år, prosent"),
})  # fmt: skip

KIND_NAMES: Mapping[str, Pair] = MappingProxyType({
    "value": ("level", "nivå"), "approx": ("level", "nivå"), "range": ("bounds", "grenser"),
    "ordering": ("order", "rekkefølge"), "trend": ("course", "forløp"),
    "ratio": ("ratio", "forhold"),
})  # fmt: skip

VARIABLE_NAMES: Mapping[str, Pair] = MappingProxyType({
    "group": ("group", "gruppe"), "sex": ("sex", "kjønn"), "age": ("age", "alder"),
    "reason": ("reason", "innvandringsgrunn"), "origin": ("origin", "opprinnelse"),
    "country_group": ("country group", "landgruppe"), "duration": ("length of stay", "botid"),
    "labour_status": ("labour-market status", "arbeidsmarkedsstatus"),
    "education": ("education", "utdanning"), "education2": ("degree", "grad"),
    "centrality": ("centrality", "sentralitet"), "county": ("county", "fylke"),
    "family_type": ("kind of family", "familietype"),
    "family_size": ("size of family", "familiestørrelse"),
    "sponsor_reason": ("reason of the person joined", "referansepersonens grunn"),
    "destination": ("destination", "flyttemål"), "country": ("country", "land"),
    "measure": ("measure", "mål"),
})  # fmt: skip

CODE_NAMES: Mapping[str, Pair] = MappingProxyType({
    "immigrants": ("immigrants", "innvandrere"),
    "norwegian_born_2ip": ("Norwegian-born to immigrants", "norskfødte med innvandrerforeldre"),
    "child_arrival_0_9": ("immigrated at 0-9", "innvandret 0-9 år"),
    "one_foreign_parent": ("one foreign-born parent", "én utenlandsfødt forelder"),
    "immigrants_10plus": ("immigrated at 10 or more", "innvandret 10 år eller eldre"),
    "majority": ("others", "øvrige"), "descendants": ("descendants", "etterkommere"),
    "three_small_groups": ("the three small groups", "de tre små gruppene"),
    "norwegian_born": ("Norwegian-born", "norskfødte"), "all_residents": ("everybody", "alle"),
    "men": ("men", "menn"), "women": ("women", "kvinner"),
    "cg1": ("Western countries", "vestlige land"), "cg2": ("new EU members", "nye EU-land"),
    "cg3": ("rest of the world", "resten av verden"),
    "employed": ("employed", "sysselsatt"),
    "employed_student": ("employed and in education", "sysselsatt under utdanning"),
    "student": ("in education", "under utdanning"), "unemployed": ("unemployed", "ledig"),
    "outside": ("outside the labour force", "utenfor arbeidsstyrken"),
    "primary": ("compulsory school", "grunnskole"),
    "secondary": ("upper secondary", "videregående"),
    "tertiary_short": ("lower degree", "lavere grad"),
    "tertiary_long": ("higher degree", "høyere grad"), "bachelor_plus": ("degree", "grad"),
    "no_degree": ("no degree", "uten grad"),
    "immigrant_only": ("immigrants only", "bare innvandrere"), "mixed": ("mixed", "blandet"),
    "mixed_equal": ("as many immigrants as others", "like mange innvandrere som andre"),
    "mixed_immigrant_majority": ("more immigrants than others", "flest innvandrere"),
    "mixed_immigrant_minority": ("fewer immigrants than others", "færrest innvandrere"),
    "third_country": ("third countries", "tredjeland"),
    "non_nordic_third": ("third countries outside the Nordic area", "tredjeland utenfor Norden"),
})  # fmt: skip
REASON_NAMES: Mapping[str, Pair] = MappingProxyType({
    "work": ("work immigrants", "arbeidsinnvandrere"), "refuge": ("refugees", "flyktninger"),
    "family": ("family immigrants", "familieinnvandrere"),
    "education": ("education immigrants", "utdanningsinnvandrere"),
    "nordic": ("Nordic immigrants", "nordiske innvandrere"),
    "unknown": ("immigrants of unknown reason", "innvandrere med uoppgitt grunn"),
})  # fmt: skip
DRIVER_NAMES: Mapping[str, Pair] = MappingProxyType({
    "unemployment_norway": ("unemployment in Norway", "ledighet i Norge"),
    "unemployment_origin": ("unemployment at home", "ledighet hjemme"),
    "log_income_ratio": ("income ratio", "inntektsforhold"),
    "unemployment_group1_plus_1": ("unemployment in Western countries one point higher",
                                   "ledighet i vestlige land ett poeng høyere"),
    "unemployment_norway_plus_1": ("unemployment in Norway one point higher",
                                   "ledighet i Norge ett poeng høyere"),
    "income_ratio_plus_0.1": ("income ratios 0.1 higher", "inntektsforhold 0,1 høyere"),
})  # fmt: skip
COUNTY_NAMES = (
    "Østfold", "Akershus", "Oslo", "Hedmark", "Oppland", "Buskerud", "Vestfold", "Telemark",
    "Aust-Agder", "Vest-Agder", "Rogaland", "Hordaland", "Sogn og Fjordane", "Møre og Romsdal",
    "Sør-Trøndelag", "Nord-Trøndelag", "Nordland", "Troms", "Finnmark",
)  # fmt: skip
NAMES_OF: Mapping[str, Mapping[str, Pair]] = MappingProxyType({
    "reason": REASON_NAMES, "sponsor_reason": REASON_NAMES,
    "origin": {code.name: (code.en, code.nb) for code in ORIGIN},
    "destination": {code.name: (code.en, code.nb) for code in DESTINATION} | {
        name: CODE_NAMES[name] for name in ("third_country", "non_nordic_third")
    },
    "county": {code: (name, name) for code, name in zip(COUNTIES, COUNTY_NAMES, strict=True)},
    "education": {**CODE_NAMES, "unknown": ("education unknown", "uoppgitt utdanning")},
})  # fmt: skip
FORMS: Mapping[str, Pair] = MappingProxyType({
    "centrality": ("level {}", "nivå {}"), "family_size": ("family of {}", "familie på {}"),
    "age": ("aged {}", "{} år"), "duration": ("{} years of stay", "{} års botid"),
})  # fmt: skip

_PLACES: Mapping[str, Pair] = MappingProxyType({
    "intro": ("introduction", "innledning"), "trend": ("trends", "utvikling"),
    "macro": ("effects of the economy", "virkninger av økonomien"),
    "reg": ("regions", "regioner"), "derived": ("derived figures", "avledede tall"),
    "v1": ("Appendix 1", "vedlegg 1"), "appE": ("Appendix E", "vedlegg E"),
    "t5_13_31": ("Tables 5.13-5.31", "tabell 5.13-5.31"),
})  # fmt: skip
_KINDS_OF_PLACE: Mapping[str, Pair] = MappingProxyType({
    "f": ("Figure", "figur"), "t": ("Table", "tabell"), "c": ("chapter", "kapittel"),
})  # fmt: skip
REPORT_NAMES: Mapping[str, Pair] = MappingProxyType({
    "a2015": ("Article 2015", "Artikkel 2015"),
    "r2016": ("Report 2016/27", "Rapporter 2016/27"),
    "d2026": ("Report 2026", "Rapport 2026"),
})  # fmt: skip


def label(pattern: Pattern, language: str) -> str:
    """Return a short label: what is measured, by what, of whom, when, and the kind of claim."""
    at = LANGUAGES.index(language)
    parts = [MEASURE_NAMES[pattern.measure][at]]
    by = [VARIABLE_NAMES[name][at] for name in (pattern.by, *pattern.each) if name]
    if by:
        parts.append(("by ", "etter ")[at] + (" and ", " og ")[at].join(dict.fromkeys(by)))
    whom = [_codes(name, said, at) for name, said in pattern.whom.items()]
    if whom:
        parts.append(", ".join(whom))
    if pattern.driver:
        parts.append(DRIVER_NAMES[pattern.driver][at])
    sides = (pattern.expected.numerator, pattern.expected.denominator)
    parts += [told for told in (" / ".join(_side(side, at) for side in sides if side),) if told]
    years = pattern.years
    if not pattern.axis:
        parts.append(str(years[0]) if len(years) == 1 else f"{years[0]}-{years[-1]}")
    return f"{'; '.join(parts)}: {KIND_NAMES[pattern.kind][at]}"


def code_name(variable: str, code: str, language: str) -> str:
    """Return what a code of the record is called."""
    return _code(variable, code, LANGUAGES.index(language))


def place(cluster: str, language: str) -> str:
    """Return the report and the figure, table or chapter that a cluster is of."""
    at = LANGUAGES.index(language)
    report, _, token = cluster.partition(".")
    if token in _PLACES:
        where = _PLACES[token][at]
    else:
        number = token[1:].replace("_", ".")
        where = f"{_KINDS_OF_PLACE[token[0]][at]} {number}"
    return f"{REPORT_NAMES[report][at]}, {where}"


def _side(side: Side, at: int) -> str:
    parts = [MEASURE_NAMES[side.measure][at]] if side.measure else []
    parts += [_codes(name, said, at) for name, said in side.whom.items()]
    if side.spread:
        parts.append(("spread over counties", "spredning over fylker")[at])
    parts += [f"{side.years[0]}-{side.years[1]}"] if side.years else []
    return ", ".join(parts)


def _codes(variable: str, said: object, at: int) -> str:
    codes = said if isinstance(said, tuple) else (said,)
    return ", ".join(_code(variable, str(code), at) for code in codes)


def _code(variable: str, code: str, at: int) -> str:
    names = NAMES_OF.get(variable, CODE_NAMES)
    if code in names:
        return names[code][at]
    return FORMS.get(variable, ("{}", "{}"))[at].format(code.replace("over_", "over "))
