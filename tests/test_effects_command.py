"""`vandring effects`: what it prints, what it computes from estimates, and what it refuses."""

import csv
import io
import json

import pytest

from calibration.effect_tables import RECONSTRUCTED
from calibration.logit_artefact import write_artefact
from calibration.logit_estimate import estimate
from runs import cli
from sim.agents import files
from sim.transitions.covariance import read_covariances
from sim.transitions.effects import effect
from sim.transitions.logit import LogitModel, read_artefact
from tests.conftest import load, made_people
from tests.published import OUTCOMES, ROOT, contrasts, misprinted
from tests.test_logit_artefact import made_sample

E5 = "age=30,sex=male,duration=4,education=tertiary_short,status=employed,reason=work,family_total=3,family_immigrants=2,centrality=1"
ANYBODY = (
    "age=30,sex=male,duration=4,education=none,status=employed,reason=work,family=3/2,centrality=1"
)


@pytest.fixture
def command(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*words):
        code = cli.main(["effects", *words])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return run


@pytest.fixture(scope="module")
def fitted():
    return estimate(made_sample(load(20_000, 4_000)), 1)


@pytest.fixture(scope="module")
def folder(fitted, tmp_path_factory):
    target = tmp_path_factory.mktemp("effects") / "mine"
    return write_artefact(fitted, target, source="A made-up sample")


def test_every_printed_effect_that_is_no_misprint_through_the_command(command):
    code, out, err = command("--table", "all", "--json")
    assert (code, err) == (0, "")
    found = {
        (table["table"], row["centrality"], row["value"]): row["effects"]
        for table in json.loads(out)["tables"]
        for row in table["rows"]
    }
    compared = 0
    for contrast in contrasts():
        place = (contrast.table, contrast.centrality, contrast.value)
        printed = zip(OUTCOMES, contrast.estimates, contrast.bounds(), strict=True)
        for outcome, estimate_, bound in printed:
            if (*place, outcome) not in misprinted("estimate"):
                assert abs(found[place][outcome]["effect"] - estimate_) <= bound + 1e-9, place
                compared += 1
    assert compared == 609 - len(misprinted("estimate")) == 591


def test_a_table_of_the_report(command):
    code, out, err = command("--table", "6.4")
    assert (code, err) == (0, "")
    assert out.startswith("Table 6.4. Effects of reason for immigration on the probabilities")
    assert "\nRefuge  " in out
    assert RECONSTRUCTED.split(":")[0] in " ".join(out.split())


def test_several_tables_stand_one_under_the_other(command):
    _, out, _ = command("--table", "6.4,6.7")
    assert out.index("Table 6.4.") < out.index("Table 6.7.")


def test_the_note_of_every_published_table_names_the_register(command):
    for words in (
        ("--table", "all"),
        ("--model", "E5", "--profile", E5, "--vary", "status"),
        ("--model", "E5", "--profile", E5, "--against", "status=student"),
    ):
        _, out, _ = command(*words, "--json")
        for table in json.loads(out)["tables"]:
            assert "these come from the reconstructed register" in table["note"]


def test_every_value_against_its_reference(command):
    _, out, _ = command("--model", "E5", "--profile", E5, "--vary", "status", "--json")
    (table,) = json.loads(out)["tables"]
    assert [row["value"] for row in table["rows"]] == [
        "employed", "employed_student", "student", "unemployed",
    ]  # fmt: skip
    assert {row["reference"] for row in table["rows"]} == {"outside"}
    assert table["varied"] == "status"
    assert "status" not in table["profile"]
    for row in table["rows"]:
        total = sum(one["effect"] for one in row["effects"].values())
        assert abs(total) < 1e-12


def test_what_the_model_says_may_be_left_out(command):
    short = E5.replace("sex=male,", "").replace(",centrality=1", "").replace("status=employed,", "")
    for name in ("E5", "e.5", "Table E.5"):
        assert (
            command("--model", name, "--profile", short, "--vary", "status")[1]
            == command("--model", "E5", "--profile", E5, "--vary", "status")[1]
        )


def test_durations_in_years_and_in_groups_are_the_same(command):
    years = command("--model", "E5", "--profile", E5, "--vary", "status", "--json")[1]
    group = command(
        "--model",
        "E5",
        "--profile",
        E5.replace("duration=4", "duration=3-5"),
        "--vary",
        "status",
        "--json",
    )[1]
    one, other = (json.loads(out)["tables"][0]["rows"] for out in (years, group))
    assert one == other


def test_numbers_differ_from_the_profile_or_from_against(command):
    own = command("--model", "E5", "--profile", E5, "--vary", "age=20,40", "--json")[1]
    (table,) = json.loads(own)["tables"]
    assert [(row["value"], row["reference"]) for row in table["rows"]] == [
        ("20", "30"),
        ("40", "30"),
    ]
    words = ("--model", "E5", "--profile", E5, "--vary", "age=20", "--against", "age=40", "--json")
    (table,) = json.loads(command(*words)[1])["tables"]
    assert [(row["value"], row["reference"]) for row in table["rows"]] == [("20", "40")]


