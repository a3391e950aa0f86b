"""The trinomial logit beside statsmodels: time and peak memory on the same table.

545,966 persons of the reconstructed register with ages and education shaken, so that about as
many patterns differ as in real data; outcomes drawn from Table 6.1. Each estimator starts
from the same table in memory and runs in a process of its own; medians of three.

    python -m benchmarks.bench_estimate
"""

import json
import resource
import statistics
import subprocess
import sys
import time

import numpy as np
import pandas as pd

from calibration import reconstruct
from calibration.fit_table import covariates
from sim.codes import EDUCATION, REASON, SEX, STATUS
from sim.transitions.logit import published_set

ROUNDS = 3


def table() -> pd.DataFrame:
    """Return the table: codes as categories, as a Parquet file with dictionaries gives them."""
    people = reconstruct()
    some = np.flatnonzero(people.immigrants & (people.year - 1 - people["birth_year"] >= 15))
    c, random = covariates(people, some), np.random.default_rng(1)
    n = some.size
    age = np.clip(c.age + random.integers(-4, 5, n), 15, 90)
    education = np.where(random.random(n) < 0.25, random.integers(0, 6, n), c.education)
    chances = published_set(1).probabilities(c, old_age="extrapolate")
    outcome = (random.random(n)[:, None] > np.cumsum(chances, axis=1)).sum(axis=1)
    stay = people.year - 1 - people["first_arrival_year"][some].astype(np.int64)

    def coded(codes: np.ndarray, names: tuple[str, ...]) -> pd.Categorical:
        return pd.Categorical.from_codes(codes, list(names))

    return pd.DataFrame({
        "age": age, "sex": coded(c.sex, SEX.names), "duration": stay,
        "education": coded(education, EDUCATION.names), "status": coded(c.status, STATUS.names),
        "reason": coded(c.reason, REASON.names), "family_total": c.family_total,
        "family_immigrants": c.family_immigrants, "centrality": c.centrality + 1,
        "outcome": coded(outcome, ("stay", "domestic", "emigrate")),
    })  # fmt: skip


def ours(frame: pd.DataFrame, model_type: int) -> float:
    """Estimate a type with Vandring; return the log likelihood."""
    from calibration.logit_estimate import fit_trinomial_logit

    return sum(m.log_likelihood for m in fit_trinomial_logit(frame, model_type).values())


def theirs(frame: pd.DataFrame, model_type: int) -> float:
    """Estimate model 6.1 with statsmodels; return the log likelihood."""
    import statsmodels.api as sm

    assert model_type == 1
    stay = np.searchsorted((0, 3, 6, 11, 16), frame["duration"], side="right") - 1
    dummies = [np.eye(5)[stay][:, :4]]
    for name, drop in (("education", 0), ("status", 0), ("reason", 4)):
        k = len(frame[name].cat.categories)
        dummies.append(np.delete(np.eye(k)[frame[name].cat.codes], drop, axis=1))
    level = np.eye(4)[frame["centrality"] - 1][:, :3]
    age = frame["age"].to_numpy(float)
    numbers = [np.ones(len(frame)), age, (age / 10) ** 2, frame["sex"].cat.codes == 0,
               frame["family_total"], frame["family_immigrants"]]  # fmt: skip
    design = np.column_stack([np.stack(numbers, axis=1), *dummies, level])
    fit = sm.MNLogit(frame["outcome"].cat.codes.to_numpy(), design).fit(method="newton", disp=0)
    fit.cov_params()
    return float(fit.llf)


def one(who: str, model_type: int) -> dict[str, float]:
    """Estimate in this process: seconds of the second call, and what it adds to peak memory."""
    frame = table()
    estimator = {"ours": ours, "theirs": theirs}[who]
    if who == "ours":
        ours(frame.sample(60_000, random_state=1), 1)  # compiled beforehand
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    likelihood = estimator(frame, model_type)
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": seconds, "mb": (after - before) / 1024, "likelihood": likelihood}


def main() -> None:
    """Print medians and ratios."""
    found = {}
    for who, model_type in (("ours", 1), ("theirs", 1), ("ours", 2), ("ours", 3)):
        program = [sys.executable, "-m", "benchmarks.bench_estimate", who, str(model_type)]
        runs = [
            json.loads(subprocess.run(program, capture_output=True, text=True, check=True).stdout)
            for _ in range(ROUNDS)
        ]
        found[who, model_type] = {key: statistics.median(r[key] for r in runs) for key in runs[0]}
        print(who, "type", model_type, found[who, model_type], flush=True)
    mine, other = found["ours", 1], found["theirs", 1]
    assert abs(mine["likelihood"] / other["likelihood"] - 1) < 1e-9
    both = found["ours", 2]["seconds"] + found["ours", 3]["seconds"]
    print(f"statsmodels takes {other['seconds'] / mine['seconds']:.1f} times as long (asked 10)")
    print(f"and adds {other['mb']:.0f} MB to the peak, ours {mine['mb']:.0f} (at most half)")
    print(f"12 stratified models: {both / mine['seconds']:.2f} times model 6.1 (at most 1.5)")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(one(sys.argv[1], int(sys.argv[2]))))
    else:
        main()
