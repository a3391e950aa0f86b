import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.agents.families import children_and_adults
from sim.agents.population import ABROAD
from sim.chance import Chance, between_0_and_1
from sim.codes import REASON
from sim.engine import ASSUMPTIONS
from sim.transitions import ceilings, ceilings_kernel, mobility
from sim.transitions import mobility_kernel as kernel
from sim.transitions.logit import TERMS, published_set
from sim.transitions.mobility import Mobility
from sim.transitions.process import DOMESTIC, EMIGRATE, STAY, Settings, Year
from tests import oracles
from tests.conftest import load, made_people
from tests.odds import assert_share

N = load(3_000, 150)
DRAWS = ("explicit", "threshold")
ALONE = {"children": "stay", "families": "apart"}


def settings(**changes):
    assumptions = {a.name: a.default for a in ASSUMPTIONS} | changes.pop("assumptions", {})
    return Settings(assumptions=assumptions, **changes)


def outcomes(people, process, year=2013, chance=None, changed=()):
    this = Year.begin(year, people, chance or Chance(1))
    this.changed.extend(changed)
    this.regrouped.extend(changed)
    process.happen(this)
    return this.outcome


def livelier(model_type=1):
    """The published coefficients with both moves far more likely, so that small loads see many."""
    coefficients = published_set(model_type).coefficients.copy()
    coefficients[:, :, TERMS.index("constant")] += 2
    return coefficients


def rule(people, i, year, coefficients, how):
    """The outcome of one person by the rule written for one."""
    someone = oracles.person(people, i)
    weight = oracles.weights(someone, year, coefficients, how.assumptions)
    words = np.empty((4, 1), dtype=np.uint32)
    who = people["person"][i : i + 1]
    if how.draws == "explicit":
        Chance(1).block("mobility", year, who, words)
        return oracles.explicit(weight, between_0_and_1(words[:3, 0]))
    Chance(1).swift_word("mobility", year, who, words[0])
    return oracles.threshold(weight, between_0_and_1(words[0, 0]))


@pytest.mark.parametrize("draws", DRAWS)
@pytest.mark.parametrize("model_type", [1, 2, 3])
def test_everybody_does_what_the_rule_for_one_person_says(draws, model_type):
    people = made_people(N, model_type)
    people["place"][::11] = ABROAD
    people["background"][::7] = 2
    how = settings(draws=draws, assumptions=ALONE, model_type=model_type)
    process = Mobility(livelier(model_type), how)
    for year in (2013, 2020):
        expected = [rule(people, i, year, livelier(model_type), how) for i in range(N)]
        np.testing.assert_array_equal(outcomes(people, process, year), expected)
        assert set(expected) == {STAY, DOMESTIC, EMIGRATE}


@pytest.mark.parametrize("draws", DRAWS)
@pytest.mark.parametrize("assumptions", [{"old_age": "stay"}, {"norwegian_born": "as_immigrants"}])
def test_other_assumptions_follow_the_rule_too(draws, assumptions):
    people = made_people(N, 5)
    people["background"][::3] = 2
    how = settings(draws=draws, assumptions=ALONE | assumptions)
    process = Mobility(livelier(), how)
    expected = [rule(people, i, 2013, livelier(), how) for i in range(N)]
    np.testing.assert_array_equal(outcomes(people, process), expected)
    default = Mobility(livelier(), settings(draws=draws, assumptions=ALONE))
    assert (outcomes(people, default) != expected).any()


@pytest.mark.parametrize("draws", DRAWS)
@given(renew=st.integers(1, 12), seed=st.integers(0, 99), chunk=st.integers(1, 500))
def test_neither_ceilings_nor_chunks_change_an_outcome(draws, renew, seed, chunk):
    people = made_people(load(300, 60), seed)
    one = Mobility(livelier(), settings(draws=draws, renew=renew, chunk=chunk))
    for year in range(2013, 2026, 3):
        fresh = Mobility(livelier(), settings(draws=draws, renew=1))
        np.testing.assert_array_equal(outcomes(people, one, year), outcomes(people, fresh, year))


