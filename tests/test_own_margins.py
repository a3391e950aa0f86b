"""Margins of a user's own: read, refused, fitted, and contradictions named."""

import os
import tracemalloc

import numpy as np
import pytest

from calibration import own_margins, reconstruct
from calibration.equations import block
from calibration.own_margins import (
    DIMENSIONS,
    beside,
    contradictions,
    own_blocks,
    read_margins,
)
from calibration.pool import draw_pool
from calibration.register import fit_register
from calibration.solution import shipped_solution
from sim.codes import ORIGIN_COUNTRY_GROUP
from sim.geography import CENTRALITY_OF
from sim.problems import InputError
from tests.conftest import load

EVERYBODY = 593_324.0


@pytest.fixture(scope="module")
def pool():
    return draw_pool(load(120, 60), scale=0.03)


@pytest.fixture
def blocks(tmp_path, pool):
    def read(text):
        path = tmp_path / "own.csv"
        path.write_text(text, encoding="utf-8")
        return own_blocks(path, pool, EVERYBODY)

    return read


def refused(blocks, text):
    with pytest.raises(InputError) as caught:
        blocks(text)
    return [str(problem) for problem in caught.value.problems]


def test_a_row_counts_the_people_it_names(blocks, pool):
    (found,) = blocks(
        "margin,sex,age,reason,persons,source\nw,female,15-74,work,30000,my register\n"
    )
    age = pool["age"]
    whom = (pool["sex"] == 0) & (age >= 15) & (age <= 74) & (pool["group"] == 0)
    number = np.random.default_rng(0).random(pool.level.size)
    assert found.found(number)[0] == pytest.approx(number[pool["family"]][whom].sum())
    assert found.name == "w"
    assert found.cells == ("line 2 (sex female, age 15-74, reason work)",)
    assert found.target[0] == 30_000
    assert found.tolerance[0] == 60
    assert found.source == "my register"


@pytest.mark.parametrize(
    ("column", "value", "holds"),
    [
        ("age", "67+", lambda p: p["age"] >= 67),
        ("age", "15", lambda p: p["age"] == 15),
        ("duration", "0-2", lambda p: p["duration"] <= 2),
        ("centrality", "4", lambda p: p.person_level == 3),
        ("country_group", "1", lambda p: p["origin"] <= 4),
        ("official_reason", "refuge_with_families", lambda p: np.isin(p["group"], (1, 2, 7))),
        ("family_total", "3-", None),
        ("reason", "unknown", lambda p: np.isin(p["group"], (6, 7))),
        ("education", "tertiary_long", lambda p: p["education"] == 5),
    ],
)
def test_every_kind_of_value(blocks, pool, column, value, holds):
    text = f"{column},persons\n{value},1000\n"
    if holds is None:
        assert "a number or a range: 15, 30-54 or 67+" in refused(blocks, text)[0]
        return
    (found,) = blocks(text)
    ones = np.ones(pool.level.size)
    assert found.found(ones)[0] == np.count_nonzero(holds(pool))


def test_empty_fields_mean_everybody_and_margins_group_rows(blocks, pool):
    found = blocks("margin,sex,persons\nb,female,280000\na,,593324\nb,male,313324\n")
    assert [b.name for b in found] == ["a", "b"]
    assert found[0].found(np.ones(pool.level.size))[0] == pool.size


