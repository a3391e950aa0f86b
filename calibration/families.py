"""Families of the starting people: partners, children, members who are no immigrants.

A family number is shared by partners and by parents and children. Every family lives in
one municipality, so families are formed within a level of centrality and get their
municipality afterwards, as a whole. No table links persons; how often the parts occur is
assumed so that 42 percent of those aged 15-74 are one-person families, as in the report.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from calibration import margins as m
from calibration.raking import Floats, Ints, Margin, deal, pair_up, rake
from calibration.structure import AGE, People, structure
from sim.codes import ORIGIN

ALONE, LONE_PARENT, MIXED, IMMIGRANT_COUPLE, CHILD = range(5)
ROLE_AGES = np.array([18, 25, 35, 55, 67])  # first age of each band of adults
NONE = -1

# Assumed. Share of women aged 18-54 who are lone parents (men: a tenth), by group of reason.
LONE = np.array([0.02, 0.10, 0.08, 0.06, 0.01, 0.03, 0.05, 0.07])
# Odds of living without a partner by age, women and men, before raking.
SINGLE = np.array([[4.0, 1.0, 0.7, 0.8, 1.6], [8.0, 1.8, 0.9, 0.8, 0.8]])
# Mean number of Norwegian-born children at home, by length of stay (as in the logit) and age.
NORWEGIAN_BORN = np.array(
    [[0.05, 0.15, 0.10, 0.02, 0.0], [0.35, 0.70, 0.50, 0.05, 0.0], [0.55, 1.40, 1.15, 0.15, 0.0],
     [0.55, 1.70, 1.90, 0.40, 0.02], [0.45, 1.60, 2.20, 0.80, 0.05]]
)  # fmt: skip
SIBLINGS = (0.46, 0.31, 0.14, 0.06, 0.03)  # shares of sibling groups of 1, 2 ... 5
MOST_CHILDREN = 6


@dataclass
class Families:
    """Families of persons: number of the family, links, and counts of its members.

    family: the position of one member, until `count_members` makes 0, 1, 2 ... of them.
    partner, mother: positions, -1 for none.
    """

    role: Ints
    family: Ints
    partner: Ints
    mother: Ints


def form_families(people: People, rng: np.random.Generator) -> Families:
    """Form couples, then place the children with women or, failing that, with any adult."""
    role = _roles(people, rng)
    everybody = np.arange(len(people))
    families = Families(
        role, everybody.copy(), np.full(len(people), NONE), np.full(len(people), NONE)
    )
    _join_partners(people, families, rng)
    _place_children(people, families, rng)
    return families


def count_members(
    people: People, families: Families, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    """Return family numbers 0, 1, 2 ..., immigrants and all members, for every person."""
    n = len(people)
    immigrants = np.bincount(families.family, minlength=n)
    others = np.zeros(n, dtype=np.int64)
    spouse = np.flatnonzero(families.role == MIXED)
    others[families.family[spouse]] = 1
    parents = _parents(people, families)
    born = _norwegian_born(people, families, parents, rng)
    alone = families.role[parents] == LONE_PARENT
    bare = alone & (immigrants[families.family[parents]] == 1)
    born[bare] = np.maximum(born[bare], 1)  # a lone parent has at least one child
    np.add.at(others, families.family[parents], born)
    number = np.cumsum(immigrants > 0) - 1
    family = families.family
    return number[family], immigrants[family], np.minimum(immigrants + others, 255)[family]


@cache
def _role_shares() -> Floats:
    """Rake group x sex x band of age x role of adults to the assumed shares of one-person
    families and mixed couples, with as many men as women in immigrant couples."""
    table = structure().age.sum(axis=2).reshape(2, len(m.GROUPS), AGE.size, m.YEARS).sum(axis=3)
    band = np.searchsorted(ROLE_AGES, AGE, side="right") - 1
    adults = np.zeros((2, len(m.GROUPS), ROLE_AGES.size))
    for age in range(18, AGE.size):
        adults[:, :, band[age]] += table[:, :, age]
    start = np.empty((*adults.shape, 4))
    alone = SINGLE / (1 + SINGLE)
    start[..., ALONE] = alone[:, None, :]
    start[..., LONE_PARENT] = LONE[None, :, None] * np.array([1.0, 0.1])[:, None, None]
    start[..., 3:, LONE_PARENT] *= 0.1
    rows = {row["reason"]: row for row in m.table("family_start")}
    mixed = np.array([float(rows[g]["non_immigrant_partner_share"]) for g in m.GROUPS])
    start[..., MIXED] = (1 - alone)[:, None, :] * mixed[None, :, None]
    start[..., IMMIGRANT_COUPLE] = (1 - alone)[:, None, :] * (1 - mixed)[None, :, None]
    start *= (adults / start.sum(axis=-1))[..., None]
    one = np.array([float(rows[g]["one_person_percent"]) for g in m.GROUPS]) / 100
    return rake(start, _role_margins(adults, table, one, mixed), rounds=50, closeness=1e-4)


def _role_margins(adults: Floats, table: Floats, one: Floats, mixed: Floats) -> list[Margin]:
    sex, group, _, role = np.indices((*adults.shape, 4))
    alone = one * table[:, :, m.SAMPLED_FROM :].sum(axis=(0, 2))
    partnered = np.maximum(adults.sum(axis=(0, 2)) * 0.97 - alone, 0.0)
    couples = float(((1 - mixed) * partnered).sum()) / 2
    cells = np.arange(adults.size).reshape(adults.shape)[..., None]
    return [
        Margin("one-person families", np.where(role == ALONE, group, -1), alone),
        Margin("mixed couples", np.where(role == MIXED, group, -1), mixed * partnered),
        Margin("immigrant couples", np.where(role == IMMIGRANT_COUPLE, sex, -1),
               np.array([couples, couples])),
        Margin("adults", np.broadcast_to(cells, role.shape), adults.ravel()),
    ]  # fmt: skip


def _roles(people: People, rng: np.random.Generator) -> Ints:
    """Draw who lives alone, with whom, or as a child of the family.

    Children are all under 18, and half of those of 18-20 who came before they were 15; but
    half of the refugees and students who came at 15-17 and are that age live on their own.
    """
    luck = rng.random(len(people))
    at_arrival = people.age - (m.YEAR - 1 - people.arrival)
    child = (people.age < 18) | ((people.age < 21) & (at_arrival < 15) & (luck < 0.5))
    independent = np.isin(people.group, (m.REFUGE, m.EDUCATION)) & (at_arrival >= 15)
    child &= ~(independent & (people.age >= 15) & (luck < 0.5))
    role = np.where(child, CHILD, ALONE)
    adult = np.flatnonzero(people.age >= 18)
    adult = adult[~child[adult]]
    band = np.searchsorted(ROLE_AGES, people.age[adult], side="right") - 1
    shares = _role_shares()
    row = np.ravel_multi_index((people.sex[adult], people.group[adult], band), shares.shape[:3])
    role[adult] = deal(row, shares.reshape(-1, 4), rng)
    return role


def _join_partners(people: People, families: Families, rng: np.random.Generator) -> None:
    """Pair men and women within centrality, by origin and age first, then less strictly."""
    free = families.role == IMMIGRANT_COUPLE
    home = people.centrality * len(ORIGIN) + people.origin
    # Men are three years older on average; how far couples differ is assumed.
    peer = people.age - 3 * people.sex + rng.integers(0, 8, len(people))
    for key in (
        home * 64 + peer // 4, home * 64 + peer // 10, people.centrality * 64 + peer // 4,
        people.centrality * 64 + peer // 15,
    ):  # fmt: skip
        women = np.flatnonzero(free & (people.sex == 0))
        men = np.flatnonzero(free & (people.sex == 1))
        left, right = pair_up(key[women], key[men])
        women, men = women[left], men[right]
        families.partner[women], families.partner[men] = men, women
        families.family[women] = men
        free[women] = free[men] = False
    # No counterpart is left at their level: the women married outside the group, the men alone.
    families.role[free & (people.sex == 0)] = MIXED
    families.role[free & (people.sex == 1)] = ALONE


def _place_children(people: People, families: Families, rng: np.random.Generator) -> None:
    """Give groups of siblings to women of fitting age, origin and year of arrival."""
    children = np.flatnonzero(families.role == CHILD)
    groups, starts = _siblings(people, children, rng)
    youngest = np.minimum.reduceat(people.age[groups], starts) if groups.size else groups
    oldest = np.maximum.reduceat(people.age[groups], starts) if groups.size else groups
    lead = groups[starts]
    gap = np.clip(rng.normal(29, 5, lead.size).round().astype(np.int64), 19, 40)
    wanted = np.maximum((youngest + oldest) // 2 + gap, oldest + 17)
    host = _find_hosts(people, families, lead, wanted, rng)
    sizes = np.diff(np.r_[starts, groups.size])
    hosts = np.repeat(host, sizes)
    families.family[groups] = families.family[hosts]
    gap_years = people.age[hosts] - people.age[groups]
    woman = (people.sex[hosts] == 0) & (gap_years >= 15) & (gap_years <= 50)
    families.mother[groups] = np.where(woman, hosts, NONE)
    single = np.isin(families.role[host], (ALONE, LONE_PARENT))
    families.role[host[single]] = LONE_PARENT
    people.centrality[groups] = people.centrality[hosts]  # differs only in tiny populations


def _siblings(people: People, children: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Order children so that siblings stand together; return them and where groups begin."""
    home = people.centrality[children] * len(ORIGIN) + people.origin[children]
    near = (people.age[children] + rng.integers(0, 7, children.size)) // 7
    key = (home * 128 + people.arrival[children] - m.FIRST_ARRIVAL) * 8 + near
    order = np.argsort(key, kind="stable")
    home = home[order]
    sizes = 1 + deal(np.zeros(children.size, dtype=np.int64), np.array([SIBLINGS]), rng)
    begins = np.zeros(children.size, dtype=np.bool_)
    cuts = np.cumsum(sizes) - sizes
    begins[cuts[cuts < children.size]] = True
    if children.size:
        begins |= np.r_[True, home[1:] != home[:-1]]
    return children[order], np.flatnonzero(begins)


