import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from runs import plots, tables
from tests.made_runs import flows_of, manifest, random_run, stocks_of

SVG = "{http://www.w3.org/2000/svg}"


def drawn(years=range(2004, 2014), replicates=5, **changes):
    flows, stocks = random_run(years=years, replicates=replicates, cells=60, people=50_000)
    return plots.draw_all(tables.summaries(flows, stocks), manifest(**changes))


def words(svg):
    return [text.text for text in ET.fromstring(svg).iter(f"{SVG}text")]


@pytest.fixture(scope="module")
def ten_years():
    return drawn()


def test_every_figure_is_drawn_and_says_what_it_shows(ten_years):
    assert list(ten_years) == [drawing.name for drawing in plots.DRAWINGS]
    for drawing in plots.DRAWINGS:
        said = words(ten_years[drawing.name])
        assert drawing.title in said
        assert drawing.unit in said
        assert any("Vandring 0.1.0, scenario baseline, 5 replicates" in word for word in said)
        assert any(word.startswith("Assumptions: No arrivals, births") for word in said)


def test_each_reason_is_named_beside_its_line(ten_years):
    said = words(ten_years["emigrations_by_reason"])

    assert {"Work", "Refuge", "Family", "Education", "Nordic", "Unknown"} <= set(said)


def test_counts_start_at_zero(ten_years):
    assert all("0" in words(svg) for svg in ten_years.values())


def test_the_same_run_draws_the_same_bytes(ten_years):
    assert drawn() == ten_years


def test_nothing_tells_the_date_or_comes_from_elsewhere(ten_years):
    for svg in ten_years.values():
        assert not re.search(r"<script|<style|<image|metadata|dc:date", svg)
        assert set(re.findall(r'href="(.)', svg)) <= {"#"}


def test_identifiers_are_unique_over_all_figures(ten_years):
    names = [name for svg in ten_years.values() for name in re.findall(r'<\w+ id="([^"]*)"', svg)]

    assert len(names) == len(set(names))
    for svg in ten_years.values():
        used = re.findall(r'href="#([^"]*)"|url\(#([^)]*)\)', svg)
        assert {a or b for a, b in used} <= set(names)


def test_a_reason_has_one_colour_everywhere():
    colours = [plots.COLOURS[reason] for reason in plots.CODE_LISTS["reason"].names]

    assert len(set(colours)) == len(colours)


@pytest.mark.parametrize("replicates", [1, 4])
@pytest.mark.parametrize("years", [range(2013, 2014), range(2013, 2015), range(2014, 2101)])
def test_any_span_and_number_of_replicates_can_be_drawn(years, replicates):
    figures = drawn(years, replicates)

    assert len(figures) == len(plots.DRAWINGS)
    for svg in figures.values():
        note = " ".join(word for word in words(svg) if word)
        assert ("no interval" in note) == (replicates == 1)
        assert ("Monte Carlo only" in note) == (replicates > 1)


def test_a_note_holds_whole_sentences_only_and_the_first_first():
    meanings = [f"{word} " + "and so on " * 12 + "to the end." for word in ("One", "Two", "Three")]
    assumed = [{"name": "a", "value": "b", "meaning": meaning} for meaning in meanings]
    line = plots.assumption_line(manifest(assumptions=assumed))

    assert line == f"Assumptions: {meanings[0]} {meanings[1]} {plots.MORE}"
    assert plots.assumption_line(manifest(assumptions=assumed[:2])).endswith(meanings[1])
    endless = [{"name": "a", "value": "b", "meaning": "on and on " * 99}]
    assert plots.assumption_line(manifest(assumptions=endless)) == "Assumptions: see the report."


def test_a_note_is_never_cut():
    name = "a_long_name_" * 30
    for svg in drawn(range(2013, 2015), scenario={"name": name}).values():
        said = [word for word in words(svg) if word]
        assert not any("..." in word for word in said)
        assert name in "".join(said)


@pytest.mark.parametrize("gone", [1, 7, 52, 99, 101, 520, 1_031])
@pytest.mark.parametrize("years", [range(2013, 2014), range(2012, 2014)])
def test_the_axis_is_labelled_up_to_the_largest_value_at_least(years, gone):
    flows = flows_of(*((0, y, {}, event, gone) for y in years for event in ("stay", "emigrate")))
    stocks = stocks_of(*((0, y, {}, 2 * gone) for y in years))
    svg = plots.draw_all(tables.summaries(flows, stocks), manifest())["emigrations_by_reason"]
    numbers = [w.replace(",", "") for w in words(svg) if w]
    marks = [int(n) for n in numbers if n.isdigit() and int(n) not in years]

    assert gone <= max(marks) <= max(2 * gone, 1)


def test_the_kind_of_uncertainty_follows_the_draws():
    line = plots.source_line(40, manifest(uncertainty=["parameters", "economy"]))

    assert "Monte Carlo and parameters and economy" in line


def test_dollars_and_tags_in_a_name_stay_text():
    name = "<script>alert('$x^2$')</script>"
    for svg in drawn(range(2013, 2015), scenario={"name": name}).values():
        assert "<script" not in svg
        assert any(name in word for word in words(svg))


def test_nobody_emigrating_is_a_line_at_zero():
    flows = flows_of(*((r, y, {}, "stay", 5) for r in (0, 1) for y in (2012, 2013)))
    stocks = stocks_of(*((r, y, {}, 5) for r in (0, 1) for y in (2012, 2013, 2014)))

    assert len(plots.draw_all(tables.summaries(flows, stocks), manifest())) == 5


def test_nothing_is_drawn_of_nothing():
    flows = flows_of((0, 2013, {}, "stay", 5)).slice(0, 0)
    stocks = stocks_of((0, 2013, {}, 5)).slice(0, 0)

    assert plots.draw_all(tables.summaries(flows, stocks), manifest()) == {}


def test_labels_are_moved_apart_as_little_as_needed():
    flows, stocks = random_run(years=range(2010, 2012), replicates=2, cells=60, people=50_000)
    svg = plots.draw_all(tables.summaries(flows, stocks), manifest())["stock_by_reason"]
    at = {text.text: float(text.get("y")) for text in ET.fromstring(svg).iter(f"{SVG}text")}
    places = sorted(at[name] for name in ("Work", "Refuge", "Family", "Education", "Nordic"))

    assert np.diff(places).min() >= 11  # points; the letters are 9 high


def test_figures_are_saved_by_name(tmp_path, ten_years):
    paths = plots.save_all(ten_years, tmp_path / "figures")

    assert [path.name for path in paths] == [f"{name}.svg" for name in ten_years]
    assert paths[0].read_text(encoding="utf-8") == ten_years["emigrations"]
