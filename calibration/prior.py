"""The starting point of the reconstruction: people made from margins and assumptions alone.

Nobody in it exists. Published tables say how many there are of each kind; how kinds go
together is assumed (docs/reconstruction.md). The fit of `calibration.register` then moves away
from it as little as the publication allows.
"""

from dataclasses import dataclass

import numpy as np

from calibration.families import Families, count_members, form_families
from calibration.livelihood import draw_livelihood
from calibration.raking import Ints
from calibration.structure import People, make_people


@dataclass(frozen=True)
class Prior:
    """Immigrants resident on 1 January 2013 in families, before any fit.

    family: the number of each person's family, 0, 1, 2 ...; total, immigrants: its members.
    """

    people: People
    families: Families
    status: Ints
    education: Ints
    family: Ints
    immigrants: Ints
    total: Ints


def draw_prior(*, scale: float = 1.0, seed: int = 1) -> Prior:
    """Draw the starting population; scale 1 is 593,324 persons.

    >>> len(draw_prior(scale=0.01).people)
    5933
    """
    rng = np.random.default_rng(seed)
    people = make_people(float(scale), rng)
    status, education = draw_livelihood(people, rng)
    families = form_families(people, rng)
    family, immigrants, total = count_members(people, families, rng)
    return Prior(
        people,
        families,
        status.astype(np.int64),
        education.astype(np.int64),
        family,
        immigrants,
        total,
    )
