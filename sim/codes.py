"""The code lists: English codes used in every file, with English and Norwegian labels.

A population stores the position of a code in its list. The order is therefore part of
the file format of arrays, never of Parquet files, which hold the codes themselves.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Code:
    """One value of a variable: the code in files and the labels that people read."""

    name: str
    en: str
    nb: str


@dataclass(frozen=True)
class CodeList:
    """The values that a variable may take, in the order of their stored numbers."""

    name: str
    codes: tuple[Code, ...]

    def __len__(self) -> int:
        return len(self.codes)

    def __iter__(self) -> Iterator[Code]:
        return iter(self.codes)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The codes as written in files."""
        return tuple(code.name for code in self.codes)

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {name: position for position, name in enumerate(self.names)}

    def index(self, name: str) -> int:
        """Return the stored number of a code."""
        return self._positions[name]


def _list(name: str, *codes: tuple[str, str, str]) -> CodeList:
    return CodeList(name, tuple(Code(*code) for code in codes))


SEX = _list("sex", ("female", "Woman", "Kvinne"), ("male", "Man", "Mann"))

BACKGROUND = _list(
    "background",
    ("adult_arrival", "Immigrated at 10 or older", "Innvandret 10 år eller eldre"),
    ("child_arrival", "Immigrated at 0-9", "Innvandret 0-9 år"),
    (
        "norwegian_born",
        "Norwegian-born to two immigrant parents",
        "Norskfødt med to innvandrerforeldre",
    ),
)

REASON = _list(
    "reason",
    ("work", "Work", "Arbeid"),
    ("refuge", "Refuge", "Flukt"),
    ("family", "Family", "Familie"),
    ("education", "Education", "Utdanning"),
    ("nordic", "Nordic", "Nordisk"),
    ("unknown", "Unknown (among them arrivals before 1990)", "Uoppgitt (bl.a. før 1990)"),
)

SPONSOR_REASON = _list(
    "sponsor_reason",
    ("none", "Not a family immigrant", "Ikke familieinnvandrer"),
    ("refuge", "Joined a refugee", "Til flyktning"),
    ("work", "Joined a labour immigrant", "Til arbeidsinnvandrer"),
    ("other", "Joined another immigrant", "Til annen innvandrer"),
    ("non_immigrant", "Joined a non-immigrant", "Til person uten innvandrerbakgrunn"),
    ("unknown", "Joined somebody unknown", "Ukjent referanseperson"),
)

EDUCATION = _list(
    "education",
    ("none", "None or unregistered", "Ingen eller uregistrert"),
    ("compulsory", "Compulsory school", "Grunnskole"),
    ("upper_secondary_basic", "Upper secondary, basic", "Videregående, grunnutdanning"),
    ("upper_secondary", "Upper secondary, completed", "Videregående, avsluttet"),
    ("tertiary_short", "Tertiary, lower degree", "Universitet/høgskole, lavere grad"),
    ("tertiary_long", "Tertiary, higher degree", "Universitet/høgskole, høyere grad"),
)

STATUS = _list(
    "status",
    ("outside", "Outside the labour force", "Utenfor arbeidsstyrken"),
    ("employed", "Employed", "Sysselsatt"),
    ("employed_student", "Employed and in education", "Sysselsatt og under utdanning"),
    ("student", "In education", "Under utdanning"),
    ("unemployed", "Unemployed", "Arbeidsledig"),
)

PLACE = _list(
    "place",
    ("resident", "Resident in Norway", "Bosatt i Norge"),
    ("abroad", "Abroad", "I utlandet"),
    ("dead", "Dead", "Død"),
)

DESTINATION = _list(
    "destination",
    ("none", "Not abroad", "Ikke i utlandet"),
    ("origin", "Country of origin", "Opprinnelsesland"),
    ("nordic", "Another Nordic country", "Annet nordisk land"),
    ("uk", "United Kingdom", "Storbritannia"),
    ("usa_canada", "USA or Canada", "USA eller Canada"),
    ("germany", "Germany", "Tyskland"),
    ("other", "Another country", "Annet land"),
    ("unknown", "Unknown", "Uoppgitt"),
)

