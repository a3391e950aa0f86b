"""One way to compile a kernel: cached on disk, without the global lock, no fast-math.

A kernel may call kernels of its own file only. A cached kernel that calls another file's
kernel keeps the old code after that file is edited; a test guards the rule.

Positions read from arrays are made unsigned before anything is looked up by them, where it
tells: `i = np.uint64(movers[j])`. Numba asks of every signed position whether it counts from the
end, and what is read by links or codes cannot be foreseen not to; of a `range` from 0 it can. Walks
round rings became a fifth to a third quicker, look-ups by lists a tenth. Two things to heed:
-1 unsigned is a wild address and not the last row, so that "nobody" is told apart before
(`if p >= 0`, `max(p, 0)`); and int64 with uint64 becomes float64, so that sums are of one kind.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import config, njit

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

# With NUMBA_DISABLE_JIT=1 kernels are plain Python: slow, and easy to step through.
COMPILED: bool = not config.DISABLE_JIT  # type: ignore[attr-defined]


def kernel(function: Kernel) -> Kernel:
    """Compile a function on bare arrays; threads may run it side by side."""
    if not COMPILED:
        return _quiet(function)
    try:
        return cast("Kernel", njit(cache=True, nogil=True)(function))
    except RuntimeError:  # nowhere to keep compiled code: read-only folders and no home
        return cast("Kernel", njit(nogil=True)(function))


def inlined(function: Kernel) -> Kernel:
    """Compile a small function into each kernel of the same file that calls it.

    Without it LLVM does not vectorise the caller's loop: the generator took 13 ns a person
    as an ordinary callee and 2 ns inlined.
    """
    if not COMPILED:
        return _quiet(function)
    return cast("Kernel", njit(inline="always", nogil=True)(function))


def _quiet(function: Kernel) -> Kernel:
    """Keep NumPy from warning of what compiled code does on purpose: wrap round, make inf, nan."""
    return np.errstate(over="ignore", invalid="ignore")(function)
