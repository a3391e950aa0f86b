"""Extracts: every problem found, with row and cure; what is right is read as it stands."""

import csv
import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration import extract_source
from calibration.extract import Extract, examine, read_extract
from calibration.extract_clean import clean
from calibration.extract_columns import CODES, FIELDS, OUTCOMES
from sim.codes import CENTRALITY, EDUCATION, REASON, SEX, STATUS
from sim.geography import CENTRALITY_OF, COUNTY, COUNTY_OF, MUNICIPALITY
from sim.problems import InputError

NEEDED = (
    "sex", "age", "duration", "education", "status", "reason", "family_total",
    "family_immigrants", "centrality", "outcome",
)  # fmt: skip


def persons(n=80, **columns):
    """Rows of words of n persons of whom nothing is wrong."""
    rng = np.random.default_rng(1)
    age = rng.integers(15, 90, n)
    made = {
        "person": [str(i + 1) for i in range(n)],
        "sex": rng.choice(SEX.names, n).tolist(),
        "age": [str(a) for a in age],
        "duration": [str(int(d)) for d in rng.random(n) * (age + 1)],
        "education": rng.choice(EDUCATION.names, n).tolist(),
        "status": rng.choice(STATUS.names, n).tolist(),
        "reason": rng.choice(REASON.names, n).tolist(),
        "family_total": [str(2 + i % 3) for i in range(n)],
        "family_immigrants": [str(1 + i % 2) for i in range(n)],
        "centrality": rng.choice(CENTRALITY.names, n).tolist(),
        "outcome": [OUTCOMES[i % 4] for i in range(n)],
    }
    made.update(columns)
    return {name: list(values) for name, values in made.items() if values is not None}


def text(rows, separator=","):
    file = io.StringIO()
    writer = csv.writer(file, delimiter=separator, lineterminator="\n")
    writer.writerow(rows)
    writer.writerows(zip(*rows.values(), strict=True))
    return file.getvalue()


@pytest.fixture
def write(tmp_path):
    def put(rows, name="data.csv", separator=",", encoding="utf-8"):
        path = tmp_path / name
        path.write_text(text(rows, separator), encoding)
        return path

    return put


def said(path, mapping=None):
    """Everything that is an error, as one text."""
    with pytest.raises(InputError) as raised:
        read_extract(path, mapping)
    return str(raised.value)


def assert_same(found, wanted):
    assert list(found.columns) == list(wanted.columns)
    for name, column in wanted.columns.items():
        np.testing.assert_array_equal(found.columns[name], column, err_msg=name)


def test_what_is_right_is_read_as_it_stands(write):
    rows = persons()
    found = read_extract(write(rows))
    assert isinstance(found, Extract)
    assert (found.n, found.year, found.dropped, found.synthetic) == (80, None, (), False)
    assert (found.weight, found.family, found.county) == (None, None, None)
    assert set(found.columns) == set(NEEDED)
    for name in NEEDED:
        column = found.columns[name]
        assert column.dtype == np.uint8
        if name in CODES:
            assert [CODES[name][v] for v in column] == rows[name]
        else:
            assert column.tolist() == [int(word) for word in rows[name]]


def test_csv_and_parquet_say_the_same(write, tmp_path):
    rows = persons(
        family=[str(10 - i) for i in range(80)], weight=[str(1 + i / 8) for i in range(80)]
    )
    rows["family_total"] = ["3"] * 80
    wanted = read_extract(write(rows))
    assert wanted.weight.tolist() == [1 + i / 8 for i in range(80)]
    assert wanted.family.tolist() == [10 - i for i in range(80)]
    assert_same(read_extract(write(rows, "semi.csv", ";")), wanted)
    assert_same(read_extract(write(rows, "bom.csv", ";", "utf-8-sig")), wanted)
    words = pa.table(rows)
    numbers = pa.table({
        name: pa.array([float(v) for v in values]) if name in ("weight", "age") else
        pa.array([int(v) for v in values]) if name not in CODES or name == "centrality" else
        pa.array(values).dictionary_encode() for name, values in rows.items()
    })  # fmt: skip
    for table in (words, numbers):
        pq.write_table(table, tmp_path / "x.parquet")
        assert_same(read_extract(tmp_path / "x.parquet"), wanted)


