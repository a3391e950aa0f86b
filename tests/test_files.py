import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sim.agents import files
from sim.agents.checks import rows_of
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
        ("sex", "FEMALE", "hold 'FEMALE'; allowed: female, male. Did you mean 'female'?"),
        ("sex", "Kvinne", "hold 'Kvinne'; allowed: female, male. Did you mean 'female'?"),
        ("sex", "mann", "hold 'mann'; allowed: female, male. Did you mean 'male'?"),
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
    assert (
        "year: is not in the file's metadata; allowed: a year, 1880 to 2099. Add it to the "
        'metadata: table.replace_schema_metadata({"year": "2013"}).'
    ) in said(frame, None)


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


@pytest.mark.parametrize(
    ("link", "values", "says"),
    [
        ("mother", ["x"] * 400, "mother: holds string, not numbers; allowed: identifiers of "),
        ("partner", [{"a": 1}] * 400, "partner: holds struct<a: int64>, not numbers; allowed: "),
        ("mother", [3.5] + [None] * 399, "mother: 1 row (first: 1) hold such values as 3.5; "),
        ("mother", [1e300] + [None] * 399, "mother: 1 row (first: 1) hold such values as 1e+300"),
        ("partner", [True] * 400, "partner: holds bool, not numbers"),
    ],
)
def test_a_link_that_is_no_identifier_is_refused(people, link, values, says):
    table = files.to_table(people)
    at = table.column_names.index(link)
    message = said(table.set_column(at, link, pa.array(values)))
    assert "has 1 problem" in message
    assert says in message


def test_text_links_can_be_mended(frame):
    frame["mother"] = "x"
    assert "nothing. Convert the column to whole numbers." in said(frame)


def test_links_that_are_nan_are_none(frame):
    frame["mother"], frame["partner"] = np.nan, None
    assert (files.from_table(frame, 2013)["mother"] == -1).all()
    arrow = pa.table({**{c: frame[c] for c in frame}, "mother": pa.array(np.full(400, np.nan))})
    assert arrow["mother"].null_count == 0
    assert (files.from_table(arrow, 2013)["mother"] == -1).all()


def test_large_identifiers_keep_every_digit_beside_nulls(people):
    table = files.to_table(people)
    person = people["person"] + 2**60
    mother = [None, int(person[0])] + [None] * 398
    table = table.set_column(0, "person", pa.array(person))
    table = table.set_column(table.column_names.index("mother"), "mother", pa.array(mother))
    assert files.from_table(table, 2013)["mother"][:3].tolist() == [-1, 0, -1]


@pytest.mark.parametrize(
    ("year", "says"),
    [
        ("twenty", "year: the metadata holds 'twenty', which is no year; allowed: a year, 1880 "),
        ("²", "year: the metadata holds '²', which is no year"),
        ("9" * 20, "year: the metadata holds '99999999999999999999', which is no year"),
        ("", "year: the metadata holds '', which is no year"),
        ("1500", "year: is 1500; allowed: a year, 1880 to 2099"),
        ("2100", "year: is 2100; allowed: a year, 1880 to 2099"),
    ],
)
def test_a_wrong_year_is_named(people, year, says):
    table = files.to_table(people).replace_schema_metadata({"year": year})
    message = said(table, None)
    assert "has 1 problem:" in message
    assert says in message


def test_a_year_that_is_given_is_checked_too(people):
    assert "year: is 1500; allowed: a year" in said(files.to_table(people), 1500)


def test_a_source_in_another_alphabet_is_read(people):
    meta = {b"year": b"2013", b"source": b"Troms\xf8"}
    table = files.to_table(people).replace_schema_metadata(meta)
    assert files.from_table(table).source == "Troms\ufffd"


def test_another_format_is_refused(people):
    meta = {"year": "2013", "format": "vandring population 9"}
    assert (
        "format: is 'vandring population 9'; allowed: vandring population 1. "
        "Was the file made by another Vandring?"
    ) in said(files.to_table(people).replace_schema_metadata(meta), None)


@pytest.mark.parametrize("numbers", [[1.4, 1.6], [np.inf, 1], [1e300, 1]])
def test_family_numbers_are_whole(frame, numbers):
    frame["family"] = frame["family"].astype(float)
    frame.loc[[0, 1], "family"] = numbers
    assert "family: " in said(frame)
    assert f"hold such values as {numbers[0]:g}; allowed: whole numbers" in said(frame)