@pytest.mark.parametrize(
    ("vary", "reference"),
    [("family=5/5,6/4", "3/2"), ("family_total=4", "3"), ("family_immigrants=1", "2"),
     ("sex", "male"), ("centrality=1,2", "4"), ("duration=0-2", "16+"), ("education", "none")],
)  # fmt: skip
def test_everything_can_vary(command, vary, reference):
    code, out, err = command("--model", "6.1", "--profile", ANYBODY, "--vary", vary, "--json")
    assert (code, err) == (0, "")
    (table,) = json.loads(out)["tables"]
    assert {row["reference"] for row in table["rows"]} == {reference}


def test_one_profile_against_another(command):
    words = ("--model", "E5", "--profile", E5)
    _, out, _ = command(*words, "--against", "status=outside", "--json")
    (row,) = json.loads(out)["tables"][0]["rows"]
    _, out, _ = command(*words, "--vary", "status=employed", "--json")
    (same,) = json.loads(out)["tables"][0]["rows"]
    assert row["effects"] == same["effects"]
    assert command(*words, "--against", "status=outside")[1].count("instead of the reference") == 1


def test_another_reference_leaves_out_itself(command):
    words = ("--model", "E5", "--profile", E5, "--vary", "status", "--against", "status=student")
    (table,) = json.loads(command(*words, "--json")[1])["tables"]
    assert [row["value"] for row in table["rows"]] == [
        "outside", "employed", "employed_student", "unemployed",
    ]  # fmt: skip
    assert {row["reference"] for row in table["rows"]} == {"student"}


