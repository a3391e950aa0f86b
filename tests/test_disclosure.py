"""No microdata enter: candidates are made from published tables and coefficients alone."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from calibration.solution import FOLDER
from sim.agents.columns import BY_NAME

ROOT = Path(__file__).parents[1]
TABLES = sorted((ROOT / "calibration" / "data").glob("*.csv"))

# Everything that is opened while candidates are drawn and fitted.
SPY = """
import sys
from pathlib import Path
opened = set()
def note(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        opened.add(arguments[0])
import numba, pandas, pyarrow.parquet, scipy.optimize, scipy.sparse, yaml
import calibration.build
sys.addaudithook(note)
from calibration import fitting
pool = fitting.draw_pool(200, scale=0.05)
fitted = fitting.fit_2013(pool, steps=1)
fitting.fit_year(fitted.solution, 2006, steps=1)
root = Path(ROOT)
for name in sorted(opened):
    path = Path(name).resolve()
    if path.suffix not in (".py", ".pyc", ".nbi", ".nbc") and not path.is_dir():
        print(path.relative_to(root) if path.is_relative_to(root) else path)
"""


@pytest.fixture(scope="module")
def opened():
    program = SPY.replace("ROOT", repr(str(ROOT)))
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert found.returncode == 0, found.stderr
    return found.stdout.split("\n")[:-1]


def test_only_published_tables_and_coefficients_are_read(opened):
    inside = {name for name in opened if not Path(name).is_absolute() and ".venv" not in name}
    allowed = ("calibration/data/", "sim/transitions/published_2016/", "sim/")
    assert {name for name in inside if not name.startswith(allowed)} == set()
    assert {Path(name).suffix for name in inside} <= {".csv", ".json"}
    assert "sim/transitions/published_2016/coefficients.csv" in inside  # so the spy sees
    assert sum(name.startswith("calibration/data/") for name in inside) > 15


def test_no_file_outside_the_project_is_read(opened):
    system = (sys.prefix, sys.base_prefix, "/dev", "/proc", "/etc", "/usr", "/sys", "/lib", "/tmp")
    beyond = [n for n in opened if Path(n).is_absolute() and not n.startswith(system)]
    assert beyond == []


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_every_table_holds_counts_of_cells_with_a_source_and_nobody(path):
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    columns = set(rows[0])
    assert "source" in columns
    assert all(row["source"] for row in rows)
    assert not columns & {"person", "id", "name", "birth_year", "family", "mother", "partner"}
    assert len(rows) < 5_000


def test_the_shipped_people_are_kinds_not_persons():
    """Candidates have no identifier, no date and no place: only what the fit needs."""
    import pyarrow.parquet as pq

    columns = set(pq.read_schema(FOLDER / "persons.parquet").names)
    assert not columns & {"person", "birth_year", "first_arrival_year", "municipality"}
    assert columns - {"group", "age", "duration", "role"} <= set(BY_NAME)