@pytest.mark.parametrize("value", [2.0**63, 1e300, np.inf, -np.inf])
def test_numbers_beyond_every_integer_are_refused(frame, value):
    frame["person"] = frame["person"].astype(float)
    frame.loc[0, "person"] = value
    assert f"person: 1 row (first: 1) hold such values as {value:g}; allowed" in said(frame)


def test_two_columns_of_one_name(people, tmp_path):
    table = files.to_table(people)
    pq.write_table(table.append_column("sex", table["sex"]), tmp_path / "p.parquet")
    with pytest.raises(InputError, match="sex: appears more than once; allowed: one column of"):
        files.load(tmp_path / "p.parquet")
    frame = table.to_pandas()
    frame.columns = ["sex", *frame.columns[1:]]
    assert "sex: appears more than once" in said(frame)


def test_a_column_of_several_kinds(frame):
    frame["mother"] = frame["mother"].astype(object)
    frame.at[0, "mother"], frame.at[1, "mother"] = "x", 3
    assert "mother: holds values of several kinds; allowed: numbers only, or text" in said(frame)


def test_a_folder_is_no_population(tmp_path):
    with pytest.raises(InputError, match="file: is a folder; allowed: a Parquet file"):
        files.load(tmp_path)


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.pq, "ParquetFile", refuse)
    with pytest.raises(InputError, match="file: no permission to read it"):
        files.load(tmp_path / "p.parquet")


def test_relations_and_wrong_codes_of_other_columns_come_together(frame):
    frame.loc[0, "reason"] = "labour"
    frame.loc[1, "birth_year"] = 1700
    frame.loc[2, "family_immigrants"] = frame.loc[2, "family_total"] + 1
    frame.loc[3, "person"] = frame.loc[4, "person"]
    frame.loc[5, "first_arrival_year"] = 2013
    message = said(frame)
    assert "has 5 problems" in message
    for says in (
        "reason: 1 row (first: 1) hold 'labour'",
        "birth_year: 1 row (first: 2) hold such values as 1700",
        "family_immigrants: 1 row (first: 3) exceed family_total",
        "person: 1 row (first: 5) repeat an identifier",
        "first_arrival_year: 1 row (first: 6) lie after 1 January 2013",
    ):
        assert says in message


def test_unknown_columns_are_removed_or_renamed(frame):
    frame["income"], frame["famly_total"], frame["__index_level_0__"] = 1, 1, 1
    message = said(frame)
    assert "income: is an unknown column; allowed: the columns of the codebook. Remove" in message
    assert "Did you mean 'family_total'?" in message
    assert "codebook. Write the frame without its index (index=False)." in message


def test_a_missing_column_is_described_as_in_the_codebook(frame):
    message = said(frame.drop(columns=["family_total"]))
    assert (
        "family_total: is missing; allowed: a column: members of the family resident in Norway"
        in message
    )


def test_text_where_numbers_belong(frame):
    frame["birth_year"] = frame["birth_year"].astype(str)
    assert (
        "birth_year: holds string, not numbers; allowed: whole numbers. "
        "Convert the column to whole numbers."
    ) in said(frame).replace("large_string", "string")


def test_text_in_any_form_is_read(people):
    table = files.to_table(people)
    words = pa.array(table["sex"].to_pylist(), pa.string_view())
    again = files.from_table(table.set_column(1, "sex", words))
    np.testing.assert_array_equal(again["sex"], people["sex"])


def test_identifiers_are_told_from_what_is_none():
    found, there = files.identifiers(pa.array([3.0, None, 2.0**53]))
    assert (found.tolist(), there.tolist()) == ([3, 0, 2**53], [True, False, True])
    assert files.identifiers(pa.array([2**63 - 1], pa.uint64()))[0].tolist() == [2**63 - 1]
    for wrong in (["x"], [1.5], [2.0**63], [float("inf")]):
        assert files.identifiers(pa.array(wrong)) is None


def test_problems_of_a_part_name_the_rows_of_the_file(frame):
    frame["sex"] = frame["sex"].astype(str)
    frame.loc[2, "sex"] = "woman"
    with rows_of(np.arange(len(frame)) * 10), pytest.raises(InputError) as raised:
        files.from_table(frame, 2013)
    assert "sex: 1 row (first: 21) hold 'woman'" in str(raised.value)
    with pytest.raises(InputError, match=r"sex: 1 row \(first: 3\) hold 'woman'"):
        files.from_table(frame, 2013)
