"""Emigration by reason, kind of family and age as Tables 4.1-4.3 have it.

    python -m calibration.family_offsets

The published logit is linear in family size, Table 4.1 is not: couples emigrate far less often
than single persons, and than the logit says. The offset is what must be added to the log odds
of emigrating, by reason, kind of family and being 20-35, so that the register of 2013 has the
published rates. Totals by reason stay those of the published model, so that the rates of a
reason hold up to the factor between the two.
"""

import csv
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from calibration import margins as m
from calibration.expected import weights
from calibration.raking import Floats, Ints
from calibration.reconstruction import reconstruct
from sim.agents.population import Population
from sim.codes import REASON
from sim.transitions import sources
from sim.transitions.calibrated import (
    AGES_OF_OFFSETS,
    KINDS,
    OFFSETS,
    kinds_of_families,
)
from sim.transitions.process import Settings

Rates = dict[tuple[str, str, str], float]
OUT = Path(sources.__file__).parent / "data" / OFFSETS
YOUNG = (20, 35)
# What Tables 4.1 and 4.2 tell apart, and which kinds it holds.
PARTS = {("1", "all_families"): ("1",), ("2", "immigrants_only"): ("2 immigrants",),
         ("2", "also_non_immigrants"): ("2 mixed",), ("3+", "immigrants_only"): ("3+ immigrants",),
         ("3+", "also_non_immigrants"): KINDS[4:]}  # fmt: skip
MIXED = {"3+ mixed, more immigrants": "more_immigrants", "3+ mixed, equal": "equal",
         "3+ mixed, fewer immigrants": "fewer_immigrants"}  # fmt: skip
YIELDING = 0.7  # by how much parts go to meet the whole: then every rate holds within 15 percent
LEAST = 0.2  # of the rate at all ages: what the others must have where the young have more
STEPS, LARGEST = 80, 3.0
OTHERWISE = {"family_offset": "none"}  # all but what is looked for
PUBLISHED = {**OTHERWISE, "reason_offset": "none"}  # the models as they are published
SHAPE = (len(REASON), len(KINDS), len(AGES_OF_OFFSETS))
SOURCE = (
    "Rapporter 2016/27, Tables 4.1-4.3 (rows of 4.3 exchanged where only so it agrees with 4.1), "
    "less the published model on the reconstructed register of 1.1.2013; totals by reason kept"
)


class Cells(NamedTuple):
    """Immigrants by reason, kind of family and age: the cell of each person, -1 for others."""

    cell: Ints
    persons: Floats

    def mean(self, value: Floats) -> Floats:
        """Return the mean of a value by cell."""
        mine = self.cell >= 0
        total = np.bincount(self.cell[mine], value[mine], int(np.prod(SHAPE)))
        return np.asarray(total.reshape(SHAPE) / np.maximum(self.persons, 1))


def cells_of(people: Population) -> Cells:
    """Return the cell of everybody."""
    total, same = (people[c].astype(np.int64) for c in ("family_total", "family_immigrants"))
    age = people.year - 1 - people["birth_year"].astype(np.int64)
    young = (age >= YOUNG[0]) & (age <= YOUNG[1])
    kind = kinds_of_families()[total * 256 + same].astype(np.int64)
    cell = np.ravel_multi_index((people["reason"].astype(np.int64), kind, young.astype(int)), SHAPE)
    cell = np.where(people.immigrants, cell, -1)
    persons = np.bincount(cell[cell >= 0], minlength=int(np.prod(SHAPE)))
    return Cells(cell, persons.reshape(SHAPE).astype(np.float64))


@cache
def published(table: str, column: str = "emigrate_percent") -> Rates:
    """Return the rates of a table by reason, family size and kind of family."""
    name = "family_rates_2013" if table == "4.1" else "family_rates_by_age_and_kind_2013"
    return {
        (row["reason"], row["family_size"], row["family_kind"]): float(row[column]) / 100
        for row in m.table(name) if row.get("table", table) == table
    }  # fmt: skip


