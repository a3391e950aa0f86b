"""Populations drawn from the reconstructed register: truths, links, sizes, messages."""

import time
import tracemalloc

import numpy as np
import pytest

from calibration import margins as m
from calibration import reconstruct
from calibration.descendants import LATEST_BIRTH, YOUNGEST_MOTHER
from calibration.reconstruction import FIRST_YEAR, LARGEST_SCALE, LAST_YEAR, sizes_of
from calibration.solution import shipped_solution
from runs.people import digest
from sim.agents.population import Population
from sim.codes import BACKGROUND, DESTINATION, EDUCATION, ORIGIN, REASON, SPONSOR_REASON, STATUS
from sim.geography import CENTRALITY_OF, COUNTY_OF
from sim.jit import COMPILED
from sim.problems import InputError
from tests.conftest import load

FEMALE, MALE = 0, 1
ADULT, CHILD_ARRIVAL, BORN = (
    BACKGROUND.index(name) for name in ("adult_arrival", "child_arrival", "norwegian_born")
)
FAMILY, NORDIC, UNKNOWN = (REASON.index(name) for name in ("family", "nordic", "unknown"))

# Year, scale, seed: from a handful to more than everybody.
DRAWS = [
    (2013, 0.0001, 1), (2013, 0.001, 2), (2013, 0.02, 1), (2013, 1, 1),
    (2004, 0.0002, 1), (2004, 0.02, 3), (2009, 0.3, 1), (2012, 1.3, 1),
]  # fmt: skip
EARLIER = {  # immigrants and Norwegian-born on 1 January, as published by Statistics Norway
    2004: (289_104, 59_836), 2005: (301_045, 63_936), 2006: (318_514, 68_185),
    2007: (341_830, 73_488), 2008: (380_644, 78_970), 2009: (422_595, 85_604),
    2010: (459_346, 92_967), 2011: (500_500, 100_422), 2012: (546_732, 108_438),
}  # fmt: skip


class Drawn:
    """A population with what the truths are told in: ages, who is who, members of families."""

    def __init__(self, year, scale, seed):
        self.p = reconstruct(year=year, scale=scale, seed=seed)
        self.year, self.scale = year, scale
        self.age = year - 1 - self.p["birth_year"].astype(int)
        self.abroad = self.p["place"] == 1
        self.resident = self.p["place"] == 0
        self.born = self.p["background"] == BORN
        self.immigrant = self.p.immigrants
        self.family = self.p["family"].astype(int)

    def __getitem__(self, name):
        return self.p[name]

    def members(self, whom):
        """Return, for every person, how many of `whom` share the family number."""
        return np.bincount(self.family[whom], minlength=self.family.max() + 1)[self.family]


@pytest.fixture(scope="module", params=DRAWS, ids=lambda d: f"{d[0]}, scale {d[1]}, seed {d[2]}")
def drawn(request):
    return Drawn(*request.param)


@pytest.fixture(scope="module")
def whole():
    return Drawn(2013, 1, 1)


# --- Truths about every draw ---


def test_every_declared_invariant_holds(drawn):
    drawn.p.check()
    assert isinstance(drawn.p, Population)
    assert drawn.p.year == drawn.year
    np.testing.assert_array_equal(drawn["person"], np.arange(len(drawn.p)))
    assert set(np.unique(drawn["place"])) == {0, 1}


def test_the_source_says_that_nobody_in_it_exists():
    p = reconstruct(year=2007, scale=0.01, seed=4)
    assert p.source == "reconstructed register of 1.1.2007 (synthetic; scale 0.01, seed 4)"


def test_family_counts_recount(drawn):
    """Every resident immigrant of a family is in the file; spouses who are no immigrants are not."""
    np.testing.assert_array_equal(np.unique(drawn.family), np.arange(drawn.family.max() + 1))
    here = drawn.resident
    recount = drawn.members(drawn.immigrant)
    np.testing.assert_array_equal(recount[here], drawn["family_immigrants"][here])
    assert (drawn["family_total"] >= drawn.members(here))[here].all()
    # Where a Norwegian-born child lives there is no non-immigrant partner: everybody is there.
    with_child = (drawn.members(drawn.born) > 0) & here
    everybody = drawn.members(here)
    np.testing.assert_array_equal(everybody[with_child], drawn["family_total"][with_child])


def test_what_is_missing_from_a_family_are_non_immigrant_partners_and_their_children(drawn):
    missing = drawn.resident & (drawn["family_total"] > drawn.members(drawn.resident))
    assert (drawn.members(drawn.born)[missing] == 0).all()
    # Who has an immigrant partner has no other, so that nobody can be missing there.
    assert (drawn["partner"][missing] == -1).all()


