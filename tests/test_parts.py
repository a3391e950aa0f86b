"""Parts of a run: kept whole, read back as they were, merged in order a row group each."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from runs.ensemble import Plan, live
from runs.parts import TABLES, Merging, Parts, replicates_in
from sim.transitions.process import Settings
from tests.conftest import made_people


@pytest.fixture(scope="module")
def replicates():
    plan = Plan(made_people(200), Settings(), 3, 1, 3, ("background", "sex", "county"))
    return list(live(plan, 1, lambda: None))


def tables(replicate):
    return [getattr(replicate, name) for name in TABLES]


def test_a_replicate_comes_back_as_it_was(replicates, tmp_path):
    parts = Parts(tmp_path)
    assert parts.finished(1) is None
    assert not parts.anything()
    parts.finish(replicates[1])
    again = parts.finished(1)
    assert again.number == 1
    for one, other in zip(tables(replicates[1]), tables(again), strict=True):
        assert one.equals(other)
        assert one.schema == other.schema  # dictionaries of codes too
    assert parts.anything()
    assert parts.finished(0) is None
    assert parts.years_kept(3, 7) == 7


@pytest.mark.parametrize("name", [*(f"{name}.arrow" for name in TABLES), "fingerprints.json"])
def test_a_damaged_part_is_no_part(replicates, tmp_path, name, capsys):
    parts = Parts(tmp_path)
    parts.finish(replicates[0])
    path = tmp_path / "finished" / "00000" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    assert parts.finished(0) is not None
    assert capsys.readouterr().err == ""
    path.write_bytes(content)
    assert parts.finished(0) is None
    assert "what was kept of replicate 0 is damaged (" in capsys.readouterr().err
    parts.finish(replicates[0])  # lived again
    assert parts.finished(0) is not None
    path.write_bytes(content[: len(content) // 3])
    assert parts.finished(0) is None


def test_what_was_being_written_when_the_process_died_is_no_part(replicates, tmp_path):
    parts = Parts(tmp_path)
    parts.finish(replicates[2])
    (tmp_path / "finished" / "00002").rename(tmp_path / "finished" / ".00002.new")
    assert parts.finished(2) is None
    assert not parts.anything()
    parts.finish(replicates[2])
    assert parts.finished(2) is not None
    assert not (tmp_path / "finished" / ".00002.new").exists()


def test_merged_replicates_give_the_same_bytes_from_memory_and_from_parts(replicates, tmp_path):
    parts = Parts(tmp_path)
    for replicate in reversed(replicates):
        parts.finish(replicate)
    contents = []
    for place, given in (("memory", replicates), ("parts", map(parts.finished, range(3)))):
        folder = tmp_path / place
        folder.mkdir()
        with Merging(folder) as merging:
            for replicate in given:
                merging.add(replicate)
        contents.append([(folder / f"{name}.parquet").read_bytes() for name in TABLES])
    assert contents[0] == contents[1]
    for name in TABLES:
        file = pq.ParquetFile(tmp_path / "parts" / f"{name}.parquet")
        assert file.num_row_groups == 3
        for number in range(3):
            assert set(file.read_row_group(number)["replicate"].to_pylist()) == {number}
    for one, other in zip(replicates[1:], replicates_in(tmp_path / "parts", [1, 2]), strict=True):
        assert [t.to_pylist() for t in tables(one)] == [t.to_pylist() for t in tables(other)]


def test_a_large_replicate_is_one_row_group(replicates, tmp_path):
    """Parquet would cut it at 1,048,576 rows."""
    from dataclasses import replace

    many = pa.concat_tables([replicates[0].flows] * (1_200_000 // replicates[0].flows.num_rows))
    with Merging(tmp_path) as merging:
        merging.add(replace(replicates[0], flows=many))
    assert many.num_rows > 1_048_576
    assert pq.ParquetFile(tmp_path / "flows.parquet").num_row_groups == 1


def test_files_that_cannot_be_finished_do_not_stay(replicates, tmp_path):
    def write():
        with Merging(tmp_path) as merging:
            merging.add(replicates[0])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write()
    assert list(tmp_path.iterdir()) == []
