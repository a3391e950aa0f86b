"""Education: school and studies in Norway, and foreign education that is registered in time.

Those born in Norway, or who came at 15 or younger, follow the school career of all youths:
the levels held at each age are given, and nobody moves further than that needs. Others move
up only while they are in education. Who has no registered education may get one registered,
the likelier the longer they stayed up to ten years. Nobody's level ever falls.
"""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.chance import cuts
from sim.codes import EDUCATION, REASON, SEX
from sim.transitions import education_kernel as kernel
from sim.transitions.batches import screened
from sim.transitions.odds import Odds, age_reached, luck_of
from sim.transitions.process import Assumption, Settings, Year
from sim.transitions.sources import remembered, rows

Floats = NDArray[np.float64]
NONE, COMPULSORY, BASIC, UPPER, SHORT, LONG = range(len(EDUCATION))
AGES = np.arange(kernel.YOUNGEST, kernel.OLDEST + 1)  # reached in the year
CAREER = np.arange(15, 32)  # ages whose levels are given; from the last on they stay
STAYS = np.arange(kernel.LONGEST + 1)
LARGEST = 0.95  # chance of moving up in a year
LOOKED_AT = ("place", "sex", "birth_year", "first_arrival_year", "status", "education")
BREAK = 2014  # from the register of October 2013 to that of October 2014

BREAK_OF_2014 = Assumption(
    "education_break",
    {
        "gradual": "Education of immigrants is registered with time, as until 2013. The break of "
        "2014, when most unknown levels were imputed, is left out: the published models were "
        "estimated with unregistered as a category.",
        "as_2014": "In 2014 unknown levels of nearly all are registered at once, and those of "
        "newcomers in the year in which they come from then on.",
        "unchanged": "Nobody's education changes.",
    },
)


class Education:
    """Completed levels of residents who will be 16 to 74 on the coming 1 January."""

    name: ClassVar = "education"
    reads: ClassVar = frozenset({"person", "sex", "birth_year", "place", "reason",
                                 "first_arrival_year", "status", "education"})  # fmt: skip
    writes: ClassVar = frozenset({"education"})
    assumptions: ClassVar[tuple[Assumption, ...]] = (BREAK_OF_2014,)

    def __init__(self, choice: str) -> None:
        self.choice = choice

    @classmethod
    def ready(cls, settings: Settings) -> "Education":
        """Take the tables that come with the package."""
        return cls(settings.choice(BREAK_OF_2014))

    def happen(self, year: Year) -> None:
        """Let people complete education, or have it registered."""
        if self.choice == "unchanged":
            return
        population, (next_level, moving, foreign) = year.population, _cuts()
        looked_at = [population[c] for c in LOOKED_AT]
        below = np.concatenate([next_level, cuts(np.append(self.registering(year.year), 0.0))])
        rising, words = screened(
            year, self.name, lambda words, some, marks:
            kernel.mark(words, below, year.year, marks, *(c[some] for c in looked_at)),
        )  # fmt: skip
        levels = np.empty(rising.size, dtype=np.uint32)
        person = population["person"][rising]
        year.chance.swift_word(f"{self.name}, level", year.year, person, levels)
        kernel.reach(
            rising, words, levels, moving, foreign, year.year,
            population["reason"], population["sex"], population["birth_year"],
            population["first_arrival_year"], population["status"], population["education"],
        )  # fmt: skip
        year.changed.append(rising)

    def odds(self, year: Year, position: int) -> tuple[Odds, ...]:
        """Return the chance of a higher level, or that an unregistered education is registered."""
        who = {c: int(year.population[c][position]) for c in LOOKED_AT}
        age, stay = age_reached(year, position), year.year - who["first_arrival_year"]
        old_enough = kernel.YOUNGEST <= age <= kernel.OLDEST and who["place"] == kernel.RESIDENT
        if self.choice == "unchanged" or not old_enough or stay < 0:
            return ()
        luck = luck_of(year, self.name, year.population["person"][position])
        if who["education"] == kernel.NONE:
            chance = float(self.registering(year.year)[min(stay, kernel.LONGEST)])
            return (Odds("registration of an education", chance, luck),)
        here = int(age - stay <= kernel.LATEST_SCHOOL)
        studies = int(who["status"] in (kernel.STUDENT, kernel.EMPLOYED_STUDENT))
        row = (here * kernel.SEXES + who["sex"]) * kernel.AGES + age - kernel.YOUNGEST
        cut = _cuts()[0][(row * 2 + studies) * kernel.LEVELS + who["education"]]
        chance = float(cut) * 2.0**-32 if stay else 0.0
        return (Odds("a higher level of education", chance, luck),)

    def registering(self, year: int) -> Floats:
        """Return the chance that an unregistered education is registered, by years of stay."""
        chance = registration()
        if self.choice == "as_2014" and year == BREAK:
            return np.asarray(np.maximum(chance, imputed()))
        if self.choice == "as_2014" and year > BREAK:
            return np.asarray(np.where(STAYS == 0, imputed(), chance))
        return chance


