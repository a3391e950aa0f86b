"""What sets counties, levels, educations and statuses apart inside a reason: as the model reads it."""

import shutil
from importlib import resources

import numpy as np
import pytest

from sim.chance import Chance
from sim.codes import CENTRALITY, EDUCATION, REASON, STATUS
from sim.geography import CENTRALITY_OF, COUNTY, COUNTY_OF, MUNICIPALITY, municipality
from sim.problems import InputError
from sim.transitions import calibrated
from sim.transitions.calibrated import COLUMNS, WITHIN
from sim.transitions.mobility import Mobility
from sim.transitions.process import Settings, Year
from sim.transitions.reason_offsets import (
    TRAITS,
    WHAT,
    county_factor,
    from_rows,
    no_offsets,
    period_of,
    place_factor,
    trait_factor,
)
from tests.conftest import load, made_people

OSLO = MUNICIPALITY.index(municipality("Oslo").number)
WORK, REFUGE = REASON.index("work"), REASON.index("refuge")
HEAD = ",".join(COLUMNS[WITHIN])


def row(what, year, reason, by, code, offset):
    names = COLUMNS[WITHIN][:6]
    return dict(zip(names, (what, str(year), reason, by, code, str(offset)), strict=True))


@pytest.fixture
def folder(tmp_path):
    with resources.as_file(resources.files("sim.transitions") / "data") as shipped:
        for name in COLUMNS:
            shutil.copy(shipped / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize(
    ("year", "period"), [(1990, 0), (2004, 0), (2008, 0), (2009, 1), (2013, 1), (2070, 1)]
)
def test_years_lie_in_two_periods(year, period):
    assert period_of(year) == period


def test_a_place_has_what_its_county_and_its_level_have():
    log = from_rows([row("emigrate", 2009, "work", "county", "03", 0.5),
                     row("emigrate", 2009, "work", "centrality", "4", 0.25),
                     row("domestic", 2004, "refuge", "county", "20", -1.0)])  # fmt: skip
    early, late = (place_factor(log, period) for period in (0, 1))
    assert late[WORK, OSLO].tolist() == pytest.approx([1.0, np.exp(0.75)])
    elsewhere = (CENTRALITY_OF == 3) & (np.arange(428) != OSLO)
    np.testing.assert_allclose(late[WORK, elsewhere, 1], np.exp(0.25))
    np.testing.assert_allclose(late[WORK, CENTRALITY_OF != 3], 1.0)
    np.testing.assert_allclose(late[REFUGE], 1.0)
    finnmark = COUNTY.index("20") == COUNTY_OF
    np.testing.assert_allclose(early[REFUGE, finnmark, 0], np.exp(-1.0))
    np.testing.assert_allclose(early[REFUGE, ~finnmark], 1.0)


def test_status_and_education_add_up():
    log = from_rows([row("emigrate", 2004, "work", "status", "student", 1.0),
                     row("emigrate", 2004, "work", "education", "none", 0.5),
                     row("county", 2004, "work", "education", "none", 0.75),
                     row("county", 2004, "work", "county", "01", 0.25)])  # fmt: skip
    traits, county = trait_factor(log, 0), county_factor(log, 0)
    student, none = STATUS.index("student"), EDUCATION.index("none")
    assert traits[WORK, student, none, 1] == pytest.approx(np.exp(1.5))
    assert traits[WORK, 0, none, 1] == pytest.approx(np.exp(0.5))
    assert (traits[..., 0] == 1).all()
    assert county[WORK, 0, none, 0] == pytest.approx(np.exp(1.0))
    assert county[WORK, 0, none, 1] == pytest.approx(np.exp(0.75))
    assert county.shape == (len(REASON), len(STATUS), len(EDUCATION), len(COUNTY))
    assert (trait_factor(log, 1) == 1).all()


def test_the_shipped_table_says_something_of_each_trait_and_can_be_switched_off():
    shipped = calibrated.read().within
    assert set(shipped) == set(TRAITS)
    for by, codes in TRAITS.items():
        assert shipped[by].shape == (2, len(WHAT), len(REASON), len(codes))
        assert np.abs(shipped[by]).max() > 0.05
        assert np.abs(shipped[by]).max() <= 2.5
    none = Mobility.ready(Settings(assumptions={"reason_offset": "none"}))
    told = Mobility.ready(Settings())
    assert (none.tables_of(2013).place == 1).all()
    assert (told.tables_of(2013).place != 1).any()
    assert (told.tables_of(2008).place != told.tables_of(2009).place).any()
    np.testing.assert_array_equal(told.tables_of(2009).place, told.tables_of(2040).place)
    assert (no_offsets()["county"] == 0).all()
    assert len(CENTRALITY) == 4


def test_a_folder_of_ones_own_decides_who_emigrates(folder):
    """Odds of e to the tenth in Oslo, and of e to minus ten elsewhere, for one reason."""
    lines = [f"emigrate,{year},work,county,{c},{10 if c == '03' else -10},yes,mine"
             for year in (2004, 2009) for c in COUNTY.names]  # fmt: skip
    (folder / WITHIN).write_text("\n".join([HEAD, *lines]) + "\n")
    n = load(2_000, 200)
    people = made_people(n, families=False, reason=np.full(n, WORK))
    people["municipality"][::2] = OSLO
    process = Mobility.ready(Settings(calibration=str(folder)))
    weight = np.array([process.weights(people, 2013, i)[1] for i in range(100)])
    plain = Mobility.ready(Settings(assumptions={"reason_offset": "none"}))
    before = np.array([plain.weights(people, 2013, i)[1] for i in range(100)])
    asked = before > 0
    expected = np.where(COUNTY_OF[people["municipality"][:100]] == 2, 10.0, -10.0)
    np.testing.assert_allclose(np.log(weight[asked] / before[asked]), expected[asked])
    assert asked.sum() > 50


@pytest.mark.parametrize("draws", ["explicit", "threshold"])
def test_ceilings_of_the_years_before_hold_in_the_period_after(draws):
    people = made_people(load(4_000, 300), 4)
    how = Settings(draws=draws, renew=10)
    one, fresh = Mobility.ready(how), Mobility.ready(how)
    for year in (2005, 2008, 2009, 2012):
        outcomes = []
        for process in (one, fresh if year == 2012 else one):
            this = Year.begin(year, people, Chance(1))
            process.happen(this)
            outcomes.append(this.outcome.copy())
        np.testing.assert_array_equal(*outcomes)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("emigrate,2009,work,county,3,0.5,yes,x", "code is '3' - 01, 02"),
        ("emigrate,2009,work,centrality,03,0.5,yes,x", "code is '03'"),
        ("emigrate,2010,work,county,03,0.5,yes,x", "from_year is '2010'"),
        ("emigrates,2009,work,county,03,0.5,yes,x", "Did you mean 'emigrate'?"),
        ("emigrate,2009,work,sex,03,0.5,yes,x", "by is 'sex'"),
        ("emigrate,2009,work,county,03,50,yes,x", "-10 to 10"),
    ],
)
def test_faults_are_told_with_their_line(folder, line, says):
    (folder / WITHIN).write_text(f"{HEAD}\n{line}\n")
    with pytest.raises(InputError, match=r"reason_offsets\.csv line 2") as caught:
        calibrated._read(folder)
    assert says.split(" - ")[0] in str(caught.value)


def test_rows_may_not_repeat(folder):
    line = "emigrate,2009,work,county,03,0.5,yes,x"
    (folder / WITHIN).write_text(f"{HEAD}\n{line}\n{line}\n")
    with pytest.raises(InputError, match="repeats emigrate 2009 work county 03"):
        calibrated._read(folder)
