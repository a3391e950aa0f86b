"""Labour-market status and education of the starting people, ages 15-74.

Assumed patterns by reason, sex, age, length of stay (and, for education, status) are
raked to the published national shares; persons then get theirs by a systematic draw.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from calibration import margins as m
from calibration.raking import Floats, Ints, Margin, deal, rake
from calibration.structure import AGE, ARRIVAL, People, structure
from sim.codes import EDUCATION, REASON, STATUS

AGES = np.array([15, 18, 26, 30, 55, 67, 70])  # first age of each band; the last ends at 74
STAYS = np.array([0, 3, 5, 10, 16])  # first length of stay of each band
SHAPE = (len(REASON), 2, AGES.size, STAYS.size)
R, S, A, D = (grid[..., None] for grid in np.indices(SHAPE))  # labels of a cell, status last
OUTSIDE, EMPLOYED, EMPLOYED_STUDENT, STUDENT, UNEMPLOYED = range(len(STATUS))
AT_WORK = np.array([0, 1, 1, 0, 0])
IDLE = np.array([1, 0, 0, 0, 1])
WORK, REFUGE, FAMILY, STUDY, NORDIC, UNKNOWN = range(len(REASON))

# Assumed before raking: chances of being in education and of being unemployed by age band,
# and how much likelier than others the reasons are to be so.
STUDIES = np.array([0.85, 0.35, 0.15, 0.06, 0.01, 0.002, 0.002])
LOOKS_FOR_WORK = np.array([0.01, 0.07, 0.07, 0.06, 0.05, 0.001, 0.001])
STUDIES_FACTOR = np.array([0.3, 1.5, 1.2, 5.0, 0.8, 0.6])
LOOKS_FACTOR = np.array([0.8, 1.8, 1.2, 0.5, 0.5, 0.9])
WORKS = np.array([0.3, 0.6, 0.65, 0.68, 0.55, 0.20, 0.06])
# Assumed odds of no registered education by length of stay, reason and status, and the
# factor of higher education by age band. Unregistered departures look like people outside
# the labour force without registered education, hence the high odds of the two together.
UNREGISTERED = np.array([1.3, 0.75, 0.28, 0.10, 0.06])
UNREGISTERED_REASON = np.array([1.0, 0.9, 0.85, 0.9, 1.0, 1.0])
UNREGISTERED_STATUS = np.array([1.8, 0.9, 0.35, 0.8, 0.8])
HIGHER = np.array([0.001, 0.35, 1.0, 1.15, 0.9, 0.7, 0.6])
UPPER = np.array([0.01, 0.9, 1.0, 1.0, 1.0, 0.9, 0.8])


def draw_livelihood(
    people: People, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the stored numbers of status and education of every person.

    Outside 15-74 everybody is outside the labour force. Children under 15 have no registered
    education; persons of 75 and more have the education of those of 70-74.
    """
    reason = m.REASON_OF_GROUP[people.group]
    band = np.searchsorted(AGES, np.clip(people.age, 15, 74), side="right") - 1
    stay = np.searchsorted(STAYS, m.YEAR - 1 - people.arrival, side="right") - 1
    cell = np.ravel_multi_index((reason, people.sex, band, stay), SHAPE)
    status = np.full(len(people), OUTSIDE, dtype=np.uint8)
    education = np.zeros(len(people), dtype=np.uint8)
    inside = np.flatnonzero((people.age >= 15) & (people.age <= 74))
    status[inside] = deal(cell[inside], statuses().reshape(-1, len(STATUS)), rng)
    levels = educations().reshape(-1, len(EDUCATION))
    for some in (inside, np.flatnonzero(people.age > 74)):
        education[some] = deal(cell[some] * len(STATUS) + status[some], levels, rng)
    return status, education


@cache
def _persons() -> Floats:
    """Return expected persons by reason, sex, age band and band of stay, ages 15-74."""
    flat = structure().age.sum(axis=2).reshape(2, len(m.GROUPS), AGE.size, m.YEARS)
    within = flat[:, :, 15:75]
    sex, group, age, year = np.indices(within.shape, sparse=True)
    band = np.searchsorted(AGES, age + 15, side="right") - 1
    stay = np.searchsorted(STAYS, m.YEAR - 1 - ARRIVAL[year], side="right") - 1
    cell = np.ravel_multi_index((m.REASON_OF_GROUP[group], sex, band, stay), SHAPE)
    persons = np.bincount(cell.ravel(), within.ravel(), int(np.prod(SHAPE)))
    return persons.reshape(SHAPE).astype(np.float64)