def test_csv_and_latex(command):
    _, out, _ = command("--table", "6.4,6.7", "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert len(rows) == 5 + 16
    assert all(row["emigrate_t"] and row["note"] for row in rows)
    _, out, _ = command("--table", "6.4", "--latex")
    assert out.startswith("\\begin{table}\n\\caption{Table 6.4.")
    assert out.rstrip().endswith("\\end{table}")


def test_an_average_over_the_embedded_people(command):
    words = ("--model", "D1", "--vary", "reason", "--average", "embedded:0.01", "--json")
    code, out, err = command(*words)
    assert (code, err) == (0, "")
    (table,) = json.loads(out)["tables"]
    assert table["title"].startswith("Average effects of reason for immigration")
    assert table["persons"] > 100
    assert len(table["rows"]) == 5


def test_an_average_over_a_file(command, tmp_path):
    files.save(made_people(300), tmp_path / "people.parquet")
    words = ("--model", "6.1", "--vary", "age=20,40", "--average", "people.parquet")
    code, out, err = command(*words, "--against", "age=30")
    assert (code, err) == (0, "")
    assert "Averages over " in out


def test_an_estimated_model(command, folder, fitted):
    """Its own coefficients and its own covariance; the only model need not be named."""
    _, out, _ = command(
        "--parameters", str(folder), "--profile", ANYBODY, "--vary", "status=student", "--json"
    )
    (table,) = json.loads(out)["tables"]
    model = LogitModel(**vars(read_artefact(folder).models["6.1"]))
    covariance = read_covariances(folder / "covariances.parquet")["6.1"]
    person = {
        "age": 30, "sex": "male", "duration": 4, "education": "none", "status": "student",
        "reason": "work", "family_total": 3, "family_immigrants": 2, "centrality": 1,
    }  # fmt: skip
    expected = effect(model, person, {**person, "status": "outside"}, covariance)
    for outcome, found, t in zip(OUTCOMES, expected.estimates, expected.t_values, strict=True):
        assert table["rows"][0]["effects"][outcome]["effect"] == found
        assert table["rows"][0]["effects"][outcome]["t_value"] == t
    assert "with the classical covariances of the estimates. A made-up sample." in table["note"]
    assert "reconstructed register" not in table["note"]


def test_the_tables_of_an_estimated_model(command, folder):
    code, out, _ = command("--parameters", str(folder), "--table", "all", "--json")
    assert code == 0
    assert [table["table"] for table in json.loads(out)["tables"]] == [
        "6.2",
        "6.3",
        "6.4",
        "6.5",
        "6.6",
    ]
    code, _, err = command("--parameters", str(folder), "--table", "6.7,6.4")
    assert code == 2
    assert (
        "6.7 needs models of type 2 (by centrality); allowed: tables with models of its own: 6.2"
        in err
    )


def test_parameters_that_are_no_artefact(command, folder, tmp_path):
    code, _, err = command("--parameters", "nowhere", "--table", "6.4")
    assert (code, "folder: does not exist" in err) == (2, True)
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in folder.iterdir():
        if path.suffix != ".parquet":
            (copy / path.name).write_bytes(path.read_bytes())
    code, _, err = command("--parameters", "copy", "--table", "6.4")
    assert (code, "covariances.parquet" in err) == (2, True)


def test_published_parameters_may_be_named(command):
    assert command("--parameters", "published", "--table", "6.4") == command("--table", "6.4")


PROFILE = ("--model", "6.1", "--profile", ANYBODY)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), ["asks for no effects", "Try --table 6.4"]),
        (("--table", "6.44,6.1"), ["'6.44' is no table of effects; allowed: 6.2 to 6.26", "--model 6.1"]),
        (("--table", "6.4", "--model", "E5"), ["--table: cannot be combined with --model"]),
        (("--table", "6.4", "--json", "--csv"), ["--csv --json: exclude each other"]),
        (("--profile", E5, "--vary", "status"), ["--model: is missing; allowed: 6.1, D1"]),
        (("--model", "E55", "--profile", E5, "--vary", "status"), ["Did you mean 'E5'?"]),
        (("--model", "E5", "--profile", E5), ["--vary: is missing"]),
        (("--model", "E5", "--vary", "status"), ["--profile: is missing"]),
        ((*PROFILE, "--vary", "stauts"), ["'stauts' is no trait", "Did you mean 'status'?"]),
        ((*PROFILE, "--vary", "age"), ["age has no values", "age=20,30,40"]),
        ((*PROFILE, "--vary", "age=12,121"), ["age is '12'", "Children under 15", "age is '121'"]),
        ((*PROFILE, "--vary", "age=030"), ["age is '030'"]),
        ((*PROFILE, "--vary", "age=20,"), ["age is ''"]),
        ((*PROFILE, "--vary", "status=studnet"), ["status is 'studnet'", "Did you mean 'student'?"]),
        ((*PROFILE, "--vary", "family=2/3"), ["family is '2/3'"]),
        ((*PROFILE, "--vary", "family"), ["family has no values", "family=5/5,5/3"]),
        ((*PROFILE, "--vary", "family_immigrants=4"), ["family_immigrants 4 exceed 3 members"]),
        ((*PROFILE, "--vary", "duration=31"), ["duration 31 is longer than a life of 30 years"]),
        ((*PROFILE, "--vary", "duration=3-6"), ["duration is '3-6'", "0-2, 3-5"]),
        ((*PROFILE, "--against", "status=employed"), ["is the profile itself"]),
        ((*PROFILE, "--vary", "age=20", "--against", "sex=female"), ["differs in sex too", "what age is compared"]),
        ((*PROFILE[:3], "age=30,age=40,sexx=male,status", "--vary", "reason"),
         ["says age twice", "'sexx' is no trait", "Did you mean 'sex'?", "status has no value"]),
        ((*PROFILE[:3], "age=30", "--vary", "reason"), ["sex is missing", "family_total is missing"]),
        ((*PROFILE[:3], "sex=Mann", "--vary", "reason"), ["sex is 'Mann'", "Did you mean 'male'?"]),
        (("--model", "E5", "--profile", E5.replace("=male", "=female"), "--vary", "status"),
         ["sex is 'female', but model E5 describes sex=male only"]),
        (("--model", "D2", "--profile", ANYBODY, "--vary", "centrality"),
         ["centrality cannot vary: model D2 describes centrality=2 only", "centrality is '1'"]),
        (("--model", "D2", "--average", "embedded:0.01", "--profile", E5, "--vary", "status"),
         ["--profile: cannot be combined with --average"]),
        (("--model", "D2", "--average", "nowhere.parquet", "--vary", "status"), ["there is no file"]),
        (("--model", "D2", "--average", "embedded:7", "--vary", "status"), ["embedded:SHARE"]),
        (("--model", "D2", "--average", "embedded:0.01", "--against", "age=3"), ["--vary: is missing"]),
        (("--model", "D2", "--average", "embedded:0.01", "--vary", "age=20"), ["what age is compared with"]),
        (("--model", "D2", "--average", "embedded:0.01", "--vary", "family_total=3"), ["cannot be set alone"]),
        (("--tabel", "6.4"), ["--tabel: is unknown", "--table"]),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, tuple) else "",
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_cure(command, words, said):
    code, out, err = command(*words)
    assert (code, out) == (2, "")
    assert err.startswith("vandring: ")
    for text in said:
        assert text in err, err


def test_all_problems_come_at_once(command):
    _, _, err = command("--model", "E9", "--profile", "age=3,sex=x", "--vary", "nothing")
    assert "command has 4 problems" in err


def test_help_has_examples(command, capsys):
    with pytest.raises(SystemExit):
        command("--help")
    out = capsys.readouterr().out
    assert "examples:" in out
    assert "vandring effects --table 6.4" in out


def test_the_page_shows_what_the_command_prints(command):
    page = (ROOT / "docs" / "effects.md").read_text("utf-8")
    assert command("--table", "6.4")[1].rstrip() in page


def test_the_claims_of_the_page_are_those_of_the_tests():
    """docs/effects.md tells how far the t values are from the printed ones."""
    from tests.test_covariance_published import GAP_95, MEDIAN_GAP

    page = " ".join((ROOT / "docs" / "effects.md").read_text("utf-8").split())
    assert f"by less than {100 * MEDIAN_GAP:.0f} percent in the middle" in page
    assert f"less than {100 * GAP_95:.0f} percent in 19 of 20" in page
