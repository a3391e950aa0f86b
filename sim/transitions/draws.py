"""Draws of the coefficients of a logit, as uncertain as their estimation left them.

Draw i of a model is a function of (seed, model, i): it is the same however many are drawn,
and draws of different models are independent, as models of different persons are.
"""

import numpy as np
from numpy.typing import NDArray

from sim.chance import Chance, between_0_and_1
from sim.problems import Problem, refuse
from sim.transitions.artefact import Coefficients
from sim.transitions.covariance import Covariance
from sim.transitions.terms import MOVES

Floats = NDArray[np.float64]


def draw_estimates(
    model: Coefficients, covariance: Covariance, n: int, seed: int, *, rescale: bool = True
) -> Floats:
    """Return (n, terms, moves): normal draws around the estimates, laid out as they are.

    Terms that the model lacks are 0 in every draw.
    rescale: give the covariance the standard errors of the model where these are known,
        so that draws spread as printed even if the covariance was reconstructed.
    """
    covariance.check(model)
    refuse("draws", _not_a_number(n))
    if rescale:
        covariance = covariance.rescaled(model.std_errors)
    normal = _normals(process(model.name), len(covariance.matrix), n, seed)
    moved = np.zeros((n, len(normal)))
    for k, column in enumerate(covariance.root.T):  # not a matrix product: its sums may depend on n
        moved += normal[k][:, None] * column
    estimates = np.tile(model.estimates, (n, 1, 1))
    by_move = moved.reshape(n, len(MOVES), len(covariance.terms))
    estimates[:, covariance.positions] += by_move.transpose(0, 2, 1)
    return estimates


def process(model: str) -> str:
    """Return the name under which the coefficients of a model have chance of their own."""
    return f"coefficients of {model}"


def _normals(name: str, many: int, n: int, seed: int) -> Floats:
    """Return (many, n) standard normals; the draw stands where chance has the person."""
    words = Chance(seed).words(name, 0, np.arange(n), many)
    from scipy.special import ndtri  # here, because its import takes a twentieth of a second

    normal: Floats = ndtri(between_0_and_1(words))
    return normal


def _not_a_number(n: int) -> list[Problem]:
    fits = isinstance(n, int | np.integer) and not isinstance(n, bool) and n >= 0
    return [] if fits else [Problem("n", f"is {n!r}", "a whole number of draws, 0 or more")]
