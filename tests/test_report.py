import re
from html.parser import HTMLParser

import numpy as np
import pyarrow.compute as pc
import pytest

from runs.answer import answer, population, told
from runs.manifest import PACKAGES, assumptions, parameter_digest, versions
from runs.report import DIMENSIONS, write_report
from runs.tables import Estimate, histories
from scenarios.schema import load_scenario
from sim import observe
from sim.engine import ASSUMPTIONS
from tests.conftest import CLOSED_WORLD
from tests.made_runs import divided_also_by, flows_of, manifest, random_run, stocks_of

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
        "This run holds no county moves, registered emigrations, returns, arrivals, births or deaths",
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

    assert "No immigrant is exposed to emigration in 2013" in page_of(tmp_path / "a", flows, stocks)
    assert "holds no year of events" in page_of(tmp_path / "b", flows, stocks.slice(0, 0))


def test_every_number_of_the_answer_has_its_interval(run):
    said = re.sub(r"\([^()]*\)", "()", say(*run))
    told_alone = re.findall(
        r"\d[\d,.]*(?<![,.])(?! ?%?(?: emigrations)?(?: of immigrants)? \(\)|[\d,.]*\d)", said
    )

    # Years, 1 January, and the population at the start, which is the same in every replicate.
    start = f"{histories(*run).stock[0, 0, 0]:,.0f}"
    assert set(told_alone) <= {*map(str, YEARS), "1", start}
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
        ((100, 90), (90, 100), "cannot be told from none."),
        ((0, 0), (5, 5), "That is 5 more than in 2012."),
        ((5, 5), (0, 0), "In 2013 no immigrant emigrates in the model (2 replicates)."),
        ((0, 0), (0, 0), "In 2013 no immigrant emigrates in the model (2 replicates)."),
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
        ((0, 0), (0, 0), "In 2012 no immigrant emigrates in the model (2 replicates)."),
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
        (Estimate(-3.4, 20, -48.6, 41.3, 20), "\u22123 (\u221249 to 41)"),
        (Estimate(52.3, 14, 21.6, 83.0, 20), "52 (22 to 83)"),
        (Estimate(1_052.3, 60, 926.2, 1_178.4, 20), "1,052 (926 to 1,178)"),
        (Estimate(4_052.3, 600, 2_792, 5_312, 20), "4,100 (2,800 to 5,300)"),
        (Estimate(12.0, np.nan, np.nan, np.nan, 1), "12"),
        (Estimate(10.0, 5, 0.3, 19.7, 20), "10.0 (0.3 to 19.7)"),
        (Estimate(7.0, 5, -0.3, 14.3, 20), "7.0 (\u22120.3 to 14.3)"),
        (Estimate(10.0, 5, 0.0, 20.0, 20), "10 (0 to 20)"),
    ],
)
def test_numbers_are_rounded_to_what_their_interval_tells(estimate, text):
    assert told(estimate) == text


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(9_052.3, 60, 8_926.2, 9_178.4, 20), "9,052 (8,926 to 9,178)"),
        (Estimate(52.3, 0.4, 51.4, 53.2, 20), "52 (51 to 53)"),
        (Estimate(29_052.3, 60, 28_926.2, 29_178.4, 20), "29,050 (28,930 to 29,180)"),
    ],
)
def test_a_small_population_is_told_in_whole_persons(estimate, text):
    assert population(estimate) == text


def groups(counts, residents=1000, year=2013):
    """A run of one year: by reason, how many emigrate in each replicate."""
    flows, stocks = [], []
    for reason, gone in counts.items():
        for r, count in enumerate(gone):
            cell = {"reason": reason}
            flows += [(r, year, cell, "emigrate", count)]
            flows += [(r, year, cell, "stay", residents - count)]
            stocks += [(r, year, cell, residents), (r, year + 1, cell, residents - count)]
    return flows_of(*flows), stocks_of(*stocks)


LEVELS = np.array([100, 80, 120, 90, 110, 100])
AHEAD = np.array([20, 22, 18, 20, 21, 19])  # by little, but in every history


