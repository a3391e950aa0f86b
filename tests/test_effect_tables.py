"""The definitions of Tables 6.2-6.26, and the tables computed from them, against the report."""

import math

import numpy as np
import pandas as pd
import pytest

from calibration import effect_layout as layout
from calibration.effect_tables import (
    RECONSTRUCTED,
    Parameters,
    at_profile,
    between,
    changed,
    chosen_tables,
    definitions,
    described,
    of_table,
    on_average,
    person_of,
    words,
)
from calibration.fit_table import covariates
from sim.problems import InputError
from sim.transitions.effects import average_effect, effect
from tests.conftest import made_people
from tests.published import OUTCOMES, contrasts, misprinted

PERSON = {
    "age": "30", "sex": "male", "duration": "4", "education": "tertiary_short",
    "status": "employed", "reason": "work", "family_total": "3", "family_immigrants": "2",
    "centrality": "1",
}  # fmt: skip


@pytest.fixture(scope="module")
def published():
    return Parameters.read()


@pytest.fixture(scope="module")
def tables(published):
    return {name: of_table(one, published) for name, one in definitions().items()}


def test_every_table_of_effects_is_defined_with_its_source():
    assert list(definitions()) == [f"6.{number}" for number in range(2, 27)]
    for name, one in definitions().items():
        assert one.source.startswith(f"Rapporter 2016/27, Table {name} ")
        number = int(name.removeprefix("6."))
        assert one.model_type == 1 + (number > 6) + (number > 16)
        assert one.levels == (("4",) if one.model_type == 1 else ("1", "2", "3", "4"))
        assert one.reference not in one.values


def test_the_definitions_describe_the_persons_of_the_notes(tables):
    """Tables 6.2-6.16: the same rows in the same order, the same models, the same persons."""
    for name in dict.fromkeys(contrast.table for contrast in contrasts()):
        mine = [contrast for contrast in contrasts() if contrast.table == name]
        one, rows = definitions()[name], tables[name].rows
        assert [(row.value, row.level or one.levels[0], row.model) for row in rows] == [
            (contrast.value, contrast.centrality, contrast.model) for contrast in mine
        ]
        for contrast in mine:
            here = {**one.profile, "centrality": contrast.centrality}
            for value, person in (
                (contrast.value, contrast.person),
                (one.reference, contrast.reference),
            ):
                found = person_of(changed(here, one.varied, value))
                assert found | {"centrality": int(found["centrality"])} == person


@pytest.mark.parametrize("contrast", contrasts(), ids=str)
def test_every_printed_effect_that_is_no_misprint_is_met(contrast, tables):
    (row,) = (
        row for row in tables[contrast.table].rows
        if row.value == contrast.value and row.level in ("", contrast.centrality)
    )  # fmt: skip
    place = (contrast.table, contrast.centrality, contrast.value)
    for outcome, found, printed, bound in zip(
        OUTCOMES, row.effect.estimates, contrast.estimates, contrast.bounds(), strict=True
    ):
        if (*place, outcome) not in misprinted("estimate"):
            assert abs(found - printed) <= bound + 1e-9, outcome


def test_women_and_men_of_type_3_have_the_models_that_the_titles_say(tables):
    for number in range(17, 27):
        models = list(dict.fromkeys(row.model for row in tables[f"6.{number}"].rows))
        women = definitions()[f"6.{number}"].profile["sex"] == "female"
        assert models == [f"E{level}" for level in (range(1, 5) if women else range(5, 9))]


def test_tables_of_type_3_are_near_those_of_type_2(tables):
    """Nobody gave us the figures of 6.17-6.26; a wrong definition would be far from 6.7-6.16."""
    for number in range(7, 17):
        two, three = tables[f"6.{number}"], tables[f"6.{number + 10}"]
        by_place = {(row.value, row.level): row.effect.estimates for row in three.rows}
        for row in two.rows:
            if row.level == "4":  # where most people live
                gap = np.abs(by_place[row.value, "4"] - row.effect.estimates)
                assert gap.max() < 0.02, (number, row.value)