@pytest.mark.parametrize("draws", DRAWS)
@pytest.mark.parametrize("share", [0.03, 0.5])  # few, or so many that all are bounded anew
def test_whoever_is_reported_as_changed_is_weighed_anew(draws, share):
    people = made_people(N, 9)
    process = Mobility(livelier(), settings(draws=draws))
    outcomes(people, process)
    some = np.flatnonzero(np.random.default_rng(0).random(N) < share)
    people["reason"][some] = REASON.index("education")
    people["family_total"][some] = people["family_immigrants"][some] = 1
    fresh = Mobility(livelier(), settings(draws=draws))
    np.testing.assert_array_equal(
        outcomes(people, process, 2014, changed=[some]), outcomes(people, fresh, 2014)
    )
    assert (process.ceilings.until == 2015) == (share == 0.5)


@pytest.mark.parametrize("draws", DRAWS)
def test_luck_follows_the_person_whatever_the_order(draws):
    people = made_people(N, 2)
    turn = np.random.default_rng(3).permutation(N)
    process = Mobility(livelier(), settings(draws=draws))
    again = Mobility(livelier(), settings(draws=draws))
    np.testing.assert_array_equal(
        outcomes(people, process)[turn], outcomes(people.select(turn), again)
    )


def certain(term, outcome, level=None):
    """Coefficients under which only people with a trait go, and they certainly do."""
    coefficients = np.zeros((4, 2, len(TERMS), 2))
    coefficients[:, :, TERMS.index("constant")] = -300
    where = slice(None) if level is None else level
    coefficients[where, :, TERMS.index(term), outcome - 1] += 600
    return coefficients


@pytest.mark.parametrize("draws", DRAWS)
@pytest.mark.parametrize("outcome", [DOMESTIC, EMIGRATE])
@pytest.mark.parametrize(
    ("term", "column", "code"),
    [
        ("reason_refuge", "reason", 1),
        ("reason_unknown", "reason", 5),
        ("status_employed", "status", 1),
        ("status_unemployed", "status", 4),
        ("education_compulsory", "education", 1),
        ("education_tertiary_long", "education", 5),
    ],
)
def test_a_certain_outcome_strikes_only_its_own_category(draws, outcome, term, column, code):
    people = made_people(N, 4)
    process = Mobility(certain(term, outcome), settings(draws=draws, assumptions=ALONE))
    covered = (people["birth_year"] <= 1997) & (people[column] == code)
    np.testing.assert_array_equal(outcomes(people, process) == outcome, covered)
    np.testing.assert_array_equal(outcomes(people, process) != STAY, covered)


@pytest.mark.parametrize("level", range(4))
@pytest.mark.parametrize("sex", range(2))
def test_a_certain_outcome_strikes_only_its_own_level_and_sex(level, sex):
    people = made_people(N, 4)
    coefficients = certain("constant", EMIGRATE)
    coefficients[:, :, TERMS.index("constant")] = -300
    coefficients[level, sex, TERMS.index("constant"), 1] = 300
    process = Mobility(coefficients, settings(assumptions=ALONE))
    here = mobility.CENTRALITY_OF[people["municipality"]] == level
    expected = here & (people["sex"] == sex) & (people["birth_year"] <= 1997)
    np.testing.assert_array_equal(outcomes(people, process) == EMIGRATE, expected)


@pytest.mark.parametrize(
    ("term", "first", "last"),
    [
        ("duration_0_2", 0, 2),
        ("duration_3_5", 3, 5),
        ("duration_6_10", 6, 10),
        ("duration_11_15", 11, 15),
    ],
)
def test_a_certain_outcome_strikes_only_its_own_durations(term, first, last):
    stay = np.arange(40)
    people = made_people(
        40, families=False, birth_year=np.full(40, 1950), first_arrival_year=2012 - stay
    )
    process = Mobility(certain(term, EMIGRATE), settings())
    for year in (2013, 2016):
        due = (stay + year - 2013 >= first) & (stay + year - 2013 <= last)
        np.testing.assert_array_equal(outcomes(people, process, year) == EMIGRATE, due)


