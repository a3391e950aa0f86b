import csv
import json

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binomtest
from scipy.stats import t as student

from runs import tables
from runs.intervals import SHARES, intervals
from runs.measures import RATES
from sim import observe
from sim.problems import InputError
from tests.made_runs import DIMENSIONS, divided_also_by, flows_of, random_run, stocks_of

WORK, FAMILY = {"reason": "work"}, {"reason": "family"}
# Two replicates, one year: by hand, work emigrates 2 and 0 of 10, family 1 and 1 of 5.
FLOWS = flows_of(
    (0, 2013, WORK, "stay", 7),
    (0, 2013, WORK, "domestic", 1),
    (0, 2013, WORK, "emigrate", 2),
    (1, 2013, WORK, "stay", 10),
    (0, 2013, FAMILY, "stay", 4),
    (0, 2013, FAMILY, "emigrate", 1),
    (1, 2013, FAMILY, "stay", 4),
    (1, 2013, FAMILY, "emigrate", 1),
)
STOCKS = stocks_of(
    *((replicate, 2013, WORK, 10) for replicate in (0, 1)),
    *((replicate, 2013, FAMILY, 5) for replicate in (0, 1)),
    (0, 2014, WORK, 8),
    (1, 2014, WORK, 10),
    *((replicate, 2014, FAMILY, 4) for replicate in (0, 1)),
)
YEARS = range(2010, 2014)


@pytest.fixture(scope="module")
def run():
    return random_run(years=YEARS, replicates=6, cells=60, people=20_000)


def test_a_small_run_agrees_with_hand_calculation():
    found = tables.estimates(tables.summarise(FLOWS, STOCKS, ("reason",)))

    # 2 and 0: mean 1, sd sqrt(2); the reach of t(1) is far below zero, so the low end is cut.
    work = found["emigrations", "work", 2013]
    reach = student.ppf(0.975, 1) * np.sqrt(2) * np.sqrt(1.5)
    assert work[:5] == pytest.approx((1, np.sqrt(2), 0, 1 + reach, 2))
    assert work.shares == (0, 0, 100)  # all is luck where nothing is drawn
    assert found["emigrations", "family", 2013][:5] == (1, 0, 1, 1, 2)
    assert found["domestic_moves", "work", 2013].mean == 0.5
    assert found["stock", "work", 2014].mean == 9
    assert found["emigration_rate", "work", 2013].mean == pytest.approx(10)
    assert found["emigration_rate", "family", 2013][:4] == pytest.approx((20, 0, 20, 20))


def test_columns_and_order_are_as_promised():
    table = tables.summarise(FLOWS, STOCKS, ("reason", "sex"))

    assert table.column_names == [
        *("year", "reason", "sex", "measure", "mean", "sd", "low", "high", "replicates"),
        *("parameters_share", "economy_share", "chance_share"),
    ]
    groups = list(dict.fromkeys((row["year"], row["reason"]) for row in table.to_pylist()))
    assert groups == [(2013, "work"), (2013, "family"), (2014, "work"), (2014, "family")]
    assert set(table.filter(pa.compute.equal(table["year"], 2014))["measure"].to_pylist()) == {
        "stock"
    }


def test_a_rate_has_no_interval_beyond_a_hundred_percent():
    rows = [(r, 2013, {}, "emigrate", 10 - r) for r in range(3)]
    flows = flows_of(*rows, *((r, 2013, {}, "stay", r) for r in range(1, 3)))
    stocks = stocks_of(*((r, 2013, {}, 10) for r in range(3)), (0, 2014, {}, 0))
    found = tables.estimates(tables.summarise(flows, stocks))

    assert found["emigration_rate", "", 2013][:4:3] == pytest.approx((90, 100))
    assert found["emigrations", "", 2013].high > 10


def test_a_replicate_without_events_counts_as_zero():
    flows = flows_of(*((r, 2013, {}, "stay", 10) for r in range(4)), (0, 2013, {}, "emigrate", 4))
    stocks = stocks_of(*((r, year, {}, 10) for r in range(4) for year in (2013, 2014)))
    found = tables.estimates(tables.summarise(flows, stocks))

    assert found["emigrations", "", 2013].mean == 1
    assert found["emigrations", "", 2013].replicates == 4


