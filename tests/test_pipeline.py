"""What the pipeline hands on: every option reaches the engine."""

import numpy as np
import pytest

from runs import elsewhere, ensemble, pipeline
from runs.people import digest
from runs.settings import settings_of
from scenarios.schema import load_scenario
from sim.agents import files
from tests.conftest import COMPILED_ONLY, made_people


@pytest.fixture
def scenario(tmp_path):
    files.save(made_people(60), tmp_path / "p.parquet")
    return load_scenario(
        "baseline",
        {
            "years": "2013..2014",
            "replicates": "2",
            "seed": "77",
            "model_type": "2",
            "draws": "threshold",
            "population": str(tmp_path / "p.parquet"),
        },
    )


def test_every_option_reaches_the_engine(scenario, tmp_path, monkeypatch):
    seen = {}

    def live(plan, threads, *more):
        seen.update(plan=plan, threads=threads)
        return ensemble.live(plan, threads, *more)

    monkeypatch.setattr(elsewhere, "live", live)
    pipeline.run(scenario, threads=2, chunk=17, out=str(tmp_path / "out"))
    plan = seen["plan"]
    assert seen["threads"] == 2
    assert (plan.settings.chunk, plan.settings.draws, plan.settings.model_type) == (
        17,
        "threshold",
        2,
    )
    assert (plan.seed, plan.years, plan.replicates) == (77, 2, 2)
    assert plan.dimensions == scenario.dimensions
    assert plan.settings.assumptions == dict(scenario.assumptions)


def test_threads_live_replicates_side_by_side(scenario, monkeypatch):
    import threading

    names = set()
    real = ensemble.live_one

    def noted(plan, number, year_done):
        names.add(threading.current_thread().name)
        return real(plan, number, year_done)

    monkeypatch.setattr(ensemble, "live_one", noted)
    people = pipeline.find_people(scenario.population, scenario.years[0])
    plan = ensemble.Plan(people.population, settings_of(scenario), 1, 1, 6, scenario.dimensions)
    numbers = [replicate.number for replicate in ensemble.live(plan, 2, lambda: None)]
    assert numbers == list(range(6))
    assert threading.main_thread().name not in names
    assert all(ensemble.live(plan, 1, lambda: None))
    assert threading.main_thread().name in names


@COMPILED_ONLY
def test_draws_and_models_give_other_histories(scenario, tmp_path):
    from dataclasses import replace

    hashes = set()
    for i, changes in enumerate(
        ({}, {"draws": "explicit"}, {"model_type": 1}, {"model_type": 3}, {"seed": 1})
    ):
        done = pipeline.run(
            replace(scenario, years=(2013, 2022), **changes),
            out=str(tmp_path / f"out{i}"),
        )
        hashes.add(done.manifest["files"]["flows.parquet"])
    assert len(hashes) == 5


def test_a_population_has_one_fingerprint_in_any_order():
    people = made_people(50)
    turned = people.select(np.random.default_rng(1).permutation(50))
    other = people.copy()
    other["sex"][0] ^= 1
    later = people.copy()
    later.year += 1
    prints = [digest(p) for p in (people, turned, other, later)]
    assert prints[0] == prints[1]
    assert len({*prints}) == 3
