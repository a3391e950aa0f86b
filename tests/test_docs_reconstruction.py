"""The pages on the reconstructed register: what they show is there, and what they say holds."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from calibration import margins as m
from calibration import start_years
from calibration.raking import smooth_counts
from calibration.solution import FIRST_YEAR, LAST_YEAR, shipped_solution
from docs import make_reconstruction as made
from docs import reconstruction_pictures as drawing
from docs.generate import FOLDER
from sim.transitions.artefact import published_artefact

PAGES = ("reconstruction.md", "population.md", "fit.md")
SVG = "{http://www.w3.org/2000/svg}"


def text_of(page):
    """A page as one line, so that where its lines break does not matter."""
    return " ".join((FOLDER / page).read_text("utf-8").split())


def said(pattern, page="reconstruction.md"):
    """The numbers that a page says in one place."""
    found = re.search(pattern, text_of(page))
    assert found, f"docs/{page} does not say {pattern}"
    return [float(number.replace(",", "")) for number in found.groups()]


@pytest.mark.parametrize("page", PAGES)
def test_pages_and_what_they_link_to_exist(page):
    text = (FOLDER / page).read_text("utf-8")
    assert text.startswith("# ")
    for link in re.findall(r"\]\(([^)]+)\)", text):
        target, _, anchor = link.partition("#")
        path = FOLDER / (target or page)
        assert path.is_file(), link
        if anchor:
            titles = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", t).lower().replace(" ", "-") for t in titles}


def test_every_picture_is_shown_once_and_is_a_small_svg():
    shown = re.findall(r"\]\((img/[^)]+)\)", (FOLDER / "reconstruction.md").read_text("utf-8"))
    assert sorted(shown) == sorted(drawing.PICTURES)
    assert {f"img/{path.name}" for path in (FOLDER / "img").glob("reconstruction_*")} == set(shown)
    for name in shown:
        text = (FOLDER / name).read_text("utf-8")
        root = ET.fromstring(text)
        assert root.tag == f"{SVG}svg"
        assert root.get("aria-label")
        assert len(text) < 150_000
        assert not re.search(r"<script|<image|<metadata|dc:date", text)
        words = " ".join(part.text or "" for part in root.iter(f"{SVG}text"))
        assert "Source: " in words
        assert "Assumed: " in words


def test_a_picture_is_the_same_bits_whenever_it_is_made():
    assert drawing._draw_heat(drawing.ID) == drawing._draw_heat(drawing.ID)


def test_the_fit_page_is_up_to_date():
    assert made.agrees((FOLDER / "fit.md").read_text("utf-8"))


def test_a_fit_page_that_says_something_else_is_noticed():
    page = made.page()
    (n,) = re.findall(r"^\| 6\.1 \| ([\d,]+) ", page, re.MULTILINE)
    assert made.agrees(page)
    assert not made.agrees(page.replace(n, "600,000"))
    assert not made.agrees(page.replace("| hold |", "| holds |"))
    head, block, rest = page.partition("### log likelihood\n")
    cells, end, after = rest.partition("\n### ")
    assert cells.count("| -") >= 1  # log likelihoods are negative
    without = "\n".join(line for line in cells.split("\n") if "| -" not in line)
    assert not made.agrees(head + block + without + end + after)
    assert not made.agrees("")


def test_a_fit_page_from_a_machine_that_draws_a_few_others_is_accepted():
    page = made.page()
    row = re.search(r"^\| female 20-29 \| [\d,]+ \| ([\d,]+) \|", page, re.MULTILINE)
    if row:
        other = f"{int(row[1].replace(',', '')) - 12:,}"
        assert made.agrees(page.replace(row[0], row[0].replace(row[1], other)))
    swapped = page.replace("| median gap of 610 | 0.00 | 0.2", "| median gap of 610 | 0.00 | 0.3")
    assert made.agrees(swapped)


def test_numbers_close_to_each_other_agree_and_others_do_not():
    assert made._alike("of 593,324 persons 4.7 percent", "of 593,311 persons 4.75 percent")
    assert not made._alike("of 593,324 persons", "of 560,000 persons")
    assert not made._alike("13 hold", "12 hold")
    assert not made._alike("13 hold", "13 held")


def test_the_page_says_how_large_sample_and_pool_are():
    models = published_artefact().models
    n = models["6.1"].diagnostics.n
    assert said(r"estimated on ([\d,]+) immigrants") == [n]
    about = shipped_solution().about
    wanted = [about["candidate_families"], about["candidate_persons"]]
    assert said(r"([\d,]+) families with ([\d,]+) persons are drawn") == wanted
    assert said(r"numbers of persons, N \| (\d+)") == [len(models)]
    assert said(r"worth some ([\d,]+) equally") == [
        pytest.approx(about["effective_families"], rel=0.02)
    ]


def test_the_page_says_how_well_standard_errors_fit():
    before, after = made.standard_errors()
    assert said(r"The (\d+) standard errors are reproduced") == [after.every.size]
    half, tail = said(
        r"reproduced with a median gap of ([\d.]+) percent and a 95th percentile of ([\d.]+)"
    )
    assert half == pytest.approx(after.quantile(0.5), abs=0.06)
    assert tail == pytest.approx(after.quantile(0.95), abs=0.1)
    old = said(r"In the starting population the gaps are ([\d.]+) and ([\d.]+) percent")
    assert old == pytest.approx([before.quantile(0.5), before.quantile(0.95)], rel=0.05)
    drawn = [row.found for row in made.table(LAST_YEAR) if row.block == "standard errors"][:2]
    assert said(r"slightly less well: ([\d.]+) and ([\d.]+)") == pytest.approx(drawn, abs=0.3)
    about = shipped_solution().about
    likelihood, r2 = said(r"R2 lie within ([\d.]+) percent and ([\d.]+\d)")
    assert max(map(abs, about["log_likelihood"].values())) <= likelihood / 100
    assert max(map(abs, about["scaled_r2"].values())) <= r2


def test_the_page_says_how_well_held_out_t_values_fit():
    gaps = np.abs(np.log([found / printed for *_, printed, found in made.t_values()]))
    assert said(r"The (\d+) t values that are free of misprints") == [gaps.size]
    half, tail = said(
        r"misprints come out with a median gap of ([\d.]+) percent and a 95th percentile of ([\d.]+)"
    )
    assert half == pytest.approx(100 * np.median(gaps), abs=0.1)
    assert tail == pytest.approx(100 * np.quantile(gaps, 0.95), abs=0.2)


def test_the_page_counts_the_sample_of_15_or_more():
    stock, n = m.stock_by_age(), m.logit_sample().sum(axis=1)
    single = smooth_counts(m.AGE_EDGES, stock.sum(axis=0))
    assert said(r"those ages is ([\d,]+)") == [round(single[15:].sum())]
    assert said(r"some ([\d,]+); the linear") == [pytest.approx(single[15:75].sum(), abs=50)]
    assert said(r"([\d,]+) women and ([\d,]+) men, which makes") == list(n)
    fifteen = n - stock[:, 2:].sum(axis=1)
    assert said(r"which makes ([\d,]+) and ([\d,]+) of them 15") == list(fifteen)
    wanted = [fifteen.sum(), stock[:, 1].sum()]
    assert said(r"if ([\d,]+) of the ([\d,]+) persons") == wanted
    linear = sum(float(row["persons"]) for row in m.table("linear_sample"))
    assert said(r"the same report have ([\d,]+)") == [linear]


def test_the_page_counts_early_refugees():
    pool, number = shipped_solution().pool, shipped_solution().number[LAST_YEAR]
    weight, group = number[pool["family"]], pool["group"]
    assert said(r"The rest, ([\d,]+), have one") == [round(m.early_refugees())]
    late = (group == m.UNKNOWN) & (m.YEAR - 1 - pool["duration"] >= m.REASON_RECORDED_FROM)
    wanted = [weight[group == m.EARLY].sum(), weight[late].sum()]
    pattern = r"it has ([\d,]+) early refugees, and about ([\d,]+) of the others"
    assert said(pattern) == pytest.approx(wanted, rel=0.02)


def test_the_population_page_counts_every_start_year():
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        counts = said(rf"\| {year} \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|", "population.md")
        immigrants = m.PERSONS if year == LAST_YEAR else start_years.immigrants(year).sum()
        assert counts[:2] == [immigrants, start_years.norwegian_born(year).sum()]
        assert counts[2] == pytest.approx(made._drawn(year)[1]["abroad"], rel=0.001)
    total = said(r"\*\*([\d,]+) immigrants\*\*.* \*\*([\d,]+) Norwegian-born\*\*", "population.md")
    assert total == [m.PERSONS, start_years.norwegian_born(LAST_YEAR).sum()]
