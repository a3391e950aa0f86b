"""Columns of shipped Parquet tables as arrays."""

import subprocess
import sys

import numpy as np
import pyarrow as pa

from sim.arrow import numbers, words


def test_numbers_and_words_are_those_of_the_rows():
    parts = pa.chunked_array([pa.array([3, 1], pa.int8()), pa.array([2], pa.int8())])
    np.testing.assert_array_equal(numbers(parts), [3, 1, 2])
    said = pa.chunked_array([pa.array(["b", "a", "b"]).dictionary_encode()])
    where, names = words(said)
    assert [names[i] for i in where] == ["b", "a", "b"]


def test_the_register_and_the_donors_are_read_without_pandas_and_sparse_matrices():
    """Their imports would take a quarter of a second of every command."""
    code = (
        "import sys; from runs.people import find_people; find_people('embedded:0.001', 2013); "
        "from sim.transitions.arrival_tables import donors; donors(); "
        "print([name for name in ('pandas', 'scipy.sparse') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
