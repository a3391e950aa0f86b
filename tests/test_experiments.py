"""The three published experiments as scenarios: what they do in 2013, lived in full."""

import csv
from importlib import resources
from pathlib import Path

import pytest

from calibration.elasticities import experiments
from scenarios.schema import load_scenario

WITHIN = 0.3  # percentage points
RESULTS = Path(__file__).parents[1] / "verification" / "results_experiments.csv"


def rows():
    return list(csv.DictReader(RESULTS.read_text("utf-8").splitlines()))


def test_every_experiment_is_told_with_feedback_and_without():
    told = {(row["scenario"], row["stock"]) for row in rows()}
    assert told == {(x.name, "with_feedback") for x in experiments()} | {
        (f"{x.name}_2013", "without_feedback") for x in experiments()
    }
    for row in rows():
        assert load_scenario(row["scenario"]).chosen("economy") == row["stock"]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["scenario"])
def test_the_published_effect_is_reproduced(row):
    published = {x.name: x.percent for x in experiments()}[row["scenario"].removesuffix("_2013")]
    assert float(row["published_percent"]) == published
    assert float(row["percent"]) == pytest.approx(published, abs=WITHIN)
    assert 0 < float(row["std_error"]) < WITHIN / 2


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["scenario"])
def test_the_count_is_near_the_published_one(row):
    """Published: 1,450 and 3,800 fewer, 300 more, of about 24,000; the base has 5 percent less."""
    text = (resources.files("calibration") / "data" / "experiments_2015.csv").read_text("utf-8")
    counts = {r["experiment"]: float(r["count"]) for r in csv.DictReader(text.splitlines())}
    count = counts[row["scenario"].removesuffix("_2013")]
    assert float(row["difference"]) == pytest.approx(count, rel=0.15)