@remembered
def _cuts() -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64]]:
    moving = cuts(np.stack([np.stack([study()] * len(SEX)), school()]))
    next_level = np.zeros(moving.shape[:-1], dtype=np.uint64)
    for level in range(COMPULSORY, LONG):
        next_level[..., level] = moving[..., level, level + 1]
    return next_level.ravel(), moving, cuts(foreign())


@remembered
def registration() -> Floats:
    """Return the yearly chance of being registered by completed years of stay; 0 for newcomers."""
    chance = np.zeros(STAYS.size)
    for row in rows("education_registration.csv"):
        if row["what"] == "yearly":
            first, last = int(row["first_stay"]), int(row["last_stay"] or STAYS[-1])
            chance[first : last + 1] = float(row["chance"])
    return chance


def imputed() -> float:
    """Return the share of unregistered levels that were imputed in 2014."""
    return next(
        float(row["chance"]) for row in rows("education_registration.csv")
        if row["what"] == "imputed"
    )  # fmt: skip


@remembered
def career() -> Floats:
    """Return the share of youths with at least each level, by sex and age (`CAREER`).

    The levels of the grown are those published of everybody but immigrants; how many of
    them have been reached at an age is assumed.
    """
    reached = np.zeros((CAREER.size, len(EDUCATION)))
    final = np.zeros((len(SEX), len(EDUCATION)))
    paces = [row for row in rows("education_pace.csv") if row["what"] == "reached"]
    for k, level in enumerate(EDUCATION.names):
        known = {int(r["age"]): float(r["share"]) for r in paces if r["education"] == level}
        if known:
            reached[:, k] = np.interp(CAREER, list(known), list(known.values()))
    for row in rows("education_career.csv"):
        if row["what"] == "at_least":
            final[SEX.index(row["sex"]), EDUCATION.index(row["education"])] = float(row["share"])
    reached[:, : COMPULSORY + 1], final[:, NONE] = 1.0, 1.0
    return np.asarray(final[:, None, :] * reached)


@remembered
def school() -> Floats:
    """Return chances of at least a level next year, for those who go to school in Norway.

    By sex, age reached, in education or not, level now, level then. In a row of people by
    level, each age has so many at least as high as `career` says: whoever stood at one
    level reaches a higher one as far as the boundaries move, and no more. Who is not in
    education moves up less often than who is.
    """
    rising = np.zeros((len(SEX), AGES.size, 2, len(EDUCATION), len(EDUCATION)))
    share = career()
    studying, slower = _studying()
    for a, age in enumerate(AGES):
        if age > CAREER[-1]:
            break
        before, now = (share[:, x - CAREER[0]] for x in (age - 1, age))
        above = np.concatenate([before[:, 1:], np.zeros((len(SEX), 1))], axis=1)
        within = np.maximum(before - above, 1e-12)
        for level in range(COMPULSORY, LONG):
            for higher in range(level + 1, LONG + 1):
                moved = np.minimum(now[:, higher], before[:, level]) - above[:, level]
                mean = np.clip(moved / within[:, level], 0.0, 1.0)
                mean = np.where(before[:, level] - above[:, level] > 1e-9, mean, 0.0)
                for studies, factor in ((0, slower), (1, 1.0)):
                    usual = factor / (studying[a] + slower * (1 - studying[a]))
                    rising[:, a, studies, level, higher] = np.minimum(mean * usual, LARGEST)
    return rising


@remembered
def _studying() -> tuple[Floats, float]:
    """Return the share in education by age reached, and how much slower others move up."""
    read = [row for row in rows("education_career.csv") if row["what"] == "in_education"]
    ages, shares = [int(r["age"]) for r in read], [float(r["share"]) for r in read]
    slower = next(
        float(row["share"]) for row in rows("education_pace.csv")
        if row["what"] == "slower_outside_education"
    )  # fmt: skip
    return np.interp(AGES, ages, shares), slower


@remembered
def study() -> Floats:
    """Return chances of at least a level next year, for those who came grown.

    By age reached, in education or not, level now, level then.
    """
    rising = np.zeros((AGES.size, 2, len(EDUCATION), len(EDUCATION)))
    for row in rows("education_study.csv"):
        inside = (int(row["first_age"]) <= AGES) & (int(row["last_age"]) >= AGES)
        step = EDUCATION.index(row["from"]), EDUCATION.index(row["to"])
        rising[inside, 1, step[0], step[0] + 1 : step[1] + 1] = float(row["chance"])
    return rising


@remembered
def foreign() -> Floats:
    """Return the share of levels at least as high among those registered now.

    By group (the six reasons, and who went to school in Norway), sex, age reached, level.
    """
    share = np.zeros((len(REASON) + 1, len(SEX), AGES.size, len(EDUCATION)))
    for row in rows("education_foreign.csv"):
        levels = np.array([float(row[level]) for level in EDUCATION.names[1:]])
        inside = (int(row["first_age"]) <= AGES) & (int(row["last_age"]) >= AGES)
        at_least = (levels[::-1].cumsum()[::-1] / levels.sum()).clip(max=1.0)
        share[REASON.index(row["reason"]), SEX.index(row["sex"]), inside, 1:] = at_least
    youth = career()[:, np.minimum(AGES, CAREER[-1]) - CAREER[0]]
    share[-1] = youth
    return share
