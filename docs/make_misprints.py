"""Write docs/misprints.md from the published tables, so that the page cannot drift.

python docs/make_misprints.py          writes the page
python docs/make_misprints.py --check  exits with 1 if the committed page differs
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from textwrap import fill

PAGE = Path(__file__).with_name("misprints.md")
sys.path.insert(0, str(PAGE.parents[1]))

from tests.published import (  # noqa: E402  (the path above comes first)
    OUTCOMES,
    ROUNDING,
    Contrast,
    contrasts,
    misprints,
)

VALUES = {
    "employed": "in work",
    "employed_student": "in work and in education",
    "student": "in education",
    "unemployed": "unemployed",
}
NAMES = {"stay": "stay", "domestic": "move", "emigrate": "emigrate"}
LEFT = "6.15-4-6/4"  # the row with the misprinted t value

HEAD = """\
# Misprints in the published logit tables

<!-- Made by docs/make_misprints.py from tests/data; edit those, not this page. -->

Vandring ships the coefficients of Statistics Norway, *Rapporter* 2016/27 (Tables 6.1, D.1-D.4
and E.1-E.8). The report also prints what they imply: marginal effects, that is differences in
the probabilities of staying, moving to another centrality level and emigrating, between a
described person and the same person with one trait changed. Recomputing them checks both.

Of the {all} effects printed in Tables 6.2-6.16, **{right} follow from the coefficients** and
{wrong} do not. An effect follows if it differs by no more than rounding can explain: half a unit
of its own last digit ({rounding}) plus what half a unit in every coefficient involved can add.
That bound is given in each table below. No coefficient is suspected; the misprints are in the
effects and their labels, so nothing here changes a simulation.

*Certain* means that arithmetic proves it, *likely* that nothing else is a good explanation.
"""

AGAIN = (
    "The printed numbers appear if the emigration coefficient of the employed (DSTATUS1) enters "
    "the log odds of emigration **once more** than it should, as in the column *once more*."
)


def page() -> str:
    """Return the page as text."""
    sections = [_head(), _table_63(), _level_1(), _level_2(), _t_value(), _notes(), _order()]
    return "\n".join(sections)


def _head() -> str:
    wrong = len(_rows("estimate"))
    number = len(OUTCOMES) * len(contrasts())
    return HEAD.format(all=number, right=number - wrong, wrong=wrong, rounding=ROUNDING)


def _rows(what: str) -> list[dict[str, str]]:
    return [row for row in misprints() if row["what"] == what]


def _named(name: str) -> Contrast:
    return next(contrast for contrast in contrasts() if str(contrast) == name)


def _table_63() -> str:
    (row,) = _rows("labels")
    labels = f"The rows are labelled with {row['printed']}. {row['evidence']}: {row['probably']}."
    return f"""\
## Table 6.3: labels and values (certain)

{_wrapped(labels)}

{_wrapped("The values do not follow from Table 6.1 either. " + AGAIN)}

{_effects(["6.3-4-employed", "6.3-4-employed_student", "6.3-4-student", "6.3-4-unemployed"])}

With the coefficient counted once more, 10 of the 12 printed effects follow. The two on moving,
of those in education and the unemployed, remain unexplained.
"""


def _level_1() -> str:
    return f"""\
## Tables 6.9 and 6.10: in work, level 1 (certain)

{_wrapped(AGAIN + " Then all six effects follow.")}

{_effects(["6.9-1-employed", "6.10-1-employed"])}
"""


def _level_2() -> str:
    return f"""\
## Tables 6.9 and 6.10: in work, level 2 (likely)

Here the printed effects are slightly off, and counting once more makes it worse. The cause is
unknown. The coefficient in Table D.2 is right: those of women (E.2) and men (E.6), weighted by
their precision, give the same value.

