"""Memory of large populations: kept for the next array instead of given back to the system."""

import ctypes
from functools import cache

LARGE = 4_000_000  # persons: from here on, eight bytes for each are more than C keeps by itself
TRIM, PAD, MAPS = -1, -2, -4  # what mallopt of the C library is told of
MOST, SPARE = 2**31 - 1, 2**26  # bytes


@cache
def keep_freed() -> bool:
    """Let memory that is freed be used again; say whether the C library can.

    GNU's C library gives arrays above 32 MiB pages of their own, returns them as soon as the
    array is gone, and the system fills every page with zeros before it lends it again. Each year
    of twenty million persons has dozens of such arrays: a sixth of its time. Smaller
    populations are not concerned, and other C libraries are left alone.
    """
    try:
        change = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return all([change(MAPS, 0), change(TRIM, MOST), change(PAD, SPARE)])
