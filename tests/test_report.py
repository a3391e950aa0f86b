import re
from html.parser import HTMLParser

import numpy as np
import pyarrow.compute as pc
import pytest

from runs.answer import answer, told
from runs.report import write_report
from runs.tables import Estimate, histories
from tests.made_runs import flows_of, manifest, random_run, stocks_of

VOID = {"meta", "br", "link", "img", "hr", "input"}
YEARS = range(2010, 2014)


class Page(HTMLParser):
    """Reads a page strictly: every element closed in order, identifiers used once."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.tags, self.text = [], [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        self.ids += [attrs["id"]] if "id" in attrs else []
        self.links += [attrs[a] for a in ("href", "src", "xlink:href") if a in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def of(self, tag):
        """Return the attributes of every element of one kind."""
        return [attrs for name, attrs in self.tags if name == tag]

    def __contains__(self, words):
        return words in " ".join(" ".join(self.text).split())


def page_of(folder, flows, stocks, **changes):
    path = write_report(folder, manifest(**changes), flows, stocks)
    assert path == folder / "report.html"
    return Page(path.read_text(encoding="utf-8"))


def say(flows, stocks):
    sentences = answer(histories(flows, stocks), histories(flows, stocks, ("reason",)))
    return " ".join(sentences).replace("\N{NO-BREAK SPACE}", " ")


@pytest.fixture(scope="module")
def run():
    return random_run(years=YEARS, replicates=6, cells=60, people=50_000)


@pytest.fixture(scope="module")
def page(run, tmp_path_factory):
    return page_of(tmp_path_factory.mktemp("run"), *run)


def test_the_page_is_well_formed_and_its_links_stay_inside(page):
    assert len(page.ids) == len(set(page.ids))
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    assert {"script", "link", "iframe", "img"}.isdisjoint(tag for tag, _ in page.tags)


def test_nothing_is_loaded_from_elsewhere(run, tmp_path):
    text = write_report(tmp_path, manifest(), *run).read_text(encoding="utf-8")

    assert not re.search(r'(?:src|href|action)\s*=\s*["\']?\s*(?:https?:|//)', text)
    assert not re.search(r"@import|url\(\s*['\"]?(?!#)", text)


def test_the_page_can_be_read_aloud(page):
    assert page.of("html") == [{"lang": "en"}]
    assert len(page.of("table")) == len(page.of("caption"))
    assert all("scope" in attrs for attrs in page.of("th"))
    figures = [attrs for attrs in page.of("svg") if attrs.get("role") == "img"]
    assert len(figures) == len(page.of("figcaption")) == 5
    assert all(attrs["aria-label"] for attrs in figures)


@pytest.mark.parametrize(
    "words",
    [
        "How many immigrants would emigrate if behaviour stayed as it was",
        f"In {YEARS[0]} the model expects",
        "That is no forecast of all emigrations in that year.",
        "This run holds no returns, arrivals, births or deaths",
        "Persons over 74 behave as those aged 74.",
        "It contains Monte Carlo variation only.",
        "Statistics Norway, Rapporter 2016/27",
        "vandring run baseline --replicates 20 --seed 20130101",
        "0123456789abcdef0123456789abcdef01234567",
        "Uoppgitt (bl.a. før 1990)",
    ],
)
def test_the_page_says(page, words):
    assert words in page


def test_a_hostile_scenario_stays_text(run, tmp_path):
    name = "<script>alert('$x$')</script>"
    page = page_of(tmp_path, *run, scenario={"name": name, "question": "<img src=x> & why?"})

    assert {"script", "img"}.isdisjoint(tag for tag, _ in page.tags)
    assert name in page
    assert "<img src=x> & why?" in page


def test_the_files_that_were_counted_are_named_by_their_hash(run, tmp_path):
    (tmp_path / "flows.parquet").write_bytes(b"abc")
    page = page_of(tmp_path, *run)

    assert "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" in page


def test_the_folder_holds_the_figures_and_nothing_half_written(run, tmp_path):
    write_report(tmp_path, manifest(), *run)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["figures", "report.html"]
    assert len(list((tmp_path / "figures").glob("*.svg"))) == 5


def test_the_same_run_gives_the_same_page(run, tmp_path):
    first = write_report(tmp_path / "a", manifest(), *run).read_bytes()

    assert write_report(tmp_path / "b", manifest(), *run).read_bytes() == first


def test_several_draws_change_what_the_interval_is_said_to_hold(run, tmp_path):
    flows, stocks = (
        table.set_column(1, "draw", table["replicate"]).set_column(0, "replicate", table["draw"])
        for table in run
    )
    page = page_of(tmp_path, flows, stocks)

    assert "Monte Carlo variation and the uncertainty of the parameters" in page
    assert "Monte Carlo variation only" not in page


def test_a_bare_manifest_is_enough(run, tmp_path):
    path = write_report(tmp_path, {}, *run)

    assert "Run without a scenario" in Page(path.read_text(encoding="utf-8"))


def test_one_replicate_speaks_of_no_interval(tmp_path):
    flows, stocks = random_run(years=YEARS, replicates=1, cells=60, people=50_000)
    page = page_of(tmp_path, flows, stocks)

    assert "one replicate, hence no interval" in page
    assert "There is no interval, because the run has one replicate only." in page
    assert "nan" not in " ".join(page.text).split()
    assert not [attrs for attrs in page.of("span") if attrs.get("class") == "interval"]


def test_a_run_of_nobody_and_nothing_still_reports(tmp_path):
    flows = flows_of((0, 2013, {}, "stay", 5)).slice(0, 0)
    stocks = stocks_of(*((r, y, {}, 5) for r in (0, 1) for y in (2013, 2014)))

    assert "Nobody is exposed to emigration in 2013" in page_of(tmp_path / "a", flows, stocks)
    assert "holds no year of events" in page_of(tmp_path / "b", flows, stocks.slice(0, 0))


def test_every_number_of_the_answer_has_its_interval(run):
    said = re.sub(r"\([^()]*\)", "()", say(*run))
    told_alone = re.findall(r"\d[\d,.]*(?<![,.])(?! ?%?(?: emigrations)? \(\)|[\d,.]*\d)", said)

    # Years, 1 January, and the population at the start, which is the same in every replicate.
    assert set(told_alone) <= {*map(str, YEARS), "1", "50,000"}
    assert said.count("()") >= 9


def steady(first, last, replicates=2):
    """A run of two years with so many emigrants, and arrivals, in the first and in the last."""
    flows, stocks = [], []
    for r in range(replicates):
        for year, gone in ((2012, first[r]), (2013, last[r])):
            flows += [(r, year, {}, "stay", 1000 - gone), (r, year, {}, "emigrate", gone)]
            flows.append((r, year, {}, "arrive", gone))
            stocks.append((r, year, {}, 1000))
        stocks.append((r, 2014, {}, 1000))
    return flows_of(*flows), stocks_of(*stocks)


@pytest.mark.parametrize(
    ("first", "last", "says"),
    [
        ((100, 100), (80, 80), "That is 20 fewer than in 2012, a change of \u221220.00 %."),
        ((100, 100), (130, 130), "That is 30 more than in 2012, a change of +30.00 %."),
        ((100, 100), (100, 100), "That is as many as in 2012."),
        ((100, 90), (90, 100), "is within what chance alone can make."),
        ((0, 0), (5, 5), "That is 5 more than in 2012."),
        ((5, 5), (0, 0), "In 2013 nobody emigrates in the model (2 replicates)."),
        ((0, 0), (0, 0), "In 2013 nobody emigrates in the model (2 replicates)."),
    ],
)
def test_the_trend_is_told_as_it_is(first, last, says):
    assert says in say(*steady(first, last))


def closed(first, last):
    """The same without arrivals."""
    flows, stocks = steady(first, last)
    return flows.filter(pc.not_equal(flows["event"], "arrive")), stocks


@pytest.mark.parametrize(
    ("first", "last", "says"),
    [
        ((100, 100), (80, 80), "In 2012 the model expects 100 emigrations"),
        ((100, 100), (80, 80), "Nobody is added to the group of 2012: by 2013 it expects 80 emig"),
        ((0, 0), (0, 0), "In 2012 nobody emigrates in the model (2 replicates)."),
    ],
)
def test_a_closed_group_is_told_of_from_its_first_year(first, last, says):
    assert says in say(*closed(first, last))


def test_a_change_has_the_interval_of_the_change_not_of_the_levels():
    levels = np.array([50, 100, 150, 200])
    text = say(*steady(levels, levels + 20, replicates=4))

    assert "That is 20 more than in 2012" in text


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(23_873.2, 225, 23_412, 24_331, 20), "23,900 (23,400 to 24,300)"),
        (Estimate(594_123.0, 0, 594_123, 594_123, 20), "594,123"),
        (Estimate(0.4, 0.5, 0, 1.7, 20), "0.4 (0.0 to 1.7)"),
        (Estimate(-3.4, 20, -48.6, 41.3, 20), "0 (\u221250 to 40)"),
        (Estimate(12.0, np.nan, np.nan, np.nan, 1), "12"),
    ],
)
def test_numbers_are_rounded_to_what_their_interval_tells(estimate, text):
    assert told(estimate) == text
