"""`vandring calibrate`: a small calibration from end to end, and what it says to wrong words."""

import json

import numpy as np
import pytest

from calibration import calibrated_fit
from calibration.calibrated_fit import Answer, Found, Line
from runs.cli import main
from sim.jit import COMPILED
from sim.transitions import calibrated

needs_everybody = pytest.mark.skipif(not COMPILED, reason="needs the whole population")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    if not COMPILED:
        pytest.skip("needs the whole population")
    out = tmp_path_factory.mktemp("calibration") / "out"
    code = main(["calibrate", "--scale", "0.1", "--seeds", "1", "--out", str(out)])
    record = json.loads((out / "calibration.json").read_text())
    held = all(line["held"] for line in (*record["families"], *record["experiments"]))
    assert code == (0 if held else 1)
    return out


def test_the_folder_is_a_calibration_that_a_run_can_use(folder, tmp_path, capsys):
    found, shipped = calibrated.read(str(folder)), calibrated.read()
    np.testing.assert_allclose(found.offset, shipped.offset, atol=1e-4)
    assert set(found.shifts) == set(shipped.shifts)
    for variant in calibrated.VARIANTS:
        np.testing.assert_allclose(found.means[variant][0, 2], shipped.means[variant][0, 2],
                                   rtol=0.2)  # fmt: skip
    words = ["run", "baseline", "--calibration", str(folder), "--population", "embedded:0.01",
             "--years", "2013", "--replicates", "1", "--out", str(tmp_path / "run")]  # fmt: skip
    assert main(words) == 0
    capsys.readouterr()
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["calibration"]["name"] == str(folder)
    assert len(manifest["calibration"]["sha256"]) == 64


def test_the_page_and_the_record_tell_of_the_fit(folder):
    record = json.loads((folder / "calibration.json").read_text())
    assert all(line["held"] for line in record["families"])
    assert {line["published"] for line in record["experiments"]} == {-6.0, 1.3, -16.0}
    for line in record["experiments"]:  # of a tenth of the people, and other luck than the fit's
        assert abs(line["model"] - line["published"]) < 1.2
        assert line["model"] != line["published"]
    known = {(a["group"], a["driver"]): a["identified"] for a in record["answers"]}
    assert known["1", "unemployment_origin"]
    assert known["1", "log_income_ratio"]
    assert known["2", "unemployment_norway"]
    assert not known["2", "log_income_ratio"]
    page = (folder / "calibration.html").read_text()
    for words in ("not identified", "Økonomiske analyser 2015", "Table 4.1: work, 1 persons",
                  "group 1, log income ratio"):  # fmt: skip
        assert words in page


def test_identified_is_narrower_than_the_prior():
    def answer(spread):
        return Answer("without_feedback", "1", "log_income_ratio", 0.0, spread, 0.0, 1.0)

    assert answer(0.5).identified
    assert not answer(0.95).identified


@pytest.mark.parametrize(("families", "experiments", "code"),
                         [(True, True, 0), (False, True, 1), (True, False, 1)])  # fmt: skip
def test_what_does_not_hold_is_the_exit_code(families, experiments, code, tmp_path, monkeypatch):
    """Of a calibration made up: one rate and one experiment, which hold or do not."""
    shifts = np.zeros((9, 6, 3))
    lines = [(Line("a rate", 1.0, 1.1, held),) for held in (families, experiments)]
    found = Found(*lines, (), shifts, shifts, (0.0,))
    monkeypatch.setattr(calibrated_fit, "calibrate", lambda folder, **how: found)
    assert main(["calibrate", "--out", str(tmp_path / "out")]) == code
    assert (tmp_path / "out" / "calibration.json").is_file()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], ["--out: is missing"]),
        (["--out", "x", "--scale", "2"], ["--scale: is '2'; allowed: 0.05 to 1"]),
        (["--out", "x", "--scale", "much", "--seeds", "0"], ["--scale: is 'much'", "--seeds: is '0'"]),
        (["--out", "x", "--sed", "3"], ["Did you mean '--seeds'?"]),
    ],
)  # fmt: skip
def test_wrong_words_get_one_answer(words, says, capsys):
    assert main(["calibrate", *words]) == 2
    err = capsys.readouterr().err
    for said in says:
        assert said in err
