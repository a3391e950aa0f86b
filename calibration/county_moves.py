"""How often people change county without changing centrality level: what Table 4.1 leaves.

    python -m calibration.county_moves

Of each reason and family size the reconstructed register of 2013 says how many move between
levels, and to another county at that; the table says how many leave their county. The rest
move inside their level. The result is shipped as sim/transitions/data/county_moves.csv.
"""

import csv
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.fit_table import covariates
from calibration.raking import Floats, Ints
from calibration.reconstruction import reconstruct
from sim.codes import CENTRALITY, REASON
from sim.geography import CENTRALITY_OF, COUNTY, COUNTY_OF
from sim.transitions.county_moves import SIZES
from sim.transitions.destination import published_weights
from sim.transitions.logit import published_set

OUT = Path("sim/transitions/data/county_moves.csv")
YOUNGEST = 15
SOURCE = (
    "Rapporter 2016/27, Table 4.1, less level moves across county borders in the reconstructed "
    "register"
)


def crossing() -> Floats:
    """Return the chance that a level move leaves the county: (reason, level, county)."""
    weights = published_weights()
    found = np.zeros((len(REASON), len(CENTRALITY), len(COUNTY)))
    for level in range(len(CENTRALITY)):
        elsewhere = level != CENTRALITY_OF
        share = weights * elsewhere / (weights * elsewhere).sum(axis=1, keepdims=True)
        for county in range(len(COUNTY)):
            found[:, level, county] = (share * (county != COUNTY_OF)).sum(axis=1)
    return found


def targets() -> Floats:
    """Return the published shares that left their county in 2013: (reason, size)."""
    text = (resources.files("calibration") / "data" / "family_rates_2013.csv").read_text("utf-8")
    found = np.full((len(REASON), len(SIZES)), np.nan)
    for row in csv.DictReader(text.splitlines()):
        if row["family_kind"] == "all_families":
            at = REASON.index(row["reason"]), SIZES.index(row["family_size"])
            found[at] = float(row["out_of_county_percent"]) / 100
    assert np.isfinite(found).all()
    return found


def chances() -> tuple[Floats, Floats]:
    """Return the chance of a county move among those who stay at their level, and the targets."""
    people = reconstruct()
    adult = people.year - 1 - people["birth_year"] >= YOUNGEST
    some = np.flatnonzero(people.immigrants & adult)
    who = covariates(people, some)
    stay, move, _ = published_set(1).probabilities(who).T
    municipality: NDArray[np.int16] = people["municipality"][some]
    across = crossing()[who.reason, CENTRALITY_OF[municipality], COUNTY_OF[municipality]]
    cell: Ints = who.reason * len(SIZES) + np.minimum(who.family_total, len(SIZES)) - 1
    number = len(REASON) * len(SIZES)
    persons, stays, crosses = (
        np.bincount(cell, weight, number).reshape(-1, len(SIZES))
        for weight in (None, stay, move * across)
    )
    wanted = targets()
    return np.maximum(wanted * persons - crosses, 0) / stays, wanted


def main() -> None:
    """Write the table."""
    found, wanted = chances()
    with OUT.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["reason", "family_size", "out_of_county_percent", "chance_percent",
                         "assumed", "source"])  # fmt: skip
        for (r, s), chance in np.ndenumerate(found):
            writer.writerow([REASON.names[r], SIZES[s], f"{100 * wanted[r, s]:.1f}",
                             f"{100 * chance:.3f}", "no", SOURCE])  # fmt: skip


if __name__ == "__main__":
    main()
