"""Tables of people: any make that says the same is read, and every fault is named."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sim.problems import InputError
from sim.transitions.covariates import COLUMNS, read_covariates
from sim.transitions.logit import published_model, published_set
from tests.logit_people import WOMAN, crowd, frame


def text_as(kind):
    return dict.fromkeys(("sex", "education", "status", "reason"), kind)


@pytest.mark.parametrize(
    "change",
    [
        lambda people: people.astype(text_as(object)),
        lambda people: people.astype(text_as("category")),
        lambda people: people.astype({**text_as("string"), "age": "Int16", "duration": "Int8"}),
        lambda people: people.astype({"centrality": str}),
        lambda people: people.astype({"centrality": str}).astype({"centrality": "category"}),
        lambda people: people.astype({"centrality": "category"}),
        lambda people: people.astype({"centrality": float, "age": float, "family_total": "u1"}),
        lambda people: people.assign(municipality="0301", person=range(len(people))),
        lambda people: people[list(reversed(people.columns))].set_index("age", drop=False),
        pa.Table.from_pandas,
        lambda people: pa.Table.from_pandas(people.astype(text_as("category"))),
        lambda people: pa.concat_tables(
            [pa.Table.from_pandas(part.astype(text_as("category")))
             for part in (people[:200], people[200:])]
        ),
        read_covariates,
    ],
    ids=[
        "object", "category", "string-and-nullable", "text-level", "category-level",
        "number-category-level", "floats", "extra-columns", "other-order", "arrow", "dictionary",
        "chunks", "covariates",
    ],
)  # fmt: skip
def test_frames_of_any_make_give_the_same_answer(change):
    people = crowd(501)
    expected = published_set(3).probabilities(people)
    np.testing.assert_array_equal(published_set(3).probabilities(change(people)), expected)


def test_no_rows_give_no_rows():
    for empty in (frame(0), pa.Table.from_pandas(frame(0)), frame()[:0]):
        assert published_set(3).probabilities(empty).shape == (0, 3)
        assert published_model("E5").linear_predictor(empty).shape == (0, 2)


@pytest.mark.parametrize(
    ("column", "values", "says"),
    [
        ("sex", ["female", "woman"], r"sex: 1 row \(first: 2\) hold 'woman'; allowed: female, male"
         r"\. Did you mean 'female'\?"),
        ("sex", [0, 1], r"sex: holds int64, not codes; allowed: female, male"),
        ("sex", ["female", 1], r"sex: mixes values of different kinds; allowed: codes as text"),
        ("sex", ["female", None], r"sex: 1 row \(first: 2\) are empty; allowed: female, male"),
        ("sex", [None, None], r"sex: 2 rows \(first: 1, 2\) are empty"),
        ("status", ["employed", "emploed"], r"hold 'emploed'; .*Did you mean 'employed'\?"),
        ("status", ["employed", "Arbeidsledig"], r"Did you mean 'unemployed'\?"),
        ("reason", ["work", "refugee"], r"hold 'refugee'; .*Did you mean 'refuge'\?"),
        ("education", ["none", "xyz"], r"hold 'xyz'; allowed: none, compulsory, .*tertiary_long$"),
        ("centrality", [4, 5], r"centrality: 1 row \(first: 2\) hold such values as 5; allowed: "
         r"1, 2, 3, 4"),
        ("centrality", [0, 3.5], r"centrality: 2 rows \(first: 1, 2\) hold such values as 0;"),
        ("centrality", ["4", "central"], r"centrality: 1 row \(first: 2\) hold 'central'"),
        ("centrality", [4, np.nan], r"centrality: 1 row \(first: 2\) are empty"),
        ("age", [30, 300], r"age: 1 row \(first: 2\) hold such values as 300; allowed: whole "
         r"numbers, 15 to 120 years"),
        ("age", [30, 14], r"age: 1 row \(first: 2\) hold ages under 15, such as 14; allowed: .*"
         r"\. Children under 15 follow the adult they live with"),
        ("age", [30, -1], r"age: 1 row \(first: 2\) hold such values as -1;"),
        ("age", [30, 30.5], r"age: 1 row \(first: 2\) hold such values as 30.5;"),
        ("age", [30, np.nan], r"age: 1 row \(first: 2\) are empty; allowed: whole numbers"),
        ("age", [30, np.inf], r"age: 1 row \(first: 2\) hold such values as inf;"),
        ("age", ["30", "31"], r"age: holds \w*, not numbers; allowed: whole numbers, 15 to 120"),
        ("age", [True, False], r"age: holds bool, not numbers"),
        ("age", [10**30, 30], r"age: (mixes|holds|1 row)"),
        ("duration", [-1, 0], r"duration: 1 row \(first: 1\) hold such values as -1; allowed: "
         r"whole numbers, 0 to 120 years"),
        ("family_total", [4, 0], r"family_total: 1 row \(first: 2\) hold such values as 0; "
         r"allowed: whole numbers, 1 to 255 persons"),
        ("family_total", [3, 4], r"family_immigrants: 1 row \(first: 1\) exceed family_total, "
         r"such as 4 of 3; allowed: 1 to family_total\. Are the two columns exchanged\?"),
        ("family_total", [5.5, 4], r"family_total: 1 row \(first: 1\) hold such values as 5.5"),
        ("family_immigrants", [4, 0], r"family_immigrants: 1 row \(first: 2\) hold such values as "
         r"0; allowed: whole numbers, 1 to 255 persons"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_its_row_and_cure(column, values, says):
    people = frame(2, **{column: pd.Series(values, dtype=object)}).infer_objects()
    with pytest.raises(InputError, match=r"^frame has 1 problem:\n  - " + f"(?s:.*){says}"):
        published_model("6.1").probabilities(people)
    with pytest.raises(InputError, match=says):
        published_set(1).probabilities(people)


def test_a_missing_number_in_an_arrow_table_is_empty_too():
    ages = pa.array([30, None, np.nan], pa.float64())
    table = pa.Table.from_pandas(frame(3)).set_column(0, "age", ages)
    with pytest.raises(InputError, match=r"age: 2 rows \(first: 2, 3\) are empty"):
        published_set(1).probabilities(table)


def test_missing_columns_are_named_with_what_they_should_hold():
    people = frame().rename(columns={"family_total": "famly_total"}).drop(columns="status")
    with pytest.raises(InputError) as caught:
        published_set(1).probabilities(people)
    message = str(caught.value)
    assert message.startswith("frame has 2 problems:")
    assert "status: is missing; allowed: a column: outside, employed," in message
    assert "family_total: is missing; allowed: a column: family members resident" in message
    assert "Rename 'famly_total'?" in message


@pytest.mark.parametrize("arrow", [False, True])
def test_a_column_that_appears_twice_is_refused(arrow):
    people = pd.concat([frame(), frame()[["age"]]], axis=1)
    table = pa.Table.from_arrays([pa.array(people.iloc[:, i]) for i in range(10)], [*people])
    with pytest.raises(InputError, match="age: appears more than once; allowed: one column"):
        published_set(1).probabilities(table if arrow else people)


def test_all_problems_come_at_once():
    people = frame(3, age=[14, 300, 30], status=["employed", "x", None], family_total=[0, 5, 5])
    with pytest.raises(InputError) as caught:
        published_set(1).probabilities(people)
    assert [problem.where for problem in caught.value.problems] == [
        "age",
        "age",
        "status",
        "status",
        "family_total",
    ]


def test_many_unknown_codes_are_counted_rather_than_listed():
    people = frame(8, reason=list("abcdefgh"))
    with pytest.raises(InputError, match="reason: 3 more unknown codes") as caught:
        published_set(1).probabilities(people)
    assert len(caught.value.problems) == 6


@pytest.mark.parametrize("thing", [None, [WOMAN], WOMAN, 3, np.zeros((2, 9))], ids=repr)
def test_what_is_no_table_is_refused(thing):
    with pytest.raises(InputError, match="allowed: a pandas DataFrame or a pyarrow Table"):
        published_set(1).probabilities(thing)


def test_every_column_is_asked_for():
    assert set(COLUMNS) == set(WOMAN)
