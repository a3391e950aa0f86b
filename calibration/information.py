"""What a weighted pool of people would have printed, had the logits been estimated on it.

The expected information of a trinomial logit at its published coefficients is linear in the
weights of people: sum of w (diag(p) - p p') x z z'. Standard errors are the roots of the
diagonal of its inverse; the expected log likelihood is sum of w sum of p log p. So the
printed standard errors, log likelihoods and R2 are so many equations for the weights.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.pool import GROUPS, Pool
from sim.codes import CENTRALITY, SEX
from sim.transitions.artefact import published_artefact
from sim.transitions.logit import LogitModel, published_model

Floats = NDArray[np.float64]
HALF_UNIT = 0.0005  # of the third decimal, the last one printed


@dataclass(frozen=True)
class Shadow:
    """One published model seen on the candidates to whom it applies.

    rows: their positions; z: their terms, those of the model only; p: probabilities of
    moving and emigrating; log_p: expected log likelihood of each candidate.
    printed: standard errors, moving first, nan where rounding leaves none.
    rounding: relative error that rounding leaves in them.
    """

    model: LogitModel
    rows: NDArray[np.int64]
    z: Floats
    p: Floats
    log_p: Floats
    printed: Floats
    rounding: Floats

    def covariance(self, weights: Floats) -> Floats:
        """Return the inverse of the expected information, moving before emigrating."""
        w, k = weights[self.rows], self.z.shape[1]
        information = np.empty((2 * k, 2 * k))
        for a in range(2):
            for b in range(2):
                share = w * self.p[:, a] * ((a == b) - self.p[:, b])
                block = self.z.T @ (self.z * share[:, None])
                information[a * k : (a + 1) * k, b * k : (b + 1) * k] = block
        return np.linalg.inv((information + information.T) / 2).astype(np.float64, copy=False)

    def slope(self, covariance: Floats, pull: Floats) -> Floats:
        """Return, for each candidate, the derivative of sum(pull * log standard error)."""
        k = self.z.shape[1]
        inner = (covariance * (pull / np.diag(covariance))) @ covariance
        total = np.zeros(self.rows.size)
        for a in range(2):
            for b in range(2):
                block = inner[a * k : (a + 1) * k, b * k : (b + 1) * k]
                quadratic = ((self.z @ block) * self.z).sum(axis=1)
                total -= 0.5 * quadratic * self.p[:, a] * ((a == b) - self.p[:, b])
        return total

    def log_likelihood(self, weights: Floats) -> float:
        """Return the expected log likelihood."""
        return float(weights[self.rows] @ self.log_p)

    def empty_log_likelihood(self, weights: Floats) -> tuple[float, Floats]:
        """Return the log likelihood of constants alone, and its derivative."""
        w = weights[self.rows]
        gone = w @ self.p
        count = np.array([w.sum() - gone.sum(), *gone])
        value = float(count @ np.log(count / w.sum()))
        return value, self.p @ np.log(count[1:] / count[0])


def scaled_r2(log_likelihood: float, empty: float, n: float) -> float:
    """Return the scaled R2 of the publication (Estrella 1998)."""
    return float(1 - (log_likelihood / empty) ** (-2 / n * empty))


def published_shadows(pool: Pool) -> tuple[Shadow, ...]:
    """Return the shadow of each of the 13 published models on a pool."""
    design = pool.design()
    return tuple(
        _shadow(published_model(name), pool, design) for name in published_artefact().models
    )


def _shadow(model: LogitModel, pool: Pool, design: Floats) -> Shadow:
    covered = np.ones(pool.size, dtype=np.bool_)
    if model.centrality is not None:
        covered &= pool.group // 2 == model.centrality - 1
    if model.sex is not None:
        covered &= pool.group % 2 == SEX.index(model.sex)
    rows = np.flatnonzero(covered)
    terms = np.flatnonzero(np.abs(model.estimates).sum(axis=1) > 0)
    z, beta = design[np.ix_(rows, terms)], model.estimates[terms]
    odds = np.exp(z @ beta)
    stay = 1 / (1 + odds.sum(axis=1, keepdims=True))
    p = odds * stay
    log_p = (p * np.log(p)).sum(axis=1) + (stay * np.log(stay))[:, 0]
    printed = model.std_errors[terms]
    t_value = np.abs(beta / printed)
    rounding = np.hypot(HALF_UNIT / np.abs(beta), HALF_UNIT / t_value)
    return Shadow(model, rows, z, p, log_p, printed.T.ravel(), rounding.T.ravel())


def sizes() -> Floats:
    """Return the published number of persons in each group (centrality * 2 + sex)."""
    found = np.zeros(GROUPS)
    for name in published_artefact().models:
        model = published_model(name)
        if model.sex is not None and model.centrality is not None:
            found[(model.centrality - 1) * len(SEX) + SEX.index(model.sex)] = model.diagnostics.n
    assert len(CENTRALITY) * len(SEX) == GROUPS
    return found
