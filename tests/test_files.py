import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sim.agents import files
from sim.agents.columns import COLUMNS
from sim.problems import InputError
from tests.conftest import made_people


@pytest.fixture
def frame(people):
    table = files.to_table(people)
    plain = [
        column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
        for column in table.columns
    ]
    return pa.table(dict(zip(table.column_names, plain, strict=True))).to_pandas()


def said(table, year=2013):
    with pytest.raises(InputError) as caught:
        files.from_table(table, year, "people.parquet")
    return str(caught.value)


def test_a_file_gives_back_what_was_saved(people, tmp_path):
    people["left_year"][3], people["place"][3] = 2010, 1
    files.save(people, tmp_path / "p.parquet")
    again = files.load(tmp_path / "p.parquet")
    assert (again.year, again.source) == (2013, "made people")
    for column in COLUMNS:
        np.testing.assert_array_equal(again[column.name], people[column.name], column.name)
        assert again[column.name].dtype == column.dtype


def test_links_survive_a_shuffled_file(tmp_path):
    people = made_people(50)
    people["partner"][:] = np.arange(50) ^ 1
    turned = people.select(np.random.default_rng(1).permutation(50))
    files.save(turned, tmp_path / "p.parquet")
    again = files.load(tmp_path / "p.parquet")
    pairs = {
        tuple(sorted((p, q)))
        for p, q in zip(again["person"], again["person"][again["partner"]], strict=True)
    }
    assert pairs == {
        tuple(sorted((people["person"][i], people["person"][i ^ 1]))) for i in range(50)
    }


def test_files_hold_codes_not_numbers(people, tmp_path):
    files.save(people, tmp_path / "p.parquet")
    table = pq.read_table(tmp_path / "p.parquet")
    assert set(table["sex"].to_pylist()) == {"female", "male"}
    assert all(len(word) == 4 for word in table["municipality"].to_pylist())
    assert table["mother"].null_count == len(people)


def test_a_pandas_frame_of_text_reads_the_same(frame, people):
    again = files.from_table(frame, 2013)
    np.testing.assert_array_equal(again["municipality"], people["municipality"])


def test_family_numbers_may_be_any(frame, people):
    frame["family"] = frame["family"].astype("int64") * 10_000_000_019 - 5
    np.testing.assert_array_equal(files.from_table(frame, 2013)["family"], people["family"])


def test_municipality_numbers_may_be_integers(frame, people):
    frame["municipality"] = frame["municipality"].astype(int)
    np.testing.assert_array_equal(
        files.from_table(frame, 2013)["municipality"], people["municipality"]
    )


def test_a_wrong_code_is_named_with_row_and_cure(frame):
    frame.loc[[4, 9], "sex"] = "femal"
    assert (
        "sex: 2 rows (first: 5, 10) hold 'femal'; allowed: female, male. Did you mean 'female'?"
        in said(frame)
    )


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("birth_year", np.nan, "birth_year: 1 row (first: 8) are empty; allowed: a number"),
        (
            "birth_year",
            1975.5,
            "hold such values as 1975.5; allowed: whole numbers, 1880 to 2100 year",
        ),
        ("family_total", 300, "family_total: 1 row (first: 8) hold such values as 300"),
        ("birth_year", 1600, "hold such values as 1600"),
        ("education", None, "education: 1 row (first: 8) are empty"),
        ("municipality", "9999", "municipality: 1 row (first: 8) hold '9999'; allowed: 428 codes"),
    ],
)
def test_a_wrong_value_is_named(frame, column, value, says):
    frame[column] = frame[column].astype(object)
    frame.at[7, column] = value
    if column in ("birth_year", "family_total"):
        frame[column] = frame[column].astype(float)
    assert says in said(frame)


def test_missing_and_unknown_columns_and_the_rest_come_at_once(frame):
    frame["sexx"] = 1
    frame.loc[0, "reason"] = "labour"
    message = said(frame.drop(columns=["status", "person"]))
    assert "has 4 problems" in message
    assert "sexx: is an unknown column" in message
    assert "Did you mean 'sex'?" in message
    assert "status: is missing" in message
    assert "reason: 1 row (first: 1) hold 'labour'" in message


def test_numbers_are_not_taken_for_codes(frame):
    frame["sex"] = 1
    assert "sex: holds int64, not codes; allowed: female, male" in said(frame)


def test_a_link_to_a_stranger_is_named(frame):
    frame["mother"] = frame["mother"].astype(object)
    frame.at[2, "mother"] = 123456
    frame["mother"] = frame["mother"].astype(float)
    assert "name persons who are not in the file, such as 123456" in said(frame)


def test_a_file_without_a_year_asks_for_it(frame):
    assert "year: is not in the file's metadata" in said(frame, None)


def test_impossible_relations_carry_the_name_of_the_file(frame):
    frame["family_immigrants"] = frame["family_total"] + 1
    message = said(frame)
    assert message.startswith("people.parquet has 1 problem")
    assert "exceed family_total" in message


def test_unreadable_files_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"file: does not exist"):
        files.load(tmp_path / "none.parquet")
    (tmp_path / "odd.parquet").write_text("not parquet")
    with pytest.raises(InputError, match=r"file: cannot be read as Parquet"):
        files.load(tmp_path / "odd.parquet")


def test_a_file_that_cannot_be_written_leaves_nothing(people, tmp_path, monkeypatch):
    def fail(*_, **__):
        (tmp_path / f".p.parquet.{files.os.getpid()}.part").write_text("half")
        raise OSError("disk full")

    monkeypatch.setattr(files.pq, "write_table", fail)
    with pytest.raises(OSError, match="disk full"):
        files.save(people, tmp_path / "p.parquet")
    assert list(tmp_path.iterdir()) == []
