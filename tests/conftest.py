"""Shared by all tests: small populations, and the load that suits a run without JIT."""

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from sim.agents.population import Population
from sim.jit import COMPILED
from sim.transitions.coming_of_age import ComingOfAge
from sim.transitions.destination import DomesticDestination
from sim.transitions.emigration import Emigration
from sim.transitions.mobility import Mobility

# A world that nobody enters: its processes, and the assumptions that make a run such a world.
CLOSED = (Mobility, DomesticDestination, Emigration, ComingOfAge)
CLOSED_WORLD = {
    "county_moves": "none", "descendants": "stay", "returning": "nobody", "arrivals": "none",
    "fertility": "nobody_is_born", "mortality": "nobody_dies", "unions": "no_change",
    "leaving_home": "nobody_leaves", "education_break": "unchanged", "labour_status": "unchanged",
}  # fmt: skip

# The first call of a kernel compiles it, and without JIT everything is slow.
settings.register_profile(
    "vandring",
    deadline=None,
    max_examples=60 if COMPILED else 12,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,  # new examples are sought at desks, not while landing a change
)
settings.load_profile("vandring")

# For tests of what happens to whole runs: killed, divided, planned, swept, compared. They show the
# same with kernels in plain Python, in minutes instead of seconds.
COMPILED_ONLY = pytest.mark.skipif(not COMPILED, reason="lives whole runs, again and again")


class Led:
    """Children who follow adults as a test says; stands for sim.agents.followers.Followers."""

    def __init__(self, children, adults):
        self.pairs = np.asarray(children, dtype=np.int64), np.asarray(adults, dtype=np.int64)

    def of(self, adults):
        children, theirs = self.pairs
        some = np.isin(theirs, adults)
        return children[some], theirs[some]

    def all(self):
        return self.pairs


def load(compiled, plain):
    """Return the load of a test: the first with compiled kernels, the second without."""
    return compiled if COMPILED else plain


def made_people(n, seed=0, *, year=2013, families=True, **columns):
    """Return n people with random but possible characteristics, all residents."""
    rng = np.random.default_rng(seed)
    age = rng.integers(0, 95, n)
    family = rng.integers(0, max(n // 2, 1), n) if families else np.arange(n)
    family = np.unique(family, return_inverse=True)[1]
    members = np.bincount(family)[family]
    made = {
        "person": rng.permutation(n) * 7 + 3,
        "sex": rng.integers(0, 2, n),
        "birth_year": year - 1 - age,
        "origin": rng.integers(0, 19, n),
        "reason": rng.integers(0, 6, n),
        "first_arrival_year": year - 1 - (rng.random(n) * np.minimum(age, 40)).astype(int),
        "education": rng.integers(0, 6, n),
        "status": rng.integers(0, 5, n),
        "municipality": rng.integers(0, 428, n),
        "family": family,
        "family_total": members
        + np.bincount(family, rng.integers(0, 3, n) // 2)[family].astype(int),
        "family_immigrants": members,
    }
    made.update(columns)
    return Population.build(year, "made people", made)


@pytest.fixture
def people():
    return made_people(400)