@cache
def statuses() -> Floats:
    """Rake persons by reason, sex, age, stay and status to employment and idleness."""
    persons = _persons()[..., None]
    start = persons * _status_start()
    margins = [
        _share("idle by age and sex", np.where(IDLE, _idle_group(), -1), persons, _idle_group()),
        _share("employed by age", np.where(AT_WORK, _age_group(), -1), persons, _age_group()),
        _share("employed by stay", np.where(AT_WORK, _stay_group(), -1), persons, _stay_group()),
        _share("employed by reason", np.where(AT_WORK, _reason_group(), -1), persons,
               _reason_group()),
        Margin("status", np.arange(len(STATUS)), _percent("status") * persons.sum()),
        Margin("persons", np.arange(persons.size).reshape(persons.shape), persons.ravel()),
    ]  # fmt: skip
    return rake(start, margins, rounds=60, closeness=1e-4)


def _percent(margin: str) -> Floats:
    rows = [row for row in m.table("labour_2012") if row["margin"] == margin]
    shares = np.array([float(row["percent"]) for row in rows]) / 100
    return shares / shares.sum() if margin == "status" else shares


_MARGIN_ROWS = {
    "idle by age and sex": "idle", "employed by age": "age", "employed by stay": "duration",
    "employed by reason": "reason",
}  # fmt: skip


def _share(name: str, label: NDArray[np.int64], persons: Floats, group: Ints) -> Margin:
    """Return the margin that a published percentage of each group of persons makes."""
    percent = _percent(_MARGIN_ROWS[name])
    inside = np.broadcast_to(group, persons.shape).ravel()
    size = np.bincount(inside + 1, persons.ravel(), percent.size + 1)[1:]
    target = percent * size
    if name == "employed by age":  # what is published of 55-69 includes the assumed 67-69
        old, last = 2, percent.size - 1
        target[last] = percent[last] * (size[last] + size[old]) - target[old]
    if name in ("employed by stay", "employed by reason"):
        # These groups are everybody: bring them to the one national total of the statuses.
        target *= (_percent("status") @ AT_WORK) * persons.sum() / target.sum()
    return Margin(name, label, target)


def _age_group() -> Ints:
    return np.asarray(np.array([0, 3, 3, 4, 5, 2, 1])[A])


def _stay_group() -> Ints:
    return np.asarray(np.array([0, 0, 1, 2, 2])[D])


def _reason_group() -> Ints:
    return np.asarray(np.array([0, 1, 2, 3, 4, 4])[R] * 2 + S)


def _idle_group() -> Ints:
    group = np.array([0, 0, 1, 1, 1, -1, -1])[A]
    return np.where(group >= 0, group * 2 + S, -1)


def _status_start() -> Floats:
    """Return the assumed chances of the five statuses."""
    studies = np.minimum(STUDIES[A] * STUDIES_FACTOR[R], 0.9)
    works = np.minimum(WORKS[A] * np.where(R == WORK, 1.2, 1.0), 0.9)
    looks = LOOKS_FOR_WORK[A] * LOOKS_FACTOR[R]
    chances = [
        np.maximum(1 - works - looks, 0.05) * (1 - studies), works * (1 - studies),
        works * studies, (1 - works) * studies, looks * (1 - studies),
    ]  # fmt: skip
    return np.concatenate(chances, axis=-1)


@cache
def educations() -> Floats:
    """Rake reason, sex, age, stay, status and education to the national levels."""
    persons = statuses()[..., None]
    start = persons * _education_start()
    levels = {row["education"]: float(row["percent"]) for row in m.table("education_2013")}
    target = np.array([levels[name] for name in EDUCATION.names])
    whole = Margin("education", np.arange(6), target / target.sum() * persons.sum())
    cells = np.arange(persons.size).reshape(persons.shape)
    return rake(start, [whole, Margin("persons", cells, persons.ravel())], closeness=1e-4)


def _education_start() -> Floats:
    """Return the assumed chances of the six levels: registered levels by reason (men, 2016)."""
    known = np.zeros((len(REASON), len(EDUCATION)))
    for row in m.table("education_by_reason_2016"):
        upper = float(row["upper_secondary"])
        known[REASON.index(row["reason"])] = (
            0, float(row["compulsory"]), 0.16 * upper, 0.84 * upper,
            float(row["tertiary_short"]), float(row["tertiary_long"]),
        )  # fmt: skip
    shares = np.broadcast_to(known[R], (*SHAPE, 1, len(EDUCATION))).copy()
    shares[..., 2:4] *= UPPER[A][..., None]
    shares[..., 4:] *= HIGHER[A][..., None]
    shares[..., 4] *= np.where(S == 0, 1.25, 1.0)  # women: more lower degrees (2011)
    shares = shares / shares.sum(axis=-1, keepdims=True)
    odds = UNREGISTERED[D] * UNREGISTERED_REASON[R] * UNREGISTERED_STATUS
    shares = np.repeat(shares, len(STATUS), axis=-2)
    shares[..., 0] = odds
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True))
