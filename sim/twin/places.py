"""Where expected persons live: county and level of centrality, by row or as shares of a type."""

from typing import Any

import numpy as np

from sim.codes import REASON
from sim.geography import COUNTY
from sim.transitions.destination import DomesticDestination
from sim.transitions.mobility_kernel import Tables
from sim.twin import cells_kernel as kernel
from sim.twin import places_kernel
from sim.twin.cells import Cells, View
from sim.twin.kinds import LEVELS, PLACE_OF, PLACES, REASON_OF_KIND, Floats


def factors(tables: Tables) -> Floats:
    """Return what multiplies the weights by reason, place and outcome."""
    known = np.asarray(tables.place, dtype=np.float64).reshape(len(REASON), -1, 2)
    found = np.ones((len(REASON), PLACES, 2))
    found[:, PLACE_OF] = known  # all municipalities of a place have the same
    return found


def seen_by_group(cells: Cells, tables: Tables, shares: Floats) -> tuple[Floats, Floats]:
    """Return shares of the levels by group, and the mean factor of each; or no shares, and all.

    shares: of places, by group.
    """
    factor = factors(tables)
    if cells.levels > 1:
        return np.empty((0, LEVELS)), factor
    levels, mean = np.zeros((len(shares), LEVELS)), np.zeros((len(shares), LEVELS, 2))
    places_kernel.see(shares, factor, REASON_OF_KIND[cells.homes.kind], levels, mean)
    return levels, mean


def levels_and_counties(destination: DomesticDestination) -> tuple[Floats, Floats]:
    """Return where movers go: level by reason and level left; county by level and county left."""
    level = destination.level_weights.reshape(len(REASON), LEVELS, LEVELS)
    level = level / level.sum(axis=2, keepdims=True)
    county = destination.county_weights.reshape(len(REASON), LEVELS, -1, len(COUNTY))
    county = np.broadcast_to(county, (len(REASON), LEVELS, len(COUNTY), len(COUNTY)))
    return level, county / county.sum(axis=3, keepdims=True)


def where_to(destination: DomesticDestination) -> Floats:
    """Return where movers go, by reason, place they leave and place."""
    found: Floats = np.einsum("rlm,rmcd->rcldm", *levels_and_counties(destination))
    return found.reshape(len(REASON), PLACES, PLACES)


def change_rows(cells: Cells, view: View, moved: Floats, destination: DomesticDestination) -> None:
    """Let movers come to rows of other places."""
    cells.mass[: moved.shape[0]] -= moved
    share = where_to(destination)[REASON_OF_KIND[view.kind], view.level]
    some = moved.sum(axis=1) > 0
    for place in range(PLACES):
        which = np.flatnonzero((share[:, place] > 0) & some)
        target = cells.rows(view.type[which], place, view.role[which], view.family[which])
        kernel.put_in(target, moved[which], share[which, place], cells.mass)


def change_shares(
    cells: Cells, by_level: Floats, before: Floats, shares: Floats, rules: Any
) -> None:
    """Let the shares of places of every group be those after moving and leaving.

    by_level: movers and leavers by group and level; inside a level they are of places as these
    let people move and leave. before: persons by row. shares: of places, by group, as they were.
    rules: tables and destination.
    """
    (tables, destination), homes = rules, cells.homes
    to_level, to_county = levels_and_counties(destination)
    to_county = np.pad(to_county, [(0, 0)] * 3 + [(0, -len(COUNTY) % 8)])  # eight are added at once
    places_kernel.part_with(
        shares, cells.by_group(before), factors(tables), REASON_OF_KIND[homes.kind], by_level,
        to_level, to_county, homes.places,
    )  # fmt: skip
