"""Fit the register anew and compare with what is shipped: `make verify` runs this.

Exit code 1 if the fit has not converged, takes more than 20 minutes or 8 GiB, or gives other
people than those shipped (standard errors, likelihoods and margins alike to 0.1 percent).
"""

import resource
import sys
import time

import numpy as np

from calibration.fitting import PER_LEVEL, POOL_SEED, fit_2013
from calibration.pool import draw_pool
from calibration.solution import shipped_solution

MINUTES, GIBIBYTES = 20, 8.0
CLOSE = 1e-3


def main() -> int:
    """Fit, compare, tell."""
    began = time.perf_counter()
    fitted = fit_2013(draw_pool(PER_LEVEL, seed=POOL_SEED))
    minutes = (time.perf_counter() - began) / 60
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    fit, shipped = fitted.fit, shipped_solution()
    same = all(
        np.array_equal(column, shipped.pool[name])
        for name, column in fitted.solution.pool.persons.items()
    )
    apart = np.abs(fit.number - shipped.number[2013]).sum() / fit.number.sum() if same else np.nan
    print(f"steps {fit.steps}, converged {fit.converged}; {minutes:.1f} minutes, {peak:.1f} GiB")
    print(f"standard errors: median gap {100 * fit.gap_quantile(0.5):.2f} %, "
          f"95th percentile {100 * fit.gap_quantile(0.95):.2f} %")  # fmt: skip
    print(f"candidates as shipped: {same}; families that differ in number: {100 * apart:.3f} %")
    good = fit.converged and minutes <= MINUTES and peak <= GIBIBYTES and same and apart <= CLOSE
    print("good" if good else "NOT GOOD")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
