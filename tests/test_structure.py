"""Ages and family sizes: counted, put into tables, drawn."""

import numpy as np
import pytest

from runs.intervals import SHARES
from runs.structure import Structures, estimates_of, structure_csv, structure_table
from runs.structure_plots import DRAWINGS, draw_structure
from sim.agents.population import ABROAD
from sim.codes import BACKGROUND, SEX
from sim.structure import LARGEST, OLDEST, Structure, structure_of
from tests.conftest import load, made_people

BORN = BACKGROUND.index("norwegian_born")


def people_of(seed=0):
    people = made_people(load(3_000, 300), seed)
    rng = np.random.default_rng(seed)
    people["background"][:] = rng.integers(0, 3, len(people))
    people["place"][:] = np.where(rng.random(len(people)) < 0.2, ABROAD, 0)
    people["birth_year"][:3] = 1905
    return people


def tables(replicates=3, years=(2013, 2014)):
    """A run's table, and the structures that it was made of."""
    import pyarrow as pa

    found = []
    for replicate in range(replicates):
        lived = []
        for year in years:
            people = people_of(10 * replicate + year)
            people.year = year
            lived.append(structure_of(people))
        found.append(lived)
    return pa.concat_tables(structure_table(s, (i, 0, 0)) for i, s in enumerate(found)), found


def test_everybody_resident_is_counted_by_the_rule_for_one_person():
    people = people_of()
    found = structure_of(people)
    ages = np.zeros_like(found.ages)
    families = np.zeros_like(found.families)
    for i in range(len(people)):
        if people["place"][i] == 0:
            background = people["background"][i]
            age = min(2013 - 1 - int(people["birth_year"][i]), OLDEST)
            ages[background, people["sex"][i], age] += 1
            families[background, min(int(people["family_total"][i]), LARGEST) - 1] += 1
    np.testing.assert_array_equal(found.ages, ages)
    np.testing.assert_array_equal(found.families, families)
    assert ages[:, :, OLDEST].sum() > 0


def test_the_table_holds_what_was_counted():
    table, found = tables()
    held = Structures(table)
    assert held.years == [2013, 2014]
    for r, lived in enumerate(found):
        for y, one in enumerate(lived):
            np.testing.assert_array_equal(held.ages[r, y], one.ages)
            np.testing.assert_array_equal(held.families[r, y], one.families)
    assert set(table["kind"].to_pylist()) == {"age", "family_size"}
    assert min(table["count"].to_pylist()) > 0


@pytest.mark.parametrize("whom", ["immigrants", "norwegian_born"])
def test_measures_are_those_of_the_persons(whom):
    table, found = tables(replicates=1, years=(2013,))
    one = found[0][0]
    which = [BORN] if whom == "norwegian_born" else [b for b in range(3) if b != BORN]
    age = np.repeat(np.arange(OLDEST + 1), one.ages[which].sum(axis=(0, 1)))
    got = {name: values[0].mean for name, values in estimates_of(Structures(table), whom).items()}
    between = ((age >= 20) & (age < 67)).sum()
    assert got["persons"] == age.size
    assert got["mean_age"] == pytest.approx(age.mean() + 0.5)
    assert got["dependency_ratio"] == pytest.approx(100 * (age.size - between) / between)
    shares = [v for name, v in got.items() if name.startswith("share")]
    assert len(shares) == LARGEST
    assert sum(shares) == pytest.approx(100)


def test_the_csv_names_whom_year_and_measure():
    lines = structure_csv(tables()[0]).splitlines()
    assert lines[0] == "whom,year,measure,mean,low,high,replicates," + ",".join(SHARES)
    assert len(lines) == 1 + 2 * 2 * (3 + LARGEST)
    assert all(line.endswith((",3,,,", ",3,0,0,100")) for line in lines[1:])


def test_pictures_are_drawn_the_same_every_time_and_name_their_source():
    table = tables()[0]
    manifest = {"scenario": {"name": "made"}, "assumptions": [], "versions": {}}
    drawn, again = draw_structure(table, manifest), draw_structure(table, manifest)
    assert list(drawn) == [drawing.name for drawing in DRAWINGS]
    assert drawn == again
    for svg in drawn.values():
        assert "scenario made" in svg
        assert svg.startswith("<svg")


def test_nobody_is_no_picture():
    nobody = Structure(2013, np.zeros((len(BACKGROUND), len(SEX), OLDEST + 1), dtype=int),
                       np.zeros((len(BACKGROUND), LARGEST), dtype=int))  # fmt: skip
    assert draw_structure(structure_table([nobody], (0, 0, 0)), {}) == {}
