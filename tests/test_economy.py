"""The economy of a run: what is shipped, changed, read from files, and drawn by chance."""

import copy
import pickle
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import economy
from sim.economy import (
    FIRST,
    INCOME_RATIO,
    LAST,
    LIMITS,
    PACE,
    SERIES,
    UNEMPLOYMENT,
    YEARS,
    Economy,
    deviations,
    fitted_range,
    last_known,
    read_csv,
    strays,
)
from sim.problems import InputError
from sim.transitions.labour import published_unemployment
from sim.transitions.sources import CellChange, Overlay, using
from tests.conftest import load

DEFAULT = Economy.default()


# What is shipped


def test_the_default_begins_with_the_published_ratios():
    assert [DEFAULT.value(f"income_ratio_group{g}", 2000) for g in (1, 2, 3)] == [1.2, 3.6, 9.3]


def test_unemployment_is_what_drives_labour_status():
    """Two tables hold the rate of Norway; they must not part."""
    for year, percent in published_unemployment().items():
        assert DEFAULT.value("unemployment_norway", year) == percent


def test_the_default_is_made_once_and_nobody_can_write_to_it():
    assert Economy.default() is Economy.default()
    with pytest.raises(ValueError, match="read-only"):
        DEFAULT.values[0, 0] = 3.0


def test_what_is_given_is_copied():
    values = DEFAULT.values.copy()
    made = Economy(values)
    values[:] = 1.0
    assert made == DEFAULT and hash(made) == hash(DEFAULT)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))])
def test_a_copy_is_equal_and_locked_too(copied):
    other = copied(DEFAULT)
    assert other == DEFAULT and not other.values.flags.writeable


def test_after_the_last_year_the_last_value_holds():
    for series in SERIES:
        assert DEFAULT.value(series, LAST + 40) == DEFAULT.value(series, LAST)
    np.testing.assert_array_equal(DEFAULT.drivers(2099), DEFAULT.drivers(LAST))


def test_drivers_are_norway_the_group_and_the_log_ratio():
    drivers = DEFAULT.drivers(2013)
    assert drivers.shape == (3, 3)
    assert set(drivers[:, 0]) == {DEFAULT.value("unemployment_norway", 2013)}
    groups = [DEFAULT.value(f"unemployment_group{g}", 2013) for g in (1, 2)]
    assert drivers[:, 1].tolist() == [*groups, 0.0]
    ratios = [DEFAULT.value(f"income_ratio_group{g}", 2013) for g in (1, 2, 3)]
    np.testing.assert_allclose(np.exp(drivers[:, 2]), ratios)


def test_what_was_observed_keeps_the_swings_that_the_default_has_not():
    observed = Economy.observed()
    for series in UNEMPLOYMENT:
        assert observed.value(series, 2022) == DEFAULT.value(series, 2022)
        assert observed.value(series, 2060) == DEFAULT.value(series, 2060)
    for series in INCOME_RATIO:
        assert observed.value(series, 2013) == DEFAULT.value(series, 2013)
        assert observed.value(series, 2022) > 1.25 * DEFAULT.value(series, 2022)
        assert observed.value(series, 2016) < 0.9 * DEFAULT.value(series, 2016)
        assert observed.value(series, 2060) == pytest.approx(DEFAULT.value(series, 2060), rel=1e-4)
    assert observed.value("income_ratio_group1", 2022) == pytest.approx(1.81, abs=0.005)


@pytest.mark.parametrize("series", INCOME_RATIO)
def test_what_is_left_of_an_observed_swing_fades_by_its_persistence(series):
    gaps = [
        np.log(Economy.observed().value(series, year) / DEFAULT.value(series, year))
        for year in (2023, 2024, 2026)
    ]
    (left,) = (float(r["persistence"]) for r in economy._shocks() if r["series"] == series)
    assert gaps[1:] == pytest.approx([gaps[0] * left, gaps[0] * left**3])