def test_the_note_says_where_the_covariances_come_from(tables):
    for name, table in tables.items():
        assert RECONSTRUCTED in layout.note(table), name
        assert "reconstructed register" in layout.note(table)


def test_some_tables_are_chosen(published):
    assert [one.table for one in chosen_tables("6.4, table 6.2,6.4", published)] == ["6.4", "6.2"]
    assert len(chosen_tables("ALL", published)) == 25


def test_unknown_tables_are_all_named(published):
    with pytest.raises(InputError) as caught:
        chosen_tables("6.1,6.44,6.4", published)
    said = str(caught.value)
    assert (
        "'6.1' is no table of effects; allowed: 6.2 to 6.26, or all. It holds a model: --model 6.1"
        in said
    )
    assert "'6.44' is no table" in said
    assert "'6.4'" not in said


def test_a_profile_of_ones_own_gives_what_the_library_gives(published):
    table = at_profile(published, "E5", PERSON, "status", ("student", "employed"), "outside")
    model, covariance = published.model("E5")
    for row, status in zip(table.rows, ("student", "employed"), strict=True):
        one = person_of({**PERSON, "status": status})
        other = person_of({**PERSON, "status": "outside"})
        expected = effect(model, one, other, covariance)
        np.testing.assert_array_equal(row.effect.estimates, expected.estimates)
        np.testing.assert_array_equal(row.effect.t_values, expected.t_values)
    assert "status" not in table.profile


def test_two_profiles_that_differ_in_several_things(published):
    table = between(published, "E5", PERSON, {**PERSON, "status": "outside", "age": "80"})
    (row,) = table.rows
    assert (row.value, row.reference) == ("age=30,status=employed", "age=80,status=outside")
    assert "The person: aged 30; man; 4 years in Norway;" in layout.note(table)
    assert "Reference: the same, but aged 80; outside the labour force. Model E5." in layout.note(
        table
    )
    assert "\nThe person instead of the reference " in layout.text(table)
    assert "Those over 74 have the age terms of 74." in layout.note(table)


@pytest.mark.parametrize(
    ("varied", "values", "reference", "numbers"),
    [
        ("status", ("employed",), "outside", {"status": (1, 0)}),
        ("duration", ("3-5",), "16+", {"duration": (1, 4)}),
        ("duration", ("7",), "0-2", {"duration": (2, 0)}),
        ("age", ("40",), "30", {"age": (40, 30)}),
        ("family", ("6/5",), "5/4", {"family_total": (6, 5), "family_immigrants": (5, 4)}),
        ("centrality", ("1",), "4", {"centrality": (0, 3)}),
    ],
)
def test_average_effects_over_a_population(published, varied, values, reference, numbers):
    """Everybody gets the value, then the reference: the mean difference of the probabilities."""
    population = made_people(300)
    (row,) = on_average(published, "6.1", population, varied, values, reference).rows
    model, covariance = published.model("6.1")
    people = described(model, population)
    frames = []
    for side in (1, 0):
        columns = vars(people) | {
            key: np.full(people.age.size, pair[side], dtype=np.int64)
            for key, pair in numbers.items()
        }
        frames.append(type(people)(**columns))
    expected = average_effect(model, *frames, covariance)
    np.testing.assert_allclose(row.effect.estimates, expected.estimates, rtol=1e-12)
    np.testing.assert_allclose(row.effect.std_errors, expected.std_errors, rtol=1e-12)
    mean = (model.probabilities(frames[1]) - model.probabilities(frames[0])).mean(axis=0)
    np.testing.assert_allclose(row.effect.estimates, mean, rtol=1e-9)


def test_whom_an_average_is_over(published):
    population = made_people(300)
    whole = covariates(population, np.flatnonzero(population.immigrants))
    for name, inside in (
        ("6.1", whole.age >= 15),
        ("D2", (whole.age >= 15) & (whole.centrality == 1)),
        ("E5", (whole.age >= 15) & (whole.centrality == 0) & (whole.sex == 1)),
    ):
        table = on_average(published, name, population, "reason", ("work",), "nordic")
        assert table.persons == int(inside.sum())
        assert f"Averages over {table.persons:,} persons" in layout.note(table)


