"""Figures of a user's own: files that are right, and one message for everything that is wrong."""

import numpy as np
import pytest

from runs.validation.against import Row, cell_of, known_codes, problems_of
from runs.validation.against_csv import read_csv
from runs.validation.quantity import Quantity, Whom
from sim.problems import InputError

HEAD = "measure,year,sex,reason,age,value,low,high,se,unit\n"


@pytest.fixture
def file(tmp_path):
    def write(text, head=HEAD):
        path = tmp_path / "own.csv"
        path.write_text(head + text, "utf-8")
        return path

    return write


def words(found):
    return "\n".join(str(p) for p in (*found.problems, *problems_of(found.rows)))


def test_a_row_is_a_figure_of_whom_and_when(file):
    found = read_csv(file("emigration_rate,2010,men,work,18-34,7.5,7,8,0.2,percent\n"))
    assert words(found) == ""
    (row,) = found.rows
    assert row.where == "line 2"
    assert (row.measure, row.year, row.value) == ("emigration_rate", 2010, 7.5)
    assert (row.low, row.high, row.error, row.unit) == (7, 8, 0.2, "percent")
    assert row.codes == {"sex": "men", "reason": "work", "age": "18-34"}
    cell = cell_of(row, "own.csv")
    whom = Whom("immigrants", sex=("men",), reason=("work",), age=("18-34",))
    assert cell.quantity == Quantity("emigration_rate", whom, (2010,))
    assert cell.part == "history"


@pytest.mark.parametrize("said", ["", "all", "Total", "both"])
def test_everybody_can_be_said_in_several_ways(file, said):
    found = read_csv(file(f"stock,2018,{said},,,500,,,,\n"))
    (row,) = found.rows
    assert row.codes == {}
    assert np.isnan([row.low, row.high, row.error]).all()
    assert cell_of(row, "x").part == "descendants", "years after the record's"


def test_everybody_is_no_group(file):
    path = file("")
    path.write_text("measure,year,group,value\nstock,2010,all,4900000\n")
    assert "group is 'all'; allowed: immigrants, all_residents" in words(read_csv(path))


def test_names_of_columns_may_be_written_otherwise(file):
    head = "Measure, Year ,Labour status,Country-group,Value\n"
    (row,) = read_csv(file("stock,2010,employed,cg1,5\n", head)).rows
    assert row.codes == {"labour_status": "employed", "country_group": "cg1"}


def test_groups_and_third_countries_are_spelled_out():
    row = Row("line 2", "emigration_count", 2010, {"group": "majority", "destination":
              "third_country"}, 5.0)  # fmt: skip
    whom = cell_of(row, "own.csv").quantity.whom
    assert whom.group == "majority"
    assert whom.destination == ("nordic", "uk", "usa_canada", "germany", "other")
    assert "third_country" in known_codes("destination")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("emigratin_rate,2010,,,,5,,,,", "Did you mean 'emigration_rate'?"),
        ("stock,20l0,,,,5,,,,", "year is '20l0'"),
        (f"stock,{'2' * 5_000},,,,5,,,,", "year is '2222"),
        ("stock,2010,,,,NaN,,,,", "line 2: value is 'NaN'; allowed: a number. Leave the row out"),
        ("stock,2010,,,,..,,,,", "value is '..'"),
        ("stock,2010,,,,inf,,,,", "value is 'inf'; allowed: a finite number"),
        ('stock,2010,,,,"3,5",,,,', "Write decimals with a point."),
        ("stock,2010,mn,,,5,,,,", "sex is 'mn'; allowed: men, women. Did you mean 'men'?"),
        ("stock,2010,,wrk,,5,,,,", "Did you mean 'work'?"),
        ("stock,2010,,,young,5,,,,", "age is 'young'; allowed: bands such as 18-34"),
        ("stock,2010,,,,5,7,6,,", "low 7 is above high 6"),
        ("stock,2010,,,,5,,,-1,", "se is -1"),
        ("stock,2010", "has 2 cells; allowed: 10 cells"),
        ("stock,1999,,,,5,,,,", "year: 1999 in line 2; allowed: 2004 to 2023"),
        ("stock,2010,,,,5,,,,thousand", "unit: 'thousand' of stock in line 2; allowed: persons"),
        ("stock,2010,,,,-5,,,,", "value: -5 of stock in line 2; allowed: 0 or more persons"),
        ("emigration_rate,2010,,,,120,,,,", "allowed: 0 to 100 percent"),
    ],
)
def test_every_mistake_has_its_message(file, line, says):
    assert says in words(read_csv(file(f"{line}\n")))