{_effects(["6.9-2-employed", "6.10-2-employed"])}
"""


def _wrapped(text: str) -> str:
    return fill(text, width=96)


def _effects(names: Iterable[str]) -> str:
    lines = [
        "| table | who | outcome | printed | recomputed | bound | | once more | |",
        "|---|---|---|---:|---:|---:|---|---:|---|",
    ]
    for name in names:
        lines += _effect_lines(_named(name))
    return "\n".join(lines)


def _effect_lines(contrast: Contrast) -> Iterator[str]:
    plain, again = contrast.effects(), contrast.effects(counted_again=True)
    bounds, wider = contrast.bounds(), contrast.bounds(counted_again=True)
    for i, outcome in enumerate(OUTCOMES):
        printed = contrast.estimates[i]
        fits = _fits(printed, plain[i], bounds[i])
        fits_again = _fits(printed, again[i], wider[i])
        yield (
            f"| {contrast.table} | {VALUES[contrast.value]} | {NAMES[outcome]} | {printed:.3f} "
            f"| {plain[i]:.4f} | {bounds[i]:.4f} | {fits} | {again[i]:.4f} | {fits_again} |"
        )


def _fits(printed: float, computed: float, bound: float) -> str:
    return "follows" if abs(printed - computed) <= bound else "**does not**"


def _t_value() -> str:
    (row,) = _rows("t_value")
    contrast = _named(LEFT)
    lines = [
        "| outcome | effect | t | standard error, lowest | highest |",
        "|---|---:|---:|---:|---:|",
    ]
    for outcome, estimate, t_value in zip(
        OUTCOMES, contrast.estimates, contrast.t_values, strict=True
    ):
        low = max(abs(estimate) - ROUNDING, 0) / (abs(t_value) + ROUNDING)
        high = (abs(estimate) + ROUNDING) / (abs(t_value) - ROUNDING)
        span = f"{low:.5f} | {high:.5f}"
        lines.append(f"| {NAMES[outcome]} | {estimate:.3f} | {t_value:.3f} | {span} |")
    table = "\n".join(lines)
    return f"""\
## Table 6.15: a t value at level 4 (certain)

For a woman in a family of six with four immigrants (against five with four), the t value of
emigration is printed as {row["printed"]}; {row["probably"]} is more probable. The three effects
sum to zero, so no standard error can exceed the other two together. Here even the lowest that
the printed numbers allow for emigration does, and in no other of the {len(contrasts())} rows.

{table}
"""


def _notes() -> str:
    lines = ["| table | note says | gap if a woman | gap if a man |", "|---|---|---:|---:|"]
    for row in _rows("note"):
        mine = [c for c in contrasts() if c.table == row["table"] and c.value != "employed"]
        woman, man = (_largest_gap(mine, sex) for sex in ("female", "male"))
        lines.append(f"| {row['table']} | {row['printed']} | {woman:.4f} | {man:.4f} |")
    table = "\n".join(lines)
    return f"""\
## Notes to Tables 6.10 and 6.14: a man, not a woman (certain)

The effects are those of a man. The table gives the largest gap between a printed and a
recomputed effect, the rows on those in work left out.

{table}
"""


def _largest_gap(mine: list[Contrast], sex: str) -> float:
    return max(
        abs(printed - effect)
        for contrast in mine
        for printed, effect in zip(contrast.estimates, contrast.effects(sex=sex), strict=True)
    )


def _order() -> str:
    return """\
## The order of Tables E.1-E.8

The text of section 6.3 pairs women and men of one level in neighbouring tables. The titles say
that E.1-E.4 are women and E.5-E.8 men, at levels 1-4, and the numbers of observations agree:
E.1 and E.5 add up to D.1, E.2 and E.6 to D.2, and so on. Vandring follows the titles.
"""


def main() -> int:
    """Write the page, or with --check say whether it is up to date."""
    parser = argparse.ArgumentParser(description="Write docs/misprints.md.")
    parser.add_argument("--check", action="store_true", help="only say whether it is up to date")
    if not parser.parse_args().check:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text("utf-8") == page():
        return 0
    print(f"{PAGE.name} is out of date: run python docs/make_misprints.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
