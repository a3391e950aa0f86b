"""Norwegian-born persons and persons abroad: they live by the rules, and spoil no number."""

import csv
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from runs.cli import main
from sim.agents import files
from sim.agents.families import recount
from sim.agents.population import ABROAD, RESIDENT, Population
from sim.chance import Chance
from sim.codes import BACKGROUND, EDUCATION, REASON, STATUS
from sim.engine import Simulation
from sim.geography import CENTRALITY_OF
from sim.transitions import mobility_kernel as kernel
from sim.transitions.logit import TERMS
from sim.transitions.mobility import SHORTEST, Mobility
from sim.transitions.process import DOMESTIC, EMIGRATE, Settings
from tests.conftest import CLOSED, CLOSED_WORLD, load, made_people

ADULT, BORN = BACKGROUND.index("adult_arrival"), BACKGROUND.index("norwegian_born")
REFUGE, WORK, UNKNOWN = map(REASON.index, ("refuge", "work", "unknown"))
MOTHER, FATHER, CHILD, SISTER, LONER, AWAY = range(6)
DRAWS = ("explicit", "threshold")
N = load(4_000, 200)


def household(**columns):
    """An immigrant couple, their Norwegian-born child and grown daughter, and two strangers.

    Refugees go and nobody else: the mother, and somebody abroad who would if she were here.
    """
    made = {
        "person": [10, 20, 30, 40, 50, 60],
        "sex": [0, 1, 0, 0, 1, 0],
        "birth_year": [1970, 1965, 2005, 1990, 1985, 1980],
        "background": [ADULT, ADULT, BORN, BORN, BORN, ADULT],
        "origin": [12] * 6,
        "reason": [REFUGE, WORK, UNKNOWN, UNKNOWN, UNKNOWN, REFUGE],
        "first_arrival_year": [1988, 1987, 2005, 1990, 1985, 2000],
        "education": [1, 1, 0, 3, 3, 1],
        "status": [1, 1, 0, 1, 1, 1],
        "municipality": [5] * 6,
        "family": [0, 0, 0, 0, 1, 2],
        "family_total": [4, 4, 4, 4, 1, 1],
        "family_immigrants": [2, 2, 2, 2, 0, 1],
        "mother": [-1, -1, MOTHER, MOTHER, -1, -1],
        "partner": [FATHER, MOTHER, -1, -1, -1, -1],
        "place": [RESIDENT] * 5 + [ABROAD],
        "left_year": [0] * 5 + [2010],
        "destination": [0] * 5 + [1],
    }
    return Population.build(2013, "a household", {**made, **columns})


def strangers_abroad(n, background):
    """Return n persons abroad, each with a family number of their own."""
    people = made_people(n, 4, person=np.arange(n) + 2 * 10**6, families=False)
    for name, value in {
        "background": background,
        "place": ABROAD,
        "left_year": np.maximum(people["first_arrival_year"], 2010),
        "destination": 1,
    }.items():
        people[name][:] = value
    return people


def after(people, term, outcome, *, years=1, draws="explicit", **assumptions):
    """Live years in which whoever has a term certainly does one thing, and others stay."""
    coefficients = np.zeros((4, 2, len(TERMS), 2))
    coefficients[:, :, TERMS.index("constant")] = -300
    coefficients[:, :, TERMS.index(term), outcome - 1] += 600

    class Certain(Mobility):
        @classmethod
        def ready(cls, settings):
            return cls(coefficients, settings)

    simulation = Simulation(
        people,
        Settings(draws=draws, assumptions=assumptions),
        Chance(1),
        dimensions=("background",),
        processes=(Certain, *CLOSED[1:]),
    )
    return simulation.population, list(simulation.run(years))


def by_background(cells):
    return {BACKGROUND.names[c]: n for c, n in zip(*map(np.ndarray.tolist, cells), strict=True)}


@pytest.mark.parametrize("draws", DRAWS)
def test_a_norwegian_born_child_leaves_with_its_mother_and_counts_as_norwegian_born(draws):
    people, (counts,) = after(household(), "reason_refuge", EMIGRATE, draws=draws)
    assert np.flatnonzero(people["left_year"] == 2013).tolist() == [MOTHER, CHILD]
    assert by_background(counts.flows["emigrate"]) == {"adult_arrival": 1, "norwegian_born": 1}
    assert by_background(counts.flows["stay"]) == {"adult_arrival": 1, "norwegian_born": 2}
    assert by_background(counts.stock) == {"adult_arrival": 2, "norwegian_born": 3}
    # Two of four are left, one of two immigrants: the child was never one of them.
    for who in (FATHER, SISTER):
        assert (people["family_total"][who], people["family_immigrants"][who]) == (2, 1)
    assert (people["family_total"][LONER], people["family_immigrants"][LONER]) == (1, 0)