def test_last_years_observed():
    assert dict(zip(SERIES, last_known(), strict=True)) == {
        **dict.fromkeys(UNEMPLOYMENT, 2024),
        **dict.fromkeys(INCOME_RATIO, 2023),
    }


def test_the_fitted_range_is_that_of_2000_to_2013():
    assert fitted_range("income_ratio_group1") == pytest.approx((1.1426, 1.4685))
    assert fitted_range("unemployment_norway") == (2.493, 4.381)
    for series in SERIES:
        inside = [DEFAULT.value(series, year) for year in range(2000, 2014)]
        assert fitted_range(series) == (min(inside), max(inside))


def test_a_scenario_may_alter_the_table():
    cell = CellChange(
        economy.PATHS,
        (("series", frozenset({"unemployment_norway"})), ("year", frozenset({"2030"}))),
        "value", "set", 7.0,
    )  # fmt: skip
    with using(Overlay((cell,))):
        assert Economy.default().beside(DEFAULT) == (
            (2030, "unemployment_norway", 7.0, DEFAULT.value("unemployment_norway", 2030)),
        )
    assert Economy.default() is DEFAULT


# Changes


@pytest.mark.parametrize(("kind", "expected"), [("set", 2.0), ("add", 6.0), ("factor", 8.0)])
def test_a_change_holds_in_its_years_and_series_alone(kind, expected):
    flat = DEFAULT.changed("unemployment_norway", FIRST, LAST, "set", 4.0)
    found = flat.changed("unemployment_norway", 2010, 2012, kind, 2.0)
    assert [d.year for d in flat.beside(found)] == [2010, 2011, 2012]
    assert {d.series for d in flat.beside(found)} == {"unemployment_norway"}
    assert {(d.this, d.other) for d in flat.beside(found)} == {(4.0, expected)}


def test_an_economy_beside_itself_differs_nowhere():
    assert DEFAULT.beside(Economy(DEFAULT.values)) == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("unemployment_norge", 2010, 2012, "add", 1.0), "Did you mean 'unemployment_norway'"),
        (("unemployment_group3", 2010, 2012, "add", 1.0), "group 3 has no series"),
        (("unemployment_norway", 1999, 2012, "add", 1.0), "1999 to 2012; allowed: 2000 to 2060"),
        (("unemployment_norway", 2012, 2010, "add", 1.0), "2012 to 2010"),
        (("unemployment_norway", 2012, 2061, "add", 1.0), "After 2060 the last value holds"),
        (("unemployment_norway", 2010, 2012, "ad", 1.0), "Did you mean 'add'"),
        (("unemployment_norway", 2010, 2012, "add", float("nan")), "a finite number"),
        (("unemployment_norway", 2010, 2012, "add", float("inf")), "a finite number"),
        (("unemployment_norway", 2010, 2012, "set", 0.05), "of 2010: would be 0.05, and in 2 later"),
        (("unemployment_norway", 2010, 2010, "add", -9.0), "allowed: 0.5 to 30"),
        (("income_ratio_group1", 2010, 2010, "factor", 0.0), "allowed: 0.1 to 50"),
    ],
)  # fmt: skip
def test_a_wrong_change_is_refused(change, message):
    with pytest.raises(InputError, match=re.escape(message)):
        DEFAULT.changed(*change)


def test_all_that_is_wrong_with_a_change_is_said_at_once():
    with pytest.raises(InputError) as caught:
        DEFAULT.changed("x", 1990, 2070, "x", float("nan"))
    assert len(caught.value.problems) == 4


@pytest.mark.parametrize("ask", [DEFAULT.drivers, lambda year: DEFAULT.value(SERIES[0], year)])
def test_years_before_the_first_are_refused(ask):
    with pytest.raises(InputError, match="is 1999; allowed: 2000 or later"):
        ask(1999)


# Files of a user's own


@pytest.fixture
def read(tmp_path):
    def written(text, encoding="utf-8"):
        path = tmp_path / "own.csv"
        path.write_bytes(text.encode(encoding))
        return read_csv(path)

    return written


