"""The fitted register in its files: written, read again, damaged."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from calibration import margins as m
from calibration.pool import COLUMNS, LEVEL_COUNT, draw_pool
from calibration.reconstruction import reconstruct
from calibration.solution import (
    ABOUT,
    FAMILIES,
    FIRST_YEAR,
    FOLDER,
    LAST_YEAR,
    PERSONS,
    Solution,
    read_solution,
    shipped_solution,
    write_solution,
)


@pytest.fixture(scope="module")
def small():
    pool = draw_pool(60, scale=0.03)
    rng = np.random.default_rng(0)
    number = {year: pool.prior * rng.uniform(0.5, 2, pool.level.size) for year in (2004, 2013)}
    return Solution(pool, number, {"what": "a test", "nested": {"Ø": 1.5}})


@pytest.fixture
def folder(small, tmp_path):
    write_solution(small, tmp_path / "a" / "register")
    return tmp_path / "a" / "register"


def test_what_is_written_is_read_again(small, folder):
    again = read_solution(folder)
    for name in COLUMNS:
        np.testing.assert_array_equal(again.pool[name], small.pool[name], err_msg=name)
        assert again.pool[name].dtype == np.int64
    np.testing.assert_array_equal(again.pool.level, small.pool.level)
    np.testing.assert_allclose(again.pool.prior, small.pool.prior, rtol=1e-6)
    assert list(again.number) == [2004, 2013]
    for year, number in small.number.items():
        np.testing.assert_allclose(again.number[year], number, rtol=1e-6)
    assert again.about == small.about


def test_writing_again_what_was_read_changes_nothing(folder, tmp_path):
    write_solution(read_solution(folder), tmp_path / "b")
    for name in (PERSONS, FAMILIES):
        one, again = pq.read_table(folder / name), pq.read_table(tmp_path / "b" / name)
        assert one.equals(again)
    assert (folder / ABOUT).read_bytes() == (tmp_path / "b" / ABOUT).read_bytes()


def test_numbers_that_do_not_fit_a_byte_are_kept(small, tmp_path):
    persons = dict(small.pool.persons)
    persons["duration"] = np.where(np.arange(small.pool.size) == 7, 300, persons["duration"])
    pool = type(small.pool)(persons, small.pool.level, small.pool.prior)
    write_solution(Solution(pool, small.number, {}), tmp_path)
    assert read_solution(tmp_path).pool["duration"][7] == 300


def test_a_missing_folder_and_missing_files_are_named(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_solution(tmp_path / "nowhere")
    for name in (ABOUT, FAMILIES, PERSONS):
        (folder / name).unlink()
        with pytest.raises(FileNotFoundError, match=name):
            read_solution(folder)


@pytest.mark.parametrize("name", [PERSONS, FAMILIES])
def test_a_truncated_table_is_never_half_read(folder, name):
    whole = (folder / name).read_bytes()
    for size in (0, 10, len(whole) // 2, len(whole) - 1):
        (folder / name).write_bytes(whole[:size])
        with pytest.raises((pa.ArrowInvalid, OSError)):
            read_solution(folder)


def test_a_truncated_description_is_refused(folder):
    text = (folder / ABOUT).read_text("utf-8")
    (folder / ABOUT).write_text(text[: len(text) // 2], "utf-8")
    with pytest.raises(json.JSONDecodeError):
        read_solution(folder)


@pytest.mark.parametrize(("name", "column"), [(PERSONS, "age"), (FAMILIES, "level")])
def test_a_missing_column_is_named(folder, name, column):
    table = pq.read_table(folder / name)
    pq.write_table(table.drop_columns([column]), folder / name)
    with pytest.raises(KeyError, match=column):
        read_solution(folder)


# --- The solution that is shipped ---


def test_the_shipped_solution_has_every_start_year():
    solution = shipped_solution()
    assert (
        list(solution.number) == list(range(FIRST_YEAR, LAST_YEAR + 1)) == list(range(2004, 2014))
    )
    families = solution.pool.level.size
    for number in solution.number.values():
        assert number.shape == (families,)
        assert np.isfinite(number).all() and (number >= 0).all()


def test_the_shipped_candidates_are_possible_families():
    pool = shipped_solution().pool
    family = pool["family"]
    assert (np.diff(family) >= 0).all()  # one family after another
    assert set(np.diff(family)) == {0, 1} and family[0] == 0
    np.testing.assert_array_equal(np.bincount(family)[family], pool["family_immigrants"])
    assert (pool["family_total"] >= pool["family_immigrants"]).all()
    assert (np.diff(pool.level) >= 0).all()
    assert set(pool.level) == set(range(LEVEL_COUNT))
    assert (pool["duration"] <= pool["age"]).all()
    for link in ("mother", "partner"):
        has = pool[link] >= 0
        np.testing.assert_array_equal(family[pool[link][has]], family[has])
    has = np.flatnonzero(pool["partner"] >= 0)
    np.testing.assert_array_equal(pool["partner"][pool["partner"][has]], has)


def test_shipped_numbers_add_up_to_the_population():
    solution = shipped_solution()
    members = np.bincount(solution.pool["family"])
    assert solution.number[2013] @ members == pytest.approx(m.PERSONS, rel=1e-3)
    assert solution.number[2004] @ members == pytest.approx(289_104, rel=1e-3)


def test_the_fit_says_that_it_converged():
    about = shipped_solution().about
    assert about["converged"] is True
    assert about["candidate_persons"] == shipped_solution().pool.size
    assert about["candidate_families"] == shipped_solution().pool.level.size


def test_the_shipped_files_are_small():
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 6 * 2**20


def test_drawing_leaves_the_shipped_solution_as_it_was():
    solution = shipped_solution()
    before = [column.tobytes() for column in solution.pool.persons.values()]
    numbers = solution.number[2013].tobytes()
    reconstruct(scale=0.001)
    assert [column.tobytes() for column in solution.pool.persons.values()] == before
    assert solution.number[2013].tobytes() == numbers


def test_another_solution_can_be_drawn_from(folder):
    """A copy of the shipped numbers in another object gives the same persons."""
    shipped = shipped_solution()
    doubled = Solution(shipped.pool, {2013: shipped.number[2013]}, {})
    one, again = reconstruct(scale=0.001), reconstruct(scale=0.001, solution=doubled)
    assert all(one[name].tobytes() == again[name].tobytes() for name in one.columns)