@pytest.mark.parametrize("draws", DRAWS)
def test_a_norwegian_born_child_moves_with_its_mother(draws):
    people, (counts,) = after(household(), "reason_refuge", DOMESTIC, draws=draws)
    home = people["municipality"]
    assert CENTRALITY_OF[home[MOTHER]] != CENTRALITY_OF[5]
    assert home.tolist() == [home[MOTHER], 5, home[MOTHER], 5, 5, 5]
    assert by_background(counts.flows["domestic"]) == {"adult_arrival": 1, "norwegian_born": 1}
    assert people["family_total"].tolist() == [4, 4, 4, 4, 1, 1]


def test_a_norwegian_born_child_whose_mother_is_abroad_follows_the_eldest():
    place = [ABROAD, *[RESIDENT] * 4, ABROAD]
    left = household(place=place, left_year=[2011, 0, 0, 0, 0, 2010], reason=[1, 0, 5, 5, 5, 1])
    assert (after(left, "reason_refuge", EMIGRATE)[0]["left_year"][:2] == [2011, 0]).all()
    left["reason"][FATHER] = REFUGE
    gone = after(left, "reason_refuge", EMIGRATE)[0]["left_year"] == 2013
    assert np.flatnonzero(gone).tolist() == [FATHER, CHILD]


def test_a_norwegian_born_adult_who_leaves_takes_no_immigrant_off_the_family():
    settings = {"norwegian_born": "as_immigrants"}
    people, _ = after(household(), "reason_unknown", EMIGRATE, **settings)
    assert np.flatnonzero(people["left_year"] == 2013).tolist() == [SISTER, LONER]
    for who in (MOTHER, FATHER, CHILD):
        assert (people["family_total"][who], people["family_immigrants"][who]) == (3, 2)
    stay, _ = after(household(), "reason_unknown", EMIGRATE)
    assert not (stay["left_year"] == 2013).any()


def test_a_norwegian_born_child_comes_of_age_and_stays_from_then_on():
    people, years = after(household(), "reason_refuge", DOMESTIC, years=9)
    assert people["status"][CHILD] == STATUS.index("student")
    assert people["education"][CHILD] == EDUCATION.index("compulsory")
    moved = [by_background(counts.flows["domestic"]).get("norwegian_born", 0) for counts in years]
    assert moved == [1] * 8 + [0]  # born in 2005: a child in 2012 to 2019


