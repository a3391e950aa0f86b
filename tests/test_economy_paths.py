"""The tool behind the paths of the economy: what it reads, how it smooths, splices and converges."""

import csv
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration import economy_paths as tool
from docs import make_economy
from sim.economy import INCOME_RATIO, LAST, PATHS, SERIES, SHOCKS, UNEMPLOYMENT
from sim.transitions.sources import shipped

PUBLISHED_RATIOS = {1: 1.2, 2: 3.6, 3: 9.3}  # of 2000, Økonomiske analyser 2015
# Labour Force Survey of Statistics Norway, 15-74 years, as the IMF prints it; the ILO counts
# all from 15 years on, and its rates are revised now and then.
SURVEY = {2000: 3.4, 2004: 4.5, 2007: 2.5, 2010: 3.8, 2013: 3.8, 2016: 4.7, 2020: 4.6, 2023: 3.6}


def table(name):
    with (tool.FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize(
    ("name", "header", "rows"),
    [
        (PATHS, tool.PATHS_HEADER, tool.path_rows),
        (SHOCKS, tool.SHOCKS_HEADER, tool.shock_rows),
    ],
)
def test_the_shipped_table_is_what_the_tool_makes(name, header, rows):
    made = [list(header), *([str(cell) for cell in row] for row in rows())]
    assert table(name) == made


def test_the_tool_writes_what_is_shipped(tmp_path, monkeypatch):
    monkeypatch.setattr(tool, "FOLDER", tmp_path)
    before = {name: shipped(name) for name in (PATHS, SHOCKS)}
    assert tool.main() == 0
    for name, rows in before.items():
        text = (tmp_path / name).read_text("utf-8")
        assert tuple(csv.DictReader(text.splitlines())) == rows


def test_nothing_is_assumed_of_what_was_published():
    for row in tool._carried("economy_sources.csv"):
        assert row["assumed"] == "no" and float(row["value"]) > 0
    rules = tool._carried("economy_rules.csv")
    assert {row["assumed"] for row in rules} == {"yes"}


# History


@pytest.mark.parametrize("group", [1, 2, 3])
def test_ratios_of_2000_are_those_published(group):
    assert tool.history(f"income_ratio_group{group}")[2000] == pytest.approx(
        PUBLISHED_RATIOS[group]
    )


@pytest.mark.parametrize("group", [1, 2, 3])
def test_scaling_keeps_every_relative_change(group):
    series = f"income_ratio_group{group}"
    raw, scaled = tool.published(series, "world_bank"), tool.history(series)
    changes = {scaled[year] / raw[year] for year in raw}
    assert max(changes) == pytest.approx(min(changes))


@pytest.mark.parametrize(("year", "percent"), SURVEY.items())
def test_unemployment_in_norway_is_near_the_labour_force_survey(year, percent):
    assert tool.history("unemployment_norway")[year] == pytest.approx(percent, abs=0.4)


@pytest.mark.parametrize("series", UNEMPLOYMENT)
def test_history_agrees_with_the_imf_where_both_are_known(series):
    imf, ilo = tool.published(series, "imf"), tool.history(series)
    for year in range(2015, 2024):
        assert ilo[year] == pytest.approx(imf[year], abs=0.35)


def test_history_shows_the_crises_that_everybody_knows():
    west, east = tool.history("unemployment_group1"), tool.history("unemployment_group2")
    assert west[2010] > west[2007] + 3  # the financial crisis
    assert west[2020] > west[2019] + 2 > west[2022] + 2  # the pandemic
    assert east[2002] == max(east.values()) > 13  # before they joined the European Union


def test_weights_matter_little_for_how_unemployment_moves():
    """Weights of immigrants raise the level of both groups, but the courses are much alike."""
    for series, most in (("unemployment_group1", 1.5), ("unemployment_group2", 2.5)):
        ours, others = tool.history(series), tool.published(series, "ilo_by_immigrants")
        years = range(2000, 2025)
        one, two = (np.array([path[year] for year in years]) for path in (ours, others))
        assert np.corrcoef(one, two)[0, 1] > 0.9
        assert np.abs(one - two).max() < most


# Smoothing


@given(
    st.lists(st.floats(-3, 3), min_size=4, max_size=40),
    st.floats(4, 60),
)
def test_smoothing_keeps_the_mean(values, half_power):
    values = np.array(values)
    assert tool.smooth(values, half_power).mean() == pytest.approx(values.mean(), abs=1e-6)


def test_smoothing_leaves_a_straight_line_alone():
    line = 0.3 + 0.02 * np.arange(29)
    np.testing.assert_allclose(tool.smooth(line, 30), line, atol=1e-9)


@pytest.mark.parametrize(
    ("length", "least", "most"), [(30, 0.45, 0.55), (10, 0, 0.02), (90, 0.97, 1)]
)
def test_smoothing_halves_swings_of_the_length_it_is_told(length, least, most):
    """In the middle of a long series, away from its ends."""
    t = np.arange(-300, 301)
    course = tool.smooth(np.cos(2 * np.pi * t / length), 30)
    assert least <= course[300] <= most


@pytest.mark.parametrize("series", INCOME_RATIO)
def test_the_smooth_course_has_the_mean_of_what_was_observed_and_swings_less(series):
    gaps = np.array(list(tool.gaps(series).values()))
    known = np.array(list(tool.history(series).values()))
    course = np.log(known) - gaps
    assert gaps.mean() == pytest.approx(0, abs=1e-9)
    assert np.abs(np.diff(course)).max() < 0.3 * np.abs(np.diff(np.log(known))).max()


# Splices


@pytest.mark.parametrize("series", UNEMPLOYMENT)
def test_projections_of_unemployment_are_added_as_changes(series):
    path, imf = tool.path(series), tool.published(series, "imf")
    assert path[2029] - path[2024] == pytest.approx(imf[2029] - imf[2024])
    assert path[2024] == tool.history(series)[2024]


@pytest.mark.parametrize("series", INCOME_RATIO)
def test_projections_of_ratios_are_relative_changes_of_the_smooth_course(series):
    course, imf = tool.trend(series), tool.published(series, "imf")
    assert course[2029] / course[2023] == pytest.approx(imf[2029] / imf[2023])


@pytest.mark.parametrize("series", SERIES)
def test_no_splice_makes_a_leap(series):
    """Where one kind of number follows another, a path moves by 5 percent at most."""
    path, known = tool.path(series), tool.history(series)
    splices = [max(known), 2029, *([2013] if series in INCOME_RATIO else [])]
    for year in splices:
        assert abs(np.log(path[year + 1] / path[year])) < 0.05


@pytest.mark.parametrize("series", INCOME_RATIO)
def test_ratios_are_as_observed_until_2013_and_then_what_is_left_of_the_swing_fades(series):
    path, known, course = tool.path(series), tool.history(series), tool.trend(series)
    assert all(path[year] == known[year] for year in range(2000, 2014))
    left = [abs(np.log(path[year] / course[year])) for year in range(2013, 2061)]
    assert all(after < before for before, after in pairwise(left[:20]))
    assert left[10] < 0.1 * left[0]
    persistence = tool.shocks()[0][SERIES.index(series)]
    assert left[1:4] == pytest.approx([left[0] * persistence**k for k in (1, 2, 3)])


# Convergence


@pytest.mark.parametrize("series", [*UNEMPLOYMENT, "income_ratio_group1"])
def test_paths_approach_their_level_without_passing_it(series):
    level = tool.long_run(series)
    path = [tool.path(series)[year] for year in range(2029, LAST + 1)]
    gaps = np.abs(np.log(np.array(path) / level))
    assert (np.diff(gaps) < 0).all()
    assert len({np.sign(value - level) for value in path}) == 1


@pytest.mark.parametrize("series", tool.CATCHING_UP)
def test_groups_catch_up_with_group_1_and_never_pass_it(series):
    mine, others = tool.trend(series), tool.trend("income_ratio_group1")
    gaps = np.log([mine[year] / others[year] for year in range(2029, LAST + 1)])
    assert (np.diff(gaps) < 0).all() and gaps[-1] > 0
    life = int(tool.rule(series, "half_life"))
    if life < gaps.size:
        assert gaps[life] == pytest.approx(gaps[0] / 2)
    assert gaps[10] == pytest.approx(gaps[0] * 0.5 ** (10 / life))


def test_half_of_the_way_is_gone_in_a_half_life():
    path, level = tool.path("unemployment_group1"), tool.long_run("unemployment_group1")
    before, after = (np.log(path[year] / level) for year in (2029, 2034))
    assert after / before == pytest.approx(0.5)


def test_long_run_levels_are_the_means_they_are_said_to_be():
    known = tool.history("unemployment_norway")
    assert tool.long_run("unemployment_norway") == pytest.approx(
        sum(known[year] for year in range(2015, 2025)) / 10
    )
    ratio = tool.history("income_ratio_group1")
    logs = [np.log(ratio[year]) for year in range(2000, 2024)]
    assert np.log(tool.long_run("income_ratio_group1")) == pytest.approx(np.mean(logs))


@pytest.mark.parametrize(
    ("series", "projected", "observed"),
    [("income_ratio_group2", 14, 15.5), ("income_ratio_group3", 65, 80)],
)
def test_assumed_half_lives_are_near_what_the_sources_imply(series, projected, observed):
    """The paces that economy_rules.csv quotes, and that the assumption lies among."""

    def life(one, other, first, last):
        before, after = (np.log(one[year] / other[year]) for year in (first, last))
        return (last - first) * np.log(2) / np.log(before / after)

    west = "income_ratio_group1"
    imf = life(tool.published(series, "imf"), tool.published(west, "imf"), 2023, 2029)
    course = life(tool.trend(series), tool.trend(west), 2000, 2023)
    assert imf == pytest.approx(projected, abs=0.5)
    assert course == pytest.approx(observed, abs=0.5)
    assert imf < tool.rule(series, "half_life") < course


# Straying


def autoregression(years, persistence, innovation, random):
    gap = np.zeros(years + 100)
    for t in range(1, gap.size):
        gap[t] = persistence * gap[t - 1] + innovation * random.standard_normal()
    return gap[100:]


def test_shocks_are_those_of_a_series_made_by_an_autoregression(monkeypatch):
    """Ten thousand years of a known process around a line: five standard errors or more."""
    random = np.random.default_rng(3)
    made = {
        series: dict(enumerate(np.exp(0.5 - 2e-5 * np.arange(10_000) + autoregression(10_000, 0.6, 0.1, random)).tolist()))
        for series in SERIES
    }  # fmt: skip
    monkeypatch.setattr(tool, "history", made.get)
    persistence, innovation, correlation = tool.shocks.__wrapped__()
    np.testing.assert_allclose(persistence, 0.6, atol=0.04)
    np.testing.assert_allclose(innovation, 0.1, rtol=0.04)
    np.testing.assert_allclose(correlation, np.eye(len(SERIES)), atol=0.05)


def test_few_years_make_persistence_too_low_and_the_correction_mends_most_of_it():
    """29 years of a known process. Means over 2,000 series have errors of 0.004."""
    random, raw, corrected = np.random.default_rng(11), [], []
    for _ in range(2000):
        gaps = tool.strayed(autoregression(29, 0.7, 1.0, random))
        raw.append(gaps[1:] @ gaps[:-1] / (gaps[:-1] @ gaps[:-1]))
        corrected.append(tool.persistence_of(gaps))
    assert np.mean(raw) < 0.57
    assert 0.62 < np.mean(corrected) < 0.72


def test_a_straight_line_strays_nowhere():
    np.testing.assert_allclose(tool.strayed(3 - 0.05 * np.arange(29)), 0, atol=1e-12)


def test_correlations_are_a_true_matrix():
    _, _, correlation = tool.shocks()
    np.testing.assert_allclose(correlation, correlation.T)
    assert np.linalg.eigvalsh(correlation).min() > 0
    ratios = correlation[3:, 3:]
    assert ratios.min() > 0.9  # Norway's own GDP is in all three


# The page


def test_the_page_tells_the_paths_that_are_shipped():
    assert make_economy.PAGE.read_text("utf-8").endswith(make_economy.tables())
    assert f"img/{make_economy.PICTURE.name}" in make_economy.PAGE.read_text("utf-8")


def test_the_page_says_rightly_what_it_leaves_to_the_reader_to_check():
    """Figures of the page's prose, so that they cannot grow old."""
    text = " ".join(make_economy.PAGE.read_text("utf-8").split())
    for series, low, high, alike in (
        ("unemployment_group1", -1.3, 1.0, 0.92),
        ("unemployment_group2", 0.2, 2.4, 0.997),
    ):
        ours, others = tool.history(series), tool.published(series, "ilo_by_immigrants")
        years = range(2000, 2025)
        more = [others[year] - ours[year] for year in years]
        assert (min(more), max(more)) == pytest.approx((low, high), abs=0.06)
        assert np.corrcoef([[p[y] for y in years] for p in (ours, others)])[0, 1] == pytest.approx(
            alike, abs=0.005
        )
        assert f"{alike}" in text
    left = tool.shocks()[0][3:]
    assert f"{100 * left.min():.0f} to {100 * left.max():.0f} percent are left" in text
    scale = 9.3 / tool.published("income_ratio_group3", "world_bank")[2000]
    assert f"That of group 3 is {scale:.2f}" in text


def test_the_picture_is_drawn_the_same_every_time_and_names_its_sources():
    made = make_economy.picture()
    assert made == make_economy.picture()
    assert "World Bank" in made and made.startswith("<svg")
    assert make_economy.PICTURE.read_text("utf-8").startswith("<svg")
