"""One way to compile a kernel: cached on disk, without the global lock, no fast-math.

A kernel may call kernels of its own file only. A cached kernel that calls another file's
kernel keeps the old code after that file is edited; a test guards the rule.
"""

import os
from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

# numba reads the same variable: with it set, kernels are plain Python (slow, debuggable).
COMPILED = os.environ.get("NUMBA_DISABLE_JIT", "0") == "0"


def kernel(function: Kernel) -> Kernel:
    """Compile a function on bare arrays; threads may run it side by side."""
    return cast("Kernel", njit(cache=True, nogil=True)(function))


def inlined(function: Kernel) -> Kernel:
    """Compile a small function into each kernel of the same file that calls it.

    Without it LLVM does not vectorise the caller's loop: the generator took 13 ns a person
    as an ordinary callee and 2 ns inlined.
    """
    return cast("Kernel", njit(inline="always", nogil=True)(function))
