"""The structure of a run's residents: ages and family sizes by year, in tables.

Like every other table these are about immigrants, unless they say that Norwegian-born persons
are told apart. Intervals are those for one history, as in `runs.tables`.
"""

import csv
import io
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runs.crossing import DRAWS, settled, sharing_of
from runs.intervals import SHARES, Estimate, interval
from sim.codes import BACKGROUND, SEX
from sim.structure import LARGEST, OLDEST, Structure

AGE, FAMILY = "age", "family_size"
YOUNG, OLD = 20, 67  # the dependency ratio: persons younger or this old, per 100 between
IMMIGRANTS = tuple(i for i, code in enumerate(BACKGROUND.names) if code != "norwegian_born")
NORWEGIAN_BORN = (BACKGROUND.index("norwegian_born"),)
WHOM = {"immigrants": IMMIGRANTS, "norwegian_born": NORWEGIAN_BORN}


def numbered(which: tuple[int, int, int], size: int) -> dict[str, pa.Array]:
    """Return the columns that say of which history the rows of a table are.

    which: the replicate, its draw of the parameters and of the economy.
    """
    return {
        name: pa.array(np.full(size, number, dtype=np.int32))
        for name, number in zip(("replicate", *DRAWS), which, strict=True)
    }


def structure_table(found: Sequence[Structure], which: tuple[int, int, int]) -> pa.Table:
    """Return the structures of one replicate, of these draws, as a tidy table without empty cells.

    kind 'age': persons by background, sex and age (100 holds all older ones); kind
    'family_size': by background and size of family (8 holds all larger ones), sex 'both'.
    """
    names = ("year", "kind", "background", "sex", "value", "count")
    columns: dict[str, list[NDArray[np.int64]]] = {name: [] for name in names}
    for one in found:
        for kind, table in ((0, one.ages), (1, one.families[:, None])):
            background, sex, value = np.nonzero(table)
            parts = (np.full(background.size, one.year), np.full(background.size, kind), background,
                     sex if kind == 0 else np.full(sex.size, len(SEX)), value + kind,
                     table[background, sex, value])  # fmt: skip
            for name, part in zip(columns, parts, strict=True):
                columns[name].append(part)
    whole = {name: np.concatenate(parts) for name, parts in columns.items()}
    size = whole["year"].size

    def coded(name: str, names: Sequence[str]) -> pa.Array:
        labels = pa.array(whole[name].astype(np.int16))
        return pa.DictionaryArray.from_arrays(labels, pa.array(names, pa.string()))

    return pa.table({
        **numbered(which, size),
        "year": pa.array(whole["year"].astype(np.int16)),
        "kind": coded("kind", (AGE, FAMILY)),
        "background": coded("background", BACKGROUND.names),
        "sex": coded("sex", (*SEX.names, "both")),
        "value": pa.array(whole["value"].astype(np.int16)),
        "count": pa.array(whole["count"]),
    })  # fmt: skip


class Structures:
    """All histories of a run: persons by (history, year, background, sex, age) or family size."""

    def __init__(self, table: pa.Table) -> None:
        numbers, first = np.unique(table["replicate"].to_numpy(), return_index=True)
        runs = numbers.astype(np.int64)
        draws = [
            _plain(table[name])[first] if name in table.column_names else np.zeros_like(runs)
            for name in DRAWS
        ]
        self.sharing = sharing_of(*draws)
        self.years: list[int] = sorted(table["year"].unique().to_pylist())
        size = len(runs), len(self.years)
        self.ages = np.zeros((*size, len(BACKGROUND), len(SEX), OLDEST + 1))
        self.families = np.zeros((*size, len(BACKGROUND), LARGEST))
        for batch in table.to_batches():  # a replicate: all of them as 64 bits would be large
            self._fill(pa.table(batch), runs)

    def _fill(self, table: pa.Table, runs: NDArray[np.int64]) -> None:
        columns = {name: _plain(table[name]) for name in table.column_names}
        history = np.searchsorted(runs, columns["replicate"])
        year = np.searchsorted(self.years, columns["year"])
        of_age = columns["kind"] == 0
        where = (history, year, columns["background"], columns["sex"], columns["value"])
        self.ages[tuple(part[of_age] for part in where)] = columns["count"][of_age]
        sized = (history, year, columns["background"], columns["value"] - 1)
        self.families[tuple(part[~of_age] for part in sized)] = columns["count"][~of_age]

    def measures(self, whom: Sequence[int]) -> Iterator[tuple[str, NDArray[np.float64]]]:
        """Yield what is told of a group: name, and values (histories, years)."""
        ages = self.ages[:, :, list(whom)].sum(axis=(2, 3))
        persons = ages.sum(axis=-1)
        middle = np.arange(OLDEST + 1) + 0.5
        yield "persons", persons
        yield "mean_age", _ratio((ages * middle).sum(axis=-1), persons)
        between = ages[..., YOUNG:OLD].sum(axis=-1)
        yield "dependency_ratio", 100 * _ratio(persons - between, between)
        sizes = self.families[:, :, list(whom)].sum(axis=2)
        for size in range(LARGEST):
            more = "_or_more" if size == LARGEST - 1 else ""
            yield f"share_in_families_of_{size + 1}{more}", 100 * _ratio(sizes[..., size], persons)


def estimates_of(structures: Structures, whom: str) -> dict[str, list[Estimate]]:
    """Return each measure's estimates, a year each."""
    known = settled(
        [year - 1 for year in structures.years]
    )  # nothing of a year has happened on its 1 January
    return {
        name: [
            interval(values[:, y], 0.0, sharing=structures.sharing, settled=known[y])
            for y in range(values.shape[1])
        ]
        for name, values in structures.measures(WHOM[whom])
    }


def structure_csv(table: pa.Table) -> str:
    """Return mean, interval and shares of every measure and year, Norwegian-born persons apart."""
    structures, out = Structures(table), io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["whom", "year", "measure", "mean", "low", "high", "replicates", *SHARES])
    for whom in WHOM:
        for name, found in estimates_of(structures, whom).items():
            for year, one in zip(structures.years, found, strict=True):
                numbers = ("" if np.isnan(x) else f"{x:.2f}" for x in (one.mean, one.low, one.high))
                shares = ("" if np.isnan(x) else f"{x:.0f}" for x in one.shares)
                writer.writerow([whom, year, name, *numbers, one.replicates, *shares])
    return out.getvalue()


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    found = np.full(part.shape, np.nan)
    np.divide(part, whole, out=found, where=whole > 0)
    return found


def _plain(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Return numbers, or the numbers of codes."""
    whole = column.combine_chunks()
    coded = whole.indices if pa.types.is_dictionary(whole.type) else whole
    return np.asarray(coded).astype(np.int64)
