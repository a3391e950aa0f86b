"""The 428 municipalities of 1.1.2013, with county and centrality, looked up by number or name."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from sim.codes import Code, CodeList
from sim.problems import InputError, Problem, suggest


@dataclass(frozen=True)
class Municipality:
    """One municipality: four-digit number, name, county and centrality (4 = most central)."""

    number: str
    name: str
    county: str
    county_name: str
    centrality: int


def _read() -> tuple[Municipality, ...]:
    text = (resources.files("sim") / "data" / "municipalities_2013.csv").read_text("utf-8")
    return tuple(
        Municipality(
            row["number"], row["name"], row["county"], row["county_name"], int(row["centrality"])
        )
        for row in csv.DictReader(text.splitlines())
    )


MUNICIPALITIES = _read()
MUNICIPALITY = CodeList(
    "municipality", tuple(Code(m.number, m.name, m.name) for m in MUNICIPALITIES)
)
_COUNTY_NAMES = dict(sorted((m.county, m.county_name) for m in MUNICIPALITIES))
COUNTY = CodeList(
    "county", tuple(Code(number, name, name) for number, name in _COUNTY_NAMES.items())
)


def _frozen(values: list[int]) -> NDArray[np.uint8]:
    array = np.array(values, dtype=np.uint8)
    array.flags.writeable = False
    return array


# By stored municipality: stored county, and stored centrality (0 is level 1, least central).
COUNTY_OF = _frozen([COUNTY.index(m.county) for m in MUNICIPALITIES])
CENTRALITY_OF = _frozen([m.centrality - 1 for m in MUNICIPALITIES])


@cache
def _by_name() -> dict[str, list[Municipality]]:
    found: dict[str, list[Municipality]] = {}
    for municipality in MUNICIPALITIES:
        # 'Guovdageaidnu - Kautokeino' answers to the whole name and to each of the two
        for name in {municipality.name, *municipality.name.split(" - ")}:
            found.setdefault(name.casefold(), []).append(municipality)
    return found


def municipality(which: str | int) -> Municipality:
    """Look a municipality up by number (301 or '0301') or by name ('Oslo').

    Six names are shared by two municipalities; ask for these as 'Herøy (15)', with
    the county number.
    """
    word = f"{which:04d}" if isinstance(which, int) else which.strip()
    if word.isdigit():
        word = word.zfill(4)
        if word in MUNICIPALITY.names:
            return MUNICIPALITIES[MUNICIPALITY.index(word)]
    name, _, county = word.partition("(")
    found = _by_name().get(name.strip().casefold(), [])
    if county:
        found = [m for m in found if m.county == county.rstrip(") ").zfill(2)]
    if len(found) == 1:
        return found[0]
    raise InputError("municipality", [_unknown(str(which), found)])


def _unknown(word: str, found: list[Municipality]) -> Problem:
    if found:
        choices = " or ".join(f"'{m.name} ({m.county})'" for m in found)
        return Problem(word, "is the name of several municipalities", choices)
    names = [m.name for m in MUNICIPALITIES]
    return Problem(
        word,
        "is no municipality of 1.1.2013",
        "one of 428 numbers (0101-2030) or names",
        suggest(word, names),
    )
