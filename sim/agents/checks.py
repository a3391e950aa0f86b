"""What must be true of every population, each check named after its failure."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.agents.columns import BY_NAME, COLUMNS, LINKS, OLDEST, Column
from sim.codes import BACKGROUND, PLACE
from sim.problems import Problem

Columns = Mapping[str, NDArray[Any]]
NORWEGIAN_BORN = BACKGROUND.index("norwegian_born")
RESIDENT, ABROAD = PLACE.index("resident"), PLACE.index("abroad")


def rows(wrong: NDArray[Any]) -> str:
    """Say how many rows are meant and where the first of them stand (rows count from 1)."""
    positions = np.flatnonzero(wrong) if wrong.dtype == np.bool_ else wrong
    first = ", ".join(str(position + 1) for position in positions[:3])
    return f"{positions.size:,} {'row' if positions.size == 1 else 'rows'} (first: {first})"


def broken_truths(columns: Columns, year: int) -> Iterator[Problem]:
    """Yield everything that is wrong with the columns of a population on 1 January of `year`."""
    uneven = list(_uneven_lengths(columns))
    yield from uneven
    if uneven:
        return
    outside = [problem for column in COLUMNS for problem in _out_of_range(columns, column)]
    yield from outside
    yield from _duplicate_persons(columns)
    if outside:  # the relations below would repeat the same complaint
        return
    for check in RELATIONS:
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
    alone = (columns["family_immigrants"] == 0) & (columns["background"] != NORWEGIAN_BORN)
    alone &= columns["place"] == RESIDENT
    if alone.any():
        yield Problem(
            "family_immigrants",
            f"{rows(alone)} are 0 for resident immigrants",
            "1 or more, the person included",
        )


def _broken_links(columns: Columns, year: int) -> Iterator[Problem]:
    n = columns["person"].size
    for link in LINKS:
        values = columns[link]
        beyond = values >= n
        itself = values == np.arange(n)
        if beyond.any():
            yield Problem(link, f"{rows(beyond)} point beyond the last person", f"-1 to {n - 1}")
        if itself.any():
            yield Problem(link, f"{rows(itself)} point to the person itself", "another person")
    partner = columns["partner"]
    paired = np.flatnonzero((partner >= 0) & (partner < n))
    alone = paired[partner[partner[paired]] != paired]
    if alone.size:
        yield Problem("partner", f"{rows(alone)} are not answered", "a partner who points back")


def _contradictory_absences(columns: Columns, year: int) -> Iterator[Problem]:
    abroad = columns["place"] == ABROAD
    dated = columns["left_year"] != BY_NAME["left_year"].none
    if (abroad & ~dated).any():
        found = f"{rows(abroad & ~dated)} are empty for persons abroad"
        yield Problem("left_year", found, "a year")
    registered = columns["registered_year"] != BY_NAME["registered_year"].none
    early = abroad & dated & registered & (columns["registered_year"] < columns["left_year"])
    if early.any():
        yield Problem("registered_year", f"{rows(early)} precede left_year", "left_year or later")


RELATIONS: tuple[Callable[[Columns, int], Iterator[Problem]], ...] = (
    _impossible_ages,
    _arrivals_before_birth,
    _more_immigrants_than_members,
    _broken_links,
    _contradictory_absences,
)
