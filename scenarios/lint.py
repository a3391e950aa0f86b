"""What is allowed in a scenario, but may not be meant: `warnings_of` tells it, a line each.

Warned is of levers beyond the range in which the model was fitted, of changes that change
nothing in the scenario's years, of changes that come on top of each other, and of numbers
that look like another unit. Nothing is refused here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from scenarios.changes import ALL_YEARS, Told, in_words, levers
from scenarios.outlook import PUBLISHED_ARRIVALS, YEARS, Outlook, lived, outlook_of
from scenarios.schema import Scenario
from scenarios.wording import differing, number, span
from sim.codes import COUNTRY_GROUP, ORIGIN
from sim.economy import FITTED, LAST, SERIES, UNEMPLOYMENT, fitted_range
from sim.problems import Problem
from sim.transitions import calibrated
from sim.transitions.arrival_levers import BLOCKS
from sim.transitions.economy_levers import SERIES_OF, name_of
from sim.transitions.levers import ADD, FACTOR, SET, Lever
from sim.transitions.parameters import AS_LAST, LOGIT, TABLES
from sim.transitions.sources import CellChange
from sim.transitions.terms import TERMS

Floats = NDArray[np.float64]
FOR_SENSITIVITY = ("The ranges are for vandring sensitivity alone: a run takes each lever as the "
                   "changes say.")  # fmt: skip
SHARE = 0.3  # an addition to a percentage below this is likely a share
FEW = 10  # persons a year; a lever set to fewer is likely meant as a factor
# What an assumption silences: the levers, or tables of parameters, that its values leave idle.
IDLE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "returning": {"nobody": ("return", "returning")},
    "fertility": {"nobody_is_born": ("births", "fertility", "fertility_assumed",
                                     "fertility_by_origin", "fertility_by_region",
                                     "fertility_by_union")},
    "mortality": {"nobody_dies": ("deaths", "mortality")},
    "unions": {"no_change": ("unions", "unions_assumed")},
    "leaving_home": {"nobody_leaves": ("leaving_home",)},
    "county_moves": {"none": ("county_moves",)},
    "descendants": {"stay": ("descendants",)},
    "administrative": {"none": ("registration",)},
    "labour_status": {"unchanged": ("labour_leaving", "labour_parameters", "labour_targets",
                                    "labour_years")},
}  # fmt: skip
# Terms of the logit that models of a type do not have.
_LEVELS = tuple(term for term in TERMS if term.startswith("centrality"))
NO_TERM = {1: (), 2: _LEVELS, 3: ("female", *_LEVELS)}


def warnings_of(scenario: Scenario) -> list[str]:
    """Return what may not be meant in a scenario, one line each."""
    outlook = outlook_of(scenario.economy, scenario.chosen("arrivals"))
    found: list[str] = []
    for told in scenario.changes:
        found += _of_change(scenario, told, outlook)
    found += _overlaps(scenario.changes)
    found += _idle(scenario)
    found += _beyond_fit(scenario, outlook)
    if scenario.ranges:
        found += _left_open(scenario, set(found))
    return list(dict.fromkeys(found))


def _left_open(scenario: Scenario, known: set[str]) -> Iterator[str]:
    """Say that ranges are not for a run, and what may not be meant at their ends."""
    yield FOR_SENSITIVITY
    plain = replace(scenario, ranges=())
    for one in scenario.ranges:
        for end in (0.0, 1.0):
            altered = replace(plain, changes=(*scenario.changes, one.told(end)))
            for warning in warnings_of(altered):
                if warning in known:
                    continue
                of_all = warning.startswith("The unaltered")
                yield warning if of_all else f"At an end of its range: {warning}"


def _of_change(scenario: Scenario, told: Told, outlook: Outlook) -> Iterator[str]:
    """Apply one change and say what may not be meant by it."""
    yield from _other_unit(told)
    years = lived(scenario.years)
    where = f"{told.name}{in_words(told.years)}"
    first, last = told.years or ALL_YEARS
    outside = last < scenario.years[0] or first > scenario.years[1]
    if told.change is None:
        follow = list(_later_years(scenario, told, where))
        yield from follow
        if told.years and outside and not follow:
            yield f"{where} has no effect of its own: the run's years are {_run(scenario)}."
        return
    before = {part: course.copy() for part, course in outlook.courses(told.name).items()}
    outlook.alter(told.change)
    after = outlook.courses(told.name)
    if outside:
        yield f"{where} has no effect: the run's years are {_run(scenario)}."
    elif not any(differing(before[part], after[part], years) for part in before):
        late = told.name in SERIES_OF and first > LAST
        why = f"after {LAST} the last value holds" if late else "it leaves the lever as it is"
        yield f"{where} has no effect: {why}."
    if told.name in BLOCKS and told.kind == ADD and told.number < 0:
        short = [year for year in years if first <= year <= last
                 and before[""][year - YEARS[0]] + told.number < 0]  # fmt: skip
        if short:
            here = number(before[""][short[0] - YEARS[0]], "persons a year")
            yield f"{where} takes away more than the {here} persons of {short[0]}: nobody comes."


def _later_years(scenario: Scenario, told: Told, where: str) -> Iterator[str]:
    """Say that years after a table's last stand on the years that a change alters."""
    table = TABLES.get(told.name.partition(".")[0])
    if told.years is None or table is None or not table.later:
        return
    years, ends = table.years, table.ends
    if told.name.startswith("mortality") and scenario.chosen("mortality") == "as_2023":
        ends = 1  # only the last year is looked at
    stand_on = {years[-1]} if ends == 1 else {*years[:ends], *years[-ends:]}
    first, last = told.years
    if scenario.years[1] > years[-1] and any(first <= year <= last for year in stand_on):
        later = table.later if ends == table.ends else AS_LAST
        yield (f"{where} alters later years too, whatever years it names: those after {years[-1]}, "
               f"the table's last, {later}.")  # fmt: skip


