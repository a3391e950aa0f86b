"""Make the solution that is shipped: `python -m calibration.build` (a few minutes).

Fits 2013 to the publication, rakes the other start years from it, and writes the candidate
families with their numbers (calibration/register) and the covariances of the published
models (sim/transitions/published_2016/covariances.parquet).
"""

import sys
import time

from calibration.fitting import (
    PER_LEVEL,
    POOL_SEED,
    Fitted,
    fit_2013,
    fit_every_year,
    refuse_unfinished,
)
from calibration.information import published_shadows
from calibration.pool import draw_pool
from calibration.solution import write_solution
from sim.transitions.artefact import PUBLISHED
from sim.transitions.covariance import Covariance, write_covariances

SOURCE = (
    "Expected information of the published model on the reconstructed register of 1.1.2013 "
    "(docs/reconstruction.md); the publication prints t values only"
)


def main() -> int:
    """Fit, judge, write."""
    began = time.perf_counter()

    def watch(step: int, loss: float) -> None:
        print(
            f"{time.perf_counter() - began:7.1f} s  step {step:3d}  loss {loss:12.2f}", flush=True
        )

    fitted = fit_2013(draw_pool(PER_LEVEL, seed=POOL_SEED), watch=watch)
    refuse_unfinished(fitted.fit, "the fit of 2013")
    write_solution(fit_every_year(fitted, watch))
    _write_covariances(fitted)
    print(f"Written after {time.perf_counter() - began:.0f} s.")
    return 0


def _write_covariances(fitted: Fitted) -> None:
    found = [
        Covariance(s.model.name, s.terms, fitted.fit.covariances[s.model.name], SOURCE)
        for s in published_shadows(fitted.solution.pool)
    ]
    write_covariances(PUBLISHED / "covariances.parquet", found)


if __name__ == "__main__":
    sys.exit(main())
