"""The fitted register as it is shipped: candidate families and their numbers, year by year."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from calibration.pool import COLUMNS, Pool
from calibration.raking import Floats
from sim.arrow import numbers as numbers_in

FOLDER = Path(__file__).parent / "register"
PERSONS, FAMILIES, ABOUT = "persons.parquet", "families.parquet", "about.json"
FIRST_YEAR, LAST_YEAR = 2004, 2013
EXACT = frozenset({"official reason", "sample size"})  # margins that hold to the person


@dataclass(frozen=True)
class Solution:
    """Candidate families, how many there are of each on 1 January of a year, and the fit.

    number: by year; about: settings and measures of the fit, for tables and pages.
    replaced: margins of EXACT that a user's own took the place of.
    """

    pool: Pool
    number: Mapping[int, Floats]
    about: Mapping[str, Any]
    replaced: frozenset[str] = frozenset()


def write_solution(solution: Solution, folder: Path = FOLDER) -> None:
    """Write a solution; numbers are rounded to single precision."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = {n: c.astype(_narrow(n, c)) for n, c in solution.pool.persons.items()}
    families = {"level": solution.pool.level.astype(np.uint8)}
    families["prior"] = solution.pool.prior.astype(np.float32)
    families |= {str(y): n.astype(np.float32) for y, n in sorted(solution.number.items())}
    for name, table in ((PERSONS, columns), (FAMILIES, families)):
        pq.write_table(pa.table(table), folder / name, compression="zstd", compression_level=19)
    text = json.dumps(solution.about, indent=1, ensure_ascii=False, sort_keys=True)
    (folder / ABOUT).write_text(text + "\n", encoding="utf-8")


def _narrow(name: str, column: np.ndarray[Any, Any]) -> str:
    return "int32" if name in ("family", "mother", "partner") or column.max() > 255 else "uint8"


@cache
def shipped_solution() -> Solution:
    """Return the solution that comes with the package."""
    return read_solution(FOLDER)


def read_solution(folder: Path) -> Solution:
    """Read a solution from a folder."""
    persons = pq.ParquetFile(folder / PERSONS).read()
    families = pq.ParquetFile(folder / FAMILIES).read()
    columns = {name: numbers_in(persons[name]).astype(np.int64) for name in COLUMNS}
    numbers = {
        name: numbers_in(families[name]).astype(np.float64) for name in families.column_names
    }
    level = numbers.pop("level").astype(np.int64)
    pool = Pool(columns, level, numbers.pop("prior"))
    about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    return Solution(pool, {int(year): number for year, number in numbers.items()}, about)