def wanted(persons: Floats, column: str = "emigrate_percent") -> Floats:
    """Return the rates that the tables imply, by reason, kind of family and age."""
    found = np.full(SHAPE, np.nan)
    of_all = _agreeing(published("4.1", column), persons.sum(axis=2))
    of_young = _agreeing(published("4.2", column), persons[:, :, 1])
    for r, reason in enumerate(REASON.names):
        for part, kinds in PARTS.items():
            rows = [KINDS.index(kind) for kind in kinds]
            other, young = persons[r, rows].sum(axis=0)
            rate, among_young = of_all[reason, *part], of_young[reason, *part]
            among_others = (rate * (other + young) - among_young * young) / max(other, 1)
            pair = np.array([max(among_others, LEAST * rate), among_young])
            found[r, rows] = pair
            if len(rows) > 1:
                found[r, rows] = _mixed(published("4.3", column), reason, pair, persons[r, rows])
    assert np.isfinite(found).all()
    return found


def _agreeing(rates: Rates, persons: Floats) -> Rates:
    """Return rates of immigrant and mixed families nearer to those of all families of the size.

    The register has other shares of mixed families than the tables: the rates of its parts do
    not average to that of the whole. The parts go most of the way to meet it.
    """
    found = dict(rates)
    for (reason, size, kind), rate in rates.items():
        parts = [part for part in PARTS if part[0] == size]
        if kind != "all_families" or len(parts) < 2:
            continue
        number = np.array([persons[REASON.index(reason), [KINDS.index(k) for k in PARTS[part]]]
                           .sum() for part in parts])  # fmt: skip
        mean = np.array([rates[reason, *part] for part in parts]) @ number / number.sum()
        for part in parts:
            found[reason, *part] = rates[reason, *part] * (rate / mean) ** YIELDING
    return found


def _mixed(table: Rates, reason: str, pair: Floats, persons: Floats) -> Floats:
    """Return the rates of the three kinds of mixed families, between Tables 4.1 and 4.3.

    Where they disagree about their mean, both are met half way.
    """
    rates = np.array([table[reason, "3+", MIXED[kind]] for kind in KINDS[4:]])
    mean = (rates * persons.sum(axis=1)).sum() / persons.sum()
    all_ages = (pair * persons.sum(axis=0)).sum() / persons.sum()
    return np.asarray(np.outer(rates * np.sqrt(all_ages / mean), pair / all_ages))


def offsets(people: Population, settings: Settings | None = None) -> tuple[Floats, Floats, Floats]:
    """Return the offsets, and the rates wanted and reached, by cell.

    Totals by reason are those of the published models, whatever else tells families apart.
    """
    cells = cells_of(people)
    immigrant = people.immigrants
    plain = weights(people, settings_of(PUBLISHED)).emigrating()
    of = weights(people, settings or settings_of(OTHERWISE))
    by_reason = np.bincount(people["reason"][immigrant], plain[immigrant], len(REASON))
    target = wanted(cells.persons)
    target *= (by_reason / (target * cells.persons).sum(axis=(1, 2)))[:, None, None]
    offset = np.zeros(SHAPE)
    mine = np.maximum(cells.cell, 0)  # of others: never counted
    for _ in range(STEPS):
        reached = cells.mean(of.emigrating(np.exp(offset.ravel()[mine])))
        step = _logit(target) - _logit(np.clip(reached, 1e-9, 1 - 1e-9))
        offset = np.clip(offset + np.where(cells.persons > 0, step, 0.0), -LARGEST, LARGEST)
    factor = np.where(immigrant, np.exp(offset.ravel()[mine]), 1.0)
    return offset, target, cells.mean(of.emigrating(factor))


def settings_of(assumptions: dict[str, str]) -> Settings:
    """Return the settings of a run with these assumptions."""
    return Settings(assumptions=dict(assumptions))


def _logit(p: Floats) -> Floats:
    return np.asarray(np.log(p / (1 - p)))


def main() -> int:
    """Write the table."""
    write(offsets(reconstruct())[0])
    return 0


def write(offset: Floats, path: Path = OUT) -> None:
    """Write the offsets as the model reads them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["reason", "family", "age", "outcome", "offset", "assumed", "source"])
        for (r, k, a), value in np.ndenumerate(offset):
            writer.writerow([REASON.names[r], KINDS[k], AGES_OF_OFFSETS[a], "emigrate",
                             f"{value:.4f}", "no", SOURCE])  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
