"""Checkpoints: a replicate cut after any year goes on with the same bits."""

import json

import numpy as np
import pytest

from runs.checkpoints import HEADER, Checkpoints, kept_years
from runs.ensemble import Plan, live_one
from sim.agents.population import DEAD
from sim.engine import Simulation
from sim.transitions.process import Settings
from tests.conftest import CLOSED_WORLD, load, made_people

YEARS = load(11, 7)  # past two years in which people are forgotten, 2015 and 2020 (plain: one)
WORLDS = {
    "explicit": Settings(),
    "threshold": Settings(draws="threshold"),
    "closed": Settings(assumptions=CLOSED_WORLD),
    "registered_later": Settings(assumptions={"clean_up": "none"}),
}


class Broken(Exception):
    """The process was killed."""


class Cutting(Checkpoints):
    """Checkpoints of a process that is killed as soon as a year is kept."""

    def save(self, simulation, counts):
        super().save(simulation, counts)
        raise Broken


def plan_of(settings, years=YEARS):
    people = made_people(load(3_000, 300), year=2013)
    some = np.arange(len(people)) % 7 == 0  # some live abroad and may return
    people["place"][some], people["left_year"][some] = 1, 2010
    people["registered_year"][some] = 2011
    people["place"][3::9] = DEAD  # enough to be forgotten in 2015
    return Plan(people, settings, 5, years, 1, ("background", "reason", "sex"))


def same(one, other):
    return all(
        getattr(one, name).equals(getattr(other, name)) for name in ("flows", "stocks", "structure")
    )


@pytest.mark.parametrize("world", WORLDS)
def test_a_replicate_cut_after_every_year_is_the_same(world, tmp_path):
    plan = plan_of(WORLDS[world])
    whole = live_one(plan, 3)
    for year in range(1, YEARS):
        with pytest.raises(Broken):
            live_one(plan, 3, None, Cutting(tmp_path))
        assert kept_years(tmp_path) == year
    assert same(live_one(plan, 3, None, Checkpoints(tmp_path)), whole)


def test_keeping_changes_nothing_and_people_are_forgotten(tmp_path, monkeypatch):
    forgotten = []
    real = Simulation._forget

    def noted(simulation):
        gone = real(simulation)
        forgotten.append(simulation.population.forgotten)
        return gone

    monkeypatch.setattr(Simulation, "_forget", noted)
    plan = plan_of(Settings())
    assert same(live_one(plan, 0, None, Checkpoints(tmp_path)), live_one(plan, 0))
    assert max(forgotten) >= 1  # or the test above would not have cut where it matters


def cut(plan, folder, years):
    for _ in range(years):
        with pytest.raises(Broken):
            live_one(plan, 0, None, Cutting(folder))


@pytest.mark.parametrize("damage", ["state", "fixed", "lived", "header", "gone", "older"])
def test_a_damaged_checkpoint_is_noticed_and_the_replicate_lived_anew(damage, tmp_path, capsys):
    tmp_path = tmp_path / "00007"
    plan = plan_of(Settings(), years=3)
    whole = live_one(plan, 0)
    cut(plan, tmp_path, 2)
    if damage == "header":
        (tmp_path / HEADER).write_text("{")
    elif damage == "older":  # the state of the year before, as after a power cut
        slot = json.loads((tmp_path / HEADER).read_text())["slot"]
        old = (tmp_path / f"state-{1 - slot}.bin").read_bytes()
        size = (tmp_path / f"state-{slot}.bin").stat().st_size
        (tmp_path / f"state-{slot}.bin").write_bytes((old + bytes(size))[:size])
    else:
        path = next(tmp_path.glob(f"{'state' if damage == 'gone' else damage}-*"))
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 255
        path.write_bytes(content)
        for other in tmp_path.glob("state-*") if damage in ("state", "gone") else ():
            other.write_bytes(content) if damage == "state" else other.unlink()
    years = []
    again = live_one(plan, 0, lambda: years.append(1), Checkpoints(tmp_path))
    assert len(years) == 3
    assert "vandring: note: what was kept of replicate 7 is damaged (" in capsys.readouterr().err
    assert same(again, whole)


def test_only_what_changed_is_written_again(tmp_path):
    plan = plan_of(Settings(), years=3)
    cut(plan, tmp_path, 1)
    before = (tmp_path / "fixed-0.bin").read_bytes()
    cut(plan, tmp_path, 1)
    after = (tmp_path / "fixed-0.bin").read_bytes()
    header = json.loads((tmp_path / HEADER).read_text())
    assert after.startswith(before)
    newcomers = header["rows"] - header["blocks"][0][1]
    assert newcomers > 0
    assert len(after) == len(before) * header["rows"] / header["blocks"][0][1]


def test_a_population_of_which_nobody_is_left(tmp_path):
    people = made_people(30, families=False)
    people["place"][:] = DEAD
    plan = Plan(people, Settings(assumptions=CLOSED_WORLD), 5, 5, 1, ("background", "sex"))
    whole = live_one(plan, 0)
    cut(plan, tmp_path, 4)
    assert json.loads((tmp_path / HEADER).read_text())["rows"] == 0
    assert same(live_one(plan, 0, None, Checkpoints(tmp_path)), whole)
