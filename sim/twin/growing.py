"""Growing up: children become adults at 15, in families such as their parents live in."""

import numpy as np

from sim.codes import EDUCATION
from sim.transitions.coming_of_age import AGE, COMPULSORY, STUDENT
from sim.twin import cells_kernel as kernel
from sim.twin.cells import Cells, View
from sim.twin.kids import NOBODY, YEARS, Kids, born_here, families_of, own_class
from sim.twin.kinds import AT_HOME, AT_HOME_MIXED, FAMILIES, KINDS, PLACES, Floats, Ints, shares_of

FEWEST = 0.02  # families of which a smaller share of children is are left out
FEWER = 2.0  # times the persons of a flow left out, who come to a family left out
LEAST = 1e-9


def grow_up(kids: Kids, cells: Cells, year: int, *, student: bool) -> Kids:
    """Let those who turn 15 become adults; return the other children."""
    turning = kids.birth <= year - AGE
    grown = kids.take(np.flatnonzero(turning))
    if grown.persons.size:
        state = grown.state
        if student:
            level = state % len(EDUCATION)
            level = np.where(level == 0, COMPULSORY, level)
            now = STUDENT * len(EDUCATION) + level
            state = np.where(grown.birth == year - AGE, now, state)
        types = cells.find({part: getattr(grown, part) for part in cells.types})
        homes, group = cells.homes, cells.group[types]
        kernel.count_in(group, grown.origin, grown.persons, homes.origins)
        by_kind = np.full((KINDS, PLACES), 1e-9)
        kernel.put_in(homes.kind, homes.places, np.ones(homes.kind.size), by_kind)
        kernel.put_in(group, shares_of(by_kind)[grown.kind], grown.persons, homes.places)
        _house(grown, cells, types, state)
    return kids.take(np.flatnonzero(~turning))


def _house(grown: Kids, cells: Cells, types: Ints, state: Ints) -> None:
    """Put those who have grown up into the families in which children of their parents live."""
    share, mixed = _families(grown, cells)
    many = np.maximum(FEWEST, FEWER * cells.least / np.maximum(grown.persons, LEAST))
    known = share > np.minimum(many, share.max(axis=1))[:, None] * (1 - LEAST)
    at, family = np.nonzero(known)
    kept = np.bincount(at, share[at, family], grown.persons.size)
    for role, weight in ((AT_HOME, 1 - mixed), (AT_HOME_MIXED, mixed)):
        some = np.flatnonzero(weight[at] > 0)
        who, houses = at[some], family[some]
        for level in range(cells.levels):
            rows = cells.rows(types[who], level, role, houses)
            spread = cells.level_shares[grown.kind[who], level] * weight[who] / kept[who]
            cells.add(rows, state[who], grown.persons[who] * share[who, houses] * spread)


def _families(grown: Kids, cells: Cells) -> tuple[Floats, Floats]:
    """Return shares of classes of families, and of families with members who are no persons."""
    parents, classes, mixed = families_of(View(cells))
    total, born = classes.sum(axis=2), born_here(grown)
    group = np.minimum(np.searchsorted(parents, grown.parents), parents.size - 1)
    known = (parents[group] == grown.parents) & (total[born, group] > 1e-9)
    of_kind = np.zeros((2, KINDS, FAMILIES))
    for side in range(2):
        np.add.at(of_kind[side], parents // YEARS, classes[side])
    usual = of_kind[born, np.maximum(grown.parents, 0) // YEARS]
    share = np.where(known[:, None], classes[born, group], usual)
    alone = (grown.parents == NOBODY) | (share.sum(axis=1) <= 0)
    share[alone] = np.eye(FAMILIES)[own_class(grown.kind[alone])]
    share /= share.sum(axis=1, keepdims=True)
    part = np.where(known, mixed[born, group] / np.maximum(total[born, group], 1e-9), 0.0)
    return share, part