COUNTRY_GROUP = _list(
    "country_group",
    ("1", "W. Europe, N. America, Australia, N. Zealand", "Vest-Europa, N.-Amerika, Aus., NZ"),
    ("2", "EU members in Eastern Europe", "EU-land i Øst-Europa"),
    ("3", "Rest of the world", "Resten av verden"),
)

ORIGIN = _list(
    "origin",
    ("denmark", "Denmark", "Danmark"),
    ("sweden", "Sweden", "Sverige"),
    ("iceland", "Iceland", "Island"),
    ("w_europe_nordic_other", "Other Nordic and Western Europe", "Norden og Vest-Europa ellers"),
    ("usa_can_aus_nz", "USA, Canada, Australia, New Zealand", "USA, Canada, Aus., New Zealand"),
    ("eu_east", "EU members in Eastern Europe", "EU-land i Øst-Europa"),
    ("ex_yugoslavia_non_eu", "Former Yugoslavia outside the EU", "Tidl. Jugoslavia utenom EU"),
    ("e_europe_other_non_eu", "Other Eastern Europe outside the EU", "Øst-Europa ellers"),
    ("turkey", "Turkey", "Tyrkia"),
    ("iraq", "Iraq", "Irak"),
    ("iran", "Iran", "Iran"),
    ("west_asia_other", "Other Western Asia", "Vest-Asia ellers"),
    ("pakistan", "Pakistan", "Pakistan"),
    ("south_asia_other", "Other South and Central Asia", "Sør- og Sentral-Asia ellers"),
    ("vietnam", "Vietnam", "Vietnam"),
    ("e_se_asia", "Other East and South-East Asia", "Øst- og Sørøst-Asia ellers"),
    ("somalia_djibouti", "Somalia and Djibouti", "Somalia og Djibouti"),
    ("africa_other", "Other Africa", "Afrika ellers"),
    ("south_central_america", "South and Central America", "Sør- og Mellom-Amerika"),
)

# The country group of each origin, as stored numbers of COUNTRY_GROUP.
ORIGIN_COUNTRY_GROUP = (0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2)

CENTRALITY = _list(
    "centrality",
    ("1", "Least central", "Minst sentrale"),
    ("2", "Less central", "Mindre sentrale"),
    ("3", "Somewhat central", "Noe sentrale"),
    ("4", "Most central", "Sentrale"),
)

DURATION_GROUP = _list(
    "duration_group",
    ("0-2", "0-2 years", "0-2 år"),
    ("3-5", "3-5 years", "3-5 år"),
    ("6-10", "6-10 years", "6-10 år"),
    ("11-15", "11-15 years", "11-15 år"),
    ("16+", "16 years or more", "16 år eller mer"),
)
DURATION_STARTS = (0, 3, 6, 11, 16)

AGE_GROUP = _list(
    "age_group",
    ("0-14", "0-14 years", "0-14 år"),
    ("15-24", "15-24 years", "15-24 år"),
    ("25-35", "25-35 years", "25-35 år"),
    ("36-61", "36-61 years", "36-61 år"),
    ("62-74", "62-74 years", "62-74 år"),
    ("75+", "75 years or more", "75 år eller mer"),
)
AGE_STARTS = (0, 15, 25, 36, 62, 75)

EVENT = _list(
    "event",
    ("stay", "Stayed", "Ble boende"),
    ("domestic", "Moved to another centrality level", "Flyttet til annet sentralitetsnivå"),
    ("county", "Moved to another county", "Flyttet til annet fylke"),
    ("emigrate", "Emigrated", "Utvandret"),
    ("register", "Emigration was registered", "Utvandring ble registrert"),
    ("return", "Returned", "Kom tilbake"),
    ("arrive", "Arrived", "Innvandret"),
    ("birth", "Was born", "Ble født"),
    ("death", "Died", "Døde"),
)
