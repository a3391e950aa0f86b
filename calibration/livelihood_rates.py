"""How labour-market status and education change: the tables of both processes, made anew.

    python -m calibration.livelihood_rates

Reads the published figures beside the processes and the reconstructed register, and writes
the labour_*.csv and education_*.csv tables that sim.transitions.labour and .education read.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from calibration.labour_rates import BASE, REGISTER, cells, register, write, write_labour
from calibration.raking import Floats
from sim.codes import EDUCATION, REASON, SEX
from sim.transitions import education, labour, sources
from sim.transitions.education_kernel import LATEST_SCHOOL

BASIC_OF_UPPER, LONG_OF_TERTIARY = 0.12, 0.29  # of others than immigrants
FOREIGN_AGES = ((16, 18), (19, 24), (25, 74))  # the last by reason and sex
REGISTER_STAYS = (1, 3, 6, 11, 16)  # first year of stay of each group
# Of residents who came grown and have no registered education, 9.4 percent leave in a year, of
# the others 2.7: the published model of type 1 on the register of 1.1.2013.
LEAVE_MORE, LEAVE = 0.067, 0.094


def main() -> None:
    """Write every table."""
    write_labour()
    _write_education()


def _write_education() -> None:
    header = ("what", "sex", "education", "age", "share", "assumed", "source")
    write("education_career.csv", header, list(_career()))
    spans = ("what", "first_stay", "last_stay", "chance", "assumed", "source")
    write("education_registration.csv", spans, list(_registration()))
    shares = ("reason", "sex", "first_age", "last_age", *EDUCATION.names[1:], "assumed", "source")
    write("education_foreign.csv", shares, list(_foreign()))


def levels(year: int, population: str, sex: str) -> dict[str, float]:
    """Return published persons of 25-55 by level."""
    return {
        row["education"]: float(row["persons"]) for row in sources.rows("education_published.csv")
        if (int(row["year"]), row["population"], row["sex"], row["age"])
        == (year, population, sex, "25-55")
    }  # fmt: skip


def _career() -> Iterable[Sequence[object]]:
    known = "IMDi/Statistics Norway: education of others than immigrants, ages 25-55, 2020"
    split = "; split of upper secondary and tertiary education assumed"
    for sex in SEX.names:
        found = levels(2020, "others", sex)
        told = found["compulsory"] + found["upper_secondary"] + found["tertiary"]
        tertiary, upper = found["tertiary"] / told, found["upper_secondary"] / told
        shares = (1.0, tertiary + upper, tertiary + upper * (1 - BASIC_OF_UPPER), tertiary,
                  tertiary * LONG_OF_TERTIARY)  # fmt: skip
        for level, share in zip(EDUCATION.names[1:], shares, strict=True):
            split_too = level in ("upper_secondary", "tertiary_long")
            source = known + split if split_too else known
            yield "at_least", sex, level, "", f"{share:.4f}", "yes" if split_too else "no", source
    born = labour.targets(BASE, labour.published_unemployment()[BASE])[-1, :, :, -1]
    studying = born[..., [labour.STUDENT, labour.EMPLOYED_STUDENT]].sum(axis=-1).mean(axis=0)
    source = "labour_targets.csv: Norwegian-born a year younger"
    for age in range(16, 33):
        share = studying[age - 1 - labour.AGES[0]]
        yield "in_education", "both", "", age, f"{share:.3f}", "yes", source


def _registration() -> Iterable[Sequence[object]]:
    """Yield yearly chances of registration: the pattern by stay, at the level of the stocks."""
    source = (
        "share unregistered by stay (reconstructed register of 1.1.2013), less the higher "
        "emigration of the unregistered, scaled to their stocks of 1.1.2011 and 1.1.2013"
    )
    pattern, scale = registration_pattern(), registration_scale()
    ends = [first - 1 for first in REGISTER_STAYS[1:]] + [None]
    for first, last, chance in zip(REGISTER_STAYS, ends, pattern * scale, strict=True):
        yield "yearly", first, "" if last is None else last, f"{chance:.4f}", "yes", source
    before, after = (
        sum(levels(year, "immigrants", sex)[level] for sex in SEX.names
            for level in ("no_education", "not_reported")) for year in (2013, 2014)
    )  # fmt: skip
    share = 1 - after / before
    source = "IMDi/Statistics Norway: none or unreported education of immigrants, 2013 and 2014"
    yield "imputed", "", "", f"{share:.4f}", "no", source


def _unregistered(year: int) -> tuple[Floats, Floats]:
    """Return persons of 15-74 who came grown, and the unregistered among them, by stay."""
    people = register(year)
    some, _, _, age, stay = cells(people)
    came_grown = age - stay > LATEST_SCHOOL
    none = came_grown & (people["education"][some] == education.NONE)
    size = labour.STAYS.size
    return (np.bincount(stay[came_grown], minlength=size).astype(np.float64),
            np.bincount(stay[none], minlength=size).astype(np.float64))  # fmt: skip


def registration_pattern() -> Floats:
    """Return the yearly decline of the share unregistered around each group of stays."""
    persons, none = _unregistered(BASE + 1)
    starts = np.array((0, *REGISTER_STAYS[1:]))
    share = np.add.reduceat(none, starts) / np.add.reduceat(persons, starts)
    middle = np.array([1.0, 4.0, 8.0, 13.0, 25.0])
    slope = -np.diff(np.log(share)) / np.diff(middle)
    around = np.r_[slope[0], (slope[:-1] + slope[1:]) / 2, slope[-1]]
    return np.asarray(np.maximum(around - LEAVE_MORE * (1 - share), 0.01))


def registration_scale() -> float:
    """Return the factor with which the unregistered of 2011 and newcomers leave those of 2013."""
    _, first = _unregistered(BASE - 1)
    _, last = _unregistered(BASE + 1)
    group = np.searchsorted(REGISTER_STAYS[1:], labour.STAYS, side="right")
    pattern = registration_pattern()

    def left(scale: float) -> float:
        stay = first.copy()
        for new in (last[1] / (1 - LEAVE), last[0]):
            aged = np.r_[0.0, stay[:-2], stay[-2:].sum()] * (1 - LEAVE)
            stay = aged * (1 - np.minimum(scale * pattern[group], 1.0))
            stay[0] = new
        return float(stay.sum())

    low, high = 0.0, 3.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if left(middle) > last.sum() else (low, middle)
    return low


def _foreign() -> Iterable[Sequence[object]]:
    """Yield the registered levels of those who came grown, by reason, sex and age.

    The youngest are taken to have compulsory school; those below 25 are pooled.
    """
    people = register(BASE + 1)
    some, group, sex, age, stay = cells(people)
    level = people["education"][some]
    known = (level != education.NONE) & (age - stay > LATEST_SCHOOL)
    source = f"{REGISTER}: registered education of immigrants"
    for k, reason in enumerate(REASON.names):
        for j, of_sex in enumerate(SEX.names):
            for first, last in FOREIGN_AGES:
                mine = known & (age >= first) & (age <= last)
                if last == FOREIGN_AGES[-1][1]:
                    mine &= (group == k) & (sex == j)
                share = np.bincount(level[mine], minlength=len(EDUCATION))[1:] / mine.sum()
                youngest = first == FOREIGN_AGES[0][0]
                if youngest:
                    share = np.eye(len(EDUCATION))[education.COMPULSORY, 1:]
                told = ("yes", "assumed") if youngest else ("no", source)
                yield (reason, of_sex, first, last, *(f"{x:.4f}" for x in share), *told)


if __name__ == "__main__":
    main()