def refused(read, text, **how):
    with pytest.raises(InputError) as caught:
        read(text, **how)
    return [str(problem) for problem in caught.value.problems]


def test_what_a_file_does_not_tell_keeps_the_default(read):
    own = read("year,series,value\n2030,unemployment_norway,6\n2031,income_ratio_group2,1.5\n")
    assert [(*tuple(d)[:2], d.other) for d in DEFAULT.beside(own)] == [
        (2030, "unemployment_norway", 6.0),
        (2031, "income_ratio_group2", 1.5),
    ]


def test_files_of_spreadsheets_are_read(read):
    text = "value, series ,year,source\r\n 6.5 ,unemployment_norway, 2030 ,mine\r\n,,,\r\n"
    assert read(text, encoding="utf-8-sig").value("unemployment_norway", 2030) == 6.5


def test_a_whole_economy_survives_a_file(read):
    lines = [f"{year},{s},{DEFAULT.value(s, year)!r}" for year in YEARS for s in SERIES]
    assert read("year,series,value\n" + "\n".join(lines)) == DEFAULT


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("2030,unemployment_norge,6", "line 2, series: is 'unemployment_norge'"),
        ("2030,unemployment_norge,6", "Did you mean 'unemployment_norway'?"),
        ("2030,unemployment_group3,6", "group 3 has no series"),
        ("1999,unemployment_norway,6", "line 2, year: is '1999'; allowed: 2000 to 2060"),
        ("2061,unemployment_norway,6", "line 2, year: is '2061'"),
        ("2030.0,unemployment_norway,6", "line 2, year: is '2030.0'"),
        ("٢٠٣٠,unemployment_norway,6", "line 2, year"),
        (",unemployment_norway,6", "line 2, year: is ''"),
        ("2030,unemployment_norway,six", "line 2, value: is 'six'; allowed: 0.5 to 30"),
        ("2030,unemployment_norway,", "Leave the row out to keep the default."),
        ("2030,unemployment_norway,nan", "line 2, value: is 'nan'"),
        ("2030,unemployment_norway,inf", "line 2, value: is 'inf'"),
        ("2030,unemployment_norway,1e999", "line 2, value: is '1e999'"),
        ("2030,unemployment_norway,-3", "line 2, value: is '-3'; allowed: 0.5 to 30"),
        ("2030,unemployment_norway,0", "line 2, value: is '0'; allowed: 0.5 to 30"),
        ("2030,unemployment_norway,0.05", "Wrong unit? Write 5 for 5 percent."),
        ("2030,unemployment_norway,31", "allowed: 0.5 to 30"),
        ('2030,unemployment_norway,"3,5"', "Write 3.5."),
        ("2030,unemployment_norway,5 %", "Write 5."),
        ("2030,income_ratio_group1,120", "Wrong unit? Write 1.2 for 120 percent."),
        ("2030,income_ratio_group1,0.01", "allowed: 0.1 to 50"),
        ("2030,unemployment_norway,3,5", "has 4 fields; allowed: 3, as the header. Is there a comma"),
        ("2030,unemployment_norway", "has 2 fields"),
        ("2030,unemployment_norway,6\n2030,unemployment_norway,7",
         "line 3: gives unemployment_norway of 2030 again, after line 2"),
        ("", "has a header only"),
    ],
)  # fmt: skip
def test_a_wrong_row_is_told_with_its_line_and_column(read, row, message):
    (problem,) = refused(read, f"year,series,value\n{row}\n")
    assert message in problem


