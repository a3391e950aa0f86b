"""What a weighted pool of people would have printed, had the logits been estimated on it.

The expected information of a trinomial logit at its published coefficients is linear in the
weights of people: sum of w (diag(p) - p p') x z z'. Standard errors are the roots of the
diagonal of its inverse; the expected log likelihood is sum of w sum of p log p. So the
printed standard errors, log likelihoods and R2 are so many equations for the weights.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from calibration.pool import GROUPS, Pool
from calibration.raking import Floats, Ints
from sim.codes import SEX
from sim.transitions.artefact import published_artefact
from sim.transitions.covariates import Covariates
from sim.transitions.effects import design
from sim.transitions.logit import LogitModel, published_model
from sim.transitions.terms import TERMS

HALF_UNIT = 0.0005  # of the third decimal, the last one printed


@dataclass(frozen=True)
class Shadow:
    """One published model seen on the people to whom it applies.

    rows: their positions; z: their terms, those of the model only; p: probabilities of
        moving and emigrating; log_p: expected log likelihood of each.
    terms: the names of the model's own terms.
    printed: standard errors, moving first, nan where rounding leaves none.
    rounding: relative error that rounding leaves in them.
    """

    model: LogitModel
    rows: Ints
    terms: tuple[str, ...]
    z: Floats
    p: Floats
    log_p: Floats
    printed: Floats
    rounding: Floats

    def covariance(self, weights: Floats) -> Floats:
        """Return the inverse of the expected information, moving before emigrating.

        weights: of everybody, 1 for whole persons.
        """
        w, k = weights[self.rows], self.z.shape[1]
        information = np.empty((2 * k, 2 * k))
        for (a, b), spread in self._spreads().items():
            block = self.z.T @ (self.z * (w * spread)[:, None])
            information[a * k : (a + 1) * k, b * k : (b + 1) * k] = block
            information[b * k : (b + 1) * k, a * k : (a + 1) * k] = block.T
        inverse = np.linalg.inv((information + information.T) / 2)
        return np.asarray((inverse + inverse.T) / 2)

    def gaps(self, covariance: Floats) -> Floats:
        """Return the log ratio of these to the printed standard errors."""
        return np.log(np.sqrt(np.diag(covariance)) / self.printed)

    def slopes(self, covariance: Floats) -> Floats:
        """Return d log(standard error) / d weight, for every person and standard error."""
        k = self.z.shape[1]
        moving, leaving = self.z @ covariance[:k], self.z @ covariance[k:]
        spread = self._spreads()
        total = spread[0, 0][:, None] * moving**2 + spread[1, 1][:, None] * leaving**2
        total += 2 * spread[0, 1][:, None] * (moving * leaving)
        total *= -0.5 / np.diag(covariance)
        return np.asarray(total)

    def log_likelihood(self, weights: Floats) -> float:
        """Return the expected log likelihood."""
        return float(weights[self.rows] @ self.log_p)

    def empty_log_likelihood(self, weights: Floats) -> tuple[float, Floats]:
        """Return the log likelihood of constants alone, and its derivative by weight."""
        w = weights[self.rows]
        gone = w @ self.p
        count = np.array([w.sum() - gone.sum(), *gone])
        stay, move, leave = np.log(count / w.sum())
        value = float(count @ (stay, move, leave))
        return value, stay + self.p @ np.array([move - stay, leave - stay])

    def _spreads(self) -> dict[tuple[int, int], Floats]:
        move, leave = self.p.T
        return {(0, 0): move * (1 - move), (0, 1): -move * leave, (1, 1): leave * (1 - leave)}


def scaled_r2(log_likelihood: float, empty: float, n: float) -> float:
    """Return the scaled R2 of the publication (Estrella 1998)."""
    return float(1 - (log_likelihood / empty) ** (-2 / n * empty))


def published_shadows(pool: Pool) -> tuple[Shadow, ...]:
    """Return the shadow of each of the 13 published models on a pool."""
    return shadows_on(pool.covariates(), pool.sampled)


def shadows_on(people: Covariates, sampled: NDArray[np.bool_]) -> tuple[Shadow, ...]:
    """Return the shadow of each published model on people; sampled: aged 15 or more."""
    terms, found = design(people, old_age="extrapolate"), []
    for name in published_artefact().models:
        model = published_model(name)
        covered = sampled.copy()
        if model.centrality is not None:
            covered &= people.centrality == model.centrality - 1
        if model.sex is not None:
            covered &= people.sex == SEX.index(model.sex)
        found.append(_shadow(model, np.flatnonzero(covered), terms))
    return tuple(found)


def _shadow(model: LogitModel, rows: Ints, design: Floats) -> Shadow:
    terms = np.flatnonzero(np.abs(model.estimates).sum(axis=1) > 0)
    z, beta = design[np.ix_(rows, terms)], model.estimates[terms]
    odds = np.exp(z @ beta)
    stay = 1 / (1 + odds.sum(axis=1, keepdims=True))
    p = odds * stay
    log_p = (p * np.log(p)).sum(axis=1) + (stay * np.log(stay))[:, 0]
    printed = model.std_errors[terms]
    t_value = np.abs(beta / printed)
    rounding = np.hypot(HALF_UNIT / np.abs(beta), HALF_UNIT / t_value)
    names = tuple(TERMS[term] for term in terms)
    return Shadow(model, rows, names, z, p, log_p, printed.T.ravel(), rounding.T.ravel())


@cache
def sizes() -> Floats:
    """Return the published number of persons in each group (centrality * 2 + sex)."""
    found = np.zeros(GROUPS)
    for name in published_artefact().models:
        model = published_model(name)
        if model.sex is not None and model.centrality is not None:
            found[(model.centrality - 1) * len(SEX) + SEX.index(model.sex)] = model.diagnostics.n
    return found