@pytest.mark.parametrize(
    ("counts", "says", "not_says"),
    [
        # Far apart in level only: paired, chance cannot undo the lead.
        (
            {"work": LEVELS + AHEAD, "family": LEVELS},
            ("Labour immigrants are the largest", "highest among labour immigrants, 12 %"),
            "tell apart",
        ),
        (
            {"work": LEVELS + 1, "family": LEVELS[::-1], "refuge": LEVELS // 10},
            (
                "Labour and family immigrants, too close to tell apart, emigrate most in 2013: 101 (",
                "highest among labour and family immigrants, too close to tell apart, 10",
                "and lowest among refugees, 1",
            ),
            "largest group",
        ),
        (
            {"work": LEVELS + 1, "family": LEVELS[::-1]},
            (
                "Which group runs the highest yearly risk cannot be told: "
                "labour and family immigrants are too close to tell apart.",
            ),
            "risk is highest",
        ),
        (
            dict.fromkeys(("work", "family", "education", "nordic"), LEVELS),
            (
                "Which group emigrates most in 2013 cannot be told: labour, family, education "
                "and Nordic immigrants are too close to tell apart.",
            ),
            "largest group",
        ),
        # Family may tie with both, work and refuge are apart.
        (
            {"work": LEVELS + 20, "family": LEVELS[::-1] + 10, "refuge": LEVELS},
            (
                "The yearly risk among labour immigrants, 12 % (8 to 16), is above that among "
                "refugees, 10 % (6 to 14); more cannot be told.",
            ),
            "risk is highest",
        ),
        # One history knows no chance.
        (
            {"work": [101], "family": [100]},
            ("Labour immigrants are the largest", "highest among labour immigrants, 10.10 %"),
            "tell apart",
        ),
    ],
)
def test_a_group_is_first_only_where_chance_cannot_undo_it(counts, says, not_says):
    text = say(*groups(counts))

    assert all(words in text for words in says), text
    assert not_says not in text


def test_a_share_fits_the_numbers_it_is_the_share_of():
    text = say(*groups({"work": [20, 40, 30, 30, 30, 30], "family": [0, 10] * 3}))
    count, share = re.search(r"2013: (\d+) \(.*?\), or (\d+) %", text).groups()

    assert (count, share) == ("30", "86")  # 180 of 210; the mean of the six shares is 88


@pytest.mark.parametrize(("replicates", "wide"), [(1, 0), (2, 1), (4, 1), (5, 0)])
def test_few_replicates_are_said_once_to_make_wide_intervals(replicates, wide):
    text = say(*groups({"work": 5 + np.arange(replicates), "family": np.arange(replicates)}))

    assert text.count("so few that they are very wide") == wide
    assert wide == 0 or f"rest on {replicates} replicates only" in text


FOLLOWED = "Only those resident on 1 January 2010 are followed; nobody is added."


def test_a_closed_run_says_whom_it_follows(run, page, tmp_path):
    own = {"source": "people.parquet", "asked_for": "people.parquet"}
    text = write_report(tmp_path, manifest(population=own), *run).read_text(encoding="utf-8")

    assert f"{FOLLOWED} Synthetic persons." in page
    assert "Immigrants, 1 January 2014, of those followed" in page
    assert "0 persons there is no finding" in page
    assert f"<strong>{FOLLOWED}</strong>" in text
    assert text.index(FOLLOWED) < text.index("the model expects")


def test_a_run_with_arrivals_follows_nobody_in_particular(tmp_path):
    page = page_of(tmp_path, *steady((100, 100), (80, 80)))

    assert "are followed" not in page
    assert "of those followed" not in page
    assert "Immigrants, 1 January 2014" in page


def test_only_the_users_own_population_may_need_suppression(run, page, tmp_path):
    own = {"source": "embedded population (a copy)", "asked_for": "people.parquet"}
    warning = "Counts are not suppressed or rounded for disclosure; check before publishing."

    assert warning not in page
    assert "published by Statistics Norway and IMDi" in page
    other = page_of(tmp_path, *run, population=own)
    assert warning in other
    assert "IMDi" not in other


def test_a_scenario_with_a_base_says_that_it_is_shown_alone(run, page, tmp_path):
    words = "This report shows this scenario alone; its base is baseline."
    based = {"name": "by_sex_and_centrality", "question": "?", "based_on": "baseline"}
    other = page_of(tmp_path, *run, scenario=based)

    assert words in other
    assert "By sex and centrality" in other
    assert words not in page


def test_names_are_words_and_terms_are_explained(page):
    assert "Closed population" in page
    assert "closed_population" not in page
    for term in ("Model type", "Draws", "Country group"):
        assert page.text.count(term) >= 1
    assert "1 one logit for all; 2 one per centrality level; 3 also per sex." in page
    assert "1 (one logit for all)" in page
    assert "Nordic means born in another Nordic country" in page


def test_every_short_dimension_has_a_table_and_every_dimension_a_title(run, tmp_path):
    more = ("origin", "education", "status", "sponsor_reason", "municipality")
    page = page_of(tmp_path, *divided_also_by(more, *run))

    assert set(DIMENSIONS) == set(observe.DIMENSIONS)
    assert all(DIMENSIONS[name] in page.text for name in more[:-1])
    assert DIMENSIONS["municipality"] not in page.text
    assert "summary_by_municipality.csv" in page


def test_years_in_which_nobody_is_left_are_told(tmp_path):
    flows = flows_of(*((r, 2013, {}, "emigrate", 3) for r in range(5)))
    stocks = stocks_of(*((r, 2013, {}, 3) for r in range(5)))
    path = write_report(tmp_path, manifest(), flows, stocks, years=(2013, 2015))
    page = Page(path.read_text(encoding="utf-8"))

    assert "Nobody is added to the group of 2013, and by 2015 nobody of it is left." in page
    assert "Immigrants, 1 January 2016, of those followed" in page


def test_titles_of_tables_stay_in_sight_while_the_table_scrolls(page, run, tmp_path):
    text = write_report(tmp_path, manifest(), *run).read_text(encoding="utf-8")

    assert text.count("<caption><div>") == len(page.of("caption"))
    assert re.search(r"caption div \{ position: sticky; left: 0;.* max-width: 100cqw", text)
    assert re.search(r"\.scroll \{[^}]* container-type: inline-size;", text)


HELD = {"resident_immigrants": 593_324, "resident_norwegian_born": 117_144, "abroad": 100_000}


def test_whom_the_page_counts_is_said(page, run, tmp_path):
    population = {**manifest()["population"], "year": 2013, **HELD}
    assumed = [{"name": "norwegian_born", "value": "stay"}]
    other = page_of(tmp_path, *run, population=population, assumptions=assumed)

    for words in (
        "Emigrations of immigrants, 2010",
        "Table 5. Norwegian-born to two immigrant parents, by year",
        "Norwegian-born persons with two immigrant parents are counted apart: of",
        "Background (Norwegian-born persons are counted in this part alone)",
        "they are in no number of this page that does not name them",
    ):
        assert words in page
        assert words in other
    said = "On 1 January 2013 it holds 593,324 resident immigrants; 117,144 resident Norwegian-born"
    alone = "Only children under 15 do so: the others stay by assumption."
    assert said in other
    assert "100,000 persons abroad, who are counted nowhere on this page" in other
    assert alone in other
    assert said not in page
    assert alone not in page


def test_a_run_of_immigrants_alone_has_no_table_of_others(tmp_path):
    page = page_of(tmp_path, *steady((100, 100), (80, 80)))

    assert "counted apart: of" not in page
    assert "Immigrants who emigrate and who move in 2013" in page
    assert "in this part alone" not in page


def test_a_run_of_norwegian_born_persons_alone_still_reports(tmp_path):
    cell = {"background": "norwegian_born", "reason": "unknown"}
    flows = flows_of(*((r, 2013, cell, "stay", 5) for r in (0, 1)))
    stocks = stocks_of(*((r, y, cell, 5) for r in (0, 1) for y in (2013, 2014)))
    page = page_of(tmp_path, flows, stocks)

    assert "No immigrant is exposed to emigration in 2013" in page
    assert "of 5 on 1 January 2013, 0 emigrate" in page


def test_the_manifest_knows_its_parameters_and_packages():
    assert re.fullmatch("[0-9a-f]{64}", parameter_digest("published"))
    assert parameter_digest("published") == parameter_digest("published")
    assert {"pandas", "llvmlite"} <= set(PACKAGES) <= set(versions())
    assert "unknown" not in versions().values()


def test_the_manifest_says_who_comes_and_what_the_weights_are():
    told = {a["name"]: a["meaning"] for a in assumptions(load_scenario("baseline"))}
    closed = load_scenario("baseline", {"assumptions": CLOSED_WORLD})

    assert {a.name for a in ASSUMPTIONS} < set(told)
    assert "refugees together with their families" in told["domestic_destinations"]
    assert list(told)[1] == "arrivals"
    assert "closed_population" not in told
    other = {a["name"]: a["meaning"] for a in assumptions(closed)}
    assert next(iter(other)) == "closed_population"
    assert other["arrivals"] == "Nobody arrives."
