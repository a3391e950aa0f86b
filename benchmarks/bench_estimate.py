"""The trinomial logit beside statsmodels: time and peak memory on the same table.

545,966 persons of the reconstructed register with ages and education shaken, so that about as
many patterns differ as in real data; outcomes drawn from Table 6.1. Each estimator starts
from the same table in memory and runs in a process of its own; medians of five.

    python -m benchmarks.bench_estimate
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from calibration import reconstruct
from calibration.fit_table import covariates
from sim.codes import EDUCATION, REASON, SEX, STATUS
from sim.transitions.logit import published_set

ROUNDS = 5


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


def ours(frame: pd.DataFrame, *types: int) -> float:
    """Estimate some types with Vandring; return the log likelihood."""
    from calibration.logit_estimate import fit_trinomial_logit

    return sum(m.log_likelihood for m in fit_trinomial_logit(frame, types).values())


def theirs(frame: pd.DataFrame, *types: int) -> float:
    """Estimate model 6.1 with statsmodels; return the log likelihood."""
    import statsmodels.api as sm

    assert types == (1,)
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


def one(file: str, who: str, *types: int) -> dict[str, float]:
    """Estimate in this process: seconds, and what it adds to peak memory."""
    frame = pd.read_parquet(file)
    estimator = {"ours": ours, "theirs": theirs}[who]
    if who == "ours":
        ours(frame.sample(200_000, random_state=1), *types)  # compiled beforehand
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    likelihood = estimator(frame, *types)
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": seconds, "mb": (after - before) / 1024, "likelihood": likelihood}


def promises(rounds: int) -> list[tuple[str, str, str]]:
    """Return what is promised and what is measured; turns alternate, as machines are shared."""
    who = {"ours": ("ours", "1"), "strata": ("ours", "2", "3"), "theirs": ("theirs", "1")}
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in who}
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "table.parquet")
        table().to_parquet(file)
        for _ in range(rounds):
            for name, words in who.items():
                program = [sys.executable, "-m", "benchmarks.bench_estimate", file, *words]
                done = subprocess.run(program, capture_output=True, text=True, check=True)
                runs[name].append(json.loads(done.stdout))
    found = {
        name: {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}
        for name, rounds in runs.items()
    }
    mine, other = found["ours"], found["theirs"]
    assert abs(mine["likelihood"] / other["likelihood"] - 1) < 1e-9
    ratio = found["strata"]["seconds"] / mine["seconds"]
    memory = f"{mine['mb']:.0f} / {other['mb']:.0f} MB"
    return [
        ("model 6.1 of 545,966 persons", f"{mine['seconds']:.2f} s", "shown"),
        ("statsmodels / model 6.1", f"{other['seconds'] / mine['seconds']:.1f}", "10 or more"),
        ("added to peak memory, ours / statsmodels", memory, "half or less"),
        ("12 stratified models / model 6.1", f"{ratio:.2f}", "1.5 or less"),
    ]


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(one(*sys.argv[1:3], *map(int, sys.argv[3:]))))
    else:
        for line in promises(ROUNDS):
            print("{}: {} (asked: {})".format(*line))
