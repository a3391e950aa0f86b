"""What calibration found, read from tables: the shipped ones, and faulty ones of a user's."""

import shutil
from importlib import resources

import numpy as np
import pytest

from sim.codes import REASON
from sim.problems import InputError
from sim.transitions import calibrated
from sim.transitions.calibrated import COLUMNS, DRAWS, KINDS, MEANS, OFFSETS, YEARS
from tests.oracles import kind_of_family


def test_kinds_of_families_are_as_told_of_one():
    table = calibrated.kinds_of_families().reshape(256, 256)
    for total in (0, 1, 2, 3, 4, 5, 6, 9, 255):
        for immigrants in range(total + 1):
            told = kind_of_family({"family_total": total, "family_immigrants": immigrants})
            assert KINDS[table[total, immigrants]] == told, (total, immigrants)


def test_the_shipped_tables_are_whole():
    found = calibrated.read()
    assert found.offset.shape == (6, 7, 2, 2)
    assert (found.offset[..., 0] == 0).all()
    assert (found.offset[..., 1] != 0).any()
    for variant in calibrated.VARIANTS:
        mean, draws = found.means[variant], found.draws[variant]
        assert draws.shape[1:] == mean.shape == (3, 3)
        assert len(draws) >= 200
        spread = draws.std(axis=0)
        known = spread > 0
        np.testing.assert_allclose(draws.mean(axis=0)[known], mean[known], atol=1e-4)
        assert not mean[2, 1]
    assert found.year_shift(2013).shape == (6, 3, 2)
    assert not found.year_shift(2013).any()


def test_signs_are_those_of_the_article():
    """Group 1 answers to income and unemployment at home, 2 to Norway's, 3 to income, less."""
    for variant in calibrated.VARIANTS:
        mean = calibrated.read().means[variant]
        assert mean[0, 1] < 0
        assert mean[0, 2] < 0
        assert mean[1, 0] > 0
        assert mean[0, 2] < mean[2, 2] < 0
        for small in (mean[0, 0], mean[2, 0], mean[1, 1]):
            assert abs(small) < 0.25 * mean[1, 0]


@pytest.fixture
def folder(tmp_path):
    with resources.as_file(resources.files("sim.transitions") / "data") as shipped:
        for name in COLUMNS:
            shutil.copy(shipped / name, tmp_path / name)
    return tmp_path


def test_a_folder_of_ones_own(folder):
    (folder / YEARS).write_text(
        "\ufeff"
        "year,reason,country_group,outcome,shift,std_error,assumed,source\n"
        "2010.0,work,2,emigrate,0.5,,yes,mine\n2010,nordic,all,domestic,-0.25,,yes,mine\n"
    )
    shift = calibrated.read(str(folder)).year_shift(2010)
    assert shift[REASON.index("work"), 1, 1] == 0.5
    assert (shift[REASON.index("nordic"), :, 0] == -0.25).all()
    assert np.count_nonzero(shift) == 4


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        (YEARS, "emigrate", "emigrat", "Did you mean 'emigrate'?"),
        (OFFSETS, "2 mixed", "2 mixd", "Did you mean '2 mixed'?"),
        (MEANS, "0.0", "nan,", "a finite number"),
        (DRAWS, "draw,", "drawn,", "has no column draw"),
        (DRAWS, "without_feedback,0,", "without_feedback,400,", "draws numbered from 0 on"),
        (DRAWS, "without_feedback,0,1", "without_feedback,0,2", "repeats without_feedback 0 2"),
        (YEARS, "2004,work", "-2004,work", "year is '-2004'"),
        (OFFSETS, "work,1,other,emigrate,", "work,1,other,emigrate,80", "-10 to 10"),
        (MEANS, "without_feedback,1,", "without_feedback,all,", "country_group is 'all'"),
    ],
)
def test_faults_are_told_with_their_line(folder, name, old, new, says):
    path = folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=name) as caught:
        calibrated._read(folder)
    assert says in str(caught.value)


def test_a_missing_folder_is_told():
    with pytest.raises(InputError) as caught:
        calibrated.read("nowhere")
    assert len(caught.value.problems) == len(COLUMNS)
    assert "vandring calibrate" in str(caught.value)