def test_nobody_under_15_decides_and_people_over_74_decide_as_if_74():
    age = np.arange(121)
    people = made_people(
        121, families=False, birth_year=2012 - age, first_arrival_year=np.full(121, 2012)
    )
    process = Mobility(certain("constant", EMIGRATE), settings(assumptions=ALONE))
    np.testing.assert_array_equal(outcomes(people, process) == EMIGRATE, age >= 15)
    tables = mobility.weight_tables(published_set(1).coefficients, settings())
    ages = tables.age.reshape(8, int(kernel.AGES), 2)
    assert (ages[:, 75:] == ages[:, 74:75]).all()
    assert (ages[:, :15] == 0).all()
    assert (ages[:, 15:] > 0).all()


@pytest.mark.parametrize("draws", DRAWS)
def test_children_do_what_their_adult_does(draws):
    people = made_people(N, 8)
    process = Mobility(livelier(), settings(draws=draws))
    this = Year.begin(2013, people, Chance(1))
    process.happen(this)
    young = people["birth_year"] > 1997
    children, adults = children_and_adults(people, 1997)
    assert young[children].all()
    assert not young[adults].any()
    np.testing.assert_array_equal(this.outcome[children], this.outcome[adults])
    without = np.setdiff1d(np.flatnonzero(young), children)
    assert (this.outcome[without] == STAY).all()
    going = this.outcome[children] != STAY
    assert going.any()
    order = np.argsort(this.children)
    np.testing.assert_array_equal(this.children[order], children[going])
    np.testing.assert_array_equal(this.adults[order], adults[going])


def test_no_columns_are_written(people):
    before = people.copy()
    outcomes(people, Mobility(livelier(), settings()))
    for name, column in people.columns.items():
        np.testing.assert_array_equal(column, before[name])


@pytest.mark.parametrize("draws", DRAWS)
@pytest.mark.parametrize("model_type", [1, 3])
def test_shares_of_outcomes_are_the_probabilities(draws, model_type):
    """False alarm: once in a million, for each of two shares."""
    n = load(200_000, 1_500)
    alike = made_people(
        n,
        families=False,
        sex=np.ones(n),
        birth_year=np.full(n, 1982),
        first_arrival_year=np.full(n, 2009),
        reason=np.zeros(n),
        status=np.ones(n),
        education=np.zeros(n),
        municipality=np.full(n, 20),
        family_total=np.ones(n),
    )
    weight = oracles.weights(
        oracles.person(alike, 0), 2013, livelier(model_type), settings().assumptions
    )
    seen = outcomes(alike, Mobility(livelier(model_type), settings(draws=draws)))
    for outcome in (DOMESTIC, EMIGRATE):
        share = weight[outcome - 1] / (1 + sum(weight))
        assert_share(np.count_nonzero(seen == outcome), n, share)


@given(less=st.floats(0, 3), seed=st.integers(0, 50))
def test_making_emigration_less_attractive_moves_nobody_into_it_or_between_the_others(less, seed):
    people = made_people(load(500, 60), seed)
    dampened = livelier()
    dampened[:, :, TERMS.index("constant"), 1] -= less
    before = outcomes(people, Mobility(livelier(), settings()))
    after = outcomes(people, Mobility(dampened, settings()))
    assert (after[before != EMIGRATE] == before[before != EMIGRATE]).all()


@given(weights=st.lists(st.floats(0, 1e6), min_size=2, max_size=2))
def test_a_ceiling_is_never_below_its_weight(weights):
    """Of somebody for whom all factors but one are 1."""
    people = made_people(1, families=False, birth_year=np.full(1, 1980))
    tables = mobility.weight_tables(np.zeros((4, 2, len(TERMS), 2)), settings())
    tables = tables._replace(shift=np.tile(weights, (tables.shift.shape[0], 1)))
    codes = np.zeros((2, 1), dtype=np.uint8)
    persons = mobility.persons_of(people)
    ceilings_kernel.ceilings(ceilings.coded(tables, 1), 2013, *persons, *codes)
    for weight, level in zip(weights, LEVELS[codes[:, 0]], strict=True):
        assert level >= weight
        if 2.0**-12 < weight < 7:
            assert level <= weight * 1.126 * 1.09


