"""Margins of a user's own: read, refused, fitted, and contradictions named."""

import numpy as np
import pytest

from calibration import own_margins
from calibration.equations import block
from calibration.own_margins import contradictions, own_blocks
from calibration.pool import draw_pool
from calibration.register import fit_register
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
    ],
)
def test_files_that_are_none(blocks, text, says):
    assert any(says in problem for problem in refused(blocks, text))


def test_missing_and_unreadable_files(tmp_path, pool):
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(InputError, match=r"does not exist|cannot be read"):
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
    assert "off what can be had" in problem.found
    assert problem.cure == "Against it: sexes: women."


def test_what_a_fit_reaches_is_no_contradiction(blocks, pool):
    own = blocks("sex,age,persons\nfemale,30-54,150000\n")
    fit = fit_register(pool, (), own)
    assert list(contradictions(own, [], fit.number)) == []
    assert own[0].found(fit.number)[0] == pytest.approx(150_000, rel=0.005)


def test_too_many_rows(blocks, monkeypatch):
    monkeypatch.setattr(own_margins, "MOST_ROWS", 2)
    assert "has 3 rows; allowed: at most 2" in refused(blocks, "sex,persons\n" + "male,1\n" * 3)[0]
