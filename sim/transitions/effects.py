"""Effects on the probabilities of staying, moving and emigrating, with delta-method t values.

With p the probabilities and z the terms of a person, the derivative of p[j] by the
coefficients of a move m is p[j] ((j == m) - p[m]) z. An effect is a difference of p, its
gradient g the difference of such derivatives, and its variance g V g' = |g L|^2, V = L L'
being the covariance of the coefficients. No other uncertainty is in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from sim.problems import Problem, refuse
from sim.transitions.covariance import Covariance
from sim.transitions.covariates import COLUMNS, Covariates, Frame, read_covariates
from sim.transitions.logit import OLDEST_ESTIMATED, LogitModel, OldAge
from sim.transitions.terms import FACTORS, FEMALE, LEVELS, MOVES, OUTCOMES, POSITION, TERMS

__all__ = ["Effect", "average_effect", "design", "effect", "effects"]

Floats = NDArray[np.float64]
CHUNK = 8_192  # persons at a time, so that their gradients take some ten megabytes


@dataclass(frozen=True, eq=False)
class Effect:
    """Differences in the probabilities of `OUTCOMES`: (3,), or (n, 3) of n pairs of persons."""

    estimates: Floats
    std_errors: Floats

    @property
    def t_values(self) -> Floats:
        """Estimates in standard errors; nan where nothing differs and nothing is uncertain."""
        found = np.full(self.estimates.shape, np.nan)
        np.divide(self.estimates, self.std_errors, out=found, where=self.std_errors > 0)
        return found


def effect(
    model: LogitModel,
    person: Mapping[str, Any],
    reference: Mapping[str, Any],
    covariance: Covariance,
    *,
    old_age: OldAge = "as_74",
) -> Effect:
    """Return the effect of being one person instead of another, each a dict of nine traits."""
    one, other = (pa.table({name: [x] for name, x in who.items()}) for who in (person, reference))
    found = effects(model, one, other, covariance, old_age=old_age)
    return Effect(found.estimates[0], found.std_errors[0])


def effects(
    model: LogitModel,
    people: Frame,
    references: Frame,
    covariance: Covariance,
    *,
    old_age: OldAge = "as_74",
) -> Effect:
    """Return the effects of being each person instead of the reference in the same row."""
    pairs = _Pairs.read(model, people, references, covariance, old_age)
    std_errors, root = np.empty(pairs.differences.shape), covariance.root
    for first in range(0, pairs.size, CHUNK):
        part = slice(first, first + CHUNK)
        gradient = np.zeros((len(std_errors[part]), len(OUTCOMES), len(root)))
        for sign, z, slopes in pairs.slopes(part):
            outer = slopes[..., None] * z[:, None, None, :]
            gradient += sign * outer.reshape(gradient.shape)
        std_errors[part] = np.linalg.norm(gradient @ root, axis=-1)
    return Effect(pairs.differences, std_errors)


def average_effect(
    model: LogitModel,
    frame: Frame,
    changed_frame: Frame,
    covariance: Covariance,
    weights: ArrayLike | None = None,
    *,
    old_age: OldAge = "as_74",
) -> Effect:
    """Return the mean effect, over the persons of a frame, of being as in the changed frame.

    weights: how much each person counts. The persons are taken as given: their t values
        hold the uncertainty of the coefficients, not that of having drawn these persons.
    """
    pairs = _Pairs.read(model, changed_frame, frame, covariance, old_age)
    share = _shares(weights, pairs.size)
    gradient = np.zeros((len(OUTCOMES) * len(MOVES), len(covariance.terms)))
    for first in range(0, pairs.size, CHUNK):
        part = slice(first, first + CHUNK)
        for sign, z, slopes in pairs.slopes(part):
            weighted = slopes.reshape(len(z), -1) * (sign * share[part, None])
            gradient += weighted.T @ z
    spread = gradient.reshape(len(OUTCOMES), -1) @ covariance.root
    return Effect(share @ pairs.differences, np.linalg.norm(spread, axis=-1))


def design(people: Covariates, *, old_age: OldAge = "as_74") -> Floats:
    """Return the terms of each person (n, terms), in the order of `TERMS`."""
    age = np.minimum(people.age, OLDEST_ESTIMATED) if old_age == "as_74" else people.age
    found = {
        "constant": np.ones(people.age.size),
        "age": age,
        "age_over_10_squared": (age / 10) ** 2,
        "female": people.sex == FEMALE,
        "family_total": people.family_total,
        "family_immigrants": people.family_immigrants,
    }
    terms = np.empty((people.age.size, len(TERMS)))
    for term, values in found.items():
        terms[:, POSITION[term]] = values
    for factor in (*FACTORS, LEVELS):
        value = getattr(people, factor.name)
        for number, term in factor.terms():
            terms[:, POSITION[term]] = value == number
    return terms


@dataclass(frozen=True)
class _Pairs:
    """Persons and references row by row, with their probabilities (n, 3)."""

    sides: tuple[tuple[int, Covariates, Floats], ...]
    terms: NDArray[np.int64]
    old_age: OldAge

    @classmethod
    def read(
        cls,
        model: LogitModel,
        people: Frame,
        references: Frame,
        covariance: Covariance,
        old_age: OldAge,
    ) -> "_Pairs":
        covariance.check(model)
        one, other = read_covariates(people, "people"), read_covariates(references, "references")
        if one.age.size != other.age.size:
            found = f"are {other.age.size:,}, but people are {one.age.size:,}"
            refuse("effects", [Problem("references", found, "one reference for each person")])
        sides = tuple(
            (sign, who, model.probabilities(who, old_age=old_age))
            for sign, who in ((1, one), (-1, other))
        )
        return cls(sides, covariance.positions, old_age)

    @property
    def size(self) -> int:
        return self.sides[0][1].age.size

    @property
    def differences(self) -> Floats:
        """Return (n, 3): probabilities of the persons less those of their references."""
        return self.sides[0][2] - self.sides[1][2]

    def slopes(self, part: slice) -> list[tuple[int, Floats, Floats]]:
        """Return by side: sign, terms (n, terms), derivatives of p by log odds (n, 3, 2)."""
        found = []
        for sign, who, p in self.sides:
            some = Covariates(**{name: getattr(who, name)[part] for name in COLUMNS})
            z = design(some, old_age=self.old_age)[:, self.terms]
            same = np.eye(len(OUTCOMES))[:, 1:]
            found.append((sign, z, p[part, :, None] * (same - p[part, None, 1:])))
        return found


def _shares(weights: ArrayLike | None, size: int) -> Floats:
    """Return weights that sum to 1."""
    if not size:
        refuse("effects", [Problem("frame", "has no rows", "one person or more")])
    given = np.ones(size) if weights is None else np.asarray(weights, dtype=np.float64)
    allowed = f"{size:,} finite numbers, 0 or more, not all 0"
    if given.shape != (size,):
        refuse("effects", [Problem("weights", f"have shape {given.shape}", allowed)])
    if not (np.isfinite(given).all() and (given >= 0).all() and given.any()):
        refuse("effects", [Problem("weights", "hold what cannot weigh, or nothing", allowed)])
    share: Floats = given / given.sum()
    return share
