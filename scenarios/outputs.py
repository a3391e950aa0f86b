"""What is told of a run, by name: 'emigrations in 2030', 'stock of refugees in 2030'.

A name is a measure, perhaps whom it counts, and a year or years: 'returns of women, country
group 2 in 2020..2029', 'emigration rate by reason in 2030'. Words of one kind add up (work,
refuge), words of different kinds restrict each other (women, refugees). Flows of several years
are summed, the stock of 1 January is averaged, and a rate is of all those years together.
Groups are those of 1 January, of newcomers those in which they came.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sim.agents.columns import LAST_YEAR
from sim.observe import DIMENSIONS
from sim.problems import Problem, refuse, shown, suggest

FIRST_YEAR = 1990
MOST = 200  # outputs of one analysis
STOCK = "stock"
# What is counted, by the event; a rate is percent of the stock of 1 January.
FLOWS: Mapping[str, str] = {
    "emigrations": "emigrate",
    "domestic moves": "domestic",
    "county moves": "county",
    "registered emigrations": "register",
    "returns": "return",
    "arrivals": "arrive",
    "births": "birth",
    "deaths": "death",
}
RATES: Mapping[str, str] = {
    "emigration rate": "emigrate",
    "domestic rate": "domestic",
    "county rate": "county",
}
MEASURES = (STOCK, *FLOWS, *RATES)
IMMIGRANTS = ("background", ("adult_arrival", "child_arrival"))
WRITTEN = "a measure, whom, and years: 'emigrations in 2030', 'stock of refugees in 2030'"
_NAME = re.compile(
    r"(?P<measure>.+?)(?: of (?P<who>.+?))?(?: by (?P<by>.+?))?"
    r"(?: in)? (?P<first>\d{4})(?: ?(?:\.\.|-|–) ?(?P<last>\d{4}))?"
)
Part = tuple[str, tuple[str, ...]]  # a dimension, and which of its codes


@dataclass(frozen=True)
class Output:
    """One number of a run.

    groups: by dimension the codes that count; a dimension that is not named counts whole.
    """

    name: str
    measure: str
    groups: tuple[Part, ...]
    years: tuple[int, int]

    @property
    def unit(self) -> str:
        """What the number counts."""
        return "percent" if self.measure in RATES else "persons"

    @property
    def needed(self) -> tuple[int, int]:
        """Return the first and last year that a run must live for it."""
        first, last = self.years
        return (first, last - 1) if self.measure == STOCK else (first, last)


def read_outputs(raw: Any, where: str) -> tuple[tuple[str, ...], list[Problem]]:
    """Return the names in the field `outputs` of a scenario, and all that is wrong with them."""
    names = [raw] if isinstance(raw, str) else raw
    if not isinstance(names, list) or not names:
        return (), [Problem(where, f"is {shown(raw)}", f"a list of names: {WRITTEN}")]
    if len(names) > MOST:
        return (), [Problem(where, f"names {len(names):,}", f"at most {MOST:,}")]
    problems: list[Problem] = []
    found: list[str] = []
    for name in names:
        outputs, wrong = parse(name, where)
        problems += wrong
        for output in outputs:
            if output.name in found:
                problems.append(Problem(where, f"names {shown(output.name)} twice", "each once"))
            found.append(output.name)
    return tuple(str(name).strip() for name in names), problems


def outputs_of(names: tuple[str, ...]) -> tuple[Output, ...]:
    """Return the outputs of names, or refuse those that mean nothing."""
    parsed = [parse(name, "outputs") for name in names]
    refuse("outputs", [problem for _, wrong in parsed for problem in wrong])
    return tuple(output for some, _ in parsed for output in some)


def parse(name: Any, where: str) -> tuple[tuple[Output, ...], list[Problem]]:
    """Return what a name means: several outputs if it says 'by', or what is wrong with it."""
    text = " ".join(name.split()) if isinstance(name, str) else ""
    found = _NAME.fullmatch(text)
    if found is None:
        cure = "" if re.search(r"\d{4}", text) else "Say the year: 'emigrations in 2030'."
        return (), [Problem(where, f"names {shown(name)}", WRITTEN, cure)]
    problems: list[Problem] = []
    measure = found["measure"].casefold().replace("_", " ")
    if measure not in MEASURES:
        cure = suggest(measure, MEASURES, {"immigrations": "arrivals", "emigrants": "emigrations"})
        said = f"counts {shown(found['measure'])} in {shown(text)}"
        problems.append(Problem(where, said, ", ".join(MEASURES), cure))
    groups = _groups(found["who"] or "", where, problems)
    years = int(found["first"]), int(found["last"] or found["first"])
    if not FIRST_YEAR <= years[0] <= years[1] <= LAST_YEAR:
        cure = "The first year comes first." if years[0] > years[1] else ""
        said = f"has the years {years[0]}..{years[1]} in {shown(text)}"
        problems.append(Problem(where, said, f"years within {FIRST_YEAR}..{LAST_YEAR}", cure))
    dimension = _dimension(found["by"], groups, where, problems)
    if problems:
        return (), problems
    whole = Output(text, measure, tuple(groups.items()), years)
    return (whole,) if not dimension else tuple(_divided(whole, found, dimension)), []


def _dimension(
    by: str | None, groups: Mapping[str, Any], where: str, problems: list[Problem]
) -> str:
    """Return the dimension that 'by' names, '' for none."""
    if by is None:
        return ""
    dimension = by.casefold().replace(" ", "_")
    if dimension not in DIMENSIONS:
        cure = suggest(dimension, DIMENSIONS)
        problems.append(Problem(where, f"divides by {shown(by)}", ", ".join(DIMENSIONS), cure))
    elif dimension in groups and dimension != IMMIGRANTS[0]:
        problems.append(Problem(where, f"divides by {by} and names one too", "one of the two"))
    return dimension


def _divided(whole: Output, found: re.Match[str], dimension: str) -> Iterator[Output]:
    """Yield one output for every code of a dimension."""
    held = dict(whole.groups)
    when = f"{whole.years[0]}" if whole.years[0] == whole.years[1] else "..".join(
        map(str, whole.years)
    )  # fmt: skip
    who = f"{found['who']}, " if found["who"] else ""
    for code in held.get(dimension, DIMENSIONS[dimension].codes.names):
        name = f"{whole.measure} of {who}{dimension.replace('_', ' ')} {code} in {when}"
        groups = {**held, dimension: (code,)}
        yield Output(name, whole.measure, tuple(groups.items()), whole.years)


def _groups(who: str, where: str, problems: list[Problem]) -> dict[str, tuple[str, ...]]:
    """Return by dimension the codes that words mean."""
    found: dict[str, list[str]] = {}
    for word in filter(None, re.split(r"\s*,\s*|\s+and\s+", who)):
        parts = vocabulary().get(word.casefold().replace("_", " "))
        if parts is None:
            cure = suggest(word, vocabulary())
            allowed = (
                "immigrants, refugees, women, country group 2, county Oslo, origin eu_east ..."
            )
            problems.append(Problem(where, f"counts those of {shown(word)}", allowed, cure))
            continue
        for dimension, codes in parts:
            held = found.setdefault(dimension, [])
            held += [code for code in codes if code not in held]
    return {dimension: tuple(codes) for dimension, codes in found.items()}


@cache
def vocabulary() -> dict[str, tuple[Part, ...]]:
    """Return the words for groups: 'refugees', 'county oslo', 'origin eu east', 'eu east'."""
    words: dict[str, tuple[Part, ...]] = {}
    alone: dict[str, list[Part]] = {}
    for name, dimension in DIMENSIONS.items():
        for code in dimension.codes:
            part = (name, (code.name,))
            for said in (code.name, code.en):
                word = said.casefold().replace("_", " ")
                words.setdefault(f"{name.replace('_', ' ')} {word}", (part,))
                if not word[0].isdigit() and name != "municipality":
                    alone.setdefault(word, []).append(part)
    for word, parts in alone.items():
        if len(set(parts)) == 1:
            words.setdefault(word, (parts[0],))
    words |= {
        "everybody": (),
        "immigrants": (IMMIGRANTS,),
        "norwegian-born": (("background", ("norwegian_born",)),),
        "women": (("sex", ("female",)),),
        "men": (("sex", ("male",)),),
        "refugees": (("reason", ("refuge",)),),
        "students": (("reason", ("education",)),),
    }
    for reason, said in (("work", "labour"), ("family", "family"), ("nordic", "nordic")):
        words[f"{said} immigrants"] = (("reason", (reason,)),)
    # Norwegian-born persons have no reason either; who says so means immigrants.
    words["immigrants of unknown reason"] = (("reason", ("unknown",)), IMMIGRANTS)
    return words


def year_problems(
    outputs: tuple[Output, ...], years: tuple[int, int], where: str
) -> Iterator[Problem]:
    """Yield which outputs are of years that a run does not live."""
    for output in outputs:
        first, last = output.needed
        if first < years[0] or last > years[1]:
            allowed = f"years within {years[0]}..{years[1]}, which are lived (a stock a year later)"
            found = f"{shown(output.name)} is of other years than those of the run"
            yield Problem(where, found, allowed, "Give other --years, or another year here.")