def test_a_year_without_any_event_is_a_year_of_zeros():
    stocks = stocks_of(*((r, year, {}, 10) for r in range(2) for year in (2012, 2013, 2014)))
    found = tables.estimates(tables.summarise(FLOWS, stocks))

    assert found["emigrations", "", 2012][:5] == (0, 0, 0, 0, 2)
    assert np.isnan(found["emigration_rate", "", 2012].mean)


def test_nobody_to_expose_gives_no_rate_in_that_replicate_only():
    flows = flows_of((0, 2013, {}, "stay", 3), (0, 2013, {}, "emigrate", 1))
    stocks = stocks_of((0, 2013, {}, 4), (1, 2013, FAMILY, 1), (0, 2014, {}, 3))
    rate = tables.estimates(tables.summarise(flows, stocks))["emigration_rate", "", 2013]

    assert (rate.mean, rate.replicates) == (25, 1)


def test_one_replicate_has_no_interval():
    one = tables.summarise(FLOWS.slice(0, 3), STOCKS.slice(0, 1))

    assert one["mean"].null_count == 0
    assert all(one[name].null_count == one.num_rows for name in ("sd", "low", "high"))


def test_each_draw_of_the_parameters_is_a_history_of_its_own():
    two = STOCKS.set_column(1, "draw", STOCKS["replicate"])
    two = two.set_column(0, "replicate", pa.array(np.zeros(two.num_rows), pa.int16()))
    flows = FLOWS.set_column(1, "draw", FLOWS["replicate"])
    flows = flows.set_column(0, "replicate", pa.array(np.zeros(flows.num_rows), pa.int16()))

    drawn, plain = tables.summarise(flows, two), tables.summarise(FLOWS, STOCKS)
    assert drawn.drop_columns(SHARES).equals(plain.drop_columns(SHARES))
    assert all(drawn[name].null_count == drawn.num_rows for name in SHARES)  # two are too few


@pytest.mark.parametrize("stem", list(DIMENSIONS))
@pytest.mark.parametrize("measure", ["emigrations", "domestic_moves", "stock"])
def test_groups_add_up_to_the_total(run, stem, measure):
    total = tables.estimates(tables.summarise(*run))
    parts = tables.estimates(tables.summarise(*run, (stem,)))
    parts = {key: e for key, e in parts.items() if key[1] != "norwegian_born"}
    for (name, _, year), whole in total.items():
        if name == measure:
            sum_of_parts = sum(e.mean for (m, _, y), e in parts.items() if (m, y) == (name, year))
            assert sum_of_parts == pytest.approx(whole.mean)


@pytest.mark.parametrize("by", [(), ("reason",), ("county", "sex")])
def test_bounds_hold(run, by):
    for (measure, _, _), e in tables.estimates(tables.summarise(*run, by)).items():
        ceiling = 100 if measure in RATES else np.inf
        assert np.isnan(e.mean) or 0 <= e.mean <= ceiling
        assert np.isnan(e.low) or 0 <= e.low <= e.mean <= e.high <= ceiling


def test_the_order_of_rows_and_their_chunks_do_not_matter(run):
    flows, stocks = run
    shuffled = flows.take(np.random.default_rng(0).permutation(flows.num_rows))
    plain = shuffled.set_column(
        shuffled.column_names.index("reason"), "reason", shuffled["reason"].cast(pa.string())
    )
    pieces = pa.concat_tables([flows.slice(5_000), flows.slice(0, 5_000)])
    wanted = tables.summarise(flows, stocks, ("reason",))

    assert tables.summarise(shuffled, stocks, ("reason",)).equals(wanted)
    assert tables.summarise(plain, stocks, ("reason",)).equals(wanted)
    assert tables.summarise(pieces, stocks, ("reason",)).equals(wanted)