def _run(scenario: Scenario) -> str:
    return f"{scenario.years[0]}..{scenario.years[1]}"


def _other_unit(told: Told) -> Iterator[str]:
    """Say that a number may be meant in another unit."""
    lever = levers().get(told.name)
    if lever is None:
        return
    where = f"{told.name}{in_words(told.years)}"
    if lever.unit == "percent" and told.kind == ADD and 0 < abs(told.number) < SHARE:
        yield (f"{where} adds {told.number:g} percentage points; did you mean "
               f"{told.number * 100:+g}?")  # fmt: skip
    if lever.unit == "percent" and told.kind == FACTOR:
        yield f"{where} multiplies by {told.number:g}; write +1 to add a percentage point."
    if lever.unit == "persons a year" and told.kind == SET and 0 < told.number < FEW:
        yield (f"{where} lets {told.number:g} persons a year come; did you mean "
               f"x{told.number:g}?")  # fmt: skip
    if lever.unit == "persons a year" and told.kind == ADD and 0 < abs(told.number) < 1:
        yield f"{where} adds less than one person a year; did you mean x{1 + told.number:g}?"


def _overlaps(changes: tuple[Told, ...]) -> Iterator[str]:
    """Say which levers are altered twice in a year: the later change comes on top."""
    seen: set[tuple[str, str]] = set()
    for one, other in combinations(changes, 2):
        if (one.name, other.name) in seen or not _meet(one, other):
            continue
        first = max((one.years or ALL_YEARS)[0], (other.years or ALL_YEARS)[0])
        last = min((one.years or ALL_YEARS)[1], (other.years or ALL_YEARS)[1])
        if first <= last:
            seen.add((one.name, other.name))
            same = one.name == other.name
            both = (
                f"{one.name} is altered twice" if same else f"{one.name} and {other.name} overlap"
            )
            does = "replaces the first" if other.kind == SET and same else "comes on top"
            yield f"{both} {span((first, last))}: the second change {does}."


def _meet(one: Told, other: Told) -> bool:
    """Say whether two changes alter the same numbers, years apart."""
    if one.name == other.name:
        return True
    if one.name in BLOCKS and other.name in BLOCKS:
        (mine, here, _), (theirs, there, _) = BLOCKS[one.name], BLOCKS[other.name]
        every = range(len(ORIGIN))
        return bool(set(mine) & set(theirs)) and bool(set(every[here]) & set(every[there]))
    if one.name in SERIES_OF and other.name in SERIES_OF:
        return bool(set(SERIES_OF[one.name]) & set(SERIES_OF[other.name]))
    return not one.change and not other.change and _same_cells(one.cells, other.cells)


def _same_cells(one: CellChange | Problem, other: CellChange | Problem) -> bool:
    """Say whether two changes of parameters meet in a cell of a table."""
    if not isinstance(one, CellChange) or not isinstance(other, CellChange):
        return False
    rows = dict(one.where)
    meet = all(rows.get(key, words) & words for key, words in other.where)
    return meet and (one.table, one.column) == (other.table, other.column)


def _idle(scenario: Scenario) -> Iterator[str]:
    """Say which levers an assumption, or the calibration, leaves without effect."""
    for name in dict.fromkeys(told.name for told in scenario.changes):
        word = name.partition(".")[0]
        for assumption, silenced in IDLE.items():
            chosen = scenario.chosen(assumption)
            if word in silenced.get(chosen, ()):
                yield f"{name} has no effect, since {assumption} is {chosen}."
        if name in BLOCKS and scenario.chosen("arrivals") == "none":
            yield f"{name} lets people come although arrivals is none; only they arrive."
        if name in SERIES_OF:
            yield from _idle_economy(scenario, name)
        if word == LOGIT and name.split(".")[-1] in NO_TERM[scenario.model_type]:
            yield (f"{name} shifts everybody's log odds: models of type {scenario.model_type} "
                   "have no such term.")  # fmt: skip


