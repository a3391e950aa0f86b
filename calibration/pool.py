"""Candidate families for the reconstructed register, before they get weights.

The estimation sample of the published models is secret. What it may have held is drawn
here, level by level of centrality: families of the starting population, the rare kinds more
often than they occur, and half of all with characteristics redrawn at random. The prior
number of each says how many such families there were before anything was fitted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calibration import margins as m
from calibration.families import ALONE, IMMIGRANT_COUPLE, LONE_PARENT, MIXED
from calibration.prior import Prior, draw_prior
from calibration.raking import Floats, Ints
from sim.codes import CENTRALITY, DURATION_STARTS, EDUCATION, STATUS
from sim.transitions.covariates import Covariates

YOUNGEST, OLDEST = m.WORKING_AGES
LEVEL_COUNT = len(CENTRALITY)
GROUPS = LEVEL_COUNT * 2  # centrality * 2 + sex, as everywhere

# Half of the families are redrawn; together they are this share of the prior number.
REDRAWN, THEIR_SHARE = 0.5, 0.15
REDRAW = {"education": 0.5, "status": 0.5, "age": 0.3, "duration": 0.3, "size": 0.6}
SCHOOLED, RETIRED = 20, 67  # ages from and to which education and status are redrawn
UNKNOWN_REDRAWN = 0.6  # 'unknown' may have come at any time, not only before 1990
OTHERS = (0, 0, 0, 1, 1, 2, 2, 3, 4, 5)  # Norwegian-born children of a redrawn family
OLDEST_CANDIDATE = 97
RARE = 0.7  # kinds are drawn in proportion to their number raised to this
COLUMNS = (
    "family", "sex", "group", "age", "duration", "origin", "education", "status", "role",
    "family_total", "family_immigrants", "mother", "partner",
)  # fmt: skip


@dataclass(frozen=True)
class Pool:
    """Candidate families and the persons in them, one family after another.

    persons: the columns of COLUMNS, as stored numbers; group: reason as in `margins.GROUPS`;
        mother, partner: positions in the pool, -1 for none.
    level: centrality of each family (0 is level 1); families of a level stand together.
    prior: how many such families there are in the starting population.
    """

    persons: Mapping[str, Ints]
    level: Ints
    prior: Floats

    def __getitem__(self, column: str) -> Ints:
        return self.persons[column]

    @property
    def size(self) -> int:
        """The number of candidate persons."""
        return int(self.persons["age"].size)

    @property
    def person_level(self) -> Ints:
        """The level of each person."""
        return self.level[self.persons["family"]]

    @property
    def sampled(self) -> NDArray[np.bool_]:
        """Whether each person has the age of the models' sample, 15 or more."""
        return np.asarray(self.persons["age"] >= m.SAMPLED_FROM)

    @property
    def grown(self) -> NDArray[np.bool_]:
        """Whether each person has the age of the report's shares, 15-74."""
        age = self.persons["age"]
        return np.asarray((age >= YOUNGEST) & (age <= OLDEST))

    @property
    def mixed(self) -> NDArray[np.bool_]:
        """Whether each family has a partner who is no immigrant."""
        return self._any(self.persons["role"] == MIXED)

    @property
    def norwegian_born(self) -> Ints:
        """How many Norwegian-born children of two immigrant parents live in each family."""
        total = np.zeros(self.level.size, dtype=np.int64)
        total[self.persons["family"]] = self["family_total"] - self["family_immigrants"]
        return np.where(self.mixed, 0, total)

    def bounds(self) -> Ints:
        """Return where the families of each level begin, and the end."""
        return np.searchsorted(self.level, np.arange(LEVEL_COUNT + 1)).astype(np.int64)

    def _any(self, holds: NDArray[np.bool_]) -> NDArray[np.bool_]:
        found = np.zeros(self.level.size, dtype=np.bool_)
        found[self.persons["family"][holds]] = True
        return found

    def as_of(self, year: int) -> "Pool":
        """Return the candidates as they may have been on 1 January of an earlier year.

        Most keep age and stay: who is 30 and came five years ago in 2013 stands for one who was
        so then. Who came before 1990 without a recorded reason is the same person, years younger.
        """
        back = m.YEAR - year
        if not back:
            return self
        before = m.YEAR - m.REASON_RECORDED_FROM  # the shortest stay of who came before 1990
        unrecorded = np.isin(self["group"], (m.UNKNOWN, m.EARLY)) & (self["duration"] >= before)
        whom = self._any(unrecorded)[self["family"]]
        persons = dict(self.persons)
        for name in ("age", "duration"):
            persons[name] = np.where(whom, self[name] - back, self[name])
        child = persons["age"] < m.SAMPLED_FROM
        for name in ("education", "status"):
            persons[name] = np.where(whom & child, 0, persons[name])
        return replace(self, persons=persons)

    def covariates(self) -> Covariates:
        """Return what the logits ask of every person."""
        names = ("age", "sex", "education", "status", "family_total", "family_immigrants")
        groups = np.searchsorted(DURATION_STARTS, self["duration"], side="right") - 1
        return Covariates(
            duration=groups.astype(np.int64),
            reason=m.REASON_OF_GROUP[self["group"]],
            centrality=self.person_level,
            **{name: self[name] for name in names},
        )