def test_the_interval_covers_a_further_history_in_95_of_100_cases():
    rng = np.random.default_rng(3)
    cells = 20_000
    counts = rng.poisson(rng.uniform(500, 5_000, cells), size=(8, cells)).astype(float)
    low, high = intervals(counts[:7])[2:4]
    inside = np.count_nonzero((low <= counts[7]) & (counts[7] <= high))

    # False alarm: once in a million honest runs. At 7 replicates t(6), not 1.96, is needed:
    # the normal interval would cover about 91 %.
    assert binomtest(inside, cells, 0.95).pvalue > 1e-6, f"{inside / cells:.4f} inside"


def test_an_unknown_dimension_is_named_with_a_suggestion():
    with pytest.raises(InputError, match=r"reasn: is no dimension .* Did you mean 'reason'"):
        tables.summarise(FLOWS, STOCKS, ("reasn",))


def test_an_unknown_code_is_kept_and_comes_last():
    flows = pa.concat_tables([flows_of((0, 2013, {"reason": "au pair"}, "emigrate", 1)), FLOWS])
    table = tables.summarise(flows, STOCKS, ("reason",))

    assert list(dict.fromkeys(table["reason"].to_pylist())) == ["work", "family", "au pair"]


def test_later_events_are_told_only_when_they_happen():
    more = flows_of((0, 2013, WORK, "return", 2), (0, 2013, WORK, "birth", 2))
    born = pa.concat_tables([FLOWS, more])
    before = tables.estimates(tables.summarise(FLOWS, STOCKS))
    after = tables.estimates(tables.summarise(born, STOCKS))

    assert set(after) - set(before) == {("returns", "", 2013)}  # no immigrant is born here
    assert after["returns", "", 2013].mean == 1
    divided = tables.estimates(tables.summarise(born, STOCKS, ("background",)))
    assert any(measure == "births" for measure, *_ in divided)
    assert after["emigration_rate", "", 2013] == before["emigration_rate", "", 2013]


