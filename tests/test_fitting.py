"""From candidates to a solution: the fit of 2013 and the other years."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from calibration import fitting, start_years, targets
from calibration import margins as m
from calibration.equations import block
from calibration.fitting import (
    Fitted,
    blocks_of,
    fit_2013,
    fit_every_year,
    fit_year,
    refit,
    refuse_unfinished,
    replace_blocks,
)
from calibration.pool import COLUMNS, Pool, draw_pool
from calibration.register import PULL, SE_FLOOR, Fit
from calibration.solution import Solution
from sim.problems import InputError

PER_LEVEL, SCALE, STEPS = 150, 0.05, 40  # too few of both to be exact, enough to see where it goes


@pytest.fixture(scope="module")
def pool():
    return draw_pool(PER_LEVEL, scale=SCALE)


@pytest.fixture(scope="module")
def fitted(pool):
    return fit_2013(pool, steps=STEPS)


@pytest.fixture(scope="module")
def unfitted(pool):
    """The starting people as if they were a solution."""
    return Solution(pool, {2013: pool.prior}, {})


@pytest.fixture(scope="module")
def of_2009(unfitted):
    return fit_year(unfitted, 2009).fit


def made(pool, name, target=10, tolerance=1.0):
    """Return a margin of everybody with any name."""
    label = np.zeros(pool.size, dtype=np.int64)
    return block(name, ["all"], pool, label, target, tolerance, "a user")


# --- 2013 ---


def test_a_solution_holds_the_candidates_and_their_numbers(fitted, pool):
    assert fitted.solution.pool is pool
    assert list(fitted.solution.number) == [2013]
    assert fitted.solution.number[2013] is fitted.fit.number


def test_the_margins_are_met_roughly(fitted, pool):
    """Half the cells within a few tolerances, where the starting people are far away."""
    number = fitted.fit.number
    off = {b.name: np.abs(b.residuals(number)) for b in targets.blocks_of_2013(pool)}
    before = {b.name: np.abs(b.residuals(pool.prior)) for b in targets.blocks_of_2013(pool)}
    every, start = (np.concatenate(list(gaps.values())) for gaps in (off, before))
    assert np.median(every) < 8 < 10 < np.median(start)
    assert number[pool["family"]].sum() == pytest.approx(593_324, rel=0.04)
    for name in ("sample size", "official reason", "origin", "arrival", "age"):
        b = next(b for b in targets.blocks_of_2013(pool) if b.name == name)
        gap = np.abs(b.found(number) - b.target).sum() / b.target.sum()
        assert gap < 0.06, name


def test_the_standard_errors_come_nearer(fitted, pool):
    start = fit_2013(pool, steps=0).fit
    assert fitted.fit.gap_quantile(0.5) < 0.6 * start.gap_quantile(0.5)


def test_a_fit_tells_what_it_is(fitted, pool):
    about, number = fitted.solution.about, fitted.fit.number
    assert about["candidate_families"] == pool.level.size
    assert about["candidate_persons"] == pool.size
    assert (about["pull"], about["standard_error_floor"]) == (PULL, SE_FLOOR)
    assert (about["converged"], about["steps"]) == (fitted.fit.converged, fitted.fit.steps)
    assert about["standard_errors"]["median_gap"] == fitted.fit.gap_quantile(0.5)
    assert about["log_likelihood"] == fitted.fit.log_likelihood
    entropy = sum(v * np.log(v / p) for v, p in zip(number, pool.prior, strict=True) if v > 0)
    persons = number[pool["family"]].sum()
    assert about["entropy_per_person"] == pytest.approx(entropy / persons)
    assert 1 < about["effective_families"] < pool.level.size


def test_the_steps_are_watched(pool):
    seen = []
    found = fit_2013(pool, steps=2, watch=lambda *step: seen.append(step))
    assert [step for step, _ in seen] == [0, 1]
    assert not found.fit.converged


def test_a_margin_of_ones_own_takes_the_place_of_the_published_one(fitted, pool, tmp_path):
    """Twice as many women of level 1 are asked for than there were."""
    own = tmp_path / "own.csv"
    own.write_text("margin,sex,age,centrality,persons\nsample size,female,15-74,1,30510\n")
    some = pool.grown & (pool.person_level == 0) & (pool["sex"] == 0)
    usual, odd = (
        fit.number[pool["family"]][some].sum()
        for fit in (fitted.fit, fit_2013(pool, margins=own, steps=15).fit)
    )
    assert usual == pytest.approx(15_255, rel=0.1)
    assert odd > 1.2 * usual


@pytest.mark.parametrize(
    ("year", "anew", "converged", "expected"),
    [
        (2013, False, True, [("fit", 2013, "own.csv")]),
        (2013, True, True, [("fit", 2013, "own.csv")]),
        (2008, False, True, [("shipped", 2008, "own.csv")]),
        (2008, True, True, [("fit", 2013, None), ("fitted", 2008, "own.csv")]),
        (2008, True, False, [("fit", 2013, None)]),  # nothing is raked from an unfinished fit
    ],
)
def test_margins_are_given_to_the_year_alone_that_is_asked_for(
    pool, monkeypatch, year, anew, converged, expected
):
    given = []
    shipped = Solution(pool, {2013: pool.prior}, {"from": "shipped"})

    def fit_of(of_pool, *, margins, **_):
        given.append(("fit", 2013, margins))
        solution = Solution(of_pool, {2013: of_pool.prior}, {"from": "fitted"})
        return Fitted(solution, Fit(of_pool.prior, converged, 1))

    def year_of(solution, year, *, margins, **_):
        given.append((solution.about["from"], year, margins))

    monkeypatch.setattr(fitting, "shipped_solution", lambda: shipped)
    monkeypatch.setattr(fitting, "draw_pool", lambda *_, **__: pool)
    monkeypatch.setattr(fitting, "fit_2013", fit_of)
    monkeypatch.setattr(fitting, "fit_year", year_of)
    refit(year, "own.csv", anew=anew)
    assert given == expected


def test_blocks_are_replaced_by_name(pool):
    published = [made(pool, name) for name in "abc"]
    own = [made(pool, "b", target=99), made(pool, "d")]
    found = replace_blocks(published, own)
    assert [b.name for b in found] == ["a", "c", "b", "d"]
    assert found[2].target == [99]
    assert replace_blocks(published, ()) == tuple(published)
    assert replace_blocks((), own) == tuple(own)


# --- Other years ---


@pytest.mark.parametrize("year", [2004, 2009, 2012])
def test_the_margins_of_a_year_add_up(pool, year):
    blocks = {b.name: b for b in blocks_of(pool, year)}
    persons = start_years.immigrants(year).sum()
    assert len(blocks) == 6
    for name in ("official reason", "origin", "age", "stay"):
        assert blocks[name].target.sum() == pytest.approx(persons), name
    assert (blocks["employed"].target == 0).all()
    for b in blocks.values():
        assert (b.tolerance > 0).all() and np.isfinite(b.target).all(), b.name


def test_the_margins_of_a_year_count_by_age_stay_and_work(pool):
    blocks = {b.name: b for b in blocks_of(pool, 2009)}
    number = np.random.default_rng(3).uniform(0, 2, pool.level.size)
    weight = number[pool["family"]]
    spans = [(0, 5), (6, 15), (16, 19), (20, 29), (30, 54), (55, 66), (67, 200)]
    ages = [
        weight[(pool["sex"] == sex) & (pool["age"] >= a) & (pool["age"] <= b)].sum()
        for sex in range(2)
        for a, b in spans
    ]
    assert_allclose(blocks["age"].found(number), ages)
    years = pool["duration"] // 5
    stays = [weight[np.minimum(years, 5) == five].sum() for five in range(6)]
    assert_allclose(blocks["stay"].found(number), stays)
    works = (pool["status"] == 1) | (pool["status"] == 2)
    for sex, share in enumerate(start_years.employed(2009)):
        some = pool.grown & (pool["sex"] == sex)
        expected = weight[some & works].sum() - share * weight[some].sum()
        assert blocks["employed"].found(number)[sex] == pytest.approx(expected)


def test_a_year_is_raked_to_its_margins(of_2009, pool):
    assert of_2009.converged
    for b in blocks_of(pool.as_of(2009), 2009):
        assert np.abs(b.residuals(of_2009.number)).max() < 4, b.name
    persons = of_2009.number[pool["family"]].sum()
    assert persons == pytest.approx(start_years.immigrants(2009).sum(), rel=0.002)


@pytest.mark.parametrize("year", [2004, 2009])
def test_nobody_has_a_reason_from_before_reasons_were_recorded(unfitted, of_2009, pool, year):
    """Nor is anybody an early refugee who would have come since 1990."""
    fit = of_2009 if year == 2009 else fit_year(unfitted, year).fit
    pool = pool.as_of(year)
    arrived = year - 1 - pool["duration"]
    recorded = pool["group"] < m.NORDIC
    wrong = (recorded & (arrived < 1990)) | ((pool["group"] == m.EARLY) & (arrived >= 1990))
    families = np.unique(pool["family"][wrong])
    assert families.size > 10
    assert (fit.number[families] == 0).all()
    others = np.setdiff1d(np.arange(pool.level.size), families)
    assert np.mean(fit.number[others] > 0) > 0.9  # others were not born, or not grown


def test_the_first_year_with_reasons_divides_who_is_possible():
    """In 2009, 18 years of stay mean 1990 and 19 mean 1989; a family goes as a whole."""
    groups = (m.WORK, m.FAMILY_OTHER, m.NORDIC, m.UNKNOWN, m.EARLY)
    cases = [(group, stay) for group in groups for stay in (18, 19)]
    persons = {name: np.zeros(len(cases) + 1, dtype=np.int64) for name in COLUMNS}
    persons["family"] = np.array([*range(len(cases)), 0])
    persons["group"] = np.array([*(group for group, _ in cases), m.WORK])
    persons["duration"] = np.array([*(stay for _, stay in cases), 19])
    persons["age"][:] = 40
    pool = Pool(persons, np.zeros(len(cases), dtype=np.int64), np.ones(len(cases)))
    found = dict(zip(cases, fitting._possible(pool, 2009), strict=True))
    impossible = {case for case in cases if not found[case]}
    # The first family has a second member, who came to work in 1989.
    assert impossible == {(m.WORK, 18), (m.WORK, 19), (m.FAMILY_OTHER, 19), (m.EARLY, 18)}


def test_2013_itself_leaves_nobody_out(pool):
    assert fitting._possible(pool, 2013).all()


def test_another_year_joins_the_solution(unfitted, of_2009):
    found = fit_year(unfitted, 2009)
    assert sorted(found.solution.number) == [2009, 2013]
    assert found.solution.number[2009] is found.fit.number
    assert found.fit.number.tobytes() == of_2009.number.tobytes()  # the same every time
    assert list(unfitted.number) == [2013]  # what was given is left alone


def test_margins_of_ones_own_serve_other_years_too(unfitted, of_2009, pool, tmp_path):
    """A tenth more women with work are asked for, in place of the published share."""
    some = (pool["sex"] == 0) & (pool["status"] == 1)
    before = of_2009.number[pool["family"]][some].sum()
    own = tmp_path / "own.csv"
    own.write_text(f"margin,sex,status,persons\nemployed,female,employed,{1.1 * before:.0f}\n")
    fit = fit_year(unfitted, 2009, margins=own).fit
    assert fit.number[pool["family"]][some].sum() == pytest.approx(1.1 * before, rel=0.01)


def test_a_margin_that_contradicts_the_published_is_refused(unfitted, tmp_path):
    own = tmp_path / "own.csv"
    own.write_text("margin,origin,persons\nmine,sweden,100000\n")
    with pytest.raises(InputError, match=r"(?s)asks for 100,000 persons.*origin: sweden"):
        fit_year(unfitted, 2009, margins=own)


def test_every_start_year_gets_its_numbers(unfitted, of_2009, pool):
    solution = fit_every_year(Fitted(unfitted, Fit(pool.prior, True, 1)))
    assert sorted(solution.number) == list(range(2004, 2014))
    assert solution.number[2009].tobytes() == of_2009.number.tobytes()
    assert_array_equal(solution.number[2013], pool.prior)
    assert set(solution.about["steps_of_other_years"]) == {str(y) for y in range(2004, 2013)}
    persons = [number[pool["family"]].sum() for _, number in sorted(solution.number.items())]
    assert (np.diff(persons) > 0).all()


# --- Messages ---


def test_an_unfinished_fit_is_refused_with_its_steps():
    unfinished = Fit(np.ones(1), False, 17)
    with pytest.raises(InputError, match=r"the fit: has not converged after 17 steps") as refused:
        refuse_unfinished(unfinished, "the fit")
    assert "more steps" in str(refused.value)
    refuse_unfinished(Fit(np.ones(1), True, 17), "the fit")


def test_an_unfinished_year_is_refused_by_name(unfitted, monkeypatch):
    unfinished = Fitted(unfitted, Fit(np.ones(1), False, 3))
    monkeypatch.setattr(fitting, "fit_year", lambda *_, **__: unfinished)
    with pytest.raises(InputError, match=r"the margins of 2004.*after 3 steps"):
        fit_every_year(unfinished)
