"""Drawing the reconstructed register: whole persons in families, places and years.

From the shipped numbers of candidate families to a population: whole families, a
municipality for each, Norwegian-born children and grown-ups, and former residents abroad.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration import abroad as emigrants
from calibration import margins as m
from calibration import start_years
from calibration.descendants import Homes, counties_left, norwegian_born
from calibration.families import IMMIGRANT_COUPLE, LONE_PARENT, MIXED
from calibration.information import sizes as sample_sizes
from calibration.places import by_level, settle, settle_linked
from calibration.pool import LEVEL_COUNT, Pool
from calibration.raking import Floats, Ints, deal
from calibration.solution import FIRST_YEAR, LAST_YEAR, Solution, shipped_solution
from calibration.whole import Sizes, whole_families
from sim.agents.columns import BY_NAME
from sim.agents.population import Population
from sim.codes import BACKGROUND, DESTINATION, PLACE, REASON, SPONSOR_REASON
from sim.geography import CENTRALITY_OF, COUNTY_OF
from sim.problems import Problem, refuse, shown

__all__ = ["FIRST_YEAR", "LARGEST_SCALE", "LAST_YEAR", "Sizes", "reconstruct", "sizes_of"]

LARGEST_SCALE = 4.0
FEWEST = 50  # persons; fewer cannot be given families
CHILD_ARRIVAL = 9  # oldest age at arrival of those who came as children
Columns = dict[str, NDArray[Any]]


def reconstruct(
    *, year: int = 2013, scale: float = 1.0, seed: int = 1, solution: Solution | None = None
) -> Population:
    """Return the reconstructed register on 1 January of a year: nobody in it exists.

    Immigrants of all ages in their families, Norwegian-born to two immigrant parents, and
    former residents abroad (place 'abroad').

    year: 2004 to 2013; scale: 1 is everybody, 0.01 one in a hundred, up to 4.
    seed: another seed gives other persons with the same margins; one seed always gives the
        same persons.
    solution: another fit than the one that comes with the package.

    >>> population = reconstruct(scale=0.01)
    >>> immigrants = population["background"] != BACKGROUND.index("norwegian_born")
    >>> int((immigrants & (population["place"] == 0)).sum())
    5933
    """
    check(year, scale, seed)
    chosen = shipped_solution() if solution is None else solution
    number, pool = chosen.number[int(year)], chosen.pool.as_of(int(year))
    rng = np.random.default_rng([int(seed), int(year)])
    factor = float(scale)
    sizes = sizes_of(pool, number, year, chosen.replaced)
    families = whole_families(pool, number, sizes, factor, rng)
    here = _expand(pool, families)
    place = _settle(here, year, factor, rng)
    residents = _immigrants(here, place, year)
    born = _norwegian_born(here, place, year, factor, rng)
    gone = _abroad(pool, number, year, factor, rng)
    columns = _join(residents, born, gone)
    source = f"reconstructed register of 1.1.{year} (synthetic; scale {factor:g}, seed {seed})"
    return Population.build(int(year), source, columns)


def sizes_of(
    pool: Pool, number: Floats, year: int, replaced: frozenset[str] = frozenset()
) -> Sizes:
    """Return what must hold exactly on 1 January of a year.

    As published, but for margins that a user's own replaced: those are as fitted.
    """
    weight = number[pool["family"]]
    group = (pool.person_level * 2 + pool["sex"])[pool.sampled]
    within = np.bincount(group, weight[pool.sampled], LEVEL_COUNT * 2).astype(np.float64)
    if year == m.YEAR and "sample size" not in replaced:
        within = sample_sizes()
    official = start_years.stock_by_reason(year).sum(axis=3)
    if "official reason" in replaced:
        reason = m.OFFICIAL_OF_GROUP[pool["group"]]
        cell = np.ravel_multi_index((pool["sex"], reason, pool.person_level), official.shape)
        found = np.bincount(cell, weight, official.size).astype(np.float64)
        official = found.reshape(official.shape)
    return Sizes(official, within.reshape(LEVEL_COUNT, 2))


@dataclass(frozen=True)
class Here:
    """Resident immigrants as drawn: candidate columns repeated for every family drawn.

    persons: with family numbers 0, 1, 2 ... and links between them; level: of each family.
    norwegian_born: how many such children live in each family.
    """

    persons: Mapping[str, Ints]
    level: Ints
    norwegian_born: Ints
    mixed: NDArray[np.bool_]

    def __getitem__(self, column: str) -> Ints:
        return self.persons[column]


def _expand(pool: Pool, families: Ints) -> Here:
    """Repeat the candidates of every family drawn, with links inside each copy."""
    size = np.bincount(pool["family"])
    begins = np.cumsum(size) - size
    sizes_drawn = size[families]
    starts = np.cumsum(sizes_drawn) - sizes_drawn
    # Numbers of 32 bits: fresh memory for all the columns takes longer than filling them.
    family = np.repeat(np.arange(families.size, dtype=np.int32), sizes_drawn)
    shift = np.repeat((begins[families] - starts).astype(np.int32), sizes_drawn)
    row = np.arange(family.size) + shift
    persons: dict[str, NDArray[Any]] = {
        name: column.astype(np.int32)[row]
        for name, column in pool.persons.items()
        if name != "family"
    }
    for link in ("mother", "partner"):
        persons[link] = np.where(persons[link] >= 0, persons[link] - shift, -1)
    persons["family"] = family
    return Here(persons, pool.level[families], pool.norwegian_born[families], pool.mixed[families])


def _settle(here: Here, year: int, scale: float, rng: np.random.Generator) -> Ints:
    """Return the municipality of each family: stocks by reason and of Norwegian-born hold."""
    official = m.OFFICIAL_OF_GROUP[here["group"]]
    first = official[np.flatnonzero(np.diff(here["family"], prepend=-1))]
    born = here.norwegian_born
    kind = first * 2 + (born > 0)
    kinds = int(kind.max(initial=0)) + 1
    cell, cells = here.level * kinds + kind, LEVEL_COUNT * kinds
    member = np.bincount(official * cells + cell[here["family"]],
                         minlength=len(m.OFFICIAL) * cells)  # fmt: skip
    linked = np.append(member, np.bincount(cell, born, cells)).astype(np.float64)
    stock = start_years.stock_by_reason(year).sum(axis=0)
    levels = np.bincount(here.level, born, LEVEL_COUNT).astype(np.float64)
    children = by_level(start_years.norwegian_born(year).sum(axis=0), levels, stock.sum(axis=0))
    wanted = np.concatenate([stock * scale, children[None]])
    return settle_linked(
        kind, here.level, linked.reshape(-1, LEVEL_COUNT, kinds), wanted, rng
    ).astype(np.int64)


def _immigrants(here: Here, place: Ints, year: int) -> Columns:
    duration, age = here["duration"], here["age"]
    young = age - duration <= CHILD_ARRIVAL
    backgrounds = (BACKGROUND.index("adult_arrival"), BACKGROUND.index("child_arrival"))
    return {
        "sex": here["sex"],
        "birth_year": year - 1 - age,
        "background": np.where(young, backgrounds[1], backgrounds[0]),
        "origin": here["origin"],
        "reason": m.REASON_OF_GROUP[here["group"]],
        "sponsor_reason": _sponsors(here),
        "first_arrival_year": year - 1 - duration,
        "education": here["education"],
        "status": here["status"],
        "municipality": place[here["family"]],
        "family": here["family"],
        "family_total": here["family_total"],
        "family_immigrants": here["family_immigrants"],
        "mother": here["mother"],
        "partner": here["partner"],
    }


def _sponsors(here: Here) -> Ints:
    """Return whom family immigrants joined; known of refugees' families, else inferred.

    Assumed: who lives with a non-immigrant partner joined that person; who lives with an
    immigrant partner (or is the child of a mother) that came for work joined a labour
    immigrant, with another one somebody else; of the rest it is unknown.
    """
    code, group = SPONSOR_REASON.index, here["group"]
    sponsor = np.zeros(group.size, dtype=np.int64)
    some = np.flatnonzero(group == m.FAMILY_OTHER)
    mother, partner = here["mother"][some], here["partner"][some]
    near = np.where(mother >= 0, mother, partner)
    beyond = np.where(near >= 0, here["partner"][near], -1)  # a mother's partner, or oneself
    with_mother = (mother >= 0) & (beyond >= 0)
    for_work = (group[near] == m.WORK) | (with_mother & (group[beyond] == m.WORK))
    linked = np.where(for_work, code("work"), code("other"))
    sponsor[some] = np.where(near >= 0, linked, code("unknown"))
    sponsor[some[here["role"][some] == MIXED]] = code("non_immigrant")
    sponsor[(group == m.FAMILY_OF_REFUGEE) | (group == m.EARLY)] = code("refuge")
    return sponsor


def _norwegian_born(
    here: Here, place: Ints, year: int, scale: float, rng: np.random.Generator
) -> Columns:
    homes = _homes(here)
    born = norwegian_born(homes, year, scale, rng)
    alone = born["family"] < 0
    families = here.level.size
    family = np.where(alone, families + np.cumsum(alone) - 1, born["family"])
    municipality = np.where(alone, -1, place[born["family"]])
    counties = counties_left(year, scale, COUNTY_OF[municipality[~alone]].astype(np.int64),
                             int(alone.sum()))  # fmt: skip
    municipality[alone] = _places_alone(counties, year, rng)
    member = np.zeros(families + int(alone.sum()), dtype=np.int64)
    total, immigrants = member + 1, member.copy()
    total[here["family"]] = here["family_total"]
    immigrants[here["family"]] = here["family_immigrants"]
    birth = year - 1 - born["age"]
    return {
        "sex": born["sex"],
        "birth_year": birth,
        "background": np.full(birth.size, BACKGROUND.index("norwegian_born")),
        "origin": born["origin"],
        "reason": np.full(birth.size, REASON.index("unknown")),
        "sponsor_reason": np.zeros(birth.size, dtype=np.int64),
        "first_arrival_year": birth,
        "education": born["education"],
        "status": born["status"],
        "municipality": municipality,
        "family": family,
        "family_total": total[family],
        "family_immigrants": immigrants[family],
        "mother": born["mother"],
        "partner": np.full(birth.size, -1),
    }


def _homes(here: Here) -> Homes:
    """Return the families with Norwegian-born children, each with its mother if she is known."""
    family, age = here["family"], here["age"]
    parent = (here["role"] == IMMIGRANT_COUPLE) | (here["role"] == LONE_PARENT)
    woman = np.flatnonzero(parent & (here["sex"] == 0))
    mother = np.full(here.level.size, -1)
    mother[family[woman]] = woman
    begins = np.flatnonzero(np.diff(family, prepend=-1))  # families stand together
    last_of_age = age * family.size + np.arange(family.size)
    eldest = np.maximum.reduceat(last_of_age, begins) % family.size
    which = np.flatnonzero(here.norwegian_born > 0)
    head = np.where(mother[which] >= 0, mother[which], eldest[which])
    return Homes(
        here.norwegian_born[which], which, mother[which], here["duration"][head], age[head],
        here["origin"][head],
    )  # fmt: skip


def _places_alone(counties: Ints, year: int, rng: np.random.Generator) -> Ints:
    """Return municipalities for so many persons of each county: where its immigrants live."""
    by_place = start_years.stock_by_reason(year).sum(axis=(0, 1))[CENTRALITY_OF, COUNTY_OF]
    share = np.where(np.arange(counties.size)[:, None] == COUNTY_OF, by_place, 0.0)
    cell = np.bincount(COUNTY_OF.astype(np.int64) * LEVEL_COUNT + CENTRALITY_OF)
    share = share / cell[COUNTY_OF.astype(np.int64) * LEVEL_COUNT + CENTRALITY_OF]
    county = rng.permutation(np.repeat(np.arange(counties.size), counties))
    return deal(county, share, rng)


def _abroad(
    pool: Pool, number: Floats, year: int, scale: float, rng: np.random.Generator
) -> Columns:
    found = emigrants.abroad(pool, number, year, scale, rng)
    person, left = found["person"], found["left_year"]
    age, duration = pool["age"][person], pool["duration"][person]
    level, group = pool.person_level[person], pool["group"][person]
    n = person.size
    first = m.OFFICIAL_OF_GROUP[group]
    stock = start_years.stock_by_reason(year).sum(axis=0)
    place = settle(first, level, np.eye(len(m.OFFICIAL))[first], stock, rng)
    young = age - duration <= CHILD_ARRIVAL
    backgrounds = (BACKGROUND.index("adult_arrival"), BACKGROUND.index("child_arrival"))
    refugees = (group == m.FAMILY_OF_REFUGEE) | (group == m.EARLY)
    sponsor = np.where(refugees, SPONSOR_REASON.index("refuge"), 0)
    other = group == m.FAMILY_OTHER
    sponsor[other] = SPONSOR_REASON.index("unknown")
    return {
        "sex": pool["sex"][person],
        "birth_year": left - 1 - age,
        "background": np.where(young, backgrounds[1], backgrounds[0]),
        "origin": pool["origin"][person],
        "reason": m.REASON_OF_GROUP[group],
        "sponsor_reason": sponsor,
        "first_arrival_year": left - 1 - duration,
        "education": pool["education"][person],
        "status": pool["status"][person],
        "municipality": place.astype(np.int64),
        "family": np.arange(n),
        "family_total": pool["family_total"][person],
        "family_immigrants": pool["family_immigrants"][person],
        "mother": np.full(n, -1),
        "partner": np.full(n, -1),
        "place": np.full(n, PLACE.index("abroad")),
        "left_year": left,
        "registered_year": left,
        "destination": np.full(n, DESTINATION.index("unknown")),
    }


def _join(residents: Columns, born: Columns, gone: Columns) -> Columns:
    """Return one set of columns: residents, Norwegian-born, persons abroad."""
    families = int(max(residents["family"].max(), born["family"].max(initial=-1))) + 1
    gone = {**gone, "family": gone["family"] + families}
    counts = [part["sex"].size for part in (residents, born, gone)]
    joined = {name: np.zeros(sum(counts), BY_NAME[name].dtype) for name in gone}
    ends = np.cumsum(counts)
    for part, n, end in zip((residents, born, gone), counts, ends.tolist(), strict=True):
        for name, column in part.items():
            joined[name][end - n : end] = column
    joined["person"] = np.arange(sum(counts))
    return joined


def check(year: object, scale: object, seed: object) -> None:
    """Raise InputError unless year, scale and seed can be had."""
    problems = []
    if (
        isinstance(year, bool)
        or not isinstance(year, Integral)
        or not (FIRST_YEAR <= int(year) <= LAST_YEAR)
    ):
        allowed = f"a whole number, {FIRST_YEAR} to {LAST_YEAR}"
        problems.append(Problem("year", f"is {shown(str(year))}", allowed))
    number = float(scale) if not isinstance(scale, bool) and isinstance(scale, Real) else 0.0
    if not 0 < number <= LARGEST_SCALE:
        cure = "1 is the whole population; give 0.01 for one person in a hundred."
        allowed = f"a number above 0, at most {LARGEST_SCALE:g}"
        problems.append(Problem("scale", f"is {scale!r}", allowed, cure))
    elif round(m.PERSONS * number) < FEWEST:
        found = f"is {scale!r}, which makes {round(m.PERSONS * number)} persons"
        problems.append(
            Problem("scale", found, f"{FEWEST} persons or more", "Give 0.0001 or more.")
        )
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        problems.append(Problem("seed", f"is {seed!r}", "a whole number, 0 or more"))
    refuse("reconstruction", problems)
