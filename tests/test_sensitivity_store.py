"""The store of an unfinished analysis: nothing is lost, nothing is mixed up."""

import json
import math

import pytest

from runs.sensitivity.store import LIVED, PLAN, done, hidden, opened
from sim.problems import InputError

PLAN_A = {"scenario": {"name": "a"}, "design": 1, "outputs": ["x", "y"]}


def begun(folder, runs=5, *, resume=False, plan=PLAN_A):
    return opened(folder, plan, runs, resume=resume)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "mine"


def test_what_was_lived_comes_back_exactly(folder):
    values = (0.1 + 0.2, 1e300), (math.pi, -0.0)
    with begun(folder) as store:
        assert store.lived == {}
        store.add(3, values[0])
        store.add(1, values[1])
    with begun(folder, resume=True) as store:
        assert store.lived == {3: values[0], 1: values[1]}
    done(folder)
    assert not hidden(folder).exists()


def test_what_is_no_number_stays_none(folder):
    with begun(folder) as store:
        store.add(0, (math.nan, 1.0))
    with begun(folder, resume=True) as store:
        first, second = store.lived[0]
        assert math.isnan(first)
        assert second == 1.0


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_line_that_was_cut_off_is_lived_again(folder, cut):
    with begun(folder) as store:
        store.add(0, (1.0, 2.0))
        store.add(1, (3.0, 4.0))
    path = hidden(folder) / LIVED
    content = path.read_bytes()
    path.write_bytes(content[:-cut])
    with begun(folder, resume=True) as store:
        assert store.lived == {0: (1.0, 2.0)}
        store.add(1, (3.0, 4.0))
    assert path.read_bytes() == content


def test_another_question_is_not_gone_on_with(folder):
    with begun(folder) as store:
        store.add(0, (1.0, 2.0))
    other = {**PLAN_A, "design": 2}
    with (
        pytest.raises(InputError, match="has other design"),
        begun(folder, resume=True, plan=other),
    ):
        pass
    with (
        pytest.raises(InputError, match=r"unfinished analysis lies in .*1 of 5.*--resume"),
        begun(folder),
    ):
        pass


def test_there_must_be_something_to_go_on_with(folder):
    with pytest.raises(InputError, match="nothing unfinished"), begun(folder, resume=True):
        pass
    assert not hidden(folder).exists()


def test_two_processes_do_not_write_into_one(folder):
    with (
        begun(folder),
        pytest.raises(InputError, match="another analysis"),
        begun(folder, resume=True),
    ):
        pass
    with begun(folder, resume=True):
        pass  # the lock went with its holder


def test_lines_of_another_analysis_are_refused(folder):
    with begun(folder) as store:
        store.add(0, (1.0, 2.0))
    path = hidden(folder) / LIVED
    path.write_text("[7, 1.0, 2.0]\n")
    with pytest.raises(InputError, match="line 1"), begun(folder, resume=True):
        pass


def test_a_full_disk_is_one_clear_message(folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    def lived():
        with begun(folder) as store:
            monkeypatch.setattr(store, "add", full)
            store.add(0, (1.0, 2.0))

    with pytest.raises(InputError, match=r"No space left on device.*--resume"):
        lived()
    with begun(folder, resume=True) as store:
        assert store.lived == {}


def test_the_plan_can_be_read(folder):
    with begun(folder):
        assert json.loads((hidden(folder) / PLAN).read_text("utf-8")) == PLAN_A
