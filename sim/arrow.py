"""Numbers and words of shipped Parquet tables, without pandas, whose import takes long.

`pc` is `pyarrow.compute`, imported when somebody asks it for something: that takes as long as the
rest of Arrow, and who reads shipped tables alone never asks.
"""

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray


class _Compute:
    """All that `pyarrow.compute` has."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module("pyarrow.compute"), name)


pc: Any = _Compute()


def numbers(column: Any) -> NDArray[Any]:
    """Return a column of a table without missing numbers; Arrow's own way imports pandas."""
    return np.from_dlpack(column.combine_chunks())


def words(column: Any) -> tuple[NDArray[Any], list[str]]:
    """Return which of some words stands in each row of a column, and the words."""
    coded = column.combine_chunks()
    return np.from_dlpack(coded.indices), coded.dictionary.to_pylist()