def test_every_problem_is_told_at_once(read):
    found = refused(read, "year,series,value\n1999,x,y\n2030,unemployment_norway,0.05\n2030,a\n")
    assert [problem.split(":")[0] for problem in found] == [
        "line 2, year", "line 2, series", "line 2, value", "line 3, value", "line 4",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n , \n", "is empty"),
        ("year;series;value\n", "semicolons"),
        ("year\tseries\tvalue\n", "tabs"),
        ("year,series\n", "column 'value': is missing"),
        ("year,serie,value\n", "Did you mean 'series'?"),
        ("year,series,value,value\n", "stands twice"),
        ('year,series,value\n2030,"unemployment\n', "is no CSV"),
        ("year,series,value\n\0", "NUL"),
        ("year,series,value\n" + "2030,unemployment_norway,5\n" * 1001, "has 1,001 rows"),
        ("x" * (2**20 + 1), "is too large"),
    ],
)
def test_a_wrong_file_is_told(read, text, message):
    assert message in " ".join(refused(read, text))


def test_files_that_cannot_be_read(tmp_path, read):
    with pytest.raises(InputError, match="does not exist"):
        read_csv(tmp_path / "none.csv")
    with pytest.raises(InputError, match="is a folder"):
        read_csv(tmp_path)
    with pytest.raises(InputError, match=r"cannot be read|does not exist"):
        read_csv("a" * 5000)
    with pytest.raises(InputError):
        read_csv("a\0b")
    assert "UTF-8" in refused(read, "year,series,value\n2030,æ,1", encoding="latin-1")[0]


@given(st.text(max_size=200))
def test_no_text_makes_a_traceback(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(InputError):
        read_csv(path)


WORDS = st.one_of(
    st.sampled_from(
        ["2030", "2000", "2061", "unemployment_norway", "5", "0.05", "nan", "1e9", "-1"]
    ),
    st.sampled_from(SERIES),
    st.floats().map(str),
    st.text("0123456789.,;eE+-% \u0661", max_size=8),
)


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=6))
def test_any_rows_are_read_rightly_or_refused(tmp_path_factory, rows):
    """What is read is what is written; nothing else changes; nothing beyond the limits gets in."""
    path = tmp_path_factory.getbasetemp() / "rows.csv"
    quoted = [",".join(f'"{word}"' for word in row) for row in rows]
    path.write_text("year,series,value\n" + "\n".join(quoted) + "\n", encoding="utf-8")
    try:
        own = read_csv(path)
    except InputError:
        return
    said = {(int(y), s.strip()): float(v) for y, s, v in rows if y.strip()}
    for year in YEARS:
        for series in SERIES:
            told = said.get((year, series), DEFAULT.value(series, year))
            assert own.value(series, year) == told
            assert LIMITS[series][0] <= told <= LIMITS[series][1]


@given(
    st.dictionaries(
        st.tuples(st.sampled_from(YEARS), st.sampled_from(SERIES)),
        st.floats(0.5, 30),
        min_size=1,
        max_size=20,
    )
)
def test_every_right_value_is_read(tmp_path_factory, told):
    path = tmp_path_factory.getbasetemp() / "right.csv"
    rows = [f"{year},{series},{value!r}" for (year, series), value in told.items()]
    path.write_text("year,series,value\n" + "\n".join(rows), encoding="utf-8")
    own = read_csv(path)
    assert all(own.value(series, year) == value for (year, series), value in told.items())
    assert {(d.year, d.series) for d in DEFAULT.beside(own)} <= set(told)


# Chance


def test_nothing_strays_until_the_last_year_observed():
    drawn = DEFAULT.drawn(0, 1)
    for s, series in enumerate(SERIES):
        known = last_known()[s] - FIRST + 1
        np.testing.assert_array_equal(drawn.values[:known, s], DEFAULT.values[:known, s])
        assert (drawn.values[known:, s] != DEFAULT.values[known:, s]).all(), series


def test_the_year_until_which_all_is_known_may_be_told():
    apart = deviations(0, 1, known_until=2013)
    assert (apart[: 2014 - FIRST] == 0).all() and (apart[2014 - FIRST :] != 0).all()
    assert (deviations(0, 1, known_until=LAST) == 0).all()


def test_a_draw_depends_on_seed_and_number_alone():
    first = DEFAULT.drawn(3, 7)
    DEFAULT.drawn(4, 7)
    assert DEFAULT.drawn(3, 7) == first
    assert DEFAULT.drawn(4, 7) != first != DEFAULT.drawn(3, 8)