def test_batches_do_not_matter(write, tmp_path, monkeypatch):
    rows = persons(3000, person=[str(i % 2990) for i in range(3000)],
                   family=[str(i // 3) for i in range(3000)], family_total=["3"] * 3000,
                   sex=["female"] * 1500 + ["x"] * 10 + ["male"] * 1490)  # fmt: skip
    rows["family_total"][1000] = "4"
    rows["family_immigrants"] = ["3"] * 3000
    path = write(rows)
    whole = examine(path)
    assert len(whole.errors) == 5
    monkeypatch.setattr(extract_source, "BLOCK", 4096)
    assert examine(path).errors == whole.errors
    pq.write_table(pa.table(rows), tmp_path / "x.parquet")
    monkeypatch.setattr(extract_source, "ROWS", 7)
    again = examine(tmp_path / "x.parquet")
    assert again.errors == whole.errors
    assert again.kept == whole.kept == 3000 - 10 - 10 - 3


WRONG = {
    "sex": (["mann", "", "Kvinne"], (
        "sex: 1 row holds 'mann' (1); allowed: female, male. Did you mean 'male'?",
        "sex: 1 row is empty (2)",
        "sex: 1 row holds 'Kvinne' (3); allowed: female, male. Did you mean 'female'?",
    )),
    "age": (["121", "-4", "x", "33.5"], (
        "age: 1 row holds '121' (1); allowed: whole numbers, 0 to 120",
        "age: 1 row holds '-4' (2)", "age: 1 row holds 'x' (3)", "age: 1 row holds '33.5' (4)",
    )),
    "duration": (["119", "-1"], (
        "duration: 1 row implies a stay longer than the person's age (1)",
        "duration: 1 row holds '-1' (2)",
    )),
    "reason": (["9", "9", "9", "9"], (
        "reason: 4 rows hold '9' (first: 1, 2, 3); allowed: work, refuge, family, education, "
        "nordic, unknown. If it is a code of yours: 'codes: {reason: {9: ...}}'.",
    )),
    "family_total": (["0", "1"], (
        "family_total: 1 row holds '0' (1); allowed: whole numbers, 1 to 255",
        "family_immigrants: 1 row exceeds family_total (2); allowed: 1 to family_total",
    )),
    "family_immigrants": (["0", "9"], (
        "family_immigrants: 1 row holds '0' (1)", "family_immigrants: 1 row exceeds family_total (2)",
    )),
    "centrality": (["0", "5"], ("centrality: 1 row holds '0' (1)", "centrality: 1 row holds '5' (2)")),
    "outcome": (["stayed"], ("outcome: 1 row holds 'stayed' (1); allowed: stay, domestic, emigrate, "
                             "death. Did you mean 'stay'?",)),
}  # fmt: skip


@pytest.mark.parametrize("column", WRONG)
def test_each_problem_is_said_with_row_and_cure(write, column):
    words, wanted = WRONG[column]
    rows = persons()
    rows[column][: len(words)] = words
    found = said(write(rows))
    for line in wanted:
        assert line in found, found


def test_all_kinds_come_at_once(write):
    rows = persons()
    for column, (words, _) in WRONG.items():
        rows[column][: len(words)] = words
    found = said(write(rows))
    for column, (_, wanted) in WRONG.items():
        for line in wanted:
            if "exceeds" not in line and "longer" not in line:
                assert line in found, column


def test_many_unknown_words_are_counted_together(write):
    rows = persons(200, reason=[f"code{i}" for i in range(200)])
    found = said(write(rows))
    assert "reason: 180 rows hold other unknown values (first: 21, 22, 23)" in found


def test_a_person_stands_once(write):
    rows = persons()
    rows["person"][5] = rows["person"][7] = rows["person"][2]
    for name in ("sex", "age", "duration"):
        rows[name][5] = rows[name][2]
    rows["sex"][7] = "male" if rows["sex"][2] == "female" else "female"
    path = write(rows)
    found = said(path)
    assert "person: 2 rows repeat an identifier (first: 6, 8); allowed: one row a person" in found
    assert "person: 1 row repeats an identifier with another sex than its first row (8)" in found
    assert examine(path).kept == 78


def test_persons_and_families_may_be_called_anything(write):
    names = [f"P{i:03d}" for i in range(80)]
    rows = persons(person=names, family=[f"F{i // 2}" for i in range(80)])
    rows["family_total"], rows["family_immigrants"] = ["2"] * 80, ["2"] * 80
    found = read_extract(write(rows))
    assert len(np.unique(found.family)) == 40
    rows["person"][9] = "P003"
    rows["person"][10] = "3"
    rows["person"][11] = "03"
    rows["family"][20] = "F3"
    told = said(write(rows))
    assert "person: 1 row repeats an identifier (10)" in told
    assert (
        "family_total: 3 rows are smaller than the rows with that family number (first: 7, 8, 21)"
        in told
    )


def test_weights_are_above_nothing(write):
    bad = ["0", "-1", "", "x", "inf", "NaN"]
    found = said(write(persons(weight=bad + ["1.5"] * 74)))
    assert "weight: 1 row holds 0 (1); allowed: numbers above 0" in found
    assert "weight: 1 row is negative (2)" in found
    assert "weight: 3 rows hold no weight, or no number (first: 3, 4, 6)" in found
    assert "weight: 1 row is infinite (5)" in found
    norwegian = read_extract(write(persons(weight=["1,5"] * 80), separator=";"))
    assert norwegian.weight.tolist() == [1.5] * 80


def test_moves_out_of_the_county_come_from_municipalities_or_counties(write):
    """Each person's outcome is told by one rule for one person."""
    rng = np.random.default_rng(3)
    start, end = rng.integers(0, 428, 80), rng.integers(0, 428, 80)
    end[:20] = start[:20]
    rows = persons(municipality=[MUNICIPALITY.names[i] for i in start],
                   municipality_end=[MUNICIPALITY.names[i] for i in end],
                   emigrated=["1" if i % 7 == 3 else "0" for i in range(80)])  # fmt: skip
    for name in ("outcome", "centrality"):
        rows.pop(name)
    found = read_extract(write(rows))

    def told(i, place):
        if i % 7 == 3:
            return 2
        return int(place[start[i]] != place[end[i]])

    assert found.county_outcome.tolist() == [told(i, COUNTY_OF) for i in range(80)]
    assert found.columns["outcome"].tolist() == [told(i, CENTRALITY_OF) for i in range(80)]
    other = persons(county=[COUNTY.names[COUNTY_OF[i]] for i in start],
                    county_end=[COUNTY.names[COUNTY_OF[i]] for i in end],
                    emigrated=rows["emigrated"])  # fmt: skip
    other["outcome"] = ["emigrate" if e == "1" else ("stay", "domestic")[i % 2]
                        for i, e in enumerate(rows["emigrated"])]  # fmt: skip
    found_other = read_extract(write(other))
    np.testing.assert_array_equal(found_other.county_outcome, found.county_outcome)


def test_two_outcomes_may_differ_in_moves_alone(write):
    rows = persons(outcome=["stay", "domestic", "emigrate", "death"] * 20,
                   county_outcome=["domestic", "stay", "emigrate", "death"] * 20)  # fmt: skip
    assert read_extract(write(rows)).county_outcome.tolist() == [1, 0, 2, 3] * 20
    rows["county_outcome"][2], rows["county_outcome"][4] = "stay", "death"
    assert "county_outcome: 2 rows contradict the outcome (first: 3, 5)" in said(write(rows))
    rows["county_outcome"][8] = "moved"
    assert "county_outcome: 1 row holds 'moved' (9)" in said(write(rows))


def test_two_outcomes_of_the_left_out_and_of_empty_fields_are_not_compared(write):
    rows = persons(outcome=["stay", "domestic", "emigrate", "death"] * 20,
                   county_outcome=["stay", "domestic", "emigrate", "death"] * 20)  # fmt: skip
    rows["age"][0], rows["duration"][0], rows["county_outcome"][0] = "9", "2", "death"
    assert read_extract(write(rows)).n == 79
    rows["county_outcome"][1] = ""
    told = said(write(rows))
    assert "contradict" not in told
    assert "county_outcome: 1 row is empty (2)" in told


def test_places_must_agree(write):
    places = [i % 428 for i in range(80)]
    rows = persons(municipality=[MUNICIPALITY.names[i] for i in places],
                   centrality=[str(CENTRALITY_OF[i] + 1) for i in places])  # fmt: skip
    found = read_extract(write(rows))
    np.testing.assert_array_equal(found.county, COUNTY_OF[places])
    rows["centrality"][3] = "1" if rows["centrality"][3] != "1" else "2"
    rows["municipality"][4] = "9999"
    told = said(write(rows))
    assert "centrality: 1 row contradicts the municipality (4)" in told
    assert "municipality: 1 row holds '9999' (5); allowed: 428 codes of 1.1.2013" in told


def test_members_agree_about_their_family(write):
    rows = persons(family=[str(i // 2) for i in range(80)])
    rows["family_total"], rows["family_immigrants"] = ["3"] * 80, ["2"] * 80
    rows["family_total"][7] = "4"
    rows["family_immigrants"][11] = "1"
    path = write(rows)
    told = said(path)
    assert "family_total: 2 rows hold other values in the same family (first: 7, 8)" in told
    assert "family_immigrants: 2 rows hold other values in the same family (first: 11, 12)" in told
    assert examine(path).kept == 76


def test_children_and_others_are_left_out_and_not_judged(write):
    rows = persons(immigrant=["1"] * 70 + ["0"] * 10, residence_start=["resident"] * 80)
    rows["age"][0], rows["status"][0] = "14", ""
    rows["reason"][75] = "none"
    rows["residence_start"][1], rows["sex"][1] = "abroad", "?"
    found = read_extract(write(rows))
    assert found.n == 68
    assert [(f.column, f.count, f.rows) for f in found.dropped] == [
        ("age", 1, [1]),
        ("immigrant", 10, [71, 72, 73]),
        ("residence_start", 1, [2]),
    ]


def test_outcomes_need_events(write):
    rows = persons(outcome=["stay"] * 77 + ["domestic"] * 3)
    found = examine(write(rows))
    assert "outcome: 0 rows are 'emigrate'; allowed: 10 or more" in [
        str(f.problem()) for f in found.errors
    ]
    warned = [str(f.problem()) for f in found.findings.of("warning")]
    assert any("outcome: 3 rows are 'domestic'; allowed: 10 or more" in line for line in warned)
    assert not any("death" in line for line in warned)


def test_constant_columns_are_warned_of(write):
    found = read_extract(write(persons(sex=["male"] * 80, family_immigrants=["1"] * 80)))
    assert [str(f.problem()) for f in found.warnings] == [
        "sex: is male in every row; allowed: several values. A model cannot tell its effect.",
        "family_immigrants: is 1 in every row; allowed: several values. A model cannot tell its effect.",
    ]


def test_lines_of_a_wrong_length_are_found_and_rows_still_count(write, tmp_path):
    rows = persons()
    rows["sex"][4] = "x"
    lines = text(rows).splitlines()
    lines[3] += ",more"
    lines[70] = "short"
    (tmp_path / "x.csv").write_text("\n".join(lines) + "\n")
    found = said(tmp_path / "x.csv")
    assert "file: 2 lines have a wrong number of fields; lines (fields): 4 (12), 71 (1)" in found
    assert "allowed: 11 fields" in found
    assert "sex: 1 row holds 'x' (5)" in found


def test_columns_that_lack_are_said_with_what_else_is_wrong(write):
    rows = persons(sex=["x"] * 80, reason=None, age=None, birth_year=["1980"] * 80)
    found = said(write(rows))
    assert "reason: is missing; allowed: reason" in found
    assert "year: is needed for birth_year" in found
    assert "sex: 80 rows hold 'x'" in found


BROKEN = {
    "empty.csv": (b"", "has no header"),
    "head.csv": (b"sex,age\n", "reason: is missing"),
    "twice.csv": (b"sex,age,sex\n1,2,3\n", "2 columns are called 'sex'"),
    "latin.csv": ("sex,age\n\u00e6,1\n".encode("latin-1"), "is not UTF-8"),
    "name.csv": ("\u00e6,age\n1,1\n".encode("latin-1"), "is not UTF-8"),
    "half.parquet": (b"PAR1 and no more", "cannot be read"),
    "quote.csv": (b'"sex,age\n1,2\n', "cannot be read"),
    "nul.csv": (b"\x00\x00\x00\x00\x00", "is missing"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_files_that_cannot_be_read_are_problems_too(tmp_path, name):
    content, wanted = BROKEN[name]
    (tmp_path / name).write_bytes(content)
    assert wanted in said(tmp_path / name)


def test_paths_that_are_no_files(tmp_path):
    assert "does not exist" in said(tmp_path / "nothing.csv")
    assert "is a folder" in said(tmp_path)


def test_a_header_without_rows(write):
    assert "file: has no rows" in said(write(persons(0)))


def test_a_population_is_no_extract(write, tmp_path):
    table = pa.table(persons()).replace_schema_metadata({"format": "vandring population 1"})
    pq.write_table(table, tmp_path / "x.parquet")
    assert "format: is 'vandring population 1'; allowed: vandring extract 1" in said(
        tmp_path / "x.parquet"
    )


def test_recodings_are_counted(write):
    rows = persons()
    rows["sex"] = ["2" if word == "female" else "01" for word in rows["sex"]]
    rows["education"][:5] = [""] * 5
    mapping = {"codes": {"sex": {1: "male", 2: "female"}}, "empty": {"education": "none"}}
    found = examine(write(rows), mapping)
    assert not found.errors
    assert found.recoded["sex", "2", "female"] == rows["sex"].count("2")
    assert found.recoded["sex", "01", "male"] == rows["sex"].count("01")
    assert found.recoded["education", "(empty)", "none"] == 5
    assert sum(found.recoded.values()) == 85
    assert not found.derived


def test_the_clean_file_holds_the_right_rows_and_reads_as_the_same(write, tmp_path):
    rows = persons(
        person=[f"{i:05d}" for i in range(80)], weight=["2"] * 80, municipality=["0301"] * 80
    )
    rows["centrality"] = ["4"] * 80
    rows["sex"][3] = "x"
    rows["age"][5] = "12"
    rows["duration"][5] = "3"
    rows["status"][3] = ""
    path, out = write(rows), tmp_path / "clean.parquet"
    found, beside = clean(path, out, {"year": 2013})
    assert beside == tmp_path / "clean.dropped.csv"
    assert beside.read_text() == (
        "row,column,reason\n4,sex,holds 'x'\n4,status,is empty\n6,age,is under 15\n"
    )
    table = pq.read_table(out)
    assert table["person"].to_pylist() == [
        p for i, p in enumerate(rows["person"]) if i not in (3, 5)
    ]
    assert table.schema.metadata[b"year"] == b"2013"
    assert table.schema.metadata[b"format"] == b"vandring extract 1"
    assert table.schema.metadata[b"source"] == b"data.csv"
    assert set(table["county"].to_pylist()) == {"03"}
    again = examine(out)
    assert (again.kept, again.errors, again.plan.year) == (78, [], 2013)
    second, _ = clean(out, tmp_path / "again.parquet")
    assert pq.read_table(tmp_path / "again.parquet").equals(table)
    assert second.kept == found.kept
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "again.dropped.csv", "again.parquet", "clean.dropped.csv", "clean.parquet", "data.csv",
    ]  # fmt: skip


def test_nothing_is_written_if_nothing_is_right(write, tmp_path):
    for rows in (persons(sex=None), persons(sex=["x"] * 80), persons(0)):
        found, beside = clean(write(rows), tmp_path / "clean.parquet")
        assert found.errors
        assert beside is None
        assert [p.name for p in tmp_path.iterdir()] == ["data.csv"]


def test_a_failure_leaves_nothing_behind(write, tmp_path, monkeypatch):
    path = write(persons())
    (tmp_path / "clean.parquet").write_text("before")
    monkeypatch.setattr("calibration.extract.judge_rows", lambda people: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        clean(path, tmp_path / "clean.parquet")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clean.parquet", "data.csv"]
    assert (tmp_path / "clean.parquet").read_text() == "before"


def right(row, rows):
    """Whether one row of words is right, in plain Python; None: it is left out."""

    def number(word, low, high):
        return word.isdecimal() and low <= int(word) <= high and int(word)

    age = number(row["age"], 0, 120)
    if age is not False and age < 15:
        return None
    stay = number(row["duration"], 0, 120)
    total, own = number(row["family_total"], 1, 255), number(row["family_immigrants"], 1, 255)
    fine = age is not False and stay is not False and stay <= age
    fine &= bool(total) and bool(own) and own <= total
    fine &= all(row[name] in FIELDS[name].codes for name in NEEDED if name in CODES)
    earlier = rows[: next(i for i, other in enumerate(rows) if other is row)]
    fine &= row["person"] not in [other["person"] for other in earlier]
    same = [other for other in rows if other["family"] == row["family"]]
    for name in ("family_total", "family_immigrants"):
        sizes = {int(o[name]) for o in same if number(o[name], 1, 255)}
        fine &= len(sizes) == 1
    return bool(fine and total >= own >= len(same))


def drawn(*good):
    return st.sampled_from([*good * 4, "", "x", "0", "-1", "300"])


people = st.fixed_dictionaries({
    "person": st.sampled_from([str(i) for i in range(60)]),
    "family": st.sampled_from([str(i) for i in range(30)]),
    "sex": drawn(*SEX.names),
    "age": drawn("14", "15", "40", "90"),
    "duration": drawn("0", "1", "12", "30"),
    "education": drawn(*EDUCATION.names),
    "status": drawn(*STATUS.names),
    "reason": drawn(*REASON.names),
    "family_total": drawn("2", "2", "2", "3"),
    "family_immigrants": drawn("1", "1", "1", "2"),
    "centrality": drawn(*CENTRALITY.names),
    "outcome": drawn(*OUTCOMES),
})  # fmt: skip


@given(st.lists(people, min_size=1, max_size=12))
def test_a_row_is_kept_if_and_only_if_it_is_right(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("drawn") / "x.csv"
    path.write_text(text({name: [row[name] for row in rows] for name in rows[0]}))
    verdicts = [right(row, rows) for row in rows]
    found = examine(path)
    assert found.rows == len(rows)
    assert found.kept == verdicts.count(True)
    assert sum(f.count for f in found.findings.of("left out")) == verdicts.count(None)
    wrong = {f.column for f in found.errors if f.count}
    assert bool(wrong) == (False in verdicts) or wrong == {"person"}  # once each, also if left out


@given(st.binary(max_size=300))
def test_no_bytes_break_the_doctor(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("bytes") / "x.csv"
    path.write_bytes(b"sex,age,outcome\n" + content)
    try:
        examine(path)
    except InputError as error:
        assert error.problems  # noqa: PT017


def test_parquet_of_any_types_is_answered(tmp_path):
    """Whatever kind of column: read, or refused as a problem."""
    import datetime
    from decimal import Decimal

    odd = {
        "null": pa.nulls(20),
        "view": pa.array(["male"] * 20, pa.string_view()),
        "large": pa.array(["male"] * 20, pa.large_string()),
        "bytes": pa.array([b"\xff"] * 20),
        "list": pa.array([[1]] * 20),
        "decimal": pa.array([Decimal("1.00")] * 20),
        "date": pa.array([datetime.date(2013, 1, 1)] * 20),
        "bool": pa.array([True] * 20),
        "unsigned": pa.array([2**64 - 1] * 20, pa.uint64()),
        "nan": pa.array([float("nan")] * 20),
        "endless": pa.array([float("inf")] * 20),
        "half": pa.array([0.5] * 20),
    }
    for kind, column in odd.items():
        for name in ("sex", "age", "person", "family", "weight", "nus", "immigrant"):
            table = pa.table(persons(20))
            if name in table.column_names:
                table = table.drop_columns([name])
            pq.write_table(table.append_column(name, column), tmp_path / "x.parquet")
            try:
                found = examine(tmp_path / "x.parquet")
            except InputError as error:
                assert "cannot be read" in str(error), (kind, name)  # noqa: PT017
            else:
                fine = {"sex": {"view", "large"}, "nus": set(odd), "immigrant": {"bool", "decimal"},
                        "weight": {"decimal", "bool", "half", "unsigned"}, "age": {"decimal", "bool"}}  # fmt: skip
                bad = any(f.column == name and f.count for f in found.errors)
                assert bad or kind in fine.get(name, set(odd)), (kind, name)


def test_a_wrong_column_is_answered_soon(write):
    """Thousands of unknown words take no longer than a few."""
    rows = persons(30_000)
    rows["sex"] = rows["person"]
    assert "sex: 29,980 rows hold other unknown values" in said(write(rows))


def test_two_years_are_warned_of(tmp_path):
    table = pa.table(persons()).replace_schema_metadata({"year": "2012"})
    pq.write_table(table, tmp_path / "x.parquet")
    assert read_extract(tmp_path / "x.parquet").year == 2012
    found = read_extract(tmp_path / "x.parquet", {"year": 2013})
    assert found.year == 2013
    assert "is 2013 in the mapping and 2012 in the file's metadata" in str(
        found.warnings[0].problem()
    )


def test_without_a_year_ages_are_not_judged(write):
    rows = persons(age=None, birth_year=["1970"] * 80)
    assert "impossible" not in said(write(rows))
