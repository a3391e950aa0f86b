"""Memory of the doctor: measured in processes of its own, a row more, and fifty million."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest

from calibration.example_data import coded, example
from sim.jit import COMPILED

PROMISED_ROWS, PROMISED_BYTES = 50_000_000, 2 * 2**30
SIZES = (600_000, 2_000_000)
BLOCK = 100_000
LOOK = """
import json, sys, time
from calibration.extract import examine
begin = time.perf_counter()
found = examine(sys.argv[1])
seconds = time.perf_counter() - begin
status = open("/proc/self/status").read()
peak = int(status.split("VmHWM:")[1].split()[0]) * 1024
print(json.dumps([peak, seconds, found.rows, found.kept, len(found.errors)]))
"""

pytestmark = [
    pytest.mark.skipif(not COMPILED, reason="one look is enough"),
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peaks are read from Linux"),
]


def grown(path, rows):
    """Write so many rows, each a person and a family of its own with a number of many digits."""
    block = pa.Table.from_batches([coded(example(BLOCK, 1))])
    if path.suffix == ".csv":
        words = [
            (f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type)
            for f in block.schema
        ]
        block = block.cast(pa.schema(words))
    writer = None
    for start in range(0, rows, BLOCK):
        numbers = np.arange(start, start + BLOCK) * 2_654_435_761 % 2**40
        part = block
        for name in ("person", "family"):
            part = part.set_column(part.schema.get_field_index(name), name, pa.array(numbers))
        if writer is None:
            make = arrow_csv.CSVWriter if path.suffix == ".csv" else pq.ParquetWriter
            writer = make(path, part.schema)
        writer.write_table(part)
    writer.close()


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_fifty_million_rows_need_less_than_two_gibibytes(tmp_path, ending):
    """Measured: 17 to 21 bytes a row over some 0.3 GiB; half a million rows of CSV a second."""
    peaks = []
    for rows in SIZES:
        path = tmp_path / f"x.{ending}"
        grown(path, rows)
        done = subprocess.run(
            [sys.executable, "-c", LOOK, str(path)], capture_output=True, text=True, check=True
        )
        peak, seconds, read, kept, errors = json.loads(done.stdout)
        assert (read, kept, errors) == (rows, rows, 0)
        assert rows / seconds > 40_000
        peaks.append(peak)
        path.unlink()
    a_row = (peaks[1] - peaks[0]) / (SIZES[1] - SIZES[0])
    wanted = peaks[1] + a_row * (PROMISED_ROWS - SIZES[1])
    assert wanted < PROMISED_BYTES, f"{a_row:.1f} bytes a row, {wanted / 2**30:.2f} GiB"