def draw_pool(per_level: int, *, seed: int = 1, scale: float = 1.0) -> Pool:
    """Draw about so many candidate families at each level of centrality.

    scale: of the starting population that they are drawn from; small for tests.
    """
    rng = np.random.default_rng(seed)
    start = draw_prior(scale=scale, seed=seed)
    chosen, number = _choose(start, per_level, rng)
    place = np.full(int(start.family.max()) + 1, -1)
    place[chosen] = np.arange(chosen.size)
    rows = np.flatnonzero(place[start.family] >= 0)
    rows = rows[np.argsort(place[start.family[rows]], kind="stable")]
    persons = _columns(start, rows, place)
    level = np.zeros(chosen.size, dtype=np.int64)
    level[persons["family"]] = start.people.centrality[rows]
    redrawn = rng.random(chosen.size) < REDRAWN
    _redraw(persons, redrawn, rng)
    share = np.where(redrawn, THEIR_SHARE / REDRAWN, (1 - THEIR_SHARE) / (1 - REDRAWN))
    prior = number * share / scale
    prior *= m.PERSONS / prior[persons["family"]].sum()
    return Pool(persons, level, prior)


def _choose(start: Prior, per_level: int, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Choose families, rare kinds more often; return them and how many each stands for."""
    first = np.unique(start.family, return_index=True)[1]
    immigrants, others = start.immigrants[first], (start.total - start.immigrants)[first]
    level, group = start.people.centrality[first], start.people.group[first]
    shape = (LEVEL_COUNT, 6, 4, len(m.GROUPS))
    kind = np.ravel_multi_index(
        (level, np.minimum(immigrants, 6) - 1, np.minimum(others, 3), group), shape
    )
    size = np.bincount(kind, minlength=int(np.prod(shape))).reshape(LEVEL_COUNT, -1)
    wanted = _allocate(size, per_level).ravel()
    order = rng.permutation(first.size)
    order = order[np.argsort(kind[order], kind="stable")]
    begins = np.cumsum(size.ravel()) - size.ravel()
    rank = np.arange(order.size) - begins[kind[order]]
    taken = np.sort(order[rank < wanted[kind[order]]])
    taken = taken[np.argsort(level[taken], kind="stable")]
    return taken, (size.ravel() / np.maximum(wanted, 1))[kind[taken]]


def _allocate(size: Ints, per_level: int) -> Ints:
    """Share out the families of each level among kinds, none above its own number."""
    wanted = np.zeros(size.shape)
    pull = np.where(size > 0, size.astype(np.float64) ** RARE, 0)
    for _ in range(20):
        full = wanted >= size
        left = per_level - np.where(full, size, 0).sum(axis=1, keepdims=True)
        free = np.where(full, 0, pull)
        share = left * free / np.maximum(free.sum(axis=1, keepdims=True), 1e-12)
        wanted = np.where(full, size, np.maximum(share, 0))
    return np.minimum(np.ceil(wanted), size).astype(np.int64)


def _columns(start: Prior, rows: Ints, place: Ints) -> dict[str, Ints]:
    new = np.full(len(start.people), -1)
    new[rows] = np.arange(rows.size)

    def link(of: Ints) -> Ints:
        return np.where(of >= 0, new[np.maximum(of, 0)], -1)

    people = start.people
    found = {
        "family": place[start.family],
        "sex": people.sex,
        "group": people.group,
        "age": np.minimum(people.age, OLDEST_CANDIDATE),  # too few beyond to stand for all
        "duration": np.minimum(m.YEAR - 1 - people.arrival, OLDEST_CANDIDATE),
        "origin": people.origin,
        "education": start.education,
        "status": start.status,
        "role": start.families.role,
        "family_total": start.total,
        "family_immigrants": start.immigrants,
    }
    columns = {name: column[rows] for name, column in found.items()}
    columns["mother"] = link(start.families.mother[rows])
    columns["partner"] = link(start.families.partner[rows])
    return {name: columns[name].astype(np.int64) for name in COLUMNS}


def _redraw(persons: dict[str, Ints], redrawn: NDArray[np.bool_], rng: np.random.Generator) -> None:
    """Redraw characteristics in some families, so that the pool holds unusual people too."""
    n = persons["age"].size
    some = redrawn[persons["family"]] & (persons["age"] >= YOUNGEST)
    working = some & (persons["age"] <= OLDEST)
    single = working & (persons["family_immigrants"] == 1) & (persons["age"] >= 18)

    def redraw(name: str, share: float, whom: NDArray[np.bool_], values: Ints) -> None:
        hit = whom & (rng.random(n) < share)
        persons[name] = np.where(hit, values, persons[name])

    grown = some & (persons["age"] >= SCHOOLED)
    redraw("education", REDRAW["education"], grown, rng.integers(0, len(EDUCATION), n))
    active = working & (persons["age"] < RETIRED)
    redraw("status", REDRAW["status"], active, rng.integers(0, len(STATUS), n))
    unknown = some & (persons["group"] == m.UNKNOWN) & (persons["mother"] < 0)
    redraw("duration", UNKNOWN_REDRAWN, unknown, rng.integers(0, 28, n))
    recorded = persons["group"] < m.NORDIC
    longest = np.where(recorded, m.YEAR - m.REASON_RECORDED_FROM, 43)
    shortest = np.where(persons["group"] == m.EARLY, m.YEAR - m.REASON_RECORDED_FROM, 0)
    redraw("duration", REDRAW["duration"], single, rng.integers(shortest, longest))
    redraw("age", REDRAW["age"], single, rng.integers(18, OLDEST + 1, n))
    persons["age"] = np.maximum(persons["age"], shortest)  # early refugees came before 1990
    persons["duration"] = np.minimum(persons["duration"], persons["age"])
    _resize(persons, redrawn, rng)


def _resize(persons: dict[str, Ints], redrawn: NDArray[np.bool_], rng: np.random.Generator) -> None:
    """Give some families of parents another number of Norwegian-born children."""
    family, role = persons["family"], persons["role"]
    role_of = np.full(redrawn.size, ALONE)
    for parent in (IMMIGRANT_COUPLE, LONE_PARENT, MIXED):
        role_of[family[role == parent]] = parent
    immigrants = np.zeros(redrawn.size, dtype=np.int64)
    immigrants[family] = persons["family_immigrants"]
    spouse = (role_of == MIXED).astype(np.int64)
    others = spouse + rng.choice(OTHERS, redrawn.size)
    bare = (role_of == LONE_PARENT) & (immigrants == 1)
    others = np.where(bare, np.maximum(others, 1), others)  # a lone parent has a child
    anew = redrawn & (role_of != ALONE) & (rng.random(redrawn.size) < REDRAW["size"])
    total = np.where(anew[family], (immigrants + others)[family], persons["family_total"])
    persons["family_total"] = total