def test_a_family_lives_in_one_place_and_agrees_on_its_size(drawn):
    for name in ("municipality", "family_total", "family_immigrants"):
        first = np.zeros(drawn.family.max() + 1, dtype=int)
        first[drawn.family] = drawn[name]
        np.testing.assert_array_equal(first[drawn.family], drawn[name], err_msg=name)


def test_children_under_15_live_with_an_adult(drawn):
    adults = drawn.members(drawn.resident & (drawn.age >= 18))
    assert (adults[drawn.resident & (drawn.age < 15)] > 0).all()


def test_norwegian_born_under_18_live_in_a_family_of_immigrants(drawn):
    young = drawn.born & (drawn.age < 18)
    assert (drawn["family_immigrants"][young] > 0).all()
    alone = drawn.born & (drawn["family_immigrants"] == 0)
    assert (drawn["family_total"][alone] == 1).all()


def test_partners_are_mutual_adult_residents_of_one_family(drawn):
    has = np.flatnonzero(drawn["partner"] >= 0)
    partner = drawn["partner"][has]
    assert has.size > 0
    np.testing.assert_array_equal(drawn["partner"][partner], has)
    np.testing.assert_array_equal(drawn.family[has], drawn.family[partner])
    assert (drawn["sex"][has] != drawn["sex"][partner]).all()
    assert (drawn.age[has] >= 18).all()
    assert drawn.immigrant[has].all()


def test_mothers_are_resident_immigrant_women_of_the_family_and_of_fitting_age(drawn):
    has = np.flatnonzero(drawn["mother"] >= 0)
    mother = drawn["mother"][has]
    gap = drawn.age[mother] - drawn.age[has]
    assert has.size > 0
    assert (drawn["sex"][mother] == FEMALE).all()
    np.testing.assert_array_equal(drawn.family[has], drawn.family[mother])
    assert drawn.immigrant[mother].all()
    assert gap.min() >= 15 and gap.max() <= LATEST_BIRTH
    assert gap[drawn.born[has]].min(initial=99) >= YOUNGEST_MOTHER


def test_norwegian_born_are_born_after_their_mothers_arrival(drawn):
    """In the calendar year of the arrival or later, and they have her origin."""
    child = np.flatnonzero(drawn.born & (drawn["mother"] >= 0))
    mother = drawn["mother"][child]
    assert (drawn["birth_year"][child] >= drawn["first_arrival_year"][mother]).all()
    np.testing.assert_array_equal(drawn["origin"][child], drawn["origin"][mother])


def test_norwegian_born_have_no_reason_and_arrived_by_birth(drawn):
    born = drawn.born
    assert born.any() and not (born & drawn.abroad).any()
    assert (drawn["reason"][born] == UNKNOWN).all()
    assert (drawn["sponsor_reason"][born] == SPONSOR_REASON.index("none")).all()
    np.testing.assert_array_equal(drawn["first_arrival_year"][born], drawn["birth_year"][born])
    assert (drawn["partner"][born] == -1).all()


def test_background_follows_from_age_at_first_arrival(drawn):
    at_arrival = drawn["first_arrival_year"].astype(int) - drawn["birth_year"]
    assert (at_arrival >= 0).all()
    came = ~drawn.born
    np.testing.assert_array_equal(drawn["background"][came] == CHILD_ARRIVAL, at_arrival[came] <= 9)
    assert set(np.unique(drawn["background"][came])) <= {ADULT, CHILD_ARRIVAL}


def test_persons_abroad_left_in_the_ten_years_before_and_belong_to_nobody(drawn):
    gone = drawn.abroad
    left = drawn["left_year"][gone].astype(int)
    assert gone.any()
    assert left.min() >= drawn.year - 10 and left.max() == drawn.year - 1
    np.testing.assert_array_equal(drawn["registered_year"][gone], left)
    assert (drawn["first_arrival_year"][gone] < left).all()
    assert (drawn["birth_year"][gone] <= drawn["first_arrival_year"][gone]).all()
    assert (drawn.members(np.ones(len(drawn.p), dtype=bool))[gone] == 1).all()
    assert (drawn["mother"][gone] == -1).all() and (drawn["partner"][gone] == -1).all()
    assert (drawn["destination"][gone] == DESTINATION.index("unknown")).all()


def test_residents_have_nothing_to_do_with_emigration(drawn):
    for name in ("left_year", "registered_year"):
        assert (drawn[name][drawn.resident] == 0).all(), name


def test_recorded_reasons_are_of_arrivals_from_1990(drawn):
    recorded = ~drawn.born & ~np.isin(drawn["reason"], [NORDIC, UNKNOWN])
    assert (drawn["first_arrival_year"][recorded] >= m.REASON_RECORDED_FROM).all()