def test_all_that_is_wrong_is_said_at_once(blocks):
    text = (
        "margin,sex,age,reason,persons\none,femal,15-74,work,5\ntwo,male,old,wrok,x\n,,,,-3\n1,2\n"
    )
    said = refused(blocks, text)
    assert said == [
        "line 2, sex: is 'femal'; allowed: female, male. Did you mean 'female'?",
        "line 3, age: is 'old'; allowed: a number or a range: 15, 30-54 or 67+",
        "line 3, reason: is 'wrok'; allowed: work, refuge, family, education, nordic, unknown. "
        "Did you mean 'work'?",
        "line 3, persons: is 'x'; allowed: a number, 0 or more",
        "line 4, persons: is '-3'; allowed: a number, 0 or more",
        "line 5: has 2 fields; allowed: 5, as the header",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "file: is empty"),
        ("sex,persons\n", "file: has a header only"),
        ("sex\nfemale\n", "column 'persons': is missing"),
        ("sex,sex,persons\nmale,male,3\n", "column 'sex': stands twice"),
        ("county,persons\nOslo,3\n", "column 'county': cannot be fitted"),
        ("sx,persons\nmale,3\n", "Did you mean 'sex'?"),
        ('sex,persons\n"male,3\n', "is no CSV"),
        ("sex,persons\nmale,nan\n", "persons: is 'nan'"),
        ("sex,persons\nmale,1e99\n", "persons: is '1e99'"),
        ("sex,persons\nmale,1\0\n", "file: holds NUL characters"),
        ("sex;persons\nmale;3\n", "header: has semicolons between the columns; allowed: commas"),
        ("sex\tpersons\nmale\t3\n", "header: has tabs between the columns; allowed: commas"),
        ("sex,persons\nmale,0,1\n", "allowed: 2, as the header. Is there a comma in a number?"),
        (
            "sex,persons\nmale,150 000\n",
            "is '150 000'; allowed: a number, 0 or more. Write 150000.",
        ),
        ("sex,persons\nmale,150\xa0000\n", "Write 150000."),
        (
            "sex,persons\nmale,150_000\n",
            "is '150_000'; allowed: a number, 0 or more. Write 150000.",
        ),
        ('sex,persons\nmale,"150000,5"\n', "Write 150000.5."),
        ('sex,persons\nmale,"150,000"\n', "Write 150000."),
        ('sex,persons\nmale,"0,1"\n', "Write 0.1."),
        ("age,persons\n30-54+,3\n", "is '30-54+'; allowed: a number or a range"),
        ("age,persons\n67++,3\n", "is '67++'; allowed: a number or a range"),
        ("age,persons\n30 – 54,3\n", "67+. Write 30-54."),
        ("margin,persons\n" + "m" * 201 + ",3\n", "allowed: at most 200 letters"),
        ("margin,persons\n\x1b[2J,3\n", "letters, all of which can be printed"),
    ],
)
def test_files_that_are_none(blocks, text, says):
    assert any(says in problem for problem in refused(blocks, text))


def test_missing_and_unreadable_files(tmp_path, pool):
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(InputError, match=r"does not exist|is a folder"):
            own_blocks(path, pool, EVERYBODY)
    (tmp_path / "latin.csv").write_bytes(b"sex,persons\n\xe6\xf8,3\n")
    with pytest.raises(InputError, match="not UTF-8"):
        own_blocks(tmp_path / "latin.csv", pool, EVERYBODY)


def test_impossible_people_are_named(blocks):
    said = refused(blocks, "age,duration,persons\n0-3,20-30,500\n,,700000\n")
    assert any("line 2" in s and "asks for 500 persons; allowed: 0." in s for s in said)
    assert any("106,676 more than there are immigrants (593,324)" in s for s in said)


def test_a_part_larger_than_the_whole_is_named_with_its_size(blocks):
    said = refused(blocks, "sex,age,persons\nfemale,15-74,20000\nfemale,20-30,25000\n")
    assert said == [
        "line 3 (sex female, age 20-30): asks for 25,000 persons; allowed: the group that holds "
        "them is 20,000 in line 2 (sex female, age 15-74). They contradict each other by 5,000 "
        "persons."
    ]


def test_the_same_people_asked_for_twice(blocks):
    said = refused(blocks, "sex,persons\nfemale,280000\nfemale,290000\n")
    assert said[0].startswith("line 3 (sex female): asks for 290,000 persons")
    assert "by 10,000 persons" in said[0]


def test_a_margin_that_does_not_add_up_to_everybody(blocks):
    said = refused(blocks, "margin,sex,persons\nsex,female,300000\nsex,male,310000\n")
    assert said == [
        "margin 'sex': adds up to 610,000 persons; allowed: 593,324, the stock. They contradict "
        "each other by 16,676 persons."
    ]


def test_what_a_fit_cannot_reach_is_named_with_what_pulls_against_it(blocks, pool):
    sex = np.bincount(pool["sex"], pool.prior[pool["family"]])
    strict = block("sexes", ("women", "men"), pool, pool["sex"], sex, 1.0, "published")
    own = blocks(f"sex,persons\nfemale,{sex[0] + 9000:.0f}\n")
    fit = fit_register(pool, (), [strict, *own])
    (problem,) = contradictions(own, [strict], fit.number)
    assert problem.where == "line 2 (sex female)"
    assert "the compromise reached with the other figures is about" in problem.found
    assert problem.found.endswith("9,000 off")
    assert problem.allowed == ""
    assert problem.cure == "Against it: sexes: women."


def test_what_a_fit_reaches_is_no_contradiction(blocks, pool):
    own = blocks("sex,age,persons\nfemale,30-54,150000\n")
    fit = fit_register(pool, (), own)
    assert list(contradictions(own, [], fit.number)) == []
    assert own[0].found(fit.number)[0] == pytest.approx(150_000, rel=0.005)


