"""Memory of large populations."""

import ctypes
import subprocess
import sys

import pytest

from sim import engine, memory
from sim.chance import Chance
from sim.engine import Simulation
from sim.transitions.process import Settings
from tests.conftest import made_people

# Pages that the system lends to twenty arrays of 64 MiB, one after the other.
PAGES = """
import resource, sys
import numpy as np
from sim import memory
if sys.argv[1] == "keep":
    assert memory.keep_freed()
np.ones(2**23)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    np.ones(2**23)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def pages(how):
    done = subprocess.run(
        [sys.executable, "-c", PAGES, how], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="another C library")
def test_what_is_freed_is_used_again():
    """Pages may be of 2 MiB: 640 in all, or 327,680 of 4 KiB."""
    assert pages("as usual") >= 20 * 30
    assert pages("keep") < 30


def test_a_library_without_the_choice_is_left_alone(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    assert memory.keep_freed.__wrapped__() is False


@pytest.mark.parametrize("large", [False, True])
def test_large_populations_keep_it(monkeypatch, large):
    asked = []
    monkeypatch.setattr(engine, "keep_freed", lambda: asked.append(True))
    monkeypatch.setattr(engine, "LARGE", 50 if large else 51)
    Simulation(made_people(50), Settings(), Chance(1))
    assert asked == [True] * large
