"""The embedded population: synthetic immigrants resident in Norway on 1 January 2013.

Nobody in it exists. Its totals agree with what has been published, so that the models can
be run and tested without register data. docs/population.md says what is published, what
is assumed, and what it must not be used for. `python -m calibration.embedded` prints the fit.
"""

from numbers import Integral, Real

import numpy as np
from numpy.typing import NDArray

from calibration import margins as m
from calibration.families import MIXED, Families, count_members, form_families, settle
from calibration.fit import margins_table
from calibration.livelihood import draw_livelihood
from calibration.structure import People, make_people
from sim.agents.population import Population
from sim.codes import BACKGROUND, SPONSOR_REASON
from sim.problems import Problem, refuse

__all__ = ["embedded_population", "margins_table"]

LARGEST_SCALE = 4.0
FEWEST = 50  # persons; fewer cannot be given families


def embedded_population(*, scale: float = 1.0, seed: int = 1) -> Population:
    """Return the immigrants resident in Norway on 1 January 2013, all ages, synthetic.

    scale: 1 gives 593,324 persons, 0.01 one in a hundred with the same shares; up to 4.
    seed: another seed gives another population with the same margins; one seed always
        gives the same persons.

    >>> embedded_population(scale=0.01)["person"].size
    5933
    """
    _check(scale, seed)
    rng = np.random.default_rng(seed)
    people = make_people(float(scale), rng)
    status, education = draw_livelihood(people, rng)
    families = form_families(people, rng)
    family, immigrants, total = count_members(people, families, rng)
    municipality = settle(people, family, rng)
    birth_year = m.YEAR - 1 - people.age
    young = people.arrival - birth_year <= 9
    return Population.build(
        m.YEAR,
        f"embedded population (synthetic, from published tables; scale {scale:g}, seed {seed})",
        {
            "person": np.arange(len(people)),
            "sex": people.sex,
            "birth_year": birth_year,
            "background": np.where(
                young, BACKGROUND.index("child_arrival"), BACKGROUND.index("adult_arrival")
            ),
            "origin": people.origin,
            "reason": m.REASON_OF_GROUP[people.group],
            "sponsor_reason": _sponsors(people, families),
            "first_arrival_year": people.arrival,
            "education": education,
            "status": status,
            "municipality": municipality,
            "family": family,
            "family_total": total,
            "family_immigrants": immigrants,
            "mother": families.mother,
            "partner": families.partner,
        },
    )


def _sponsors(people: People, families: Families) -> NDArray[np.uint8]:
    """Return whom family immigrants joined; known of refugees' families, else inferred.

    Assumed: who lives with a non-immigrant partner joined that person; who lives with an
    immigrant partner (or is the child of a mother) that came for work joined a labour
    immigrant, with another one somebody else; of the rest it is unknown.
    """
    code = SPONSOR_REASON.index
    sponsor = np.zeros(len(people), dtype=np.uint8)
    some = np.flatnonzero(people.group == m.FAMILY_OTHER)
    mother, partner = families.mother[some], families.partner[some]
    near = np.where(mother >= 0, mother, partner)
    beyond = np.where(near >= 0, families.partner[near], -1)  # a mother's partner, or oneself
    with_mother = (mother >= 0) & (beyond >= 0)
    for_work = (people.group[near] == m.WORK) | (with_mother & (people.group[beyond] == m.WORK))
    linked = np.where(for_work, code("work"), code("other"))
    sponsor[some] = np.where(near >= 0, linked, code("unknown"))
    sponsor[some[families.role[some] == MIXED]] = code("non_immigrant")
    sponsor[people.group == m.FAMILY_OF_REFUGEE] = code("refuge")
    return sponsor


def _check(scale: object, seed: object) -> None:
    problems = []
    number = float(scale) if not isinstance(scale, bool) and isinstance(scale, Real) else 0.0
    if not 0 < number <= LARGEST_SCALE:
        problems.append(
            Problem("scale", f"is {scale!r}", f"a number above 0, at most {LARGEST_SCALE:g}",
                    "1 is the whole population; give 0.01 for one person in a hundred.")
        )  # fmt: skip
    elif round(m.PERSONS * number) < FEWEST:
        problems.append(
            Problem("scale", f"is {scale!r}, which makes {round(m.PERSONS * number)} persons",
                    f"{FEWEST} persons or more", "Give 0.0001 or more.")
        )  # fmt: skip
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        problems.append(Problem("seed", f"is {seed!r}", "a whole number, 0 or more"))
    refuse("embedded population", problems)


def main() -> None:
    """Print the published margins beside those of the embedded population."""
    rows = margins_table(embedded_population())
    print(f"{'margin':<34}{'cell':<34}{'published':>11}{'population':>12}{'difference':>12}")
    for row in rows:
        numbers = f"{row.published:>11,.1f}{row.population:>12,.1f}{row.difference:>+12,.1f}"
        print(f"{row.margin:<34}{row.cell:<34}{numbers}")


if __name__ == "__main__":
    main()
