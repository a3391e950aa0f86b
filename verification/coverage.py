"""Do the intervals of the estimator cover the truth? `python -m verification.coverage [REPLICATES]`

Outcomes are drawn from Table 6.1 for a fifth of the reconstructed register, again and again, and
the pooled logit is estimated each time. Exit code 1 unless 95 % intervals (classical and
robust) cover the true coefficients in 93 to 97 % of the replications, over all coefficients.
"""

import sys

import numpy as np

from calibration import reconstruct
from calibration.fit_table import covariates
from calibration.logit_estimate import estimate
from calibration.logit_sample import Sample
from sim.transitions.covariates import Covariates
from sim.transitions.logit import published_model
from sim.transitions.terms import TERMS

REPLICATES, LOWEST, HIGHEST, Z = 200, 0.93, 0.97, 1.959964


def main(replicates: int = REPLICATES) -> int:
    """Simulate, estimate, count."""
    people = reconstruct(scale=0.2)
    everybody = covariates(people, np.flatnonzero(people.immigrants))
    grown = everybody.age >= 15
    some = Covariates(**{name: column[grown] for name, column in vars(everybody).items()})
    model = published_model("6.1")
    cumulated = np.cumsum(model.probabilities(some, old_age="extrapolate"), axis=1)
    inside = dict.fromkeys(("classical", "robust"), 0.0)
    spread = []
    for replicate in range(replicates):
        random = np.random.default_rng([2026, replicate])
        outcome = (random.random(grown.sum())[:, None] > cumulated).sum(axis=1).astype(np.int64)
        for kind in inside:
            found = estimate(Sample(some, outcome), 1, kind)["6.1"]  # type: ignore[arg-type]
            truth = model.estimates[[TERMS.index(term) for term in found.terms]]
            gap = (found.estimates - truth) / found.std_errors
            inside[kind] += float((np.abs(gap) <= Z).mean()) / replicates
            if kind == "classical":
                spread.append(gap)
    bias = np.mean(spread, axis=0) * np.sqrt(replicates)
    print(f"{replicates} replications of {grown.sum():,} persons")
    for kind, share in inside.items():
        print(f"{kind}: 95 % intervals cover {100 * share:.1f} % (asked: 93 to 97)")
    worst = np.abs(bias).max()
    print(f"largest mean error of {bias.size} coefficients: {worst:.1f} of its standard errors")
    good = all(LOWEST <= share <= HIGHEST for share in inside.values())
    print("good" if good else "NOT GOOD")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else REPLICATES))
