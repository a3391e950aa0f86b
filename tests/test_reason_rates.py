"""What the model expects by reason and trait: against sums written out, and tables read back."""

import numpy as np
import pytest

from calibration.reason_rates import (
    COUNTY,
    EMIGRATE,
    _Looking,
    expected,
    settings_with,
    traits_of,
    write,
)
from sim.codes import EDUCATION, REASON
from sim.geography import COUNTY_OF
from sim.transitions import calibrated
from sim.transitions.mobility import Mobility
from sim.transitions.process import Settings
from sim.transitions.reason_offsets import no_offsets
from tests.conftest import load, made_people


def test_offsets_are_written_as_they_are_read(tmp_path):
    offsets = no_offsets()
    offsets["county"][1, EMIGRATE, 0, 10] = 0.25
    offsets["education"][0, COUNTY, 3, 5] = -0.5
    settings = settings_with(offsets, tmp_path)
    found = calibrated.read(settings.calibration)
    for by, values in offsets.items():
        np.testing.assert_array_equal(found.within[by], values)
    np.testing.assert_array_equal(found.offset, calibrated.read().offset)
    write(offsets, tmp_path / "again.csv")
    assert len((tmp_path / "again.csv").read_text().splitlines()) == 3


def test_probabilities_are_those_of_the_choice():
    people = made_people(load(400, 100), 2, families=False)
    settings = Settings()
    found, process = expected(people, settings), Mobility.ready(settings)
    for i in range(60):
        move, leave = process.weights(people, people.year, i)
        np.testing.assert_allclose(found.what[:2, i], np.array([move, leave]) / (1 + move + leave))
    assert (found.what[COUNTY] >= found.inside).all()
    assert (found.what[COUNTY] <= found.what[0] + found.inside + 1e-12).all()


def test_an_offset_of_county_moves_multiplies_what_it_can(tmp_path):
    people = made_people(load(400, 100), 2, families=False)
    offsets = no_offsets()
    plain = expected(people, settings_with(offsets, tmp_path))
    offsets["county"][:, COUNTY, :, 2] = np.log(0.5)
    (tmp_path / "halved").mkdir()
    halved = expected(people, settings_with(offsets, tmp_path / "halved"))
    oslo = COUNTY_OF[people["municipality"]] == 2
    np.testing.assert_allclose(halved.inside[oslo], plain.inside[oslo] / 2, rtol=1e-4)
    np.testing.assert_allclose(halved.inside[~oslo], plain.inside[~oslo])


def test_rates_are_means_of_who_lives_here():
    people = made_people(load(3_000, 300), 5)
    looking = _Looking(Settings())
    looking.see(people, 1)
    looking.see(people, 0)
    rates, found = looking.rates(), expected(people, Settings())
    here = people.immigrants & (people["place"] == 0)
    age = people.year - 1 - people["birth_year"].astype(int)
    for by, only in (("county", here), ("education", here & (age >= 15) & (age <= 74))):
        code = traits_of(people)[by]
        for reason in (0, REASON.index("family")):
            for k in (0, 1, len(EDUCATION) - 1):
                some = only & (people["reason"] == reason) & (code == k)
                assert rates.persons[by][1, reason, k] == some.sum()
                if some.any():
                    told = rates.rate[by][1, :, reason, k]
                    assert told == pytest.approx(found.what[:, some].mean(axis=1))
    np.testing.assert_allclose(rates.rate["status"][0], rates.rate["status"][1])
