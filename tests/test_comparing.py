"""`vandring compare`: what it says, writes and refuses, from a user's side."""

import csv
import json
import re
import shutil
from importlib import resources
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from runs import comparing
from runs.cli import main
from runs.comparands import changed_fields, common_ground
from runs.comparing import find
from runs.manifest import sha256_of
from scenarios.schema import load_scenario
from sim.agents import files
from sim.problems import InputError
from tests.conftest import COMPILED_ONLY, made_people
from tests.test_report import Page

pytestmark = COMPILED_ONLY
N = 8_000
YEARS = "2013..2014"
LESS = (
    "-1.050",
    "-1.150",
)  # the constant of emigrating in the published model of everybody


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with people, a scenario in which one number is changed, and two finished runs."""
    home = tmp_path_factory.mktemp("compared")
    files.save(made_people(N), home / "people.parquet")
    artefact = resources.files("sim") / "transitions" / "published_2016"
    shutil.copytree(str(artefact), home / "mine")
    table = home / "mine" / "coefficients.csv"
    lines = table.read_text("utf-8").splitlines()
    changed = [line.replace(*LESS) if line.startswith("6.1,1,all,all,constant,emigrate") else line
               for line in lines]  # fmt: skip
    assert sum(a != b for a, b in zip(lines, changed, strict=True)) == 1
    table.write_text("\n".join(changed) + "\n", "utf-8")
    text = "name: less\nquestion: Less?\nbased_on: baseline\nparameters: mine\n"
    (home / "less.yaml").write_text(text, "utf-8")
    for name, scenario in (("a", "baseline"), ("b", str(home / "less.yaml"))):
        assert main(["run", scenario, *small(home), "--out", str(home / name)]) == 0
    return home


def small(home, replicates=3):
    people = str(home / "people.parquet")
    return ["--population", people, "--years", YEARS, "--replicates", str(replicates)]


@pytest.fixture
def compare(home, tmp_path, monkeypatch, capsys):
    """Run the command; return exit code, the folder, and what was said."""
    monkeypatch.chdir(tmp_path)
    count = iter(range(100))

    def go(a, b, *words):
        out = tmp_path / f"out{next(count)}"
        capsys.readouterr()
        code = main(["compare", str(a), str(b), "--out", str(out), *words])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return code, out, said.out, said.err

    return go


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_one_number_changed_is_answered_in_one_sentence(compare, home):
    """The way of a newcomer: copy a scenario, change a number, compare, read."""
    code, folder, out, _ = compare("baseline", home / "less.yaml", *small(home, 6))
    assert code == 0
    sentence = out.splitlines()[0]
    assert re.match(
        r"With less instead of baseline, emigrations of immigrants in 2014 are [\d,]+ fewer "
        r"\(95.% interval [\d,]+ to [\d,]+\), a change of .[\d.]+.%.*, mostly because people in "
        r"the same situation decide otherwise\.",
        sentence,
    ), sentence
    assert str(folder / "report.html") in out
    assert {path.name for path in folder.iterdir()} == {
        "comparison.csv", "differences.csv", "who_changed.csv", "outcomes.csv", "figures",
        "manifest.json", "report.html",
    }  # fmt: skip
    page = (folder / "report.html").read_text("utf-8")
    assert sentence.split(" instead")[0] in page
    assert "Rapporter 2016/27" in page
    assert page.count("<svg") == 4
    record = json.loads((folder / "manifest.json").read_text("utf-8"))
    changes = {row["what"]: (row["a"], row["b"]) for row in record["changes"]}
    assert changes == {"parameters": ("published", str(home / "mine"))}
    assert record["assumptions"]
    assert record["shared_luck"] is True


def test_shared_luck_needs_at_least_ten_times_fewer_replicates(compare, home):
    """The gain is a ratio of variances of 24 replicates each; some 35 is expected here.

    By the F distribution it falls below 10 for such an expectation less than once in 1,000.
    """
    many = 24
    _, folder, _, _ = compare("baseline", home / "less.yaml", *small(home, many))
    rows = {row["year"]: float(row["times_fewer_replicates"])
            for row in table(folder / "comparison.csv") if row["measure"] == "emigrations"}  # fmt: skip
    if many > 10:  # fewer tell nothing
        assert min(rows.values()) >= 10, rows
    assert set(rows) == {"2013", "2014"}


def test_ten_times_fewer_replicates_tell_a_large_change_too(compare, home):
    """Income ratios up by a tenth: 80 to 400 times by chances, and 6 to 11 by counts.

    Some 100 are expected in the second year: by the F distribution below 10 less than once in
    10,000. In the first year both worlds begin alike, and chances leave no doubt.
    """
    text = ("name: richer\nquestion: Richer?\nbased_on: baseline\nuncertainty: none\nchanges:\n"
            + "".join(f"  income_ratio.group{k}: +10%\n" for k in (1, 2, 3)))  # fmt: skip
    (home / "richer.yaml").write_text(text, "utf-8")
    many = 16
    _, folder, _, _ = compare(
        "baseline", home / "richer.yaml", *small(home, many), "--uncertainty", "none"
    )
    rows = [row for row in table(folder / "comparison.csv")
            if row["measure"] == "expected_emigrations"]  # fmt: skip
    first, second = rows
    assert float(first["low"]) == pytest.approx(float(first["high"]), abs=1e-3)
    if many > 10:  # fewer tell nothing
        assert float(second["times_fewer_replicates"]) >= 10, second
    assert float(second["high"]) < 0


def test_finished_runs_are_lived_again_and_give_what_they_gave(compare, home):
    code, folder, _, _ = compare(home / "a", home / "b")
    assert code == 0
    total = {(row["measure"], row["year"]): row for row in table(folder / "comparison.csv")}
    for letter in "ab":
        summary = table(home / letter / "summary_total.csv")
        for row in summary:
            if row["measure"] in ("emigrations", "domestic_moves", "stock", "returns"):
                mean = float(total[row["measure"], row["year"]][letter])
                assert mean == pytest.approx(float(row["mean"]), abs=0.051)
    record = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert record["persons_compared"] is True
    assert record["notes"] == []


def test_scenarios_and_their_runs_compare_alike(compare, home):
    _, lived, _, _ = compare("baseline", home / "less.yaml", *small(home))
    _, runs, _, _ = compare(home / "a", home / "b", "--threads", "2")
    mixed = compare(home / "a", home / "less.yaml", *small(home))[1]
    for name in ("comparison.csv", "differences.csv", "who_changed.csv", "outcomes.csv"):
        assert (lived / name).read_bytes() == (runs / name).read_bytes()
        assert (lived / name).read_bytes() == (mixed / name).read_bytes()


def test_runs_are_found_by_their_name_in_the_usual_place(compare, home, tmp_path):
    out = tmp_path / "runs" / "out"
    for letter in "ab":
        shutil.copytree(home / letter, out / f"run_{letter}")
    assert compare("run_a", "run_b")[0] == 0
    assert "Did you mean 'run_b'?" in compare("run_a", "run_c")[3]


def test_groups_and_mechanisms_add_up_in_the_files(compare, home):
    _, folder, _, _ = compare(home / "a", home / "b")
    total = {(row["year"], row["measure"]): float(row["difference"])
             for row in table(folder / "comparison.csv") if row["difference"]}  # fmt: skip
    sums, groups = {}, {}
    for row in table(folder / "who_changed.csv"):
        if row["dimension"] == "total":
            key = row["year"], row["measure"]
            net = float(row["only_b"]) - float(row["only_a"])
            assert net == pytest.approx(float(row["net"]), abs=2e-4)
            sums[key] = sums.get(key, 0) + net
    for row in table(folder / "differences.csv"):
        if row["dimension"] == "reason" and row["measure"] == "emigrations":
            key = row["year"], "emigrations"
            groups[key] = groups.get(key, 0) + float(row["difference"])
    for (year, measure), net in sums.items():
        assert net == pytest.approx(total[year, measure], abs=1e-3)
    assert len(groups) == 2
    for key, difference in groups.items():
        assert difference == pytest.approx(total[key], abs=1e-3)


def test_machines_get_the_same_as_json(compare, home):
    code, folder, out, _ = compare(home / "a", home / "b", "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["folder"] == str(folder)
    assert answer["answer"][0].startswith("With less instead of baseline")
    rows = {row["year"]: row for row in table(folder / "comparison.csv")
            if row["measure"] == "emigrations"}  # fmt: skip
    for year in answer["headline"]["years"][:2]:
        row = rows[str(year["year"])]
        assert year["emigrations"]["difference"] == pytest.approx(
            float(row["difference"]), abs=1e-4
        )
        assert year["emigrations"]["low"] == pytest.approx(float(row["low"]), abs=1e-4)


def test_a_scenario_against_itself_differs_in_nothing(compare, home):
    code, folder, out, _ = compare("baseline", "unchanged", *small(home))
    assert code == 0
    assert out.startswith("Nothing differs: in 3 replicates of 2013-2014 everybody does the same")
    assert table(folder / "who_changed.csv") == []
    assert all(float(row["difference"] or 0) == 0 for row in table(folder / "comparison.csv"))


def other_run(home, tmp_path, *words, of="a", **manifest):
    """Return a copy of a run whose manifest says something else."""
    folder = tmp_path / f"other{len(list(tmp_path.iterdir()))}"
    shutil.copytree(home / of, folder)
    path = folder / "manifest.json"
    record = json.loads(path.read_text("utf-8"))
    for name, value in manifest.items():
        record[name] = {**record[name], **value} if isinstance(value, dict) else value
    path.write_text(json.dumps(record), "utf-8")
    return folder


def emigrations(folder):
    """Return the emigrations of immigrants in 2013 of each replicate of a run."""
    flows = pq.read_table(folder / "flows.parquet")
    flows = flows.filter(
        pc.and_(
            pc.and_(pc.equal(flows["event"], "emigrate"), pc.equal(flows["year"], 2013)),
            pc.not_equal(flows["background"].cast(pa.string()), "norwegian_born"),
        )
    )
    sums = flows.group_by("replicate").aggregate([("count", "sum")]).sort_by("replicate")
    return np.array(sums["count_sum"].to_pylist())


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"scenario": {"left_out": 1}}, "was written by another Vandring"),
     ({"parameters": {"sha256": "0" * 64}}, "the parameters are others than those of")],
)  # fmt: skip
def test_runs_that_cannot_be_lived_again_are_compared_by_their_tables(
    compare, home, tmp_path, changed, said
):
    other = other_run(home, tmp_path, of="b", **changed)
    code, folder, out, _ = compare(home / "a", other)
    assert code == 0
    assert said in out
    assert "who does something else, and why, cannot be told" in out
    assert not (folder / "who_changed.csv").exists()
    row = next(row for row in table(folder / "comparison.csv")
               if (row["year"], row["measure"]) == ("2013", "emigrations"))  # fmt: skip
    a, b = emigrations(home / "a"), emigrations(other)
    assert float(row["difference"]) == pytest.approx((b - a).mean(), abs=1e-3)
    apart, paired = np.var(a, ddof=1) + np.var(b, ddof=1), np.var(b - a, ddof=1)
    assert float(row["times_fewer_replicates"] or np.inf) == pytest.approx(
        apart / paired if paired else np.inf, abs=1e-3
    )
    lived = compare(home / "a", home / "b")[1]
    for name in ("comparison.csv", "differences.csv"):
        rows = [row for row in table(lived / name) if "expected" not in row["measure"]]
        assert table(folder / name) == rows  # chances are known of persons alone


def test_runs_whose_numbers_come_out_otherwise_are_not_trusted_to_be_lived(compare, home, tmp_path):
    other = other_run(home, tmp_path, of="b")
    flows = pq.read_table(other / "flows.parquet")
    count = flows.schema.get_field_index("count")
    more = flows.set_column(count, "count", pc.add(flows["count"], 1))
    pq.write_table(more, other / "flows.parquet")
    code, folder, _, err = compare(home / "a", other)
    assert code == 2
    assert "files.flows.parquet: is of another file than lies there" in err
    record = json.loads((other / "manifest.json").read_text("utf-8"))
    record["files"]["flows.parquet"] = sha256_of(other / "flows.parquet")
    (other / "manifest.json").write_text(json.dumps(record), "utf-8")
    _, folder, out, _ = compare(home / "a", other)
    assert "was made by another Vandring, whose numbers differ" in out
    assert not (folder / "who_changed.csv").exists()
    code, folder, out, _ = compare(other, home / "less.yaml")  # a scenario is lived anyway
    assert code == 0
    assert "it is lived anew here" in out
    assert "A decides: the people are" in out
    assert (folder / "who_changed.csv").exists()


def test_other_seeds_share_no_luck_and_it_is_said(compare, home, tmp_path):
    seeded = tmp_path / "seeded"
    less = str(home / "less.yaml")
    assert main(["run", less, *small(home), "--seed", "99", "--out", str(seeded)]) == 0
    code, folder, out, _ = compare(home / "a", seeded)
    assert code == 0
    assert "The seeds differ (2013 and 99): luck is not shared" in out
    rows = table(folder / "comparison.csv")
    assert all(row["times_fewer_replicates"] == "" for row in rows)
    assert "luck of their own" in (folder / "report.html").read_text("utf-8")
    _, folder, out, _ = compare(home / "a", seeded, "--seed", "5")
    assert "seeds differ" not in out
    assert (folder / "who_changed.csv").exists()


def test_what_only_one_run_holds_is_left_out_and_said(compare, home, tmp_path):
    longer = tmp_path / "longer"
    words = ["--population", str(home / "people.parquet"), "--years", "2013..2015"]
    less = str(home / "less.yaml")
    assert main(["run", less, *words, "--replicates", "4", "--out", str(longer)]) == 0
    _, folder, out, _ = compare(home / "a", longer)
    assert "A was lived to 2014, B to 2015: the years to 2014 are compared." in out
    assert "A has 3 replicates, B 4 replicates: 3 are compared." in out
    back = compare(longer, home / "a")[1]
    for row, opposite in zip(*map(table, (folder / "comparison.csv", back / "comparison.csv")),
                             strict=True):  # fmt: skip
        assert (row["a"], row["b"]) == (opposite["b"], opposite["a"])
    whole = compare(home / "a", home / "b")[1]
    assert (folder / "comparison.csv").read_bytes() == (whole / "comparison.csv").read_bytes()


def test_runs_that_draw_otherwise_are_said_to(compare, home, tmp_path):
    drawn = tmp_path / "drawn"
    words = [*small(home), "--uncertainty", "parameters", "--out", str(drawn)]
    assert main(["run", str(home / "less.yaml"), *words]) == 0
    plain, one = tmp_path / "plain", tmp_path / "one"
    for where, replicates in ((plain, 3), (one, 1)):
        words = [*small(home, replicates), "--uncertainty", "none", "--out", str(where)]
        assert main(["run", "baseline", *words]) == 0
    out = compare(plain, drawn)[2]
    assert "A draws nothing anew in each replicate, B parameters" in out
    assert "draws" not in compare(plain, plain)[2]
    out = compare(drawn, one)[2]
    assert "A has 3 replicates, B 1 replicate: 1 is compared." in out
    assert "the estimates themselves, so numbers are not a report's" in out


def test_runs_in_parts_are_compared_with_runs_in_as_many_parts(compare, home, tmp_path):
    in_parts = []
    for name, scenario in (("p", "baseline"), ("q", str(home / "less.yaml"))):
        in_parts.append(tmp_path / name)
        words = [*small(home), "--shards", "2", "--out", str(in_parts[-1])]
        assert main(["run", scenario, *words]) == 0
    code, _, _, err = compare(home / "a", in_parts[1])
    assert code == 2
    assert "in 1 parts in A, in 2 in B; allowed: people divided alike" in " ".join(err.split())
    code, folder, out, _ = compare(*in_parts)
    assert code == 0
    assert f"the people of {in_parts[0]} were divided among shards" in out
    assert not (folder / "who_changed.csv").exists()
    code, _, _, err = compare(in_parts[0], home / "less.yaml")
    assert code == 2
    assert "were divided among shards" in err


def test_where_nothing_can_be_written_nothing_is_lived(home, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(comparing, "find", None)
    (tmp_path / "file").write_text("")
    for out, says in (("file", "file is no folder"), ("file/below", "cannot be written")):
        words = ["baseline", str(home / "less.yaml"), "--out", str(tmp_path / out)]
        assert main(["compare", *words]) == 2
        assert says in " ".join(capsys.readouterr().err.split())


def test_what_has_no_effect_in_the_years_lived_is_told(compare, home, tmp_path):
    later = tmp_path / "later.yaml"
    later.write_text("name: later\nquestion: q\nbased_on: baseline\nchanges:\n"
                     "  unemployment.norway: {2025..2030: +1}\n", "utf-8")  # fmt: skip
    _, _, out, _ = compare("baseline", later, *small(home, 2))
    assert "Nothing differs" in out
    assert "unemployment.norway in 2025..2030 has no effect: the run's years are" in out


def test_of_scenarios_a_decides_and_it_is_said(compare, home, tmp_path):
    mine = tmp_path / "mine.yaml"
    text = (
        "name: mine\nquestion: q\nbased_on: baseline\nmodel_type: 3\nyears: 2013..2050\nseed: 4\n"
    )
    mine.write_text(text, "utf-8")
    _, _, out, err = compare("baseline", mine, "--population", small(home)[1], "--replicates", "1",
                             "--years", YEARS)  # fmt: skip
    assert "problem" not in err
    assert "A decides: seed 2013; what B says, 4, is set aside." in out
    assert "A decides: years" not in out


def test_every_problem_is_said_at_once(compare, home, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    code, folder, out, err = compare(
        "baselin", empty, "--threads", "x", "--replicates", "none", "--sed", "4"
    )
    assert (code, out) == (2, "")
    assert not folder.exists()
    for part in ("A: scenario: there is none called 'baselin'", "Did you mean 'baseline'?",
                 "B: run: ", "holds no manifest.json", "--threads: is 'x'",
                 "--replicates: is 'none'", "--sed: is unknown"):  # fmt: skip
        assert part in err, part


def test_different_people_and_starts_are_refused(compare, home, tmp_path):
    other = other_run(home, tmp_path, population={"sha256": "0" * 64, "persons": 7})
    code, _, _, err = compare(home / "a", other)
    assert code == 2
    assert f"population: {N:,} persons of" in err
    assert "7 persons of" in err
    late = other_run(home, tmp_path, years=[2014, 2014], scenario={"years": [2014, 2014]})
    code, _, _, err = compare(home / "a", late)
    assert code == 2
    assert "years: A starts on 1 January 2013, B on 1 January 2014" in err
    theirs = tmp_path / "theirs.yaml"
    theirs.write_text(
        "name: x\nquestion: q\nbased_on: baseline\npopulation: embedded:0.5\n", "utf-8"
    )
    code, _, _, err = compare("baseline", theirs)
    assert code == 2
    assert "population: is 'embedded' in A, 'embedded:0.5' in B" in err
    assert "--population" in err
    code, _, _, err = compare("baseline", "baseline", *small(home)[:2], "--years", "2014..2014")
    assert code == 2
    assert "the population is that of 1 January 2013" in err


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "cannot be read"), ("[]", "is not that of a run"), ("{}", "is not that of a run"),
     ('{"format": "vandring comparison 1"}', "is a comparison")],
)  # fmt: skip
def test_folders_that_are_no_runs_are_refused(compare, home, tmp_path, text, said):
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "manifest.json").write_text(text, "utf-8")
    code, _, _, err = compare(home / "a", folder)
    assert code == 2
    assert said in err


def test_a_run_of_another_vandring_cannot_be_compared_with_a_scenario(compare, home, tmp_path):
    other = other_run(home, tmp_path, scenario={"left_out": 1})
    for a, b in ((other, home / "less.yaml"), (home / "less.yaml", other)):
        code, folder, _, err = compare(a, b)
        assert code == 2
        assert "was written by another Vandring and cannot be lived anew" in err
        assert not folder.exists()


def test_a_run_without_its_tables_is_refused(compare, home, tmp_path):
    other = other_run(home, tmp_path, of="b")
    (other / "flows.parquet").unlink()
    code, folder, _, err = compare(home / "a", other)
    assert code == 2
    assert "flows.parquet cannot be read" in err
    assert not folder.exists()


def test_runs_alone_stand_by_what_they_are_unless_told_to_be_lived(home, tmp_path):
    other = other_run(home, tmp_path, of="b", parameters={"sha256": "0" * 64})
    ground = common_ground((str(home / "a"), str(other)), {"replicates": "1"})
    with pytest.raises(InputError, match="the parameters are others than those of"):
        find(ground)


def test_nothing_half_written_stays(compare, home, tmp_path, monkeypatch):
    def broken(*_):
        raise InputError("disk", [])

    monkeypatch.setattr("runs.compare_report.write_tables", broken)
    code, folder, _, _ = compare(home / "a", home / "b")
    assert code == 2
    assert not folder.exists()
    assert not list(tmp_path.glob(".*.part"))


def test_runs_of_one_scenario_are_called_by_their_folders(home):
    ground = common_ground((str(home / "a"), str(Path(home / "a"))), {})
    assert ground.labels == ("baseline (A)", "baseline (B)")
    other = common_ground((str(home / "a"), "baseline"), {"population": small(home)[1]})
    assert other.labels == ("a", "baseline")


def test_drawn_parameters_are_shared_and_make_intervals_of_one_history(compare, home):
    for name in ("plain", "less"):
        text = f"name: {name}_drawn\nquestion: q\nbased_on: baseline\nuncertainty: all\n"
        more = "changes: {unemployment.norway: +1.0}\n" if name == "less" else ""
        (home / f"{name}_drawn.yaml").write_text(text + more, "utf-8")
    pair = home / "plain_drawn.yaml", home / "less_drawn.yaml"
    _, folder, out, _ = compare(*pair, *small(home, 4), "--json")
    headline = json.loads(out)["headline"]
    assert headline["interval"] == "95 % for the difference of one history, B less A"
    year = headline["years"][0]["domestic_moves"]
    page = Page((folder / "report.html").read_text("utf-8"))
    assert "draws parameters and economy anew, the same draw in both worlds" in page
    assert "Monte Carlo and parameters and economy" in page
    assert abs(year["difference"]) <= 3  # who would have moved may emigrate instead
    same = compare(pair[0], pair[0], *small(home, 2))[2]
    assert same.startswith("Nothing differs")
    words = "Unemployment", "Read with care"  # what B alters, and that the range is left
    assert all(any(word.lower() in text.lower() for text in page.text) for word in words)
    still = home / "still.yaml"
    still.write_text("name: still\nquestion: q\nbased_on: baseline\nuncertainty: none\n", "utf-8")
    _, _, out, _ = compare(still, pair[1], *small(home, 1))
    assert "A decides: every replicate draws nothing anew besides luck." in out


def test_the_page_is_whole_and_needs_nothing_from_elsewhere(compare, home):
    _, folder, _, _ = compare(home / "a", home / "b")
    page = Page((folder / "report.html").read_text("utf-8"))
    assert len(set(page.ids)) == len(page.ids)
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    for words in ("Composition", "It contains Monte Carlo and parameters and economy", "Rapporter 2016/27", "Background",
                  "Times fewer replicates", "What the scenarios say otherwise"):  # fmt: skip
        assert words in page, words
    for figure in (folder / "figures").iterdir():
        assert "nan" not in figure.read_text("utf-8")


def test_what_scenarios_say_otherwise_is_told_lever_by_lever(tmp_path):
    for name, text in (
        ("one", "based_on: baseline\nmodel_type: 2\nchanges: {unemployment.norway: +1.0}\n"),
        ("two", "based_on: one.yaml\nchanges: {unemployment.norway: x2, emigration: {2015..: 0.5}}\n"
                "assumptions: {returning: nobody}\n"),
    ):  # fmt: skip
        (tmp_path / f"{name}.yaml").write_text(f"name: {name}\nquestion: q\n{text}", "utf-8")
    a, b = (load_scenario(str(tmp_path / f"{name}.yaml")) for name in ("one", "two"))
    assert {what: (of_a, of_b) for what, of_a, of_b in changed_fields(a, b)} == {
        "unemployment.norway": ("added 1", "added 1, then times 2"),
        "emigration in 2015..2100": ("as it is", "set to 0.5"),
        "returning": ("published", "nobody"),
    }
    plain = load_scenario("baseline")
    assert ("model_type", "1", "2") in set(changed_fields(plain, a))
    assert list(changed_fields(plain, plain)) == []


def test_the_help_shows_an_example(capsys):
    with pytest.raises(SystemExit):
        main(["compare", "--help"])
    assert "vandring compare baseline" in capsys.readouterr().out
    assert comparing.EXAMPLES.count("vandring compare") == 3
