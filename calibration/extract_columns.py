"""The columns that an extract of persons may have, and the ways from them to what a model needs.

Every word that a statistician may write on the left of a mapping file stands here once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sim.agents.columns import FIRST_YEAR, LAST_YEAR, OLDEST
from sim.codes import CENTRALITY, EDUCATION, ORIGIN, PLACE, REASON, SEX, STATUS, CodeList
from sim.geography import COUNTY, MUNICIPALITY

Kind = Literal["code", "count", "flag", "nus", "identifier", "weight"]
OUTCOMES = ("stay", "domestic", "emigrate", "death")
FLAG = ("no", "yes")
# What else stands for yes and no in an extract; everything else needs a line under `codes`.
FLAG_WORDS: Mapping[str, int] = {
    "0": 0, "no": 0, "nei": 0, "false": 0, "n": 0, "1": 1, "yes": 1, "ja": 1, "true": 1, "j": 1,
    "y": 1,
}  # fmt: skip
YOUNGEST = 15


@dataclass(frozen=True)
class Field:
    """One column that an extract may have.

    codes: the words allowed, in the order of their stored numbers, if it holds codes.
    low, high: smallest and largest allowed number, if it holds numbers.
    labels: what people also call a code, for suggestions.
    """

    name: str
    kind: Kind
    meaning: str
    codes: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    low: int = 0
    high: int = 0

    @property
    def allowed(self) -> str:
        """What the column may hold, in words."""
        if self.kind == "code":
            few = len(self.codes) < 30
            return ", ".join(self.codes) if few else f"{len(self.codes)} codes of 1.1.2013"
        return {
            "count": f"whole numbers, {self.low} to {self.high}",
            "flag": "yes, no (also 1, 0, ja, nei, true, false)",
            "nus": "NUS codes of 1 to 6 digits; the first is the level, 0-9",
            "identifier": "an identifier",
            "weight": "numbers above 0",
        }[self.kind]


def _coded(name: str, codes: CodeList, meaning: str) -> Field:
    labels = tuple((label, code.name) for code in codes for label in (code.en, code.nb))
    return Field(name, "code", meaning, codes.names, labels)


def _count(name: str, low: int, high: int, meaning: str) -> Field:
    return Field(name, "count", meaning, low=low, high=high)


def _flag(name: str, meaning: str) -> Field:
    return Field(name, "flag", meaning, FLAG)


_DECLARED = (
    Field("person", "identifier", "one person, one row; any number or text"),
    Field("family", "identifier", "family number, shared by the members of a family"),
    _coded("sex", SEX, "sex"),
    _count("age", 0, OLDEST, "age at the end of year t-1, that is on 1 January of t"),
    _count("birth_year", FIRST_YEAR, LAST_YEAR, "year of birth; gives age = t - 1 - birth_year"),
    _count("duration", 0, OLDEST, "years since first immigration at the end of year t-1"),
    _count(
        "first_arrival_year", FIRST_YEAR, LAST_YEAR, "gives duration = t - 1 - first_arrival_year"
    ),
    _coded("education", EDUCATION, "highest completed education"),
    Field("nus", "nus", "level of education by NUS, 1 to 6 digits; gives education"),
    _coded("status", STATUS, "labour-market status of year t-1"),
    _count(
        "months_unemployed", 0, 12,
        "months registered unemployed in t-1; gives status, with the next two",
    ),
    _flag("employed", "wage earner or self-employed in November of t-1"),
    _flag("student", "enrolled on 1 October or passed an exam in t-1"),
    _coded("reason", REASON, "first registered reason for immigration"),
    _coded("origin", ORIGIN, "country group of birth"),
    _count("family_total", 1, 255, "members of the family resident in Norway"),
    _count("family_immigrants", 1, 255, "immigrants among them, the person included"),
    _flag("immigrant", "immigrant; others count in their family and are left out"),
    _coded("centrality", CENTRALITY, "centrality level of residence, 4 most central"),
    _coded("county", COUNTY, "county of residence, 01 to 20"),
    _coded("municipality", MUNICIPALITY, "municipality of residence at the end of t-1"),
    Field("outcome", "code", "what happened in year t", OUTCOMES),
    Field(
        "county_outcome", "code", "the same, where a domestic move is one out of the county",
        OUTCOMES,
    ),
    _coded("residence_start", PLACE, "where on 1 January of t; who is not resident is left out"),
    _coded("residence_end", PLACE, "where at the end of t; gives outcome, with a place at the end"),
    _flag(
        "emigrated", "resident at the start of t, emigrated at its end; gives outcome, with a place"
    ),
    _flag("died", "died in t"),
    _coded("municipality_end", MUNICIPALITY, "municipality at the end of t"),
    _coded("centrality_end", CENTRALITY, "centrality level at the end of t"),
    _coded("county_end", COUNTY, "county at the end of t; gives county_outcome"),
    Field("weight", "weight", "how many persons the row stands for"),
    _flag("synthetic", "made up, as by vandring example-data"),
)  # fmt: skip
FIELDS: Mapping[str, Field] = {field.name: field for field in _DECLARED}

# What a model needs, each with the ways to it: the first way that the file allows is taken.
STATUS_INPUTS = ("months_unemployed", "employed", "student")
FAMILY_INPUTS = ("family", "immigrant")
WAYS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "sex": (("sex",),),
    "age": (("age",), ("birth_year",)),
    "duration": (("duration",), ("first_arrival_year",)),
    "education": (("education",), ("nus",)),
    "status": (("status",), STATUS_INPUTS),
    "reason": (("reason",),),
    "family_total": (("family_total",), FAMILY_INPUTS),
    "family_immigrants": (("family_immigrants",), FAMILY_INPUTS),
    "centrality": (("centrality",), ("municipality",)),
    "outcome": (
        ("outcome",),
        ("residence_end", "municipality_end"),
        ("residence_end", "centrality_end"),
        ("emigrated", "municipality_end"),
        ("emigrated", "centrality_end"),
    ),
}
OPTIONAL_WAYS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "county": (("county",), ("municipality",)),
    "county_outcome": (
        ("county_outcome",),
        ("residence_end", "municipality", "municipality_end"),
        ("residence_end", "county", "county_end"),
        ("emigrated", "municipality", "municipality_end"),
        ("emigrated", "county", "county_end"),
    ),
    "origin": (("origin",),),
}
CARRIED = ("person", "family", "weight", "synthetic")  # go into the clean file as they are
BESIDES = ("immigrant", "residence_start", "municipality")  # used wherever they are
# The columns of a clean file, in their order.
CLEAN = (
    "person", "family", "sex", "age", "duration", "education", "status", "reason", "origin",
    "family_total", "family_immigrants", "county", "centrality", "outcome",
    "county_outcome", "weight", "synthetic",
)  # fmt: skip
CODES: Mapping[str, tuple[str, ...]] = {
    name: FIELDS[name].codes for name in CLEAN if FIELDS[name].kind in {"code", "flag"}
}
