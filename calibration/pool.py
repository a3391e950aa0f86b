"""Candidates for the reconstructed register: many kinds of person, before they get weights.

The estimation sample of the published models is secret. What it may have held is drawn
here, per centrality level and sex, broadly enough that weights can make it look like the
publication: from the embedded population, with some characteristics redrawn at random.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration.embedded import embedded_population
from sim.codes import DURATION_STARTS, EDUCATION, REASON, STATUS
from sim.geography import CENTRALITY_OF
from sim.transitions.terms import FACTORS, LEVELS, TERMS

YOUNGEST, OLDEST = 15, 74
GROUPS = 8  # centrality * 2 + sex, as everywhere
LONGEST = 40  # years of stay told apart
SIZES, SIZE_SHARES = np.arange(1, 9), (0.25, 0.2, 0.15, 0.15, 0.1, 0.07, 0.05, 0.03)
Columns = Mapping[str, NDArray[np.int64]]


@dataclass(frozen=True)
class Pool:
    """Candidates, in blocks of equal size, one block for each group.

    columns: age, duration, education, status, reason, family_total, family_immigrants,
        as stored numbers; centrality (0 is level 1) and sex follow from the group.
    """

    columns: Columns
    group: NDArray[np.int64]

    @property
    def size(self) -> int:
        """The number of candidates."""
        return int(self.group.size)

    def duration_group(self) -> NDArray[np.int64]:
        """Return the stored duration group of each candidate."""
        return np.searchsorted(DURATION_STARTS, self.columns["duration"], side="right") - 1

    def design(self) -> NDArray[np.float64]:
        """Return the terms of the trinomial logit (candidates, terms), in the order of TERMS."""
        c = self.columns
        codes = {**c, "duration": self.duration_group()}
        found = {
            "constant": np.ones(self.size),
            "age": c["age"],
            "age_over_10_squared": (c["age"] / 10) ** 2,
            "female": self.group % 2 == 0,
            "family_total": c["family_total"],
            "family_immigrants": c["family_immigrants"],
            **{term: self.group // 2 == level for level, term in LEVELS.terms()},
            **{t: codes[factor.name] == i for factor in FACTORS for i, t in factor.terms()},
        }
        return np.stack([np.asarray(found[term], dtype=np.float64) for term in TERMS], axis=1)


def draw_pool(per_group: int, seed: int = 1, scale: float = 1.0) -> Pool:
    """Draw so many candidates for each centrality level and sex, ages 15-74.

    scale: of the embedded population that they are drawn from; small for tests.
    """
    random = np.random.default_rng(seed)
    people = embedded_population(scale=scale)
    age = people.year - 1 - people["birth_year"].astype(np.int64)
    duration = people.year - 1 - people["first_arrival_year"].astype(np.int64)
    group = CENTRALITY_OF[people["municipality"]].astype(np.int64) * 2 + people["sex"]
    adult = (age >= YOUNGEST) & (age <= OLDEST)
    everybody = {"age": age, "duration": np.minimum(duration, LONGEST)} | {
        name: people[name].astype(np.int64)
        for name in ("education", "status", "reason", "family_total", "family_immigrants")
    }
    parts = []
    for g in range(GROUPS):
        chosen = random.choice(np.flatnonzero(adult & (group == g)), per_group)
        parts.append(_broadened({n: column[chosen] for n, column in everybody.items()}, random))
    columns = {name: np.concatenate([part[name] for part in parts]) for name in everybody}
    return Pool(columns, np.repeat(np.arange(GROUPS), per_group))


def _broadened(some: dict[str, NDArray[Any]], random: np.random.Generator) -> Columns:
    """Redraw characteristics of some candidates, so that the pool holds unusual people too."""
    n = some["age"].size

    def redrawn(name: str, share: float, values: NDArray[Any]) -> None:
        some[name] = np.where(random.random(n) < share, values, some[name])

    redrawn("education", 0.2, random.integers(0, len(EDUCATION), n))
    redrawn("status", 0.2, random.integers(0, len(STATUS), n))
    redrawn("age", 0.25, random.integers(YOUNGEST, OLDEST + 1, n))
    redrawn("duration", 0.15, random.integers(0, 30, n))
    unknown = some["reason"] == REASON.index("unknown")  # not all came before 1990
    redrawn("duration", 0.5, np.where(unknown, random.integers(0, 25, n), some["duration"]))
    size = random.choice(SIZES, n, p=SIZE_SHARES)
    other = random.choice((0, 0, 0, 1, 2, 3), n)
    anew = random.random(n) < 0.35
    some["family_total"] = np.where(anew, size, some["family_total"])
    immigrants = np.where(anew, np.maximum(size - other, 1), some["family_immigrants"])
    some["family_immigrants"] = np.minimum(immigrants, some["family_total"])
    some["duration"] = np.minimum(some["duration"], LONGEST)
    return some
