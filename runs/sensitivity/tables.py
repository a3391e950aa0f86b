"""The tables of an analysis: every life with its inputs and outputs, and the indices."""

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from runs.sensitivity.evaluation import Experiment
from runs.sensitivity.indices import Index
from runs.sensitivity.inputs import numbers
from runs.tables import write_whole

Floats = NDArray[np.float64]
COLUMNS = ("output", "index", "input", "other_input", "value", "low", "high")


def lives_table(experiment: Experiment, values: Floats) -> pa.Table:
    """Return one row a point and replicate: what the inputs were and the outputs became.

    values: (replicates, points, outputs). An input that is as in the scenario is empty.
    """
    replicates, points, _ = values.shape
    columns: dict[str, pa.Array] = {
        "point": pa.array(np.tile(np.arange(points, dtype=np.int32), replicates)),
        "replicate": pa.array(np.repeat(np.arange(replicates, dtype=np.int32), points)),
    }
    held = numbers(experiment.inputs, experiment.points)
    for i, one in enumerate(experiment.inputs):
        columns[f"input: {one.label}"] = pa.array(np.tile(held[:, i], replicates), from_pandas=True)
    for o, output in enumerate(experiment.outputs):
        columns[f"output: {output.name}"] = pa.array(values[:, :, o].ravel(), from_pandas=True)
    return pa.table(columns)


def write_lives(path: Path, table: pa.Table) -> None:
    """Write the table whole or not at all; the same lives give the same bytes."""
    part = path.with_name(f".{path.name}.part")
    try:
        pq.write_table(table, part, compression="zstd")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_indices(
    path: Path, found: Sequence[Index], inputs: Sequence[str], outputs: Sequence[str]
) -> None:
    """Write every index with its interval, empty where there is none."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in found:
        other = inputs[one.other] if one.other >= 0 else ""
        told = [_told(value) for value in (one.value, one.low, one.high)]
        writer.writerow([outputs[one.output], one.name, inputs[one.input], other, *told])
    write_whole(path, file.getvalue())


def _told(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.6g}"