def test_rates_that_look_like_shares_are_noticed_unless_the_unit_is_said(file):
    lines = "".join(f"emigration_rate,{year},,,,0.05,,,,{{0}}\n" for year in (2009, 2010, 2011))
    assert "as shares of one are" in words(read_csv(file(lines.format(""))))
    assert words(read_csv(file(lines.format("percent")))) == ""


def test_the_same_figure_twice_is_refused(file):
    found = read_csv(
        file("stock,2010,men,,,5,,,,\nstock,2011,men,,,5,,,,\nstock,2010,men,,,6,,,,\n")
    )
    assert (
        words(found) == "rows: the same figure twice: line 2 and line 4; allowed: every figure once"
    )


def test_totals_beside_parts_are_refused_by_any_number_of_variables(file):
    found = read_csv(file("stock,2010,,,,9,,,,\nstock,2010,men,work,,5,,,,\n"))
    assert "reason and sex: totals beside parts: line 2 holds line 3" in words(found)
    apart = read_csv(file("stock,2010,,,,9,,,,\nstock,2011,men,,,5,,,,\n"))
    assert words(apart) == "", "of another year"
    parts = read_csv(file("stock,2010,women,,,9,,,,\nstock,2010,men,,,5,,,,\n"))
    assert words(parts) == ""


def test_bands_of_age_that_overlap_are_refused(file):
    found = read_csv(file("stock,2010,,,18-34,9,,,,\nstock,2010,,,30-39,5,,,,\n"))
    assert words(found).startswith("age: bands overlap: 18-34 and 30-39 (line 2, line 3)")
    assert words(read_csv(file("stock,2010,,,18-29,9,,,,\nstock,2010,,,30-39,5,,,,\n"))) == ""


def test_the_same_mistake_in_many_rows_is_one_message(file):
    found = read_csv(file("stock,2010,,,,:,,,,\n" * 300 + "stock,2010,x,,,5,,,,\n"))
    first, second = found.problems
    assert str(first).startswith(
        "line 2, line 3, line 4, line 5, line 6 and 295 more: value is ':'"
    )
    assert "sex is 'x'" in str(second)


def test_thousands_of_kinds_of_mistakes_are_cut_short(file):
    found = read_csv(file("".join(f"stock,2010,,,,x{k},,,,\n" for k in range(3_000))))
    assert len(found.problems) == 41
    assert "2960 more kinds" in str(found.problems[-1])


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ("measure,year,valu\n", "unknown column 'valu'"),
        ("measure,year\n", "value is missing"),
        ("measure,year,value,sex,Sex\n", "sex is there twice"),
    ],
)
def test_wrong_columns_are_refused_at_once(file, head, says):
    with pytest.raises(InputError, match=says):
        read_csv(file("stock,2010,5\n", head))


def test_files_that_are_too_large_or_not_there_are_refused(file, tmp_path):
    with pytest.raises(InputError, match="has 20,001 rows; allowed: at most 20,000"):
        read_csv(file("stock,2010,1\n" * 20_001, "measure,year,value\n"))
    with pytest.raises(InputError, match="does not exist"):
        read_csv(tmp_path / "none.csv")
    with pytest.raises(InputError, match="is empty"):
        read_csv(file("", ""))
