"""The margins of 2013 as equations: each counted person by person, and each target's sum."""

import math
from collections import defaultdict

import numpy as np
import pytest
from numpy.testing import assert_allclose

from calibration import margins as m
from calibration import start_years, targets
from calibration.descendants import at_home
from calibration.pool import draw_pool
from calibration.structure import REGIONS
from sim.codes import EDUCATION, ORIGIN, REASON, SEX, STATUS
from tests.published import coefficients, terms_of_one

AGES = ((0, 5), (6, 14), (15, 15), (16, 19), (20, 29), (30, 54), (55, 66), (67, 999))
SUMS = {  # of the targets: everybody, those of 15 or more; 0 for shares
    "sample size": 545_966, "official reason": 593_324, "origin": 593_324, "arrival": 593_324,
    "age": 593_324, "status": 0, "education": 0, "employed by reason": 0,
    "employed by age": 0, "employed by stay": 0, "idle by age": 0, "one-person families": 0,
    "emigrants by reason": 0, "mixed families": 0,
}  # fmt: skip
OLD = ((95, "95+"), (85, "85-94"), (75, "75-84"), (67, "67-74"))
CELLS = {
    "sample size": 8, "official reason": 40, "origin": 38, "arrival": 7, "Nordic arrival": 7,
    "age": 16, "status": 5, "education": 6, "employed by reason": 10, "employed by age": 3,
    "employed by stay": 3, "idle by age": 4, "one-person families": 4, "emigrants by reason": 6,
    "mixed families": 12, "Norwegian-born at home": 8, "ages of the old": 4,
    "employed of the old": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def pool():
    return draw_pool(120, scale=0.03)


@pytest.fixture(scope="module")
def blocks(pool):
    return {b.name: b for b in targets.blocks_of_2013(pool)}


def persons(pool):
    """Return every candidate person in words."""
    first = np.unique(pool["family"], return_index=True)[1]
    for i in range(pool.size):
        group = m.GROUPS[pool["group"][i]]
        reason = {"family_of_refugee": "family", "family_other": "family"}.get(group, group)
        yield {
            "family": pool["family"][i], "first": i == first[pool["family"][i]],
            "sex": SEX.names[pool["sex"][i]], "age": pool["age"][i], "stay": pool["duration"][i],
            "level": pool.level[pool["family"][i]] + 1, "group": group,
            "reason": "unknown" if group == "early_refugee" else reason,
            "origin": ORIGIN.names[pool["origin"][i]], "status": STATUS.names[pool["status"][i]],
            "education": EDUCATION.names[pool["education"][i]], "total": pool["family_total"][i],
            "immigrants": pool["family_immigrants"][i],
        }  # fmt: skip


def official(p):
    """Return the reason in official stocks."""
    return {
        "work": "work", "refuge": "refuge_with_families", "early_refugee": "refuge_with_families",
        "family_of_refugee": "refuge_with_families", "family_other": "family_not_of_refugees",
        "education": "education_or_other",
    }.get(p["group"], "nordic_or_unknown")  # fmt: skip


def share_of(margin, cell, sex="both"):
    """Return a published share of labour_2012."""
    for row in m.table("labour_2012"):
        if (row["margin"], row["cell"], row["sex"]) == (margin, cell, sex):
            return float(row["percent"]) / 100
    raise KeyError((margin, cell, sex))


def band(value, spans):
    """Return the span that holds a value, as 'first-last', if any does."""
    return next((f"{a}-{b}" for a, b in spans if a <= value <= b), None)


def leaving(p):
    """The pooled model's rule for one; age terms go on beyond 74."""
    traits = {k: p[k] for k in ("age", "sex", "education", "status", "reason")}
    terms = terms_of_one(
        duration=p["stay"],
        family_total=p["total"],
        family_immigrants=p["immigrants"],
        centrality=p["level"],
        **traits,
    )
    terms |= {"age": p["age"], "age_over_10_squared": (p["age"] / 10) ** 2}
    table = coefficients("6.1")
    move, leave = (
        math.exp(sum(table.get((term, way), 0) * x for term, x in terms.items()))
        for way in ("domestic", "emigrate")
    )
    return leave / (1 + move + leave)


def rate_of(p, size):
    for row in m.table("family_rates_2013"):
        if (row["reason"], row["family_size"], row["family_kind"]) == (
            p["reason"],
            size,
            "all_families",
        ):
            return float(row["emigrate_percent"]) / 100
    raise KeyError(size)


def structure_of_one(p):
    """Yield margin, cell and value of what a person counts towards, whatever the age."""
    nordic = " (Nordic)" if p["group"] == "nordic" else ""
    arrived = f"arrived {band(2012 - p['stay'], m.BANDS)}"
    yield "official reason", f"{official(p)} {p['sex']} level {p['level']}", 1
    yield "origin", p["origin"] + nordic, 1
    yield "arrival", arrived, 1
    if nordic:
        yield "Nordic arrival", arrived, 1
    old = next((name for low, name in OLD if p["age"] >= low), None)
    if old:
        yield "ages of the old", old, 1
    yield "age", f"{p['sex']} {dict(zip(AGES, targets.AGES, strict=True))[span(p['age'])]}", 1


def span(age):
    return next((a, b) for a, b in AGES if a <= age <= b)


def work_of_one(p):
    """Yield margin, cell and value of work, of persons of 15-74."""
    works = p["status"] in ("employed", "employed_student")
    idle = p["status"] in ("outside", "unemployed")
    reason = p["reason"] if p["reason"] not in ("nordic", "unknown") else "nordic_or_unknown"
    share = share_of("reason", reason, p["sex"])
    yield "employed by reason", f"{reason} {p['sex']}", works - share
    age = band(p["age"], ((18, 29), (30, 54), (55, 69)))
    if age:
        yield "employed by age", f"{age} both", works - share_of("age", age)
    old = band(p["age"], ((67, 69), (70, 74)))
    if old:
        yield "employed of the old", f"{old} both", works - share_of("age", old)
    stay = "10+" if p["stay"] >= 10 else band(p["stay"], ((0, 4), (5, 9)))
    yield "employed by stay", f"{stay} both", works - share_of("duration", stay)
    young = band(p["age"], ((16, 25), (26, 66)))
    if young:
        yield (
            "idle by age",
            f"{young} {p['sex']}",
            idle - targets.IDLE_FACTOR * share_of("idle", young, p["sex"]),
        )


def levels_of_one(p, name, shares):
    """Yield margin, cell and value of a code: one's own less the share of it."""
    for code, share in shares.items():
        yield name, code, (p[name] == code) - share / sum(shares.values())


def family_of_one(p, mixed_share):
    """Yield margin, cell and value of the family, of persons of 15 or more."""
    size = str(p["total"]) if p["total"] < 3 else "3+"
    yield "emigrants by reason", p["reason"], leaving(p) - rate_of(p, size)
    cell = f"{p['reason']} {size}"
    if cell in mixed_share:
        yield "mixed families", cell, (p["total"] > p["immigrants"]) - mixed_share[cell]


def counted(pool, number):
    """Return what every block should find, person by person."""
    share, _ = targets.mixed_shares()
    mixed = {
        f"{REASON.names[r]} {targets.FAMILY_SIZES[s]}": share[r, s]
        for r, s in np.argwhere(np.isfinite(share))
    }
    education = {row["education"]: float(row["percent"]) for row in m.table("education_2013")}
    status = {name: share_of("status", name) for name in STATUS.names}
    found = defaultdict(float)
    for p in persons(pool):
        cells = list(structure_of_one(p))
        if p["age"] >= 15:
            cells += [("sample size", f"{p['sex']} level {p['level']}", 1)]
            cells += [*levels_of_one(p, "education", education), *family_of_one(p, mixed)]
        if 15 <= p["age"] <= 74:
            one = targets.ONE_PERSON[p["level"] - 1]
            cells += [("one-person families", f"level {p['level']}", (p["total"] == 1) - one)]
            cells += [*levels_of_one(p, "status", status), *work_of_one(p)]
        for name, cell, value in cells:
            found[name, cell] += value * number[p["family"]]
    return found


# --- Every block against a count by hand ---


def test_every_block_counts_what_its_cells_say(pool, blocks):
    number = np.random.default_rng(0).uniform(0, 3, pool.level.size)
    expected = counted(pool, number)
    cells = {(b.name, cell) for b in blocks.values() for cell in b.cells}
    assert set(expected) <= cells
    for name, b in blocks.items():
        if name != "Norwegian-born at home":
            by_hand = [expected[name, cell] for cell in b.cells]
            assert_allclose(b.found(number), by_hand, rtol=1e-9, atol=1e-8, err_msg=name)


def test_norwegian_born_are_counted_by_region_of_the_first_of_the_family(pool, blocks):
    number = np.random.default_rng(1).uniform(0, 3, pool.level.size)
    expected = dict.fromkeys(REGIONS, 0.0)
    region = {
        "w_europe_nordic_other": "western_europe_ex_nordic", "eu_east": "eu_eastern_europe",
        "usa_can_aus_nz": "north_america_oceania", "somalia_djibouti": "africa",
        "ex_yugoslavia_non_eu": "eastern_europe_ex_eu", "e_europe_other_non_eu":
        "eastern_europe_ex_eu", "africa_other": "africa",
        "south_central_america": "south_central_america",
    }  # fmt: skip
    for p in persons(pool):
        if p["first"] and not pool.mixed[p["family"]]:
            children = p["total"] - p["immigrants"]
            of = region.get(p["origin"], "asia_incl_turkey")
            expected["nordic" if p["group"] == "nordic" else of] += children * number[p["family"]]
    block = blocks["Norwegian-born at home"]
    assert block.cells == REGIONS
    assert_allclose(block.found(number), list(expected.values()))


def test_blocks_have_their_cells_and_sources(blocks):
    assert {name: len(b.cells) for name, b in blocks.items()} == CELLS
    for b in blocks.values():
        assert len(set(b.cells)) == len(b.cells), b.name
        assert b.target.shape == b.tolerance.shape == (len(b.cells),)
        assert b.source


def test_tolerances_are_positive_and_targets_finite(blocks):
    for b in blocks.values():
        assert (b.tolerance > 0).all() and np.isfinite(b.tolerance).all(), b.name
        assert np.isfinite(b.target).all() and (b.target >= 0).all(), b.name


@pytest.mark.parametrize("name", SUMS)
def test_targets_add_up_to_the_persons_concerned(blocks, name):
    assert blocks[name].target.sum() == pytest.approx(SUMS[name], abs=0.01)


def test_nordic_arrivals_add_up_to_the_nordic_of_the_stock_by_country(blocks):
    nordic = m.stock_by_origin()[0, :, 1].sum()
    assert blocks["Nordic arrival"].target.sum() == pytest.approx(nordic)
    of_origin = blocks["origin"].target.reshape(-1, 2)[:, 1].sum()
    assert of_origin == pytest.approx(nordic, rel=1e-4)  # 593,321 against 593,324 persons


def test_margins_of_the_same_persons_agree(blocks):
    """What is counted twice is asked for twice alike, or the fit would be torn apart."""
    age = blocks["age"].target.reshape(2, 8)
    sample = blocks["sample size"].target.reshape(4, 2)
    assert_allclose(age[:, 2:].sum(axis=1), sample.sum(axis=0))
    by_sex = blocks["official reason"].target.reshape(2, 20).sum(axis=1)
    assert_allclose(age.sum(axis=1), by_sex)


def test_single_targets_are_as_published(blocks):
    def target(name, cell):
        return blocks[name].target[blocks[name].cells.index(cell)]

    assert target("sample size", "male level 4") == 226_073
    published = m.stock_by_age()[1, m.AGE_NAMES.index("20-29")]
    assert target("age", "male 20-29") == pytest.approx(published)
    assert target("age", "female 15") == pytest.approx(259_693 - m.stock_by_age()[0, 2:].sum())
    assert target("origin", "sweden (Nordic)") == pytest.approx(35_602, rel=1e-5)
    assert target("origin", "sweden") == 0
    born = blocks["Norwegian-born at home"].target
    home = at_home(2013).sum() / 117_144
    assert born.sum() == pytest.approx(117_144 * home)
    assert born[0] == pytest.approx(4_721 * home, rel=0.01)


# --- Shares ---


def test_shares_of_work_are_those_of_the_table_less_what_is_assumed():
    assert_allclose(targets.published_work("employed by age"), [0.59, 0.70, 0.51])
    assert_allclose(targets.published_work("employed by stay"), [0.60, 0.69, 0.62])
    assert_allclose(targets.published_work("idle by age"), [0.34, 0.28, 0.35, 0.26])
    assert_allclose(targets.published_work("employed by reason")[:4], [0.78, 0.80, 0.43, 0.51])
    assert targets.labels_of("employed by age") == ["18-29 both", "30-54 both", "55-69 both"]
    assert_allclose(targets.percent("status").sum(), 1)


@pytest.mark.parametrize(
    ("reason", "size", "readings"),
    [
        # all, immigrants only, also others: emigrating, then leaving the county.
        ("family", "2", [(3.0, 4.2, 1.6), (3.4, 3.8, 2.9)]),
        ("nordic", "3+", [(3.9, 9.4, 2.1), (2.2, 3.4, 1.8)]),
        ("refuge", "2", [(0.8, 0.8, 1.0), (4.0, 3.8, 4.4)]),
        ("work", "2", [(2.9, 3.3, 1.7), (3.6, 3.6, 3.3)]),
    ],
)
def test_mixed_shares_follow_from_the_rates_of_table_4_1(reason, size, readings):
    """Where the rate of all lies between two kinds; readings weigh by what rounding leaves."""
    found, weights = [], []
    for everybody, pure, mixed in readings:
        x = (everybody - pure) / (mixed - pure)
        error = 0.03 * math.sqrt(1 + x**2 + (1 - x) ** 2) / abs(mixed - pure)
        found.append(x)
        weights.append(error**-2)
    share, spread = targets.mixed_shares()
    cell = REASON.index(reason), targets.FAMILY_SIZES.index(size)
    assert share[cell] == pytest.approx(np.average(found, weights=weights))
    assert spread[cell] == pytest.approx(max(sum(weights) ** -0.5, 0.02))


def test_mixed_shares_are_shares_and_unknown_of_those_who_live_alone():
    share, spread = targets.mixed_shares()
    assert np.isnan(share[:, 0]).all() and np.isnan(spread[:, 0]).all()
    assert ((share[:, 1:] >= 0) & (share[:, 1:] <= 1)).all()
    assert (spread[:, 1:] >= 0.02).all()


def test_rates_by_size_are_those_of_all_families():
    rates = targets.rates_by_size()
    assert rates.shape == (6, 3)
    assert_allclose(rates[REASON.index("education")], [0.225, 0.029, 0.016])


def test_everybody_emigrates_by_the_rule_for_one(pool):
    found = targets.emigration(pool)
    for i, p in enumerate(persons(pool)):
        if p["age"] >= 15 and (i % 13 == 0 or p["age"] > 74):
            assert found[i] == pytest.approx(leaving(p))


# --- Other years use the same blocks ---


@pytest.mark.parametrize("year", [2004, 2009, 2013])
def test_norwegian_born_at_home_are_the_share_that_lives_at_home(pool, year):
    block = targets.norwegian_born_at_home(pool, year)
    assert block.target.sum() == pytest.approx(at_home(year).sum())
    everybody = start_years.norwegian_born_by_origin(year)
    assert_allclose(block.target / everybody, block.target.sum() / everybody.sum())


def test_a_group_of_work_covers_each_age_and_stay_once():
    age = np.arange(15, 75)
    zero = np.zeros(age.size, dtype=int)
    groups = {name: label for name, label, _ in targets.work_groups(zero, zero, age, zero, zero)}
    for name, spans in (
        ("employed by age", [(18, 29), (30, 54), (55, 69)]),
        ("idle by age", [(16, 25), (26, 66)]),
    ):
        width = 1 if name == "employed by age" else 2  # women and men
        expected = [next((i for i, (a, b) in enumerate(spans) if a <= x <= b), -1) for x in age]
        found = np.where(groups[name] >= 0, groups[name] // width, -1)
        assert found.tolist() == expected
    stay = np.arange(0, 30)
    zero = np.zeros(stay.size, dtype=int)
    groups = {name: label for name, label, _ in targets.work_groups(zero, zero, zero, stay, zero)}
    assert groups["employed by stay"].tolist() == [min(s // 5, 2) for s in stay]


def test_about_42_percent_live_alone_and_more_where_it_is_remote(blocks):
    persons = blocks["sample size"].target.reshape(4, 2).sum(axis=1)
    assert np.average(targets.ONE_PERSON, weights=persons) == pytest.approx(0.42, abs=0.005)
    assert targets.ONE_PERSON[0] == max(targets.ONE_PERSON)
