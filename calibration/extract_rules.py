"""The rules that turn raw inputs into what a model needs, on arrays of stored numbers.

A negative input means that it is not known; then the answer is -1 unless the rule does
not need that input.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration.extract_columns import OUTCOMES
from sim.codes import EDUCATION, PLACE, STATUS

Ints = NDArray[np.int32]
UNKNOWN = -1
LONG_UNEMPLOYED = 7  # months: who works or studies is unemployed only from here on

_GROUPS = (
    "none", "compulsory", "compulsory", "upper_secondary_basic", "upper_secondary",
    "upper_secondary", "tertiary_short", "tertiary_long", "tertiary_long", "none",
)  # fmt: skip
# Education group by the first digit of NUS.
EDUCATION_OF_LEVEL = np.array([EDUCATION.index(name) for name in _GROUPS], dtype=np.int32)
NO_EDUCATION = EDUCATION.index("none")


def status_of(months: NDArray[Any], employed: NDArray[Any], student: NDArray[Any]) -> Ints:
    """Return the labour-market status of a year by the rule of seven months."""
    works, studies = employed == 1, student == 1
    code = STATUS.index
    status = np.where(months >= 1, code("unemployed"), code("outside"))
    status = np.where(studies, code("student"), status)
    status = np.where(works, code("employed"), status)
    status = np.where(works & studies, code("employed_student"), status)
    long = (months >= LONG_UNEMPLOYED) & (works | studies)
    status = np.where(long, code("unemployed"), status)
    known = (months >= 0) & (employed >= 0) & (student >= 0)
    return np.where(known, status, UNKNOWN).astype(np.int32)


def education_of(level: NDArray[Any]) -> Ints:
    """Return education groups of NUS levels 0-9; what is not known is 'none'."""
    known = (level >= 0) & (level < EDUCATION_OF_LEVEL.size)
    return np.where(known, EDUCATION_OF_LEVEL[np.where(known, level, 0)], NO_EDUCATION)


def years_until(year: int, begin: NDArray[Any]) -> Ints:
    """Return whole years from a year of birth or arrival to the year before `year`."""
    return (year - 1 - begin).astype(np.int32)


def outcome_of(end: NDArray[Any], before: NDArray[Any], after: NDArray[Any]) -> Ints:
    """Return outcomes from residence at the end of the year and place before and after.

    end: stored numbers of PLACE; before, after: levels of centrality, or counties, needed only
        of those who are resident.
    """
    same = np.where(before == after, OUTCOMES.index("stay"), OUTCOMES.index("domestic"))
    outcome = np.where((before < 0) | (after < 0), UNKNOWN, same)
    outcome = np.where(end == PLACE.index("abroad"), OUTCOMES.index("emigrate"), outcome)
    outcome = np.where(end == PLACE.index("dead"), OUTCOMES.index("death"), outcome)
    return np.where(end < 0, UNKNOWN, outcome).astype(np.int32)


def residence_of(emigrated: NDArray[Any], died: NDArray[Any]) -> Ints:
    """Return residence at the end of the year; who emigrated and then died is abroad."""
    place = np.where(died == 1, PLACE.index("dead"), PLACE.index("resident"))
    place = np.where(emigrated == 1, PLACE.index("abroad"), place)
    unknown = (emigrated < 0) | ((died < 0) & (emigrated != 1))
    return np.where(unknown, UNKNOWN, place).astype(np.int32)
