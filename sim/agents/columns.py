"""Every column of a person, declared once.

Checks, the codebook and the file schema are all made from this list, so a new column is
one entry here and nothing else. `definitions` of the words: docs/codebook.md.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sim import codes
from sim.codes import CodeList
from sim.geography import MUNICIPALITY

FIRST_YEAR, LAST_YEAR = 1880, 2100
OLDEST = 120


@dataclass(frozen=True)
class Column:
    """One declared column.

    codes: the list that stored numbers point into, or None for numbers.
    low, high: smallest and largest allowed number.
    none: the number that means 'no value', or None if every person has one.
    default: what a file may leave out is filled with; None: a file must have it.
    """

    name: str
    dtype: np.dtype[Any]
    meaning: str
    en: str
    nb: str
    source: str
    unit: str = ""
    codes: CodeList | None = None
    low: int = 0
    high: int = 0
    none: int | None = None
    default: int | None = None

    @property
    def largest(self) -> int:
        """The largest number that may be stored."""
        return len(self.codes) - 1 if self.codes is not None else self.high


_REPORT = "Rapporter 2016/27"
_DESCENDANTS = "Report on emigration of descendants, 2026"


def _coded(
    name: str,
    code_list: CodeList,
    meaning: str,
    en: str,
    nb: str,
    source: str = _REPORT,
    *,
    dtype: str = "u1",
    default: int | None = None,
) -> Column:
    return Column(name, np.dtype(dtype), meaning, en, nb, source, codes=code_list, default=default)


COLUMNS: tuple[Column, ...] = (
    Column(
        "person",
        np.dtype("i8"),
        "Identifier, never reused; every draw of chance is keyed on it",
        "Person",
        "Person",
        "Vandring",
        high=2**63 - 1,
    ),
    _coded("sex", codes.SEX, "Sex", "Sex", "Kjønn"),
    Column(
        "birth_year",
        np.dtype("i2"),
        "Year of birth. Models and tables of year t use the age on 1 January of t: t - 1 minus "
        "this",
        "Year of birth",
        "Fødselsår",
        _REPORT,
        unit="year",
        low=FIRST_YEAR,
        high=LAST_YEAR,
    ),
    _coded(
        "background",
        codes.BACKGROUND,
        "Immigrant by age at first arrival, or Norwegian-born to two immigrant parents",
        "Background",
        "Bakgrunn",
        _DESCENDANTS,
        default=0,
    ),
    _coded(
        "origin",
        codes.ORIGIN,
        "Own (of Norwegian-born: parents') country group of birth; gives country group 1-3",
        "Origin",
        "Landbakgrunn",
        _DESCENDANTS,
    ),
    _coded(
        "reason",
        codes.REASON,
        "First registered reason for immigration, fixed for life; of Norwegian-born 'unknown'",
        "Reason",
        "Innvandringsgrunn",
    ),
    _coded(
        "sponsor_reason",
        codes.SPONSOR_REASON,
        "Of family immigrants: reason of the person they joined. Official stocks count families "
        "of refugees as refugees, the reports count them as family",
        "Reason of sponsor",
        "Referansepersonens grunn",
        "Statistics Norway, reasons",
        default=0,
    ),
    Column(
        "first_arrival_year",
        np.dtype("i2"),
        "Year of first immigration (of Norwegian-born: of birth). Duration of stay on 1 January of "
        "year t is t - 1 minus this; years abroad are not subtracted, and it is kept on return",
        "First arrival",
        "Første innvandringsår",
        _REPORT,
        unit="year",
        low=FIRST_YEAR,
        high=LAST_YEAR,
    ),
    _coded("education", codes.EDUCATION, "Highest completed education", "Education", "Utdanning"),
    _coded(
        "status",
        codes.STATUS,
        "Labour-market status of the year before the 1 January described, ages 15-74",
        "Labour-market status",
        "Arbeidsmarkedsstatus",
    ),
    _coded(
        "municipality",
        MUNICIPALITY,
        "Municipality of residence in the division of 1.1.2013 (of persons abroad: the last one); "
        "county and centrality follow from it",
        "Municipality",
        "Kommune",
        dtype="i2",
    ),
    Column(
        "family",
        np.dtype("i4"),
        "Family number, shared by partners and by parents and children. Numbers in a file are "
        "replaced by 0, 1, 2 ... in their order when it is read",
        "Family",
        "Familienummer",
        _REPORT,
        high=2**31 - 1,
    ),
    Column(
        "family_total",
        np.dtype("u1"),
        "Members of the family resident in Norway, all of them (of persons abroad: when they left)",
        "Family members",
        "Familiemedlemmer",
        _REPORT,
        unit="persons",
        low=1,
        high=255,
    ),
    Column(
        "family_immigrants",
        np.dtype("u1"),
        "Members of the family resident in Norway who are immigrants; 0 for Norwegian-born persons "
        "who live with none",
        "Immigrant family members",
        "Innvandrere i familien",
        _REPORT,
        unit="persons",
        high=255,
    ),
    Column(
        "mother",
        np.dtype("i4"),
        "The mother, if a person of the population: in files her identifier, inside her position",
        "Mother",
        "Mor",
        "Vandring",
        low=0,
        high=2**31 - 1,
        none=-1,
        default=-1,
    ),
    Column(
        "partner",
        np.dtype("i4"),
        "The partner, if a person of the population: in files an identifier, inside a position",
        "Partner",
        "Partner",
        "Vandring",
        low=0,
        high=2**31 - 1,
        none=-1,
        default=-1,
    ),
    _coded("place", codes.PLACE, "Resident, abroad or dead", "Place", "Sted", default=0),
    Column(
        "left_year",
        np.dtype("i2"),
        "Year in which the current stay abroad began",
        "Year of leaving",
        "Utflyttingsår",
        _DESCENDANTS,
        unit="year",
        low=FIRST_YEAR,
        high=LAST_YEAR,
        none=0,
        default=0,
    ),
    _coded(
        "destination",
        codes.DESTINATION,
        "Destination of the current stay abroad",
        "Destination",
        "Utvandringsland",
        _DESCENDANTS,
        default=0,
    ),
    Column(
        "registered_year",
        np.dtype("i2"),
        "Year in which the register records the emigration, left_year or later",
        "Year of registration",
        "Registreringsår",
        _DESCENDANTS,
        unit="year",
        low=FIRST_YEAR,
        high=LAST_YEAR,
        none=0,
        default=0,
    ),
)

BY_NAME = {column.name: column for column in COLUMNS}
LINKS = ("mother", "partner")
BYTES_PER_PERSON = sum(column.dtype.itemsize for column in COLUMNS)