def _idle_economy(scenario: Scenario, name: str) -> Iterator[str]:
    """Say that nobody answers to a series of the economy."""
    works = UNEMPLOYMENT[0] in SERIES_OF[name] and scenario.chosen("labour_status") == "fitted"
    answer = scenario.chosen("economy")
    only = "moves labour status only" if works else "has no effect"
    if answer == "none":
        yield f"{name} {only}, since economy is none."
    elif not any(_answers(scenario, answer, series) for series in SERIES_OF[name]):
        yield f"{name} {only}: the calibration found no answer of emigration to it."


def _answers(scenario: Scenario, answer: str, series: str) -> bool:
    """Say whether emigration of any country group answers to a series."""
    means = calibrated.read(scenario.calibration).elasticities(answer)
    what, _, where = series.rpartition("_")
    if where == "norway":
        return bool(means[:, 0].any())
    driver = 1 if what == "unemployment" else 2
    return bool(means[COUNTRY_GROUP.index(where.removeprefix("group")), driver])


def _beyond_fit(scenario: Scenario, outlook: Outlook) -> Iterator[str]:
    """Say which levers leave the range in which the model was fitted, in years they alter."""
    plain = outlook_of(scenario.economy, scenario.chosen("arrivals"))
    years = lived(scenario.years)
    altered = dict.fromkeys(told.name for told in scenario.changes if told.change)
    answers = scenario.chosen("economy") != "none"
    for name in dict.fromkeys(part for whole in altered for part in _parts(whole)):
        if name in SERIES_OF and answers:
            known, when = fitted_range(SERIES_OF[name][0]), "where the model was fitted"
        elif name in BLOCKS:
            known = _published(scenario, name)
            when = f"the range of {PUBLISHED_ARRIVALS[0]}..{PUBLISHED_ARRIVALS[-1]}"
        elif name not in SERIES_OF and (fit := levers()[name].fitted):
            known, when = fit, "where the model was fitted"
        else:
            continue
        before, after = plain.courses(name)[""], outlook.courses(name)[""]
        yield from _outside(levers()[name], before, after, years, known, when)
    told = scenario.chosen("economy_reference") == "of_2013" or set(altered) & set(SERIES_OF)
    if answers and years and told:  # else the default path moves nobody
        yield from _economy_outside(plain, years)


def _parts(name: str) -> list[str]:
    """Return the levers of the single series of a lever, or the lever itself."""
    return [name_of(series) for series in SERIES_OF.get(name, ())] or [name]


def _published(scenario: Scenario, name: str) -> tuple[float, float]:
    """Return the least and most who arrived in a published year."""
    plain = outlook_of(scenario.economy, "history").courses(name)[""]
    some = plain[PUBLISHED_ARRIVALS[0] - YEARS[0] : PUBLISHED_ARRIVALS[-1] + 1 - YEARS[0]]
    return float(some.min()), float(some.max())


def _outside(
    lever: Lever, before: Floats, after: Floats, years: range, known: tuple[float, float], when: str
) -> Iterator[str]:
    """Say that a lever leaves a known range in some of the years in which it is altered."""
    away = [year for year in differing(before, after, years)
            if not known[0] - 1e-9 <= after[year - YEARS[0]] <= known[1] + 1e-9]  # fmt: skip
    if away:
        values = [float(after[year - YEARS[0]]) for year in away]
        ends = (min(values), max(values))
        finer = 0
        while finer < 3 and {number(end, lever.unit, finer) for end in ends} & {
            number(end, lever.unit, finer) for end in known
        }:
            finer += 1
        low, high, least, most = (number(end, lever.unit, finer) for end in (*ends, *known))
        here = low if low == high else f"{low} to {high}"
        in_years = f"{away[0]}" if len(away) == 1 else f"{away[0]}..{away[-1]}"
        if len(away) < away[-1] - away[0] + 1:
            in_years = f"{len(away)} years of {in_years}"
        yield f"{lever.name} is {here} in {in_years}, outside {least} to {most}, {when}."


def _economy_outside(plain: Outlook, years: range) -> Iterator[str]:
    """Say in one line which series leave the fitted range without being altered."""
    away = []
    some = slice(years[0] - YEARS[0], years[-1] + 1 - YEARS[0])
    for series in SERIES:
        low, high = fitted_range(series)
        course = plain.courses(name_of(series))[""][some]
        if ((course < low - 1e-9) | (course > high + 1e-9)).any():
            away.append(name_of(series))
    if away:
        yield (
            f"The unaltered economy leaves the range of {FITTED[0]}..{FITTED[-1]}, in which the "
            f"model was fitted ({', '.join(away)}): effects there are extrapolated."
        )