def test_summaries_are_written_whole_and_read_back(tmp_path, run):
    paths = tables.write_summaries(*run, tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(p.name for p in paths)
    assert {path.stem for path in paths} == {"summary_total", *map(tables.stem, DIMENSIONS)}
    with (tmp_path / "summary_by_reason.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    wanted = tables.estimates(tables.summarise(*run, ("reason",)))
    for row in rows:
        e = wanted[row["measure"], row["reason"], int(row["year"])]
        assert float(row["mean"]) == pytest.approx(e.mean, abs=0.051)


def test_every_dimension_of_a_run_has_its_file(tmp_path, run):
    more = [name for name in observe.DIMENSIONS if name not in DIMENSIONS]
    paths = tables.write_summaries(*divided_also_by(more, *run), tmp_path)

    assert {"municipality", "origin", "education", "status", "sponsor_reason"} <= set(more)
    assert {path.stem for path in paths} == {
        *("summary_total", *map(tables.stem, observe.DIMENSIONS))
    }
    lines = (tmp_path / "summary_by_sponsor_reason.csv").read_text().splitlines()
    assert lines[0].startswith("year,sponsor_reason,measure,mean")
    assert lines[1].startswith("2010,unknown,emigrations,")


def test_code_lists_are_those_that_the_observers_count_by():
    assert {name: d.codes for name, d in observe.DIMENSIONS.items()} == tables.CODE_LISTS


def extinct():
    """Everybody leaves in 2013; nothing is counted from then on."""
    flows = flows_of(*((r, 2013, WORK, "emigrate", 3) for r in (0, 1)))
    return flows, stocks_of(*((r, 2013, WORK, 3) for r in (0, 1)))


def test_years_after_the_last_person_left_are_years_of_zeros(tmp_path):
    years = (2013, 2015)
    made = tables.summaries(*extinct(), years=years)
    for found, group in (
        (tables.estimates(made["summary_total"]), ""),
        (tables.estimates(made["summary_by_reason"]), "work"),
    ):
        assert found["emigrations", group, 2015][:5] == (0, 0, 0, 0, 2)
        assert found["stock", group, 2016][:5] == (0, 0, 0, 0, 2)
        assert np.isnan(found["emigration_rate", group, 2015].mean)
    assert [y["year"] for y in tables.headline(made)["years"]] == [*range(2013, 2017)]
    tables.write_summaries(*extinct(), tmp_path, years=years)
    assert "2016,stock,0.0," in (tmp_path / "summary_total.csv").read_text()


def test_a_year_between_is_not_skipped():
    stocks = stocks_of((0, 2012, WORK, 3), (0, 2015, WORK, 3))
    held = tables.histories(FLOWS.slice(0, 0), stocks)

    assert held.stock_years.tolist() == [2012, 2013, 2014, 2015]
    assert held.years.tolist() == [2012, 2013, 2014]


def test_no_interval_is_an_empty_field(tmp_path):
    tables.write_summaries(FLOWS.slice(0, 3), STOCKS.slice(0, 1), tmp_path)
    lines = (tmp_path / "summary_total.csv").read_text().splitlines()

    assert lines[1] == "2013,emigrations,2.0,,,,1,,,"
    assert "2013,emigration_rate,20.0000,,,,1,,," in lines


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path):
    path = tables.write_whole(tmp_path / "a.txt", "old")
    with pytest.raises(UnicodeEncodeError):
        tables.write_whole(path, "\ud800")

    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text() == "old"


def test_headline_is_json_with_the_totals_of_each_year():
    told = json.loads(json.dumps(tables.headline(tables.summaries(FLOWS, STOCKS))))

    assert told["replicates"] == 2
    assert [year["year"] for year in told["years"]] == [2013, 2014]
    assert told["years"][0]["emigrations"]["mean"] == 2
    stock = {"mean": 13, "low": 0, "high": 35}
    stock |= dict(zip(SHARES, (0, 0, 100), strict=True))
    assert told["years"][1] == {"year": 2014, "stock": stock}


def test_an_empty_run_gives_empty_tables():
    assert tables.summarise(FLOWS.slice(0, 0), STOCKS.slice(0, 0), ("sex",)).num_rows == 0
    nothing = tables.summaries(FLOWS.slice(0, 0), STOCKS.slice(0, 0))
    assert tables.headline(nothing)["years"] == []


CHILDREN = {"background": "norwegian_born", "reason": "unknown", "duration_group": "6-10"}


def with_children():
    """The small run with ten Norwegian-born children, of whom one leaves in each replicate."""
    flows, stocks = [], []
    for r in (0, 1):
        flows += [(r, 2013, CHILDREN, "stay", 9), (r, 2013, CHILDREN, "emigrate", 1)]
        stocks += [(r, 2013, CHILDREN, 10), (r, 2014, CHILDREN, 9)]
    return (
        pa.concat_tables([FLOWS, flows_of(*flows)]),
        pa.concat_tables([STOCKS, stocks_of(*stocks)]),
    )


@pytest.mark.parametrize("by", [(), ("reason",), ("duration_group",), ("county", "sex")])
def test_norwegian_born_persons_are_in_no_number_of_immigrants(by):
    assert tables.summarise(*with_children(), by).equals(tables.summarise(FLOWS, STOCKS, by))


def test_norwegian_born_persons_are_told_by_background_and_in_the_headline():
    made = tables.summaries(*with_children())
    found = tables.estimates(made["summary_by_background"])
    assert found["emigration_rate", "norwegian_born", 2013].mean == pytest.approx(10)
    assert found["stock", "adult_arrival", 2013].mean == 15
    told, alone = (tables.headline(m) for m in (made, tables.summaries(FLOWS, STOCKS)))
    assert told["whom"] == "immigrants"
    assert told["years"] == alone["years"]
    assert "norwegian_born" not in alone
    assert [year["stock"]["mean"] for year in told["norwegian_born"]] == [10, 9]


def test_a_history_without_immigrants_is_a_history_of_zeros():
    flows, stocks = with_children()
    only = [t.filter(pa.compute.equal(t["background"], "norwegian_born")) for t in (flows, stocks)]
    found = tables.estimates(tables.summarise(*only))
    assert found["stock", "", 2013][:5] == (0, 0, 0, 0, 2)
    assert np.isnan(found["emigration_rate", "", 2013].mean)
    assert tables.summarise(*only, ("reason",)).num_rows == 0


def test_without_backgrounds_everybody_is_counted():
    flows, stocks = (table.drop_columns("background") for table in with_children())
    assert tables.estimates(tables.summarise(flows, stocks))["stock", "", 2013].mean == 25
