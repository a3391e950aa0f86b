"""What must be true of every population, each check named after its failure."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.agents.columns import BY_NAME, COLUMNS, OLDEST, Column
from sim.codes import BACKGROUND, PLACE
from sim.problems import Problem

Columns = Mapping[str, NDArray[Any]]
NORWEGIAN_BORN = BACKGROUND.index("norwegian_born")
RESIDENT, ABROAD = PLACE.index("resident"), PLACE.index("abroad")
SPARSE = 8  # numbers of families that go further beyond the persons are counted anew
_numbers: ContextVar[NDArray[np.int64] | None] = ContextVar("rows of the file", default=None)


@contextmanager
def rows_of(numbers: NDArray[np.int64]) -> Iterator[None]:
    """Let messages name the rows of the file that a part of it was taken from.

    numbers: the row of each person of the part, counted from 0.
    """
    before = _numbers.set(numbers)
    try:
        yield
    finally:
        _numbers.reset(before)


def rows(wrong: NDArray[Any]) -> str:
    """Say how many rows are meant and where the first of them stand (rows count from 1)."""
    positions = np.flatnonzero(wrong) if wrong.dtype == np.bool_ else wrong
    numbers = _numbers.get()
    if numbers is not None:
        positions = numbers[positions]
    first = ", ".join(str(position + 1) for position in positions[:3])
    return f"{positions.size:,} {'row' if positions.size == 1 else 'rows'} (first: {first})"


def broken_truths(columns: Columns, year: int, doubtful: Collection[str] = ()) -> Iterator[Problem]:
    """Yield everything that is wrong with the columns of a population on 1 January of `year`.

    doubtful: columns (or 'year') already known to be wrong; what needs them is not checked.
    """
    uneven = list(_uneven_lengths(columns))
    yield from uneven
    if uneven:
        return
    sure = [column for column in COLUMNS if column.name not in doubtful]
    alone = [problem for column in sure for problem in _out_of_range(columns, column)]
    if "person" not in doubtful:
        alone += _duplicate_persons(columns)
    yield from alone
    wrong = {*doubtful, *(problem.where for problem in alone)}
    for check, needed in RELATIONS:
        if wrong.isdisjoint(needed):  # else it would repeat the same complaint
            yield from check(columns, year)


def _uneven_lengths(columns: Columns) -> Iterator[Problem]:
    n = columns["person"].size
    for column in COLUMNS:
        size = columns[column.name].size
        if size != n:
            yield Problem(column.name, f"has {size:,} rows where person has {n:,}", f"{n:,} rows")


def _out_of_range(columns: Columns, column: Column) -> Iterator[Problem]:
    values = columns[column.name]
    wrong = (values < column.low) | (values > column.largest)
    if column.none is not None:
        wrong &= values != column.none
    if wrong.any():
        example = values[wrong.argmax()]
        unit = f" {column.unit}" if column.unit else ""
        allowed = f"{column.low} to {column.largest}{unit}"
        yield Problem(column.name, f"{rows(wrong)} hold such values as {example}", allowed)


def _duplicate_persons(columns: Columns) -> Iterator[Problem]:
    person = columns["person"]
    if person.size < 2 or (np.diff(person) > 0).all():
        return
    order = np.argsort(person, kind="stable")
    again = np.sort(order[1:][np.diff(person[order]) == 0])
    if again.size:
        yield Problem(
            "person",
            f"{rows(again)} repeat an identifier, such as {person[again[0]]}",
            "one row a person",
            "Remove the duplicates, or give each person an identifier of their own.",
        )


def _impossible_ages(columns: Columns, year: int) -> Iterator[Problem]:
    age = year - 1 - columns["birth_year"].astype(np.int32)
    wrong = ((age < 0) | (age > OLDEST)) & (columns["place"] == RESIDENT)
    if wrong.any():
        yield Problem(
            "birth_year",
            f"{rows(wrong)} imply such ages as {age[wrong.argmax()]} on 1 January {year}",
            f"ages 0 to {OLDEST}",
            "Is the population's year right?",
        )


def _arrivals_before_birth(columns: Columns, year: int) -> Iterator[Problem]:
    wrong = columns["first_arrival_year"] < columns["birth_year"]
    if wrong.any():
        yield Problem("first_arrival_year", f"{rows(wrong)} precede the birth", "birth or later")


def _arrivals_after_the_year(columns: Columns, year: int) -> Iterator[Problem]:
    late = columns["first_arrival_year"] >= year
    if late.any():
        yield Problem(
            "first_arrival_year",
            f"{rows(late)} lie after 1 January {year}",
            f"{year - 1} or earlier",
            "Is the population's year right?",
        )


def _more_immigrants_than_members(columns: Columns, year: int) -> Iterator[Problem]:
    wrong = columns["family_immigrants"] > columns["family_total"]
    if wrong.any():
        i = wrong.argmax()
        yield Problem(
            "family_immigrants",
            f"{rows(wrong)} exceed family_total, such as "
            f"{columns['family_immigrants'][i]} of {columns['family_total'][i]}",
            "0 to family_total",
            "Are the two columns exchanged?",
        )


def _immigrants_in_no_family(columns: Columns, year: int) -> Iterator[Problem]:
    alone = (columns["family_immigrants"] == 0) & (columns["background"] != NORWEGIAN_BORN)
    alone &= columns["place"] == RESIDENT
    if alone.any():
        yield Problem(
            "family_immigrants",
            f"{rows(alone)} are 0 for resident immigrants",
            "1 or more, the person included",
        )


def _more_residents_than_members(columns: Columns, year: int) -> Iterator[Problem]:
    counted = columns["place"] == RESIDENT
    yield from _crowded(columns, "family_total", counted, "residents")


def _more_residents_than_immigrants(columns: Columns, year: int) -> Iterator[Problem]:
    counted = (columns["place"] == RESIDENT) & (columns["background"] != NORWEGIAN_BORN)
    yield from _crowded(columns, "family_immigrants", counted, "immigrant residents")


def _crowded(columns: Columns, name: str, counted: NDArray[Any], whom: str) -> Iterator[Problem]:
    """A family may have members outside the file, but not fewer members than in the file."""
    number = columns["family"]
    if number.size and not 0 <= number.min() <= number.max() < SPARSE * number.size:
        number = np.unique(number, return_inverse=True)[1]
    members = np.bincount(number[counted])
    found = members[number[counted]]
    wrong = np.flatnonzero(counted)[columns[name][counted] < found]
    if wrong.size:
        i = wrong[0]
        yield Problem(
            name,
            f"{rows(wrong)} are smaller than the {whom} with that family number, such as "
            f"{columns[name][i]} of {members[number[i]]}",
            f"the {whom} of the family, or more",
            "Is family a family number?",
        )


def _nobody_resident(columns: Columns, year: int) -> Iterator[Problem]:
    place = columns["place"]
    if place.size and not (place == RESIDENT).any():
        yield Problem("place", "nobody is resident", "one resident or more")


def _broken_mothers(columns: Columns, year: int) -> Iterator[Problem]:
    yield from _broken_link(columns, "mother")


def _broken_partners(columns: Columns, year: int) -> Iterator[Problem]:
    yield from _broken_link(columns, "partner")
    partner = columns["partner"]
    paired = np.flatnonzero((partner >= 0) & (partner < partner.size))
    alone = paired[partner[partner[paired]] != paired]
    if alone.size:
        yield Problem("partner", f"{rows(alone)} are not answered", "a partner who points back")


def _broken_link(columns: Columns, link: str) -> Iterator[Problem]:
    values = columns[link]
    n = values.size
    beyond = values >= n
    itself = values == np.arange(n)
    if beyond.any():
        yield Problem(link, f"{rows(beyond)} point beyond the last person", f"-1 to {n - 1}")
    if itself.any():
        yield Problem(link, f"{rows(itself)} point to the person itself", "another person")


def _undated_absences(columns: Columns, year: int) -> Iterator[Problem]:
    undated = columns["left_year"] == BY_NAME["left_year"].none
    undated &= columns["place"] == ABROAD
    if undated.any():
        found = f"{rows(undated)} are empty for persons abroad"
        yield Problem("left_year", found, "a year")


def _absences_of_another_time(columns: Columns, year: int) -> Iterator[Problem]:
    left = columns["left_year"]
    away = (columns["place"] == ABROAD) & (left != BY_NAME["left_year"].none)
    late, early = away & (left >= year), away & (left < columns["first_arrival_year"])
    if late.any():
        allowed = f"{year - 1} or earlier"
        yield Problem("left_year", f"{rows(late)} lie after 1 January {year}", allowed)
    if early.any():
        yield Problem(
            "left_year", f"{rows(early)} precede the arrival", "first_arrival_year or later"
        )


def _registered_before_leaving(columns: Columns, year: int) -> Iterator[Problem]:
    left, registered = columns["left_year"], columns["registered_year"]
    known = (left != BY_NAME["left_year"].none) & (registered != BY_NAME["registered_year"].none)
    early = (columns["place"] == ABROAD) & known & (registered < left)
    if early.any():
        yield Problem("registered_year", f"{rows(early)} precede left_year", "left_year or later")


# Each relation with what it needs; one that needs a wrong column is not checked.
RELATIONS: tuple[tuple[Callable[[Columns, int], Iterator[Problem]], tuple[str, ...]], ...] = (
    (_impossible_ages, ("birth_year", "place", "year")),
    (_arrivals_before_birth, ("first_arrival_year", "birth_year")),
    (_arrivals_after_the_year, ("first_arrival_year", "year")),
    (_more_immigrants_than_members, ("family_immigrants", "family_total")),
    (_immigrants_in_no_family, ("family_immigrants", "background", "place")),
    (_more_residents_than_members, ("family", "family_total", "place")),
    (_more_residents_than_immigrants, ("family", "family_immigrants", "background", "place")),
    (_nobody_resident, ("place",)),
    (_broken_mothers, ("mother", "person")),
    (_broken_partners, ("partner", "person")),
    (_undated_absences, ("place", "left_year")),
    (_absences_of_another_time, ("place", "left_year", "first_arrival_year", "year")),
    (_registered_before_leaving, ("place", "left_year", "registered_year")),
)
