"""Labour-market status: who works, studies, looks for work or is outside, a year later.

Shares of the five statuses by sex, age, reason and length of stay are the targets: those of
the reconstructed register, whose employed by reason, sex, age and stay are as published.
Each status has a share who keep it if nothing forces them out; whoever does not keep it draws
a new one. What is drawn is such that people who were spread as the target says a year ago,
when a year younger and a year shorter in Norway, are spread as it says now.

Whoever is 62 or more and outside the labour force stays outside.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.chance import cuts as cuts_of
from sim.codes import REASON, SEX, STATUS
from sim.transitions import labour_kernel as kernel
from sim.transitions.batches import screened
from sim.transitions.odds import Odds, age_reached, luck_of
from sim.transitions.process import Assumption, Settings, Year
from sim.transitions.sources import CellChange, altered_in, remembered, rows

Floats = NDArray[np.float64]
OUTSIDE, EMPLOYED, EMPLOYED_STUDENT, STUDENT, UNEMPLOYED = range(len(STATUS))
# New statuses are drawn in this order: a change of unemployment moves the last cut alone.
ORDER = np.array([OUTSIDE, STUDENT, EMPLOYED_STUDENT, EMPLOYED, UNEMPLOYED], dtype=np.uint8)
TABLES = frozenset({"labour_leaving.csv", "labour_parameters.csv", "labour_targets.csv",
                    "labour_unemployment.csv", "labour_years.csv"})  # fmt: skip
LOOKED_AT = ("place", "background", "reason", "sex", "birth_year", "first_arrival_year", "status")
GROUPS = (*REASON.names, "norwegian_born")
AGES = np.arange(15, 75)  # on 1 January
STAYS = np.arange(18)  # the last is open
RETIRE = 62  # from this age on, who is outside stays outside
AGE_KNOTS = (16, 18, 20, 22, 24, 27, 31, 37, 45, 54, 66, 67, 70, 74)
STAY_KNOTS = (0, 2, 4, 7, 12, 16)
STAY_GROUPS = {"0-4": slice(0, 5), "5-9": slice(5, 10), "10+": slice(10, STAYS.size)}  # published
YOUNG, OLD, RECENT = 25, 55, 3  # younger than, from, stayed less than
CHILD = 15  # oldest age at arrival of those who went to school in Norway
LARGEST_SHIFT = 0.9  # of the employed, into unemployment
UNEMPLOYMENT, YEARS = "unemployment_norway", range(2000, 2101)

LABOUR = Assumption(
    "labour_status",
    {
        "fitted": "Shares by sex, age, reason and stay are those of 2012, except that the employed "
        "are as many as published until 2011 (of each sex, from 2006 of each length of stay, from "
        "2009 of each reason), and that the unemployed follow the unemployment rate of Norway at "
        "the cost of the employed.",
        "without_economy": "The same, but the unemployment rate of Norway stays as in 2012.",
        "unchanged": "Nobody's status changes.",
    },
)


class LabourStatus:
    """The status of the year, of residents who will be 16 to 74 on the coming 1 January.

    Those who turn 15, and newcomers of the year, keep the status they were given. Who turns
    75 is outside the labour force from then on.

    unemployment: rates of Norway in percent by year; years left out have the published rate,
        years after the last that is known have the last.
    """

    name: ClassVar = "labour_status"
    reads: ClassVar = frozenset({"person", "sex", "birth_year", "place", "background", "reason",
                                 "first_arrival_year", "status"})  # fmt: skip
    writes: ClassVar = frozenset({"status"})
    assumptions: ClassVar[tuple[Assumption, ...]] = (LABOUR,)

    def __init__(self, choice: str, unemployment: Mapping[int, float] | None = None) -> None:
        self.choice = choice
        self.unemployment = {**published_unemployment(), **(unemployment or {})}

    @classmethod
    def ready(cls, settings: Settings) -> "LabourStatus":
        """Take the fitted targets and the unemployment of the economy."""
        rates = {year: settings.paths.value(UNEMPLOYMENT, year) for year in YEARS}
        return cls(settings.choice(LABOUR), rates)

    def rate(self, year: int) -> float:
        """Return the unemployment rate that drives a year."""
        if self.choice == "without_economy":
            return published_unemployment()[int(parameters()["base_year"])]
        known = self.unemployment
        return known.get(year, known[min(max(year, min(known)), max(known))])

    def happen(self, year: Year) -> None:
        """Give everybody of working age the status of the year."""
        if self.choice == "unchanged":
            return
        population = year.population
        keep, upto = cuts(year.year, self.rate(year.year - 1), self.rate(year.year))
        looked_at = [population[c] for c in LOOKED_AT]
        leaving, words = screened(
            year, self.name, lambda words, some, marks:
            kernel.mark(words, keep, year.year, marks, *(c[some] for c in looked_at)),
        )  # fmt: skip
        person = population["person"][leaving]
        year.chance.swift_word(f"{self.name}, new", year.year, person, words)
        changed = np.empty(leaving.size + 1, dtype=np.int64)
        count = kernel.draw(
            leaving, words, upto.ravel(), ORDER, year.year,
            population["background"], population["reason"], population["sex"],
            population["birth_year"], population["first_arrival_year"], population["status"],
            changed,
        )  # fmt: skip
        year.changed.append(changed[:count].copy())

    def odds(self, year: Year, position: int) -> tuple[Odds, ...]:
        """Return the chance that the status is drawn anew; who draws high does (told reversed)."""
        population, age = year.population, age_reached(year, position) - kernel.YOUNGEST
        stay = year.year - int(population["first_arrival_year"][position])
        status = int(population["status"][position])
        asked = population["place"][position] == kernel.RESIDENT and age >= 0 and stay > 0
        if self.choice == "unchanged" or not asked:
            return ()
        if age >= kernel.AGES and status == kernel.OUTSIDE:
            return ()
        group = kernel.group_of(population["background"][position], population["reason"][position])
        keep, _ = cuts(year.year, self.rate(year.year - 1), self.rate(year.year))
        row = (group * kernel.SEXES + int(population["sex"][position])) * kernel.AGES
        row = (row + min(age, kernel.AGES - 1)) * kernel.LONGEST + min(stay, kernel.LONGEST) - 1
        kept = float(keep[row * kernel.STATES + status]) * 2.0**-32
        luck = luck_of(year, self.name, population["person"][position])
        return (Odds("a new draw of the status", 1.0 - kept, 1.0 - luck),)


def cuts(
    year: int, rate_before: float, rate_now: float
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return how many of the 2**32 words let one keep a status, and the cuts between new ones.

    By group, sex, age reached and years of stay, the first as one row, with a last one that lets
    anybody keep it. Nobody who turns 75 keeps a status.
    """
    return _cuts(altered_in(TABLES), year, rate_before, rate_now)