def test_nordic_reason_and_nordic_origin_go_together(drawn):
    origin = np.array(ORIGIN.names)[drawn["origin"]]
    nordic = drawn["reason"] == NORDIC
    only_nordic = np.isin(origin, ["denmark", "sweden", "iceland"])
    assert nordic[only_nordic & ~drawn.born].all()
    assert (only_nordic | (origin == "w_europe_nordic_other"))[nordic].all()


def test_sponsors_belong_to_family_immigrants_and_refugees_before_1990(drawn):
    none, refuge = (SPONSOR_REASON.index(name) for name in ("none", "refuge"))
    sponsor, reason = drawn["sponsor_reason"], drawn["reason"]
    assert (sponsor[reason == FAMILY] != none).all()
    early = (sponsor != none) & (reason != FAMILY)
    assert (sponsor[early] == refuge).all()
    assert (reason[early] == UNKNOWN).all()
    # Of the candidates some whose age was redrawn are too young for that: 0.1 percent of them.
    late = (drawn["first_arrival_year"][early] >= m.REASON_RECORDED_FROM).sum()
    assert late <= 2 + 0.003 * early.sum()


def test_sponsors_agree_with_the_family(drawn):
    """Who lives with a non-immigrant partner joined that one; who joined a worker has one near."""
    sponsor = drawn["sponsor_reason"]
    mixed = drawn.immigrant & (sponsor == SPONSOR_REASON.index("non_immigrant"))
    assert (drawn["family_total"][mixed] > drawn["family_immigrants"][mixed]).all()
    assert (drawn["partner"][mixed] == -1).all()
    work = drawn.resident & (sponsor == SPONSOR_REASON.index("work"))
    workers = drawn.members(drawn["reason"] == REASON.index("work"))
    assert (workers[work] > 0).all()


def test_the_young_and_the_old_have_no_status_and_children_no_education(drawn):
    outside = drawn.resident & ((drawn.age < 15) | (drawn.age > 74))
    assert (drawn["status"][outside] == STATUS.index("outside")).all()
    young = drawn.resident & (drawn.age < 15)
    assert (drawn["education"][young] == EDUCATION.index("none")).all()


# --- Seeds ---


@pytest.mark.parametrize("year", [2004, 2013])
def test_one_seed_gives_the_same_bits_and_another_other_persons(year):
    one, again, other = (reconstruct(year=year, scale=0.01, seed=s) for s in (7, 7, 8))
    for name, column in one.columns.items():
        assert column.tobytes() == again[name].tobytes(), name
    assert one["birth_year"].tobytes() != other["birth_year"].tobytes()
    assert one["municipality"].tobytes() != other["municipality"].tobytes()


def test_the_defaults_are_the_whole_of_2013(whole):
    again = reconstruct()
    assert all(again[name].tobytes() == whole[name].tobytes() for name in again.columns)


def test_numbers_of_numpy_are_numbers():
    plain = reconstruct(year=2010, scale=0.001, seed=3)
    numpys = reconstruct(year=np.int64(2010), scale=np.float32(0.001), seed=np.uint8(3))
    assert len(plain) == len(numpys)


# --- Sizes ---


def test_sizes_of_2013_are_exact(whole):
    assert whole.immigrant.sum() == 593_324
    assert (whole.resident & whole.born).sum() == 117_144
    sex = np.bincount(whole["sex"][whole.born], minlength=2)
    assert sex.tolist() == [57_068, 60_076]


def test_the_samples_of_the_eight_models_by_sex_and_centrality_are_exact(whole):
    inside = whole.immigrant & (whole.age >= 15)
    level = CENTRALITY_OF[whole["municipality"]]
    found = [
        [int((inside & (whole["sex"] == sex) & (level == c)).sum()) for c in range(4)]
        for sex in (FEMALE, MALE)
    ]
    assert found == [[15_255, 9_917, 30_539, 203_982], [15_354, 10_883, 33_963, 226_073]]
    assert sum(map(sum, found)) == 545_966


def test_reason_by_sex_and_centrality_is_exact(whole):
    group = m.group_of(whole["reason"], whole["sponsor_reason"])[whole.immigrant]
    cell = (
        whole["sex"][whole.immigrant], m.OFFICIAL_OF_GROUP[group],
        CENTRALITY_OF[whole["municipality"][whole.immigrant]],
    )  # fmt: skip
    found = np.zeros((2, len(m.OFFICIAL), 4), dtype=int)
    np.add.at(found, cell, 1)
    np.testing.assert_array_equal(found, m.stock_by_reason().sum(axis=3))
    assert found[MALE, m.OFFICIAL.index("work"), 3] == 78_055  # as published
    assert found[FEMALE, m.OFFICIAL.index("refuge_with_families"), 3] == 64_117


def test_norwegian_born_by_county_are_the_published_in_oslo(whole):
    oslo = COUNTY_OF[whole["municipality"]] == 2
    assert (whole.born & oslo).sum() > 0.35 * 117_144


