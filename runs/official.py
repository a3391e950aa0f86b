"""A run beside the official population projections, where both tell of something alike.

Immigrants resident on 1 January are the same quantity. Emigrations and immigrations of the
official projections are those of everybody, Norwegian citizens too, without those who move in
and out within a year: they are told beside the run as the wider quantities that they are.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import pyarrow as pa

from runs.answer import number, rounded
from runs.intervals import Estimate
from runs.tables import estimates

# What a run tells that is like an official quantity, its measure, and the difference.
ALIKE = {
    "immigrants": ("stock", "Immigrants, 1 January", "the same quantity"),
    "emigration": ("emigrations", "Emigrations", "official: everybody, Norwegian citizens too"),
    "immigration": ("arrivals", "Immigrations", "official: everybody, and those who come back; "
                    "the run: first arrivals of immigrants"),
}  # fmt: skip


@dataclass(frozen=True)
class Beside:
    """One official figure and the run's."""

    year: int
    quantity: str
    official: str
    what: str
    run: str
    interval: str
    split: str
    note: str


@cache
def projections() -> tuple[dict[str, str], ...]:
    """Return the official figures."""
    text = (resources.files("runs") / "data" / "official_projections.csv").read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def official(made: Mapping[str, pa.Table], manifest: Mapping[str, Any]) -> list[Beside]:
    """Return official figures of the years of a run; none for a part of the population.

    A run of a tenth of the people, or of a user's own, is not beside the whole country.
    """
    if manifest.get("population", {}).get("asked_for") != "embedded":
        return []
    found = {(m, year): e for (m, _, year), e in estimates(made["summary_total"]).items()}
    return list(_beside(found))


def _beside(found: Mapping[tuple[str, int], Estimate]) -> Iterator[Beside]:
    for row in projections():
        measure, quantity, note = ALIKE[row["quantity"]]
        run = found.get((measure, int(row["year"])))
        if run is not None:
            what = f"{row['kind']}, round of {row['round']}"
            if row["kind"] == "projected":
                what = f"{row['alternative']} alternative, {what}"
            count, interval = rounded(run, rate=False, stock=measure == "stock")
            yield Beside(int(row["year"]), quantity, number(float(row["value"]), 0), what,
                         count, interval, run.split, note)  # fmt: skip