def test_two_economies_stray_alike():
    worse = DEFAULT.changed("unemployment_norway", 2025, LAST, "factor", 1.2)
    one, other = (e.drawn(5, 1).values[:, 0] for e in (DEFAULT, worse))
    inside = (other > 0.5) & (other < 30) & (one > 0.5) & (one < 30)
    np.testing.assert_allclose((other / one)[2025 - FIRST :][inside[2025 - FIRST :]], 1.2)


@pytest.mark.parametrize("wrong", [-1, 2**32, 1.5])
def test_wrong_numbers_of_draws_are_refused(wrong):
    with pytest.raises(InputError):
        DEFAULT.drawn(wrong, 1)


@pytest.mark.parametrize("series", SERIES)
def test_draws_stay_within_limits_however_far_a_path_is_out(series):
    low, high = LIMITS[series]
    for path in (low, high):
        edge = DEFAULT.changed(series, FIRST, LAST, "set", path)
        for number in range(20):
            column = edge.drawn(number, 2).values[:, SERIES.index(series)]
            assert low <= column.min() and column.max() <= high


@pytest.fixture(scope="module")
def many():
    return np.array([strays(number, 20, 2000) for number in range(load(2000, 200))])


def test_draws_stray_as_far_and_as_long_as_the_table_says(many):
    """Mean, spread, persistence and correlations of shocks; five standard errors: 1e-4 in all."""
    table = {row["series"]: row for row in economy._shocks()}
    n = many.shape[0] * (many.shape[1] - 1)
    persistence = np.array([float(table[s]["persistence"]) for s in SERIES])
    shocks = many[:, 1:] - persistence * many[:, :-1]
    sizes = np.array([float(table[s]["innovation"]) for s in SERIES])
    assert (np.abs(shocks.mean(axis=(0, 1))) < 5 * sizes / np.sqrt(n)).all()
    np.testing.assert_allclose(shocks.std(axis=(0, 1)), sizes, rtol=5 / np.sqrt(2 * n))
    flat = shocks.reshape(-1, len(SERIES))
    said = np.array([[float(table[s][t]) for t in SERIES] for s in SERIES])
    assert np.abs(np.corrcoef(flat.T) - said).max() < 5 / np.sqrt(n)
    lagged = [np.corrcoef(flat[:, s], many[:, :-1, s].ravel())[0, 1] for s in range(len(SERIES))]
    assert np.abs(lagged).max() < 5 / np.sqrt(n)


def test_in_half_of_all_draws_a_value_is_above_the_path(many):
    """The median is the path: of the draws in a year, within five standard errors (1e-4 in all)."""
    above = (many[:, -1] > 0).mean(axis=0)
    assert np.abs(above - 0.5).max() < 2.5 / np.sqrt(len(many))


def test_ratios_of_a_draw_follow_slowly_and_unemployment_at_once():
    strayed, found = strays(3, 20, 2000), deviations(3, 20, 2000)
    np.testing.assert_array_equal(found[:, :3], strayed[:, :3])
    ratio = 0.0
    for year in range(1, len(YEARS)):
        ratio += PACE * (strayed[year, 4] - ratio)
        assert found[year, 4] == pytest.approx(ratio)
    assert (np.abs(found[:, 3:]).max(axis=0) < np.abs(strayed[:, 3:]).max(axis=0)).all()


def test_uncertainty_grows_and_then_settles(many):
    spread = many.std(axis=0)
    assert (spread[1] < spread[5]).all() and (spread[5] < 1.05 * spread[-1]).all()


def test_draws_have_no_shape_but_that_of_normal_numbers(many):
    """Kolmogorov and Smirnov's test of the last year, each series; false alarm 6e-4."""
    from scipy import stats

    last = many[:, -1]
    for column in (last / last.std(axis=0)).T:
        assert stats.kstest(column, "norm").pvalue > 1e-4
