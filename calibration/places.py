"""Where families live: a municipality for each, so that the stock by county holds."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from calibration.raking import Floats, Ints, Margin, deal, rake
from sim.geography import CENTRALITY_OF, COUNTY, COUNTY_OF

ROUNDS = 200
LEVELS = 4


def settle(
    kind: Ints, level: Ints, members: Floats, stock: Floats, rng: np.random.Generator
) -> NDArray[np.int16]:
    """Return the municipality of every family.

    kind: of each family, 0, 1, 2 ...; families of a kind get counties by the same shares.
    level: of each family, 0 is level 1.
    members: (families, groups) how many persons of each group live in a family.
    stock: (groups, levels, counties) how many persons of each group should live where.

    A family goes as a whole, so the shares of counties among families are worked out such
    that persons, not families, add up to the stock. Inside a county's level all
    municipalities weigh the same: no source says how many live in each.
    """
    kinds = int(kind.max(initial=0)) + 1
    cell = level * kinds + kind
    linked: Floats = np.stack(
        [np.bincount(cell, of_group, LEVELS * kinds).astype(np.float64) for of_group in members.T]
    )
    return settle_linked(kind, level, linked.reshape(-1, LEVELS, kinds), stock, rng)


def settle_linked(
    kind: Ints, level: Ints, linked: Floats, stock: Floats, rng: np.random.Generator
) -> NDArray[np.int16]:
    """Return the same, where it is known how many persons live in families of each kind.

    linked: (groups, levels, kinds).
    """
    shares = np.zeros((linked.shape[2], LEVELS, len(COUNTY)))
    for where in range(LEVELS):
        of_level = np.ascontiguousarray(linked[:, where].T)
        shares[:, where] = _county_shares(of_level, stock[:, where])
    by_place = shares[:, CENTRALITY_OF, COUNTY_OF] * np.eye(LEVELS)[CENTRALITY_OF].T[:, None, :]
    table = (by_place / _alike()).transpose(1, 0, 2).reshape(-1, COUNTY_OF.size)
    return deal(kind * LEVELS + level, table, rng).astype(np.int16)


def _county_shares(linked: Floats, stock: Floats) -> Floats:
    """Return shares of counties for families of each kind.

    linked: (kind, group) persons in families; stock: (group, county) wanted.
    """
    persons = linked.sum(axis=0)[:, None]
    wanted = stock * (persons / np.maximum(stock.sum(axis=1, keepdims=True), 1e-12))
    everybody = np.maximum(stock.sum(axis=0), 1e-9)
    everybody = np.where(stock.sum(axis=0) > 0, everybody, 0)
    shares = np.tile(everybody / everybody.sum(), (len(linked), 1))
    pull = linked / np.maximum(linked.sum(axis=1, keepdims=True), 1e-12)
    for _ in range(ROUNDS):
        found = linked.T @ shares
        ratio = np.ones_like(wanted)
        np.divide(wanted, found, out=ratio, where=(found > 0) & (wanted > 0))
        ratio[(found > 0) & (wanted <= 0)] = 0.5
        shares = shares * np.exp(pull @ np.log(ratio))
        shares /= shares.sum(axis=1, keepdims=True)
    return shares


def by_level(county: Floats, level: Floats, like: Floats) -> Floats:
    """Divide persons of each county among levels, so that levels hold what they should.

    county: persons of each county; level: of each level; like: (levels, counties) pattern.
    """
    start = np.where(like > 0, like, 1e-9 * (like.sum(axis=0) > 0))
    margins = [
        Margin("level", np.arange(LEVELS)[:, None], level),
        Margin("county", np.arange(county.size)[None, :], county * (level.sum() / county.sum())),
    ]
    return rake(start, margins)


@cache
def _alike() -> Ints:
    """Return, for every municipality, how many share its county and level."""
    kind = COUNTY_OF.astype(np.int64) * LEVELS + CENTRALITY_OF
    return np.asarray(np.bincount(kind)[kind])
