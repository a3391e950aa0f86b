"""Where expected persons live: county and level of centrality, by row or as shares of a type."""

from typing import Any

import numpy as np

from sim.codes import REASON
from sim.geography import COUNTY
from sim.transitions.destination import DomesticDestination
from sim.transitions.mobility_kernel import Tables
from sim.twin import cells_kernel as kernel
from sim.twin.cells import LEVELS, PLACE_OF, PLACES, REASON_OF_KIND, Cells, Floats, View, sums


def factors(tables: Tables) -> Floats:
    """Return what multiplies the weights by reason, place and outcome."""
    known = np.asarray(tables.place, dtype=np.float64).reshape(len(REASON), -1, 2)
    found = np.ones((len(REASON), PLACES, 2))
    found[:, PLACE_OF] = known  # all municipalities of a place have the same
    return found


def seen_by_type(cells: Cells, tables: Tables) -> tuple[Floats, Floats]:
    """Return shares of the levels by type, and the mean factor of each; or no shares, and all."""
    factor = factors(tables)
    if cells.levels > 1:
        return np.empty((0, LEVELS)), factor
    shares = cells.place_shares()
    by_reason = factor[REASON_OF_KIND[cells.types["kind"]]]
    shape = -1, len(COUNTY), LEVELS
    levels = shares.reshape(shape).sum(axis=1)
    weighted = (shares[..., None] * by_reason).reshape(*shape, 2).sum(axis=1)
    known = levels[..., None] > 0
    return levels, np.where(known, weighted / np.where(known, levels[..., None], 1.0), 1.0)


def where_to(destination: DomesticDestination) -> Floats:
    """Return where movers go, by reason, place they leave and place."""
    level = destination.level_weights.reshape(len(REASON), LEVELS, LEVELS)
    level = level / level.sum(axis=2, keepdims=True)
    county = destination.county_weights.reshape(len(REASON), LEVELS, -1, len(COUNTY))
    county = np.broadcast_to(county, (len(REASON), LEVELS, len(COUNTY), len(COUNTY)))
    county = county / county.sum(axis=3, keepdims=True)
    found: Floats = np.einsum("rlm,rmcd->rcldm", level, county)
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


def change_shares(cells: Cells, by_level: Floats, before: Floats, rules: Any) -> None:
    """Let the shares of places of every type be those after moving and leaving.

    by_level: movers and leavers by type and level; inside a level they are of places as these
    let people move and leave. before: persons by row. rules: tables and destination.
    """
    tables, destination = rules
    n = cells.places.shape[0]
    persons = sums(cells.row_type[: before.size], before, n)
    here = cells.place_shares() * persons[:, None]
    reason = REASON_OF_KIND[cells.types["kind"]]
    where, factor = where_to(destination), factors(tables)[reason]
    gone = []
    for outcome in range(2):
        weight = (here * factor[..., outcome]).reshape(n, len(COUNTY), LEVELS)
        total = weight.sum(axis=1, keepdims=True)
        share = np.where(total > 0, weight / np.where(total > 0, total, 1.0), 0.0)
        gone.append((share * by_level[:, None, :, outcome]).reshape(n, PLACES))
    after = here - gone[0] - gone[1]
    for r in range(len(REASON)):
        mine = np.flatnonzero(reason == r)
        after[mine] += gone[0][mine] @ where[r]
    cells.places = np.where(persons[:, None] > 0, np.maximum(after, 0.0), cells.places)