def test_an_average_over_nobody_is_refused(published):
    women = made_people(50, sex=np.zeros(50, dtype=np.int64))
    with pytest.raises(InputError, match="has nobody whom model E5 describes"):
        on_average(published, "E5", women, "reason", ("work",), "nordic")


def test_the_layout_of_a_table_at_one_level(tables):
    lines = layout.text(tables["6.4"]).splitlines()
    assert lines[0] == (
        "Table 6.4. Effects of reason for immigration on the probabilities of staying, moving and emigrating"
    )
    assert lines[2].split("  ")[-1].strip() == "Emigrate"
    assert lines[3].split() == ["effect", "t", "value"] * 3
    assert lines[6].split() == ["Refuge", "0.018", "15.417", "0.002", "8.082", "-0.020", "-16.972"]
    note = " ".join(lines[11:])
    assert (
        "The person: aged 30; woman; 3-5 years in Norway; education: upper secondary, basic; employed; "
        "5 family members; 4 of them immigrants; level 4 (most central). Reference: nordic. Model 6.1."
    ) in note
    assert max(map(len, lines)) <= 120


def test_the_layout_of_a_table_with_all_levels(tables):
    lines = layout.text(tables["6.7"]).splitlines()
    assert lines[5] == "0-2 years"
    assert lines[6].startswith("  Level 1 (least central) ")
    assert lines[10] == "3-5 years"
    assert "Models D1-D4, one for each level of centrality." in layout.note(tables["6.7"])


def test_remarks_on_the_printed_tables_stand_in_the_note(tables):
    assert "the effects are those of a man" in layout.note(tables["6.10"])
    assert "docs/misprints.md" in layout.note(tables["6.3"])


def test_csv_has_a_row_a_contrast_with_full_figures(tables, tmp_path):
    path = tmp_path / "effects.csv"
    path.write_text(layout.to_csv(tables.values()), "utf-8")
    frame = pd.read_csv(path, dtype={"table": str})
    assert len(frame) == sum(len(table.rows) for table in tables.values())
    first = frame[(frame["table"] == "6.4") & (frame["value"] == "refuge")].iloc[0]
    row = tables["6.4"].rows[1]
    assert first["emigrate"] == pytest.approx(row.effect.estimates[2], rel=1e-9)
    assert first["emigrate_se"] == pytest.approx(row.effect.std_errors[2], rel=1e-9)
    assert first["emigrate_t"] == pytest.approx(row.effect.t_values[2], rel=1e-9)
    assert (first["age"], first["sex"], first["centrality"]) == (30, "female", 4)


def test_latex_is_whole(tables):
    for table in tables.values():
        said = layout.latex(table)
        assert said.count(r"\begin{") == said.count(r"\end{") == 2
        body = [line for line in said.splitlines() if line.endswith(r"\\")]
        for line in body[2:]:
            assert line.count("&") in (0, 6), line
        assert "%" not in said.replace(r"\%", "")
        assert "_" not in said.replace(r"\_", "")


def test_where_nothing_differs_there_is_no_t_value(published):
    table = at_profile(published, "6.1", PERSON, "status", ("outside",), "outside")
    assert layout.text(table).splitlines()[5].split()[-2:] == ["0.000", "-"]
    (row,) = layout.record(table)["rows"]
    assert row["effects"]["stay"] == {"effect": 0.0, "std_error": 0.0, "t_value": None}
    assert not math.isnan(row["effects"]["emigrate"]["effect"])


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("duration", "4", "4 years"),
        ("duration", "16+", "16 years or more"),
        ("family", "5/4", "5 members, 4 of them immigrants"),
        ("centrality", "1", "level 1 (least central)"),
        ("sex", "female", "Woman"),
        ("family_total", "3", "3 family members"),
    ],
)
def test_values_are_said_in_words(name, value, said):
    assert words(name, value) == said