def wild(seed):
    """Coefficients without any order, some of them large."""
    return np.random.default_rng(seed).normal(0, 0.4, (4, 2, len(TERMS), 2)) - 0.3


@pytest.mark.parametrize("draws", DRAWS)
@given(seed=st.integers(0, 500), renew=st.integers(1, 12))
def test_ceilings_hold_for_every_year_that_they_promise(draws, seed, renew):
    people = made_people(load(60, 25), seed)
    people["place"][::6] = ABROAD
    how = settings(draws=draws, renew=renew)
    process = Mobility(wild(seed), how)
    outcomes(people, process)
    move, emigrate = (LEVELS[c] for c in (process.ceilings.move, process.ceilings.emigrate))
    for year in range(2013, 2013 + renew):
        for i in range(len(people)):
            w = oracles.weights(oracles.person(people, i), year, wild(seed), how.assumptions)
            if draws == "explicit":
                assert w[0] <= move[i] and w[1] <= emigrate[i]
            else:
                assert sum(w) / (1 + sum(w)) <= move[i]


LEVELS = np.append(
    0, ((np.arange(1, 256, dtype=np.int32) + kernel.OFFSET) << kernel.SHIFT).view(np.float32)
)
LEVELS[255] = np.inf


def edges(words, spread=2):
    """The words around the edges of bytes and of 24-bit steps, where screens round."""
    near = np.concatenate([np.arange(w - spread, w + spread + 1) for w in words])
    return np.unique(near.clip(0, 2**32 - 1)).astype(np.uint32)


BYTES = edges(np.arange(0, 2**32, 2**24 * (1 if load(1, 0) else 32)))
STEPS = edges(2**32 - np.array([2**8, 2**9, 2**12, 2**16, 2**20, 2**24, 2**28, 3 * 2**29]))


def just_below(code):
    """The largest weight that a code covers, less one unit in the last place of float32."""
    return float(np.nextafter(np.float32(LEVELS[code]), np.float32(0)))


@pytest.mark.parametrize("code", [90, 140, 180, 200, 220, 240])
def test_the_explicit_screen_flags_whoever_could_be_decided_to_go(code):
    """All pairs of luck at the edges; the weight is the largest that the ceiling allows."""
    stay, go = (a.ravel() for a in np.meshgrid(BYTES, STEPS))
    words = np.stack([stay, go, np.full(stay.size, 1, np.uint32)]).astype(np.uint32)
    goes = -np.log(between_0_and_1(words[1])) < -np.log(between_0_and_1(words[0])) * just_below(
        code
    )
    flag, ratio = np.zeros(stay.size, np.uint8), np.empty((2, stay.size), np.float32)
    codes = np.full(stay.size, code, np.uint8)
    kernel.screen_explicit(
        words, codes, np.zeros_like(codes), mobility.SHORTEST, ratio, ratio.view(np.int32), flag
    )
    assert (flag[goes] == 1).all()
    if goes.any():
        assert np.count_nonzero(flag) < stay.size


@pytest.mark.parametrize("code", [90, 140, 180, 200, 225])
def test_the_threshold_screen_flags_whoever_could_be_decided_to_go(code):
    edge = int(LEVELS[code] * 2**32)
    words = edges([edge, edge - 2**8, edge + 2**8, 2**20, 2**30], 300)[None]
    goes = between_0_and_1(words[0]) < just_below(code)
    flag, luck = np.zeros(words.size, np.uint8), np.empty((1, words.size), np.float32)
    codes = np.full(words.size, code, np.uint8)
    kernel.screen_threshold(words, codes, luck, luck.view(np.int32), flag)
    assert goes.any()
    assert (flag[goes] == 1).all()


@pytest.mark.parametrize("draws", DRAWS)
def test_nobody_abroad_goes_even_if_weights_have_no_limit(draws):
    coefficients = published_set(1).coefficients.copy()
    coefficients[:, :, TERMS.index("family_immigrants")] = 0.5
    people = made_people(
        300, families=False, family_total=np.full(300, 255), family_immigrants=np.full(300, 255)
    )
    people["place"][:] = ABROAD
    assert not outcomes(people, Mobility(coefficients, settings(draws=draws))).any()