def _find_hosts(
    people: People, families: Families, lead: Ints, wanted: Ints, rng: np.random.Generator
) -> Ints:
    """Return the adult whom each group of siblings lives with, `lead` being one of them."""
    host = np.full(lead.size, NONE)
    willing = _willing(people, families, rng)
    home = people.centrality * len(ORIGIN) + people.origin
    arrival = people.arrival - m.FIRST_ARRIVAL
    keys = (
        (home * 128 + arrival, 4), (home * 128 + arrival // 3, 6), (home * 128 + arrival // 8, 8),
        (home, 8), (people.centrality * 128 + arrival // 5, 6), (people.centrality, 15),
        (people.centrality, 128),
    )  # fmt: skip
    for key, width in keys:
        seek, offer = np.flatnonzero(host == NONE), np.flatnonzero(willing)
        age_of_child = wanted[seek] // width
        left, right = pair_up(
            key[lead[seek]] * 128 + age_of_child, key[offer] * 128 + people.age[offer] // width
        )
        host[seek[left]] = offer[right]
        willing[offer[right]] = False
    return _any_host(people, families, lead, host)


def _willing(people: People, families: Families, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return who may have immigrant children: women of 19-59, seldom those in mixed couples."""
    woman = (people.sex == 0) & (people.age >= 19) & (people.age < 60)
    luck = rng.random(len(people))
    role = families.role
    lone_man = (role == LONE_PARENT) & (people.sex == 1)
    mostly = (role == IMMIGRANT_COUPLE) | (role == LONE_PARENT)
    willing: NDArray[np.bool_] = woman & (mostly | ((role == MIXED) & (luck < 0.2))) | lone_man
    return willing


def _any_host(people: People, families: Families, lead: Ints, host: Ints) -> Ints:
    """Place whom nobody fitted with adults of their level; if there are none, with any."""
    lost = np.flatnonzero(host == NONE)
    grown = np.flatnonzero((families.role != CHILD) & (people.age >= 18))
    if not lost.size or not grown.size:
        return host
    for place in np.unique(people.centrality[lead[lost]]):
        here = lost[people.centrality[lead[lost]] == place]
        near = grown[people.centrality[grown] == place]
        pool = near if near.size else grown
        host[here] = pool[np.arange(here.size) % pool.size]
    return host


def _parents(people: People, families: Families) -> Ints:
    """Return one adult of each family in which Norwegian-born children may live."""
    woman = (families.role == IMMIGRANT_COUPLE) & (people.sex == 0)
    return np.flatnonzero(woman | (families.role == LONE_PARENT) | (families.role == MIXED))


def _norwegian_born(
    people: People, families: Families, parents: Ints, rng: np.random.Generator
) -> Ints:
    """Draw the number of Norwegian-born children at home by length of stay, age and kind."""
    stay = np.searchsorted((0, 3, 6, 11, 16), m.YEAR - 1 - people.arrival[parents], "right") - 1
    age = np.searchsorted(ROLE_AGES, people.age[parents], side="right") - 1
    mean = NORWEGIAN_BORN[stay, age]
    mean = mean * np.where(families.role[parents] == LONE_PARENT, 0.6, 1.0)
    brought = families.mother[families.role == CHILD]
    has_brought = np.zeros(len(people), dtype=np.bool_)
    has_brought[brought[brought >= 0]] = True
    mean = mean * np.where(has_brought[parents], 0.35, 1.0)
    # Families differ more than a Poisson number would: many have none, others several.
    return np.minimum(rng.poisson(mean * rng.gamma(1.2, 1 / 1.2, mean.size)), MOST_CHILDREN)