@lru_cache(maxsize=32)  # large, and one for each rate that a drawn economy has
def _cuts(
    altered: tuple[CellChange, ...],  # noqa: ARG001 - tables may differ
    year: int,
    rate_before: float,
    rate_now: float,
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    keep, new = chances(targets(year - 1, rate_before), targets(year, rate_now))
    keep = np.concatenate([keep, np.zeros_like(keep[:, :, :1])], axis=2)
    upto = new[..., ORDER[:-1]]
    for k in range(1, upto.shape[-1]):
        upto[..., k] += upto[..., k - 1]
    return cuts_of(np.append(keep, 1.0)), cuts_of(upto.clip(0, 1))


def chances(before: Floats, now: Floats) -> tuple[Floats, Floats]:
    """Return the chances of keeping each status, and those of a new one, next year.

    before, now: targets of two years, by group, sex, age on 1 January and years of stay.
    Both results are by group, sex, age 16-74 and stay 1-17, then status. Nobody keeps a
    status more often than its share allows, so that the new ones are never negative. Between
    the two years some emigrate, the employed less often than others.
    """
    keep, new = np.empty((2, *now[:, :, 1:, 1:].shape))
    retired = int(np.searchsorted(AGES[1:], RETIRE, side="right"))
    kernel.chances(before, leaving(), now, persistence(), retired, keep, new)
    return keep, new


def _total(shares: Floats) -> Floats:
    """Sum over statuses; NumPy's own sum over so short a last axis takes six times the time."""
    total = shares[..., :1].copy()
    for k in range(1, len(STATUS)):
        total += shares[..., k, None]
    return total


def targets(year: int, rate: float, *, shifted: bool = True) -> Floats:
    """Return the shares of the five statuses at the end of a year: (group, sex, age, stay, 5).

    Those who are 15 are in education (see `coming_of_age`).
    shifted: whether the employed of the year are as many as published.
    """
    return _targets(altered_in(TABLES), year, rate, shifted=shifted)


@lru_cache(maxsize=32)  # those of one year are also those from which the next one starts
def _targets(
    altered: tuple[CellChange, ...],  # noqa: ARG001 - tables may differ
    year: int,
    rate: float,
    *,
    shifted: bool,
) -> Floats:
    odds = _odds().copy()
    for group, sex, stay, shift in _year_shifts().get(year, ()) if shifted else ():
        odds[group, sex, :, stay, EMPLOYED : EMPLOYED_STUDENT + 1] *= np.exp(shift)
    shares = odds / _total(odds)
    known = parameters()
    relative = rate / published_unemployment()[int(known["base_year"])]
    more = shares[..., UNEMPLOYED] * (relative ** known["unemployment_elasticity"] - 1)
    more = np.minimum(more, LARGEST_SHIFT * shares[..., EMPLOYED])
    shares[..., UNEMPLOYED] += more
    shares[..., EMPLOYED] -= more
    shares[:, :, 0] = np.eye(len(STATUS))[STUDENT]
    shares.setflags(write=False)
    return np.asarray(shares)


@remembered
def _odds() -> Floats:
    return np.asarray(np.exp(_utilities()))


@remembered
def _utilities() -> Floats:
    group, sex, age, stay = np.meshgrid(
        np.arange(len(GROUPS)), np.arange(len(SEX)), AGES, STAYS, indexing="ij"
    )
    values = {row["term"]: row for row in rows("labour_targets.csv")}
    found = terms(group, sex, age, stay)
    utility = np.zeros((*group.shape, len(STATUS)))
    for k, status in enumerate(STATUS.names):
        if k != EMPLOYED:
            weights = [float(values[term][status]) for term in found]
            utility[..., k] = sum(w * x for w, x in zip(weights, found.values(), strict=True))
    return utility


def terms(
    group: NDArray[np.int64],
    sex: NDArray[np.int64],
    age: NDArray[np.int64],
    stay: NDArray[np.int64],
) -> dict[str, Floats]:
    """Return what a status depends on, by name; those born in Norway have terms of their own."""
    born = group == GROUPS.index("norwegian_born")
    found: dict[str, Floats] = {"constant": (~born).astype(np.float64)}
    male = (sex == SEX.index("male")).astype(np.float64)
    for knot, share in _between(AGE_KNOTS, age).items():
        found[f"norwegian_born, age {knot}"] = share * born
        if knot != 37:
            found[f"age {knot}"] = share * ~born
    for knot, share in _between(STAY_KNOTS, stay).items():
        if knot != STAY_KNOTS[-1]:
            found[f"stay {knot}"] = share * ~born
    came_young = ~born & (age - stay <= CHILD)
    found |= {
        "male": male * ~born,
        "norwegian_born, male": male * born,
        "male, young": male * (~born & (age < YOUNG)),
        "male, old": male * (~born & (age >= OLD)),
        "came as a child": came_young.astype(np.float64),
        "came as a child, grown": (came_young & (age >= YOUNG)).astype(np.float64),
    }
    for k, reason in enumerate(REASON.names):
        mine = group == k
        new = (mine & (stay == 0)).astype(np.float64)
        found |= {f"{reason}, new": new, f"{reason}, new, male": new * male}
        if k == 0:  # work is the reference of what follows
            continue
        found |= {
            reason: mine.astype(np.float64),
            f"{reason}, male": mine * male,
            f"{reason}, young": (mine & (age < YOUNG)).astype(np.float64),
            f"{reason}, old": (mine & (age >= OLD)).astype(np.float64),
            f"{reason}, recent": (mine & (stay < RECENT)).astype(np.float64),
        }
    return found


def _between(knots: tuple[int, ...], value: NDArray[np.int64]) -> dict[int, Floats]:
    """Return the weight of each knot at a value: straight lines between neighbours."""
    return {knot: np.interp(value, knots, np.eye(len(knots))[k]) for k, knot in enumerate(knots)}


@remembered
def parameters() -> dict[str, float]:
    """Return the single numbers: persistence of each status, elasticity, base year."""
    return {row["name"]: float(row["value"]) for row in rows("labour_parameters.csv")}


@remembered
def persistence() -> Floats:
    """Return the share who keep each status if they may."""
    return np.array([parameters()[f"keep_{status}"] for status in STATUS.names])


@remembered
def leaving() -> Floats:
    """Return the share who emigrate in a year, by group, years of stay and status.

    Of the Norwegian-born all statuses are taken to leave equally often.
    """
    share = np.zeros((len(GROUPS), STAYS.size, len(STATUS)))
    for row in rows("labour_leaving.csv"):
        cell = REASON.index(row["reason"]), STAY_GROUPS[row["stay"]], STATUS.index(row["status"])
        share[cell] = float(row["share"])
    return share


@remembered
def published_unemployment() -> dict[int, float]:
    """Return the published unemployment rate of Norway by year, in percent."""
    return {int(row["year"]): float(row["percent"]) for row in rows("labour_unemployment.csv")}


@remembered
def _year_shifts() -> dict[int, list[tuple[slice, slice, slice, float]]]:
    """Return, by year, what is added to the utility of working: of whom, and how much."""
    shifts: dict[int, list[tuple[slice, slice, slice, float]]] = {}
    everybody = slice(0, len(REASON)), slice(0, len(SEX)), slice(0, STAYS.size)
    for row in rows("labour_years.csv"):
        group, sex, stay = everybody
        if row["reason"] != "all":
            group = slice(REASON.index(row["reason"]), REASON.index(row["reason"]) + 1)
        if row["sex"] != "all":
            sex = slice(SEX.index(row["sex"]), SEX.index(row["sex"]) + 1)
        if row["stay"] != "all":
            stay = STAY_GROUPS[row["stay"]]
        shifts.setdefault(int(row["year"]), []).append((group, sex, stay, float(row["shift"])))
    return shifts