def test_too_many_rows(blocks, monkeypatch):
    monkeypatch.setattr(own_margins, "MOST_ROWS", 2)
    assert "has 3 rows; allowed: at most 2" in refused(blocks, "sex,persons\n" + "male,1\n" * 3)[0]


def test_only_semicolons_are_named_where_they_are_the_cause(blocks):
    assert len(refused(blocks, "sex;persons\nfemale;150000,5\n")) == 1


def test_lines_of_blanks_and_a_quoted_line_end_are_no_rows(blocks):
    (found,) = blocks('sex,persons\n   \n , \nfemale,280000\n"male\n",313324\n')
    assert found.cells == ("line 4 (sex female)", "line 6 (sex male)")


def test_a_file_without_columns_of_persons_asks_for_everybody(blocks, pool):
    (found,) = blocks("margin,persons\nall,593324\n")
    assert found.cells == ("line 2 (everybody)",)
    assert found.found(np.ones(pool.level.size))[0] == pool.size


def test_what_is_no_regular_file_is_refused_and_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(InputError, match="is no regular file; allowed: a CSV file"):
        read_margins(tmp_path / "pipe.csv")


@pytest.mark.parametrize("name", ["n\0.csv", "n" * 5000, "\udcff.csv"])
def test_names_that_no_file_has(name):
    with pytest.raises(InputError, match=r"cannot be read|does not exist") as caught:
        read_margins(name)
    assert len(str(caught.value)) < 500


def test_a_row_means_of_people_what_their_columns_say(tmp_path):
    """Every column, against what the columns of a population say by themselves."""
    people = reconstruct(scale=0.005)
    here = people.immigrants
    last = people.year - 1
    refugee = people["sponsor_reason"] == 1
    wanted = {
        "sex,male": people["sex"] == 1,
        "age,15-29": (last - people["birth_year"] >= 15) & (last - people["birth_year"] <= 29),
        "centrality,4": CENTRALITY_OF[people["municipality"]] == 3,
        "reason,family": people["reason"] == 2,
        "official_reason,refuge_with_families": (people["reason"] == 1) | refugee,
        "origin,somalia_djibouti": people["origin"] == 16,
        "country_group,2": np.array(ORIGIN_COUNTRY_GROUP)[people["origin"]] == 1,
        "duration,6+": last - people["first_arrival_year"] >= 6,
        "education,tertiary_long": people["education"] == 5,
        "status,student": people["status"] == 3,
        "family_total,1": people["family_total"] == 1,
        "family_immigrants,3+": people["family_immigrants"] >= 3,
    }
    assert {word.split(",")[0] for word in wanted} == set(DIMENSIONS)
    for word, whom in wanted.items():
        column, value = word.split(",")
        (tmp_path / "own.csv").write_text(f"{column},persons\n{value},100000\n")
        (row,) = beside(read_margins(tmp_path / "own.csv"), people, 0.005, {})
        assert row.found == pytest.approx(np.count_nonzero(whom & here) / 0.005), column


def test_what_was_asked_stands_beside_what_the_people_hold(tmp_path):
    people = reconstruct(scale=0.01)
    text = "margin,sex,persons,source\na,female,280000,my count\nb,,593324,\nb,male,5,\n"
    (tmp_path / "own.csv").write_text(text)
    women, everybody, men = beside(
        read_margins(tmp_path / "own.csv"), people, 0.01, {"a": "replaces"}
    )
    assert (women.block, women.cell) == ("yours: a", "line 2 (sex female)")
    assert women.published == women.believed == 280_000
    assert women.found == 100 * np.count_nonzero(people.immigrants & (people["sex"] == 0))
    assert (women.allowed, women.note) == (2_800, "my count; replaces")
    assert everybody.holds
    assert everybody.note == ""
    assert (men.allowed, men.holds) == (30, False)


def test_the_largest_file_takes_little_memory(tmp_path):
    """500 rows that hold each other: no table of persons by rows of whole numbers is made."""
    pool = shipped_solution().pool
    rows = (f"m{i % 7},{i % 15}-{60 + i % 30},{300_000 + i}\n" for i in range(500))
    (tmp_path / "own.csv").write_text("margin,age,persons\n" + "".join(rows))
    tracemalloc.start()
    assert len(own_blocks(tmp_path / "own.csv", pool, EVERYBODY)) == 7
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 500e6
    assert own_margins.MOST_ROWS == 500


def test_contradictions_are_not_told_by_the_thousand(blocks):
    said = refused(blocks, "sex,persons\n" + "".join(f"male,{i}\n" for i in range(0, 50_000, 500)))
    assert len(said) == 41
    assert said[-1] == "file: has 4,910 more of such contradictions"