@pytest.mark.parametrize("draws", DRAWS)
@pytest.mark.parametrize("background", [ADULT, BORN])
def test_persons_abroad_are_neither_counted_nor_touched(draws, background):
    here = made_people(N, 3)
    both = here.append(strangers_abroad(N // 2, background))
    settings = Settings(draws=draws, assumptions={"norwegian_born": "as_immigrants"})
    lives = [Simulation(people, settings, Chance(5), processes=CLOSED) for people in (here, both)]
    alone, together = ([*life.run(6), life.stock()] for life in lives)
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one.stock, other.stock)
        assert one.flows.keys() == other.flows.keys()
        for event, flow in one.flows.items():
            np.testing.assert_array_equal(flow, other.flows[event])
    people = lives[1].population
    for name, column in people.columns.items():
        np.testing.assert_array_equal(column[N:], both[name][N:], name)
    resident = people["place"] == RESIDENT
    np.testing.assert_array_equal(
        people["family_immigrants"][resident], recount(people)[1][resident]
    )


class NoLuck(Chance):
    """Every word is 0: as if everybody drew the smallest number there is."""

    def swift_word(self, process, year, person, word):
        word[:] = 0


def test_not_even_the_smallest_draw_moves_whoever_is_not_asked():
    """A ceiling of 0 means not asked; luck 0 lies below every other level."""
    people = household(background=[ADULT, ADULT, BORN, BORN, BORN, ADULT])
    simulation = Simulation(people, Settings(draws="threshold"), NoLuck(1), processes=CLOSED)
    counts = simulation.step()
    asked = [MOTHER, FATHER]
    assert counts.total("domestic") == 3  # the couple, and the child with its mother
    home = simulation.population["municipality"]
    assert (home[asked] != 5).all()
    assert (home[[SISTER, LONER, AWAY]] == 5).all()
    words, flag = np.zeros((1, 8), dtype=np.uint32), np.ones(8, dtype=np.uint8)
    luck = np.zeros((1, 8), dtype=np.float32)
    codes = np.array([0, 1, 255, 0] * 2, dtype=np.uint8)
    kernel.screen_threshold(words, codes, luck, luck.view(np.int32), flag)
    assert flag.tolist() == [0, 1, 1, 0] * 2
    words, luck = np.zeros((3, 8), dtype=np.uint32), np.zeros((2, 8), dtype=np.float32)
    words[0] = 2**32 - 1
    kernel.screen_explicit(words, codes, codes, SHORTEST, luck, luck.view(np.int32), flag)
    assert flag[[0, 3, 4, 7]].tolist() == [0] * 4


def mixed():
    """Immigrants; the same with Norwegian-born adults beside them and persons abroad."""
    immigrants = made_people(N, 7)
    n = N // 4
    alone = {"families": False, "reason": np.full(n, UNKNOWN), "background": np.full(n, BORN)}
    counted = {"family_total": np.ones(n, int), "family_immigrants": np.zeros(n, int)}
    age = {"birth_year": np.full(n, 1990), "first_arrival_year": np.full(n, 1990)}
    born = made_people(n, 8, person=np.arange(n) + 10**6, **alone, **counted, **age)
    return immigrants, immigrants.append(born).append(strangers_abroad(n, ADULT))


def lived(people, folder, *words):
    """Run the command line on a population and return the folder of the run."""
    folder.mkdir()
    files.save(people, folder / "people.parquet")
    world = "".join(f"\n  {name}: {value}" for name, value in CLOSED_WORLD.items())
    text = f"name: closed\nquestion: Who is counted?\nbased_on: baseline\nassumptions:{world}\n"
    (folder / "closed.yaml").write_text(text, "utf-8")
    command = ["run", str(folder / "closed.yaml"), "--years", "2013..2015", "--replicates", "2"]
    where = ["--population", str(folder / "people.parquet"), "--out", str(folder / "out")]
    return main([*command, *where, *words]), folder / "out"


def test_a_run_tells_the_same_of_immigrants_whoever_is_beside_them(tmp_path, capsys):
    some, every = mixed()
    told = []
    for people, name in ((some, "some"), (every, "every")):
        assert lived(people, tmp_path / name, "--json")[0] == 0
        told.append(json.loads(capsys.readouterr().out)["headline"])
    one, other = tmp_path / "some" / "out", tmp_path / "every" / "out"
    tables = sorted(path.name for path in one.glob("summary_*.csv"))
    for name in tables:
        if name != "summary_by_background.csv":
            assert (one / name).read_bytes() == (other / name).read_bytes(), name
    with (other / "summary_by_background.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["background"] == "norwegian_born"]
    assert {row["mean"] for row in rows if row["measure"] == "stock"} == {f"{N // 4}.0"}
    assert {row["mean"] for row in rows if row["measure"] == "emigrations"} == {"0.0"}
    assert told[0]["years"] == told[1]["years"]
    assert told[1]["norwegian_born"][0]["stock"]["mean"] == N // 4
    assert sum(pq.read_table(other / "stocks.parquet")["count"].to_pylist()) > sum(
        pq.read_table(one / "stocks.parquet")["count"].to_pylist()
    )


def test_the_manifest_and_the_description_say_who_the_persons_are(tmp_path):
    people = mixed()[1]
    _, folder = lived(people, tmp_path / "run")
    said = json.loads((folder / "manifest.json").read_text())["population"]
    held = {"resident_immigrants": N, "resident_norwegian_born": N // 4, "abroad": N // 4}
    assert people.census() == held
    assert held.items() <= said.items()
    assert said["persons"] == sum(held.values())
    assert f"residents: {N:,} immigrants, {N // 4:,} Norwegian-born" in people.describe()


def test_a_run_divided_otherwise_still_tells_immigrants_from_others(tmp_path):
    scenario = tmp_path / "by_sex.yaml"
    scenario.write_text("name: by_sex\nquestion: Who?\nbased_on: baseline\ndimensions: sex\n")
    files.save(mixed()[1], tmp_path / "people.parquet")
    words = ["--years", "2013", "--replicates", "1", "--out", str(tmp_path / "out")]
    people = str(tmp_path / "people.parquet")
    assert main(["run", str(scenario), *words, "--population", people]) == 0
    record = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert record["scenario"]["dimensions"] == ["background", "sex"]
    total = (tmp_path / "out" / "summary_total.csv").read_text()
    assert f"2013,stock,{N}.0," in total


def test_a_population_of_persons_abroad_alone_is_refused(tmp_path, capsys):
    files.save(made_people(50, left_year=np.full(50, 2010)), tmp_path / "people.parquet")
    table = pq.read_table(tmp_path / "people.parquet")
    abroad = pa.array(["abroad"] * 50)
    table = table.set_column(table.column_names.index("place"), "place", abroad)
    pq.write_table(table, tmp_path / "abroad.parquet")
    words = ["--population", str(tmp_path / "abroad.parquet"), "--out", str(tmp_path / "out")]
    assert main(["run", "baseline", *words]) == 2
    assert "place: nobody is resident" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
