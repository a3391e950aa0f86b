"""People to ask the logit about: one by one, drawn at random, or as the report describes them."""

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from sim import codes

MODELS = ("6.1", "D1", "D2", "D3", "D4", "E1", "E2", "E3", "E4", "E5", "E6", "E7", "E8")
WOMAN = {
    "age": 30, "sex": "female", "duration": 4, "education": "upper_secondary_basic",
    "status": "employed", "reason": "work", "family_total": 5, "family_immigrants": 4,
    "centrality": 4,
}  # fmt: skip


def frame(n=1, **columns):
    """Return n persons like the woman of the report's notes, with some columns replaced."""
    given = {name: [value] * n for name, value in WOMAN.items()}
    return pd.DataFrame({**given, **columns})


@st.composite
def persons(draw, **fixed):
    total = draw(st.integers(1, 12))
    person = {
        "age": draw(st.integers(15, 100)),
        "sex": draw(st.sampled_from(codes.SEX.names)),
        "duration": draw(st.integers(0, 40)),
        "education": draw(st.sampled_from(codes.EDUCATION.names)),
        "status": draw(st.sampled_from(codes.STATUS.names)),
        "reason": draw(st.sampled_from(codes.REASON.names)),
        "family_total": total,
        "family_immigrants": draw(st.integers(1, total)),
        "centrality": draw(st.integers(1, 4)),
    }
    return {**person, **fixed}


def crowd(n=3_000, seed=1):
    rng = np.random.default_rng(seed)
    total = rng.integers(1, 9, n)
    return pd.DataFrame(
        {
            "age": rng.integers(15, 100, n),
            "sex": rng.choice(codes.SEX.names, n),
            "duration": rng.integers(0, 40, n),
            "education": rng.choice(codes.EDUCATION.names, n),
            "status": rng.choice(codes.STATUS.names, n),
            "reason": rng.choice(codes.REASON.names, n),
            "family_total": total,
            "family_immigrants": rng.integers(1, total + 1),
            "centrality": rng.integers(1, 5, n),
        }
    )
