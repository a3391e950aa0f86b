"""The record as data: what stands in it, how strictly it is read, and that it agrees with itself."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import yaml

from runs.validation.asking import Asked
from runs.validation.dimensions import CALIBRATIONS, COUNTIES, KINDS, SCOPES
from runs.validation.judging import judge
from runs.validation.quantity import POOLED, Whom
from runs.validation.record import (
    FOLDER,
    clusters,
    core_clusters,
    patterns,
    read_patterns,
)
from runs.validation.wording import LANGUAGES, code_name, label
from sim.geography import COUNTY
from sim.problems import InputError

RECORD = patterns()
ROOT = Path(__file__).parent.parent


def entry(**other):
    """A pattern that is right, with something else in it."""
    made = {
        "id": "r2016.f4_1.made", "source": {"at": "Figure 4.1", "line": 1},
        "measure": "emigration_rate", "kind": "range", "years": [2004, 2013], "scope": "each_year",
        "whom": {"reason": "work"}, "expected": {"low": 1, "high": 2}, "tolerance": {"abs": 0.1},
        "evidence": "text", "strength": "strong", "used_by": [],
    }  # fmt: skip
    return {name: value for name, value in (made | other).items() if value is not None}


def refused(*entries):
    with pytest.raises(InputError) as error:
        read_patterns(yaml.safe_dump(list(entries)), "made.yaml")
    return [str(problem) for problem in error.value.problems]


class FromNumbers:
    """A history that knows the numbers of the record, and nothing else."""

    years = tuple(range(2000, 2024))

    def __init__(self):
        self.known = {}
        for pattern in RECORD.values():
            said = pattern.expected
            if pattern.kind in ("value", "approx") and not said.sign:
                asked = Asked(pattern, self)
                for chosen in asked.combinations():
                    for member in asked.members():
                        self.learn(
                            asked, asked.choose(chosen, member), said.values.get(member, said.value)
                        )
                    if said.reference:
                        self.learn(asked, asked.choose(chosen, said.reference), 0.0)

    def learn(self, asked, chosen, value):
        pattern = asked.pattern
        if pattern.scope == POOLED:
            self.known[asked.quantity(chosen, None, pattern.years, POOLED)] = value
        else:
            for year in pattern.years[-1:] if pattern.scope == "latest" else pattern.years:
                self.known[asked.quantity(chosen, None, (year,), "per_year")] = value

    def of(self, quantity):
        if quantity.scope == POOLED:
            return np.array([self.known.get(quantity, np.nan)])
        single = [type(quantity)(**{**vars(quantity), "years": (year,)}) for year in quantity.years]
        return np.array([self.known.get(one, np.nan) for one in single])


def test_the_record_holds_all_patterns_and_thirty_core_clusters():
    assert len(RECORD) == 561
    assert len(core_clusters()) == 30
    assert all(pattern_id in RECORD for cluster in core_clusters() for pattern_id in cluster.ids)
    assert Counter(p.kind for p in RECORD.values()) == {
        "value": 190, "ordering": 181, "range": 71, "ratio": 45, "trend": 40, "approx": 34,
    }  # fmt: skip


def test_every_pattern_is_in_one_cluster():
    counted = Counter(pattern_id for cluster in clusters() for pattern_id in cluster.ids)
    assert set(counted) == set(RECORD)
    assert set(counted.values()) == {1}
    assert len(clusters()) == 93


def test_the_file_is_small():
    assert (FOLDER / "patterns.yaml").stat().st_size < 400 * 1024


def test_a_right_entry_is_read():
    (pattern,) = read_patterns(yaml.safe_dump([entry()]), "made.yaml")
    assert pattern.years == tuple(range(2004, 2014))
    assert (pattern.expected.low, pattern.expected.high, pattern.tolerance.abs) == (1, 2, 0.1)
    assert (pattern.report, pattern.cluster, pattern.held_out) == ("r2016", "r2016.f4_1", True)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"mesure": "stock"}, "unknown field 'mesure'"),
        ({"expected": {"low": 1, "high": 2, "middle": 1}}, "unknown field 'middle'"),
        ({"tolerance": {"absolute": 1}}, "unknown field 'absolute'"),
        ({"tolerance": {}}, "the tolerance is empty"),
        ({"tolerance": None}, "field 'tolerance' is missing"),
        ({"measure": "emigration_rat"}, "Did you mean 'emigration_rate'?"),
        ({"kind": "rank"}, "kind is 'rank'"),
        ({"scope": "sometimes"}, "scope is 'sometimes'"),
        ({"whom": {"reason": "wrok"}}, "reason is 'wrok'"),
        ({"whom": {"colour": "red"}}, "unknown variable 'colour'"),
        ({"whom": {"age": "young"}}, "age is 'young'"),
        ({"each": {"county": ["oslo", "sweden"]}}, "county is 'sweden'"),
        ({"used_by": ["guess"]}, "used_by names 'guess'"),
        ({"years": [2013, 2004]}, "years are [2013, 2004]"),
        ({"id": "x2020.f1.a"}, "the id starts with no report"),
        ({"kind": "ordering"}, "a ordering without what is expected"),
        ({"kind": "trend", "expected": {"segments": [[2004, 2008, "sinking"]]}}, "a segment is 'sinking'"),
        ({"kind": "ordering", "by": "sex", "expected": {"tiers": [["men"], ["ladies"]]}}, "sex is 'ladies'"),
        ({"kind": "ratio", "expected": {"numerator": {"origin": "cg1"}, "denominator": {}, "value": 1}}, "origin is 'cg1'"),
    ],
)  # fmt: skip
def test_what_an_entry_may_not_say_is_refused(other, said):
    problems = refused(entry(**other))
    assert len(problems) == 1
    assert said in problems[0]
    assert problems[0].startswith(other.get("id", "r2016.f4_1.made"))


def test_all_problems_are_told_at_once():
    problems = refused(
        entry(kind="rank", strength="huge"), entry(), entry(id="r2016.b.c", kin=1), 7
    )
    assert len(problems) == 5
    assert sum("is there twice" in problem for problem in problems) == 1
    assert "pattern 4: is no mapping of fields" in problems


def test_a_file_that_is_no_list_is_refused():
    with pytest.raises(InputError, match="no list of patterns"):
        read_patterns("a: 1", "made.yaml")


def test_every_label_is_told_in_both_languages():
    for pattern in RECORD.values():
        english, norwegian = (label(pattern, language) for language in LANGUAGES)
        assert len(english) > 10
        assert english != norwegian
    for cluster in (*clusters(), *core_clusters()):
        assert cluster.en
        assert cluster.nb


def test_labels_name_codes_as_people_do():
    pattern = RECORD["r2016.f4_9.work_outside_cycle"]
    assert label(pattern, "en") == (
        "Emigration, percent a year; work immigrants, outside the labour force, aged 15-74; 2004-2013: course"
    )
    assert label(pattern, "nb").startswith(
        "Utvandring, prosent per år; arbeidsinnvandrere, utenfor"
    )
    assert code_name("county", "more_og_romsdal", "en") == "Møre og Romsdal"
    assert code_name("origin", "vietnam", "nb") == "Vietnam"


def test_a_misprint_is_corrected_and_what_was_printed_kept():
    refuge, family = (
        RECORD[f"r2016.t4_3.{reason}.emig"].expected for reason in ("refuge", "family")
    )
    assert refuge.values == family.printed
    assert family.values == refuge.printed
    assert refuge.values["mixed_equal"] == 0.7


def test_used_by_names_every_calibration_but_no_other():
    used = {name for pattern in RECORD.values() for name in pattern.used_by}
    assert used == set(CALIBRATIONS)
    assert all(RECORD[f"a2015.macro.scenario_{name}"].used_by == ("elasticities",)
               for name in ("u_cg1_plus1", "u_no_plus1", "income_plus01"))  # fmt: skip
    tables = [p for p in RECORD.values() if p.cluster in ("r2016.t4_1", "r2016.t4_2", "r2016.t4_3")]
    assert all("family_offsets" in p.used_by for p in tables if p.measure == "emigration_rate")
    assert all("county_moves" in p.used_by for p in tables if p.measure == "county_out_rate")
    linear = [p for p in RECORD.values() if p.cluster == "r2016.t5_13_31" and p.model]
    assert linear
    with (ROOT / "calibration" / "data" / "linear_by_county.csv").open(encoding="utf-8") as file:
        fitted = {(row["county"], row["what"]) for row in csv.DictReader(file)}
    for pattern in linear:
        county = dict(zip(COUNTIES, COUNTY.names, strict=True))[pattern.whom["county"]]
        told = {"adj_emigration": {"emigrate"}, "adj_county_out": {"county"},
                "adj_stay": {"emigrate", "county"}}[pattern.measure]  # fmt: skip
        implied = all((county, what) in fitted for what in told)
        assert ("reason_offsets" in pattern.used_by) == implied, pattern.id


def test_the_numbers_of_the_reports_obey_what_their_texts_say():
    """Tables against the orders and ratios that their texts read from them, exceptions included."""
    history = FromNumbers()
    verdicts = {name: judge(pattern, history) for name, pattern in RECORD.items()}
    for name, pattern in RECORD.items():
        if pattern.kind in ("value", "approx") and verdicts[name].holds is not None:
            assert verdicts[name].holds, verdicts[name]
    read_from_tables = [name for name, pattern in RECORD.items()
                        if pattern.kind == "ordering" and verdicts[name].holds is not None]  # fmt: skip
    assert len(read_from_tables) == 12
    assert all(verdicts[name].holds for name in read_from_tables)


def test_a_history_that_knows_nothing_is_not_judged():
    class Nothing:
        years = ()

        def of(self, quantity):
            return np.full(1 if quantity.scope == POOLED else len(quantity.years), np.nan)

    for pattern in RECORD.values():
        verdict = judge(pattern, Nothing())
        assert verdict.holds is None
        assert verdict.why


def test_every_pattern_asks_for_what_a_history_may_know():
    """Every question has a known measure, and codes, not words that stand for several."""
    asked = []

    class Noting:
        years = tuple(range(1971, 2024))

        def of(self, quantity):
            asked.append(quantity)  # a number that differs between questions
            return np.full(
                1 if quantity.scope == POOLED else len(quantity.years), 1 + len(asked) % 7
            )

    for pattern in RECORD.values():
        assert pattern.kind in KINDS
        assert pattern.scope in SCOPES
        verdict = judge(pattern, Noting())
        assert verdict.holds is not None, pattern.id
        assert verdict.expected
        assert verdict.found
    for quantity in asked:
        assert isinstance(quantity.whom, Whom)
        for whom in (quantity.whom, quantity.base or Whom()):
            words = {code for codes in whom.given.values() for code in codes}
            assert not words & {"all", "national_average", "third_country", "others", ""}
        assert (quantity.base is not None) == quantity.measure.endswith(
            ("stock_share", "destination_share", "count_share")
        )
        assert (quantity.term is not None) == quantity.measure.startswith("adj_")
