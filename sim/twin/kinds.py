"""What persons are, as the twin tells them apart: kinds, roles, families, places and bands.

A *type* never changes: kind (reason and country group of immigrants, origin of the
Norwegian-born), sex, year of birth, year of first arrival, background and school.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.codes import (
    BACKGROUND,
    CENTRALITY,
    COUNTRY_GROUP,
    EDUCATION,
    ORIGIN,
    ORIGIN_COUNTRY_GROUP,
    REASON,
)
from sim.codes import STATUS as STATUSES
from sim.geography import CENTRALITY_OF, COUNTY, COUNTY_OF
from sim.twin import cells_kernel as kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GROUP_OF = np.array(ORIGIN_COUNTRY_GROUP, dtype=np.int64)
IMMIGRANT_KINDS = len(REASON) * len(COUNTRY_GROUP)
KINDS = IMMIGRANT_KINDS + len(ORIGIN)  # then the Norwegian-born, by origin
BORN = BACKGROUND.index("norwegian_born")
LEVELS = len(CENTRALITY)
PLACES = len(COUNTY) * LEVELS  # counties and their levels of centrality
PLACE_OF = COUNTY_OF.astype(np.int64) * LEVELS + CENTRALITY_OF  # by municipality
STATES = len(STATUSES) * len(EDUCATION)
LINE = 32  # numbers that a row has room for: states, and nobody; it begins where memory's lines do
LATEST_SCHOOL = 15  # oldest age at arrival of those who go to school in Norway
LONGEST = 17  # years of stay from which nothing depends on how long it is
LONG_AGO = 0  # stands for the year of arrival of those who have stayed so long

# Roles in a family: nobody beside oneself but children; a partner who is a person; one who is
# none, or children of theirs; at home with parents; the same where members are no persons.
ALONE, PAIRED, MIXED, AT_HOME, AT_HOME_MIXED = range(5)
ROLES = 5
LARGEST = 8  # members of a family; larger ones count as so large
SIZES = np.array([t for t in range(1, LARGEST + 1) for _ in range(t + 1)], dtype=np.int64)
SAME = np.array([i for t in range(1, LARGEST + 1) for i in range(t + 1)], dtype=np.int64)
FAMILIES = SIZES.size  # by members, and immigrants among them

AGES_OF_BANDS, RECENT = (22, 34), 7  # ages where bands widen; years of stay that stay apart
# Years of birth that are neighbours, up to these ages and beyond, and years of arrival. Bands
# of odd numbers of years have a middle: of even ones people would grow younger or older.
NEAR = np.array([1, 3, 5]), np.int64(3)
WIDE = np.array([3, 3, 5]), np.int64(3)
WIDEST = np.array([3, 5, 9]), np.int64(5)
PARTS = ("kind", "sex", "birth", "arrival", "background", "schooled")
FIRST_BIRTH, LAST_BIRTH = 1800, 2200


def family_class(total: Any, immigrants: Any) -> Ints:
    """Return the class of families of so many members and so many immigrants among them."""
    size = np.asarray(np.clip(total, 1, LARGEST), dtype=np.int64)
    same = np.asarray(np.clip(immigrants, 0, size), dtype=np.int64)
    return np.asarray((size - 1) * (size + 2) // 2 + same)


def kind_of(background: Any, reason: Any, origin: Any) -> Ints:
    """Return the kind of persons."""
    origin = np.asarray(origin, dtype=np.int64)
    immigrant = np.asarray(reason, dtype=np.int64) * len(COUNTRY_GROUP) + GROUP_OF[origin]
    born = np.asarray(background) == BORN
    return np.asarray(np.where(born, IMMIGRANT_KINDS + origin, immigrant), dtype=np.int64)


def arrival_of(year: int, first_arrival: Any) -> Ints:
    """Return years of arrival as types have them on 1 January of a year."""
    first = np.asarray(first_arrival, dtype=np.int64)
    return np.where(year - 1 - first >= LONGEST, LONG_AGO, first)


REASON_OF_KIND = np.concatenate([
    np.arange(IMMIGRANT_KINDS) // len(COUNTRY_GROUP),
    np.full(len(ORIGIN), REASON.index("unknown")),
])  # fmt: skip
REGION_OF_KIND = np.concatenate([np.arange(IMMIGRANT_KINDS) % len(COUNTRY_GROUP), GROUP_OF])
IMMIGRANT = np.arange(KINDS) < IMMIGRANT_KINDS
REGIONS = len(COUNTRY_GROUP) + 1  # three country groups of immigrants, and the Norwegian-born
REGION = np.where(IMMIGRANT, REGION_OF_KIND, REGIONS - 1)


def sums(where: NDArray[Any], persons: NDArray[Any], size: int) -> Floats:
    """Return the sums of persons by where they are: 0 to size - 1."""
    return np.bincount(where, persons, size).astype(np.float64, copy=False)


def counted(at: tuple[NDArray[Any], ...], shape: tuple[int, ...]) -> Floats:
    """Return how many there are of each, in an array of a shape."""
    where = np.zeros(at[0].size, dtype=np.int64)
    for part, length in zip(at, shape, strict=True):
        where = where * length + part
    return np.bincount(where, minlength=int(np.prod(shape))).astype(np.float64).reshape(shape)


def lines(rows: int) -> Floats:
    """Return room for rows of states, each beginning where a line of memory does (64 bytes)."""
    room = np.empty(rows * LINE + 8)
    first = -room.ctypes.data % 64 // room.itemsize
    return room[first : first + rows * LINE].reshape(rows, LINE)


def shares_of(persons: Floats) -> Floats:
    """Return the shares of each line; 0 of an empty one."""
    found = np.empty(persons.shape)
    kernel.shares(persons, np.zeros(persons.shape[1]), found)
    return found


def key_of(parts: Mapping[str, Ints]) -> Ints:
    """Return one number for all parts of a type."""
    key = parts["kind"] * 2 + parts["sex"]
    key = key * len(BACKGROUND) + parts["background"]
    key = key * 2 + parts["schooled"]
    key = key * (LAST_BIRTH - FIRST_BIRTH) + (parts["birth"] - FIRST_BIRTH)
    arrival = np.maximum(parts["arrival"] - FIRST_BIRTH, 0)  # LONG_AGO is 0
    return np.asarray(key * (LAST_BIRTH - FIRST_BIRTH) + arrival, dtype=np.int64)


def neighbours(
    types: Mapping[str, Ints], year: int, bands: tuple[Ints, np.int64]
) -> dict[str, Ints]:
    """Return the parts of the usual types: years of birth and of arrival in the middle of bands.

    Bands of birth begin in other years for other kinds and years of arrival: if all began in the
    same, everybody would be too young in some years, and have too many children.
    """
    widths, stays = bands
    arrival, born = types["arrival"], types["kind"] >= IMMIGRANT_KINDS
    middle = np.minimum(arrival // stays * stays + stays // 2, year - RECENT)
    exact = born | (arrival == LONG_AGO) | (year - arrival <= RECENT)
    arrival = np.where(exact, arrival, middle)
    wide = widths[np.searchsorted(AGES_OF_BANDS, year - types["birth"], side="right")]
    begins = (7 * types["kind"] + 3 * types["sex"] + types["background"] + arrival) % wide
    birth = (types["birth"] + begins) // wide * wide + wide // 2 - begins
    return {**types, "birth": birth, "arrival": arrival}


def level_of(municipality: NDArray[Any], levels: int) -> Ints:
    """Return places as rows have them: all one, or county and level of centrality."""
    return np.asarray(PLACE_OF[municipality] % levels)
