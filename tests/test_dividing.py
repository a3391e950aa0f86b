"""Dividing a file among shards: whole families, read a batch at a time, every problem told."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from runs import dividing, linked
from runs.dividing import Division, rows_in
from runs.linked import Buckets, groups_of, scattered
from sim.agents import files
from sim.problems import InputError
from tests.conftest import made_people
from tests.test_shards import linked_people

N = 3_000


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "rows"
    folder.mkdir()
    return folder


def _divided(path, many, folder):
    return Division(path, many, folder).shards()


def write(people, path):
    files.save(people, path)
    return str(path)


def columns_by_person(population):
    """Every person's values, links as identifiers, families as the smallest identifier in them."""
    person = population["person"]
    order = np.argsort(person)
    smallest = np.full(population["family"].max() + 1, 2**62)
    np.minimum.at(smallest, population["family"], person)
    found = {name: population[name][order] for name in population.columns if name != "family"}
    for link in ("mother", "partner"):
        found[link] = np.where(found[link] >= 0, person[found[link]], -1)
    return {**found, "family": smallest[population["family"]][order]}


def test_nobody_is_lost_and_everybody_keeps_family_and_links(tmp_path, place, monkeypatch):
    monkeypatch.setattr(dividing, "BATCH", 97)
    people = linked_people(N)
    path = write(people, tmp_path / "p.parquet")
    monkeypatch.setattr(pq.ParquetFile, "read", None)  # the file is never read whole
    parts = [columns_by_person(part) for part in _divided(path, 3, place)]
    whole = columns_by_person(people)
    order = np.argsort(np.concatenate([part["person"] for part in parts]))
    for name, column in whole.items():
        assert np.array_equal(np.concatenate([part[name] for part in parts])[order], column), name
    sizes = [part["person"].size for part in parts]
    assert min(sizes) > N / 6  # half of an even share
    assert list(place.iterdir()) == []


def test_text_without_dictionaries_numbers_with_gaps_and_columns_left_out(tmp_path, place):
    people = made_people(400)
    frame = files.to_table(people).to_pandas().drop(columns=["mother", "background", "place"])
    frame["partner"] = np.where(frame.index == 0, frame["person"][1], np.nan)
    frame.loc[1, "partner"] = frame["person"][0]
    for name in frame.select_dtypes("category"):
        frame[name] = frame[name].astype(str)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    pq.write_table(table.replace_schema_metadata({"year": "2013"}), tmp_path / "p.parquet")
    parts = list(_divided(str(tmp_path / "p.parquet"), 2, place))
    assert sum(map(len, parts)) == 400
    assert sorted(np.concatenate([p["person"] for p in parts])) == sorted(people["person"])
    assert sum((p["partner"] >= 0).sum() for p in parts) == 2
    assert {part.year for part in parts} == {2013}


def test_every_problem_is_told_with_its_row_in_the_file(tmp_path, place):
    people = made_people(400)
    table = files.to_table(people)
    frame = table.to_pandas()
    for name in ("sex", "origin"):
        frame[name] = frame[name].astype(str)
    frame["birth_year"] = frame["birth_year"].astype(int)
    frame.loc[7, "sex"] = "woman"
    frame.loc[300, "origin"] = "atlantis"
    frame.loc[11, "birth_year"] = 1713
    frame.loc[20, "person"] = frame.loc[390, "person"]
    frame.loc[[31, 32], "mother"] = -5 + 10**12
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False)
                   .replace_schema_metadata({"year": "2013"}), tmp_path / "p.parquet")  # fmt: skip
    with pytest.raises(InputError) as raised:
        list(_divided(str(tmp_path / "p.parquet"), 4, place))
    said = str(raised.value)
    assert "p.parquet has 5 problems" in said
    assert "sex: 1 row (first: 8) hold 'woman'" in said
    assert "origin: 1 row (first: 301) hold 'atlantis'" in said
    assert "birth_year: 1 row (first: 12) hold such values as 1713" in said
    assert "person: 1 row (first: 391) repeat an identifier" in said
    assert "mother: 2 rows (first: 32, 33) name persons who are not in the file" in said


@pytest.mark.parametrize("column", ["person", "family"])
def test_wrong_identifiers_are_told_as_of_a_whole_file(column, tmp_path, place):
    table = files.to_table(made_people(300))
    at = table.column_names.index(column)
    text = pa.array([f"x{i}" for i in range(300)])
    path = tmp_path / "p.parquet"
    pq.write_table(table.set_column(at, column, text), path)
    with pytest.raises(InputError, match=f"{column}: holds string, not numbers"):
        list(_divided(str(path), 2, place))


def test_what_is_no_population_is_refused_before_it_is__divided(tmp_path, place):
    table = files.to_table(made_people(300)).drop_columns(["status"])
    path = tmp_path / "p.parquet"
    pq.write_table(table.append_column("colour", pa.array(["red"] * 300)), path)
    with pytest.raises(InputError, match=r"(?s)colour: is an unknown column.*status: is missing"):
        list(_divided(str(path), 2, place))
    for wrong, says in ((tmp_path / "none", "does not exist"), (tmp_path, "is a folder")):
        with pytest.raises(InputError, match=says):
            rows_in(str(wrong))
    (tmp_path / "odd").write_text("odd")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        list(_divided(str(tmp_path / "odd"), 2, place))
    assert list(place.iterdir()) == []


def test_linked_families_larger_than_shards_are_refused_with_counts(tmp_path, place):
    people = made_people(400, families=False)  # everybody alone, and the next one's mother
    people["mother"][:300] = np.arange(300) + 1
    path = write(people, tmp_path / "p.parquet")
    with pytest.raises(InputError) as raised:
        list(_divided(path, 4, place))
    assert (
        "--shards: families of 301 persons hang together by 300 links of mothers and partners "
        "between families, and a shard of 4 has 100 persons; allowed: groups of at most two "
        "shards' size. At most 2 shards can be made."
    ) in str(raised.value)
    assert len(list(_divided(path, 2, place))) == 2


def test_groups_are_those_of_a_graph_drawn_by_hand(tmp_path):
    # person 10 k + j lives in family k; 2-5, 5-9 and 3-4 are linked; 7 is not
    buckets = Buckets(tmp_path, 3)
    person = np.array([20, 21, 30, 40, 50, 70, 90, 91])
    buckets.add("person", person, person // 10, np.arange(8))
    links = {"mother": [(50, 2), (90, 5), (20, 2)], "partner": [(30, 4), (40, 3)]}
    for kind, pairs in links.items():
        whom, family = np.array(pairs).T
        buckets.add(kind, whom, family, np.arange(len(pairs)))
    problems = []
    groups = groups_of(buckets, problems)
    assert problems == []
    assert groups.of(np.array([2, 3, 4, 5, 7, 9, 11])).tolist() == [2, 3, 3, 2, 7, 2, 11]
    assert (groups.persons, groups.links) == (5, 4)
    assert linked.NO_GROUPS.of(person).tolist() == person.tolist()


def test_numbers_are_scattered_evenly():
    shard = scattered(np.arange(-50_000, 50_000), 7)
    assert np.array_equal(shard, scattered(np.arange(-50_000, 50_000), 7))
    counts = np.bincount(shard, minlength=7)
    assert counts.size == 7
    assert (
        abs(counts - 100_000 / 7).max() < 600
    )  # 5.4 standard errors; numbers are given, not drawn
