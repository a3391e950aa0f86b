"""The synthetic extract, coded and raw: the doctor makes the one of the other, exactly."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from calibration.example_data import MAPPING, NOTE, YEAR, coded, example, write_example
from calibration.extract import examine, read_extract
from calibration.extract_clean import clean
from calibration.extract_mapping import as_mapping
from scenarios.reading import parse_yaml
from sim.transitions.logit import published_set

ROWS = 3000
RAW = as_mapping(parse_yaml(MAPPING, "mapping"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("example")
    for ending in ("csv", "parquet"):
        write_example(place / f"coded.{ending}", rows=ROWS, seed=3)
        write_example(place / f"raw.{ending}", rows=ROWS, seed=3, raw=True)
    return place


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_check_of_the_raw_file_gives_exactly_the_coded_file(folder, tmp_path, ending):
    found, beside = clean(folder / f"raw.{ending}", tmp_path / "clean.parquet", RAW)
    assert found.errors == found.findings.of("warning") == []
    made, wanted = (
        pq.read_table(tmp_path / "clean.parquet"),
        pq.read_table(folder / "coded.parquet"),
    )
    assert made.equals(wanted)
    assert made.schema.equals(wanted.schema)
    left = sum(finding.count for finding in found.findings.of("left out"))
    assert found.rows == ROWS + left
    assert len(beside.read_text().splitlines()) == 1 + left
    assert set(found.derived) == {
        ("age", "birth_year"), ("duration", "first_arrival_year"), ("education", "nus"),
        ("status", "months_unemployed, employed, student"), ("family_total", "family, immigrant"),
        ("family_immigrants", "family, immigrant"), ("centrality", "municipality"),
        ("outcome", "emigrated, municipality_end"), ("county", "municipality"),
        ("county_outcome", "emigrated, municipality, municipality_end"),
    }  # fmt: skip


def test_the_coded_file_is_clean_as_it_is_and_says_that_it_is_synthetic(folder):
    text, table = (read_extract(folder / f"coded.{ending}") for ending in ("csv", "parquet"))
    assert text.n == table.n == ROWS
    assert (text.year, table.year) == (None, YEAR)
    assert text.synthetic
    assert table.synthetic
    assert text.dropped == text.warnings == ()
    for name, column in table.columns.items():
        np.testing.assert_array_equal(text.columns[name], column, err_msg=name)
    assert pq.read_schema(folder / "coded.parquet").metadata[b"synthetic"].decode() == NOTE
    assert (
        b"nobody in this file exists" in pq.read_schema(folder / "raw.parquet").metadata[b"source"]
    )


def test_a_seed_gives_the_same_file_and_another_seed_others(folder, tmp_path):
    write_example(tmp_path / "again.parquet", rows=ROWS, seed=3)
    write_example(tmp_path / "raw.csv", rows=ROWS, seed=3, raw=True)
    write_example(tmp_path / "other.parquet", rows=ROWS, seed=4)
    wanted = pq.read_table(folder / "coded.parquet")
    assert pq.read_table(tmp_path / "again.parquet").equals(wanted)
    assert (tmp_path / "raw.csv").read_bytes() == (folder / "raw.csv").read_bytes()
    assert not pq.read_table(tmp_path / "other.parquet").equals(wanted)
    assert (tmp_path / "raw.mapping.yaml").read_text("utf-8") == MAPPING
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "again.parquet", "other.parquet", "raw.csv", "raw.mapping.yaml",
    ]  # fmt: skip


def test_outcomes_come_from_the_published_model():
    made = example(20_000, seed=1)
    people = coded(made).to_pandas().astype({"centrality": int})
    chance = published_set(1).probabilities(people)
    found = np.bincount(made.columns["outcome"], minlength=3)
    for move in (1, 2):  # a sum of independent draws; 4.9 standard deviations: one in a million
        expected, spread = (
            chance[:, move].sum(),
            np.sqrt((chance[:, move] * (1 - chance[:, move])).sum()),
        )
        assert abs(found[move] - expected) < 4.9 * spread


@pytest.mark.parametrize("rows", [100, 777])
def test_any_number_of_rows(tmp_path, rows):
    write_example(tmp_path / "x.csv", rows=rows, seed=5)
    found = examine(tmp_path / "x.csv")
    assert found.rows == found.kept == rows