@pytest.mark.parametrize("year", sorted(EARLIER))
def test_totals_of_earlier_years_are_exact(year):
    """Stocks by cell are fractions in these years; their sum is not."""
    census = reconstruct(year=year).census()
    found = census["resident_immigrants"], census["resident_norwegian_born"]
    assert found == EARLIER[year]
    assert 100_000 < census["abroad"] < 150_000


@pytest.mark.parametrize("year", [2004, 2011])
def test_persons_of_15_or_more_in_earlier_years_are_those_of_the_fit(year):
    d = Drawn(year, 1, 1)
    solution = shipped_solution()
    sizes = sizes_of(solution.pool.as_of(year), solution.number[year], year)
    inside = d.immigrant & (d.age >= 15)
    found = np.zeros((4, 2))
    np.add.at(found, (CENTRALITY_OF[d["municipality"][inside]], d["sex"][inside]), 1)
    assert np.abs(found - sizes.within).max() < 1


@pytest.mark.parametrize("scale", [0.01, 0.02, 0.1, 1.3])
def test_every_scale_has_its_number(scale):
    census = reconstruct(scale=scale, seed=5).census()
    # Whole families can overfill a cell by a few persons in small draws, never in large ones.
    spare = 3 if scale < 0.1 else 0
    assert 0 <= census["resident_immigrants"] - round(593_324 * scale) <= spare
    assert census["resident_norwegian_born"] == round(117_144 * scale)


def test_small_draws_keep_the_mixture():
    """Systematic draws: shares of a hundredth are those of the whole, to a point."""
    small, large = (Drawn(2013, scale, 6) for scale in (0.01, 0.1))
    for name, k in (("reason", 6), ("origin", 19), ("status", 5), ("education", 6)):
        shares = [
            np.bincount(d[name][d.immigrant], minlength=k) / d.immigrant.sum()
            for d in (small, large)
        ]
        # A simple draw would have a standard error of 0.65 points at most; these vary less.
        assert np.abs(shares[0] - shares[1]).max() < 0.02, name


# --- Time and memory ---


@pytest.mark.skipif(not COMPILED, reason="speed is that of compiled kernels")
def test_the_whole_of_2013_is_drawn_within_seconds():
    """Promised: 15 s; measured: about 1 s. Limits are generous: machines are shared."""
    shipped_solution()
    began = time.perf_counter()
    reconstruct(seed=2)
    assert time.perf_counter() - began < 15


def test_memory_of_a_draw_is_a_few_times_that_of_its_persons():
    """Measured: 380 bytes a person at the peak, that is 330 MB for the whole of 2013."""
    scale = load(0.5, 0.2)
    reconstruct(scale=0.01)  # what is kept between draws is read before memory is watched
    tracemalloc.start()
    p = reconstruct(scale=scale)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_200 * len(p)


# --- Messages ---


def refused(**words):
    with pytest.raises(InputError) as caught:
        reconstruct(**{"scale": 0.01, **words})
    return str(caught.value)


@pytest.mark.parametrize("year", [2003, 2014, "abc", True, 2013.0, None])
def test_a_wrong_year_is_refused(year):
    said = f"year: is '{year}'; allowed: a whole number, 2004 to 2013"
    assert said in refused(year=year)
    assert (FIRST_YEAR, LAST_YEAR) == (2004, 2013)


@pytest.mark.parametrize("scale", [0, 5, float("nan"), -1, 4.01, True, "1", None])
def test_a_wrong_scale_is_refused(scale):
    said = (
        f"scale: is {scale!r}; allowed: a number above 0, at most 4. "
        "1 is the whole population; give 0.01 for one person in a hundred."
    )
    assert said in refused(scale=scale)
    assert LARGEST_SCALE == 4


def test_a_scale_that_leaves_hardly_anybody_is_refused():
    said = (
        "scale: is 1e-05, which makes 6 persons; allowed: 50 persons or more. Give 0.0001 or more."
    )
    assert said in refused(scale=1e-5)


@pytest.mark.parametrize("seed", [-1, 1.5, "x", None, True])
def test_a_wrong_seed_is_refused(seed):
    assert f"seed: is {seed!r}; allowed: a whole number, 0 or more" in refused(seed=seed)


def test_all_problems_come_at_once():
    said = refused(year=1999, scale=9, seed=-1)
    assert "reconstruction has 3 problems" in said
    assert all(f"{name}: is" in said for name in ("year", "scale", "seed"))


def test_the_people_are_these_on_every_machine():
    """A digest of one draw: another version of NumPy, or another machine, must not change it."""
    assert digest(reconstruct(scale=0.02, seed=1))[:16] == "b7881e51d75701ed"
