"""The tables of the logit in the report's layout: as text, CSV and LaTeX.

Rows are variables, columns the two moves with estimate and t value, as in tables 6.1, D and E;
below stand N, scaled R2, Schwarz's criterion and the log likelihood. And the table of tests.
"""

import csv
import io
import math
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from calibration.logit_estimate import LogitEstimate
from calibration.logit_tests import ALL, BOTH, Verdict
from calibration.table_layout import (
    HEADINGS,
    Words,
    command,
    joined,
    languages,
    math_mode,
    padded,
    plain,
    signed,
    tex,
)
from sim.codes import CENTRALITY, SEX
from sim.transitions.terms import FACTORS, LEVELS, MOVES

STARS = ((0.01, "***"), (0.05, "**"), (0.10, "*"))
SMALLEST_P = 0.0001  # printed; smaller ones are said to be smaller
COLUMNS: Mapping[str, Words] = MappingProxyType(
    {
        "estimate": ("Estimate", "Estimat"),
        "error": ("Std error", "Std.feil"),
        "t": ("t value", "t-verdi"),
    }
)
MOVE_WORDS: Mapping[str, Words] = MappingProxyType(
    {
        "domestic": ("Move to another level", "Flytte til annet nivå"),
        "emigrate": ("Emigrate", "Utvandre"),
        BOTH: ("Both", "Begge"),
    }
)
PLAIN_TERMS: Mapping[str, Words] = MappingProxyType(
    {
        "constant": HEADINGS["constant"],
        "age": HEADINGS["age"],
        "age_over_10_squared": ("(Age/10) squared", "(Alder/10) i annen"),
        "female": ("Woman", "Kvinne"),
        "family_total": ("Family members", "Familiemedlemmer"),
        "family_immigrants": ("of whom immigrants", "herav innvandrere"),
    }
)
FACTOR_WORDS: Mapping[str, Words] = MappingProxyType(
    {
        "family": ("Family", "Familie"),
        "centrality": ("Centrality", "Sentralitet"),
        ALL: ("All", "Alle"),
        **{f: HEADINGS[f] for f in ("age", "sex", "duration", "education", "status", "reason")},
    }
)
KINDS: Mapping[str, Words] = MappingProxyType(
    {
        "classical": ("classical", "klassiske"),
        "robust": ("robust (sandwich)", "robuste (sandwich)"),
        "clustered": ("clustered", "klyngede"),
    }
)
TEST_WORDS: Mapping[str, Words] = MappingProxyType(
    {
        "joint": ("All terms are 0 (Wald)", "Alle ledd er 0 (Wald)"),
        "likelihood_ratio": ("Types are alike (likelihood ratio)", "Typene er like (LR)"),
        "equality": ("Coefficients are equal (Wald)", "Koeffisientene er like (Wald)"),
        "independence": ("Odds are the same without (Hausman)", "Oddsene er like uten (Hausman)"),
    }
)
TESTS_TITLE: Words = ("Tests of the trinomial logit", "Tester av den trinomiske logiten")
TEST_HEADS: tuple[Words, ...] = (
    ("Claim", "Påstand"), ("Model", "Modell"), ("What", "Hva"), ("Move", "Flytting"),
    ("Chi-square", "Kji-kvadrat"), ("df", "frihetsgr."), ("p value", "p-verdi"),
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One variable of a table; factor is empty for variables that stand alone."""

    term: str
    factor: str
    words: Words


def lines(estimate: LogitEstimate) -> Iterator[Line]:
    """Yield the rows of a table: the model's terms in the order of the publication."""
    labels = {}
    for factor in (*FACTORS, LEVELS):
        for number, term in factor.terms():
            code = factor.codes.codes[number]
            words = (code.en, code.nb)
            if factor is LEVELS:
                words = (f"{code.name}: {code.en}", f"{code.name}: {code.nb}")
            labels[term] = factor.name, words
    for term in estimate.terms:
        factor_name, words = labels.get(term) or ("", PLAIN_TERMS[term])
        yield Line(term, factor_name, words)


def title(estimate: LogitEstimate) -> Words:
    """Return which model it is, and of whom."""
    english, norwegian = "the whole country", "hele landet"
    if estimate.centrality is not None:
        level = CENTRALITY.codes[estimate.centrality - 1]
        english = f"centrality {level.name} ({level.en.lower()})"
        norwegian = f"sentralitetsnivå {level.name} ({level.nb.lower()})"
    if estimate.sex is not None:
        who = {"female": ("women", "kvinner"), "male": ("men", "menn")}[estimate.sex]
        english, norwegian = f"{who[0]}, {english}", f"{who[1]}, {norwegian}"
    return (
        f"Model {estimate.name}. Trinomial logit of moving and emigrating, {english}",
        f"Modell {estimate.name}. Trinomisk logit for flytting og utvandring, {norwegian}",
    )


def note(estimate: LogitEstimate) -> Words:
    """Return reference groups and standard errors in words."""
    found = [(f.name, f.codes.codes[f.codes.index(f.reference)]) for f in FACTORS]
    if "female" in estimate.terms:
        found.insert(0, ("sex", SEX.codes[SEX.index("male")]))
    if "centrality_1" in estimate.terms:
        found.append(("centrality", LEVELS.codes.codes[LEVELS.codes.index(LEVELS.reference)]))
    english = "; ".join(f"{FACTOR_WORDS[f][0].lower()} {code.en.lower()}" for f, code in found)
    norwegian = "; ".join(f"{FACTOR_WORDS[f][1].lower()} {code.nb.lower()}" for f, code in found)
    kind = KINDS[estimate.kind]
    return (
        f"Log odds against staying. Reference group: {english}. Standard errors: {kind[0]}.",
        f"Logodds mot å bli boende. Referansegruppe: {norwegian}. Standardfeil: {kind[1]}.",
    )


STARS_NOTE: Words = (" *** 99 %, ** 95 %, * 90 %.",) * 2


def fit_lines(estimate: LogitEstimate, language: str = "en") -> list[tuple[Words, str]]:
    """Return labels and values of N, scaled R2, Schwarz's criterion and log likelihood."""
    n = f"{estimate.n:,}"
    figures = (f"{estimate.scaled_r2:.3f}", f"{estimate.bic:,.1f}",
               f"{estimate.log_likelihood:,.1f}")  # fmt: skip
    labels = (("Scaled R2", "Skalert R2"), ("Schwarz BIC", "Schwarz BIC"),
              ("Log likelihood", "Log likelihood"))  # fmt: skip
    rows: list[tuple[Words, str]] = [(("N", "N"), n), *zip(labels, figures, strict=True)]
    return [(label, _local(value, language)) for label, value in rows]


def text(
    estimate: LogitEstimate, *, language: str = "both", errors: bool = False, stars: bool = False
) -> str:
    """Return a table for the eye, in English, Norwegian or both.

    errors: standard errors too; stars: significance at 90, 95 and 99 percent.
    """
    chosen, shown = languages(language), list(lines(estimate))
    kinds = _kinds(errors=errors)
    names = [*(w for w in FACTOR_WORDS.values()), *(("  " + a, "  " + b) for a, b in
             (line.words for line in shown))]  # fmt: skip
    widths = [max(len(words[i]) for words in names) for i in chosen]
    cell = [13 if kind == "estimate" else 10 for kind in kinds]
    wide = [max(sum(cell) + 2 * (len(cell) - 1), *(len(MOVE_WORDS[m][i]) for i in chosen))
            for m in MOVES]  # fmt: skip
    blank = padded([""] * len(chosen), widths)
    body = [blank + padded([MOVE_WORDS[m][i] for m in MOVES], wide, right=True) for i in chosen]
    body += [blank + padded([COLUMNS[k][i] for k in kinds] * len(MOVES), cell * len(MOVES),
                          right=True) for i in chosen]  # fmt: skip
    rule = "-" * len(body[0])
    body.append(rule)
    before = ""
    for line in shown:
        if line.factor and line.factor != before:
            body.append(padded([FACTOR_WORDS[line.factor][i] for i in chosen], widths))
        before = line.factor
        words = [("  " if line.factor else "") + line.words[i] for i in chosen]
        cells = list(_cells(estimate, line, language, kinds, stars=stars))
        room = 3 if stars else 0
        printed = [value + (f"{mark:<{room}}" if at % len(kinds) == 0 else "")
                   for at, (value, mark) in enumerate(cells)]  # fmt: skip
        body.append(padded(words, widths) + padded(printed, cell * len(MOVES), right=True))
    body.append(rule)
    for named, value in fit_lines(estimate, language):
        body.append(padded([named[i] for i in chosen], widths) + value.rjust(cell[0]))
    return _put(title(estimate), body, _noted(estimate, stars=stars), chosen, len(rule))


def to_csv(estimates: Iterable[LogitEstimate]) -> str:
    """Return models as one CSV: a row a variable, figures with ten digits."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    each = [f"{move}{what}" for move in MOVES for what in ("", "_se", "_t", "_p", "_stars")]
    writer.writerow(["model", "model_type", "centrality", "sex", "term", "en", "nb", *each,
                     "errors", "n", "scaled_r2", "bic", "log_likelihood"])  # fmt: skip
    for model in estimates:
        about = [model.name, model.model_type, model.centrality or "all", model.sex or "all"]
        fit = [plain(x) for x in (model.n, model.scaled_r2, model.bic, model.log_likelihood)]
        parts = (model.estimates, model.std_errors, model.t_values, model.p_values)
        for i, line in enumerate(lines(model)):
            row = []
            for j in range(len(MOVES)):
                row += [plain(part[i, j]) for part in parts]
                row.append(_starred(float(model.p_values[i, j])))
            writer.writerow([*about, line.term, *line.words, *row, model.kind, *fit])
    return out.getvalue()


def latex(
    estimate: LogitEstimate, *, language: str = "en", errors: bool = False, stars: bool = False
) -> str:
    """Return a table as a LaTeX `table` that needs no packages; `nb` has decimal commas."""
    chosen, kinds = languages(language), _kinds(errors=errors)
    many = len(kinds) * len(MOVES)
    spans = [f"\\multicolumn{{{len(kinds)}}}{{c}}" + "{"
             + " / ".join(tex(MOVE_WORDS[m][i]) for i in chosen) + "}" for m in MOVES]  # fmt: skip
    heads = [" / ".join(COLUMNS[k][i] for i in chosen) for k in kinds] * len(MOVES)
    blank = [""] * len(chosen)
    body = [blank + spans, blank + heads]
    out = [" & ".join(cells) + r" \\" for cells in body] + [r"\hline"]
    before = ""
    for line in lines(estimate):
        if line.factor and line.factor != before:
            words = [command("textit", tex(FACTOR_WORDS[line.factor][i])) for i in chosen]
            out.append(" & ".join(words) + r" \\")
        before = line.factor
        cells = [tex(line.words[i]) for i in chosen]
        for value, mark in _cells(estimate, line, language, kinds, stars=stars):
            cells.append(math_mode(value + (f"^{{{mark}}}" if mark else "")))
        out.append(" & ".join(cells) + r" \\")
    out.append(r"\hline")
    for named, value in fit_lines(estimate, language):
        figure = math_mode(value.replace(" ", "~"))
        out.append(" & ".join([*(named[i] for i in chosen), figure]) + r" \\")
    columns = "l" * len(chosen) + "r" * many
    caption = joined(title(estimate), chosen, " / ")
    return _table(caption, columns, out, joined(_noted(estimate, stars=stars), chosen, "\n\n"))


def verdicts_text(verdicts: Sequence[Verdict], *, language: str = "en") -> str:
    """Return the table of tests for the eye; remarks are numbered below it."""
    chosen = languages(language)
    rows, notes = _tests(verdicts, chosen, language)
    heads = [[words[i] for words in TEST_HEADS] + [""] for i in chosen]
    widths = [max(len(row[c]) for row in [*heads, *rows]) for c in range(len(TEST_HEADS) + 1)]
    body = [_aligned(head, widths) for head in heads]
    rule = "-" * len(body[0])
    body += [rule, *(_aligned(row, widths) for row in rows)]
    marked = [textwrap.fill(remark, max(len(rule), 60)) for remark in notes]
    return "\n".join([*(line.rstrip() for line in body), rule, *marked, ""])


def verdicts_csv(verdicts: Iterable[Verdict]) -> str:
    """Return the tests as CSV, a row a test."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(Verdict.__dataclass_fields__)
    for verdict in verdicts:
        row = vars(verdict) | {"statistic": plain(verdict.statistic),
                               "p_value": plain(verdict.p_value)}  # fmt: skip
        writer.writerow(row.values())
    return out.getvalue()


def verdicts_latex(verdicts: Sequence[Verdict], *, language: str = "en") -> str:
    """Return the table of tests in LaTeX."""
    chosen = languages(language)
    rows, notes = _tests(verdicts, chosen, language)
    heads = [" / ".join(words[i] for i in chosen) for words in TEST_HEADS]
    out = [" & ".join(heads) + r" \\", r"\hline"]
    for row in rows:
        cells = [tex(word) for word in row[:4]] + [math_mode(word) for word in row[4:7]]
        cells[-1] += f"$^{{{row[7]}}}$" if row[7] else ""
        out.append(" & ".join(cells) + r" \\")
    below = "\n\n".join(tex(remark) for remark in notes)
    caption = joined(TESTS_TITLE, chosen, " / ")
    return _table(caption, "llllrrr", out, below)


def _tests(
    verdicts: Sequence[Verdict], chosen: Sequence[int], language: str
) -> tuple[list[list[str]], list[str]]:
    """Return the rows of the table of tests, the last cell the remark's number; and remarks."""
    notes: dict[Words, int] = {}
    rows = []
    for v in verdicts:
        remark = (v.note, v.note_nb)
        mark = str(notes.setdefault(remark, len(notes) + 1)) if v.note else ""
        what = FACTOR_WORDS.get(v.what) or MOVE_WORDS[v.what]
        named = (TEST_WORDS[v.test], (v.model, v.model), what, MOVE_WORDS[v.move])
        rows.append([*(" / ".join(dict.fromkeys(words[i] for i in chosen)) for words in named),
                     _local(f"{v.statistic:,.2f}", language), str(v.df),
                     _local(_p_value(v.p_value), language), mark])  # fmt: skip
    below = [f"{number}) {' / '.join(remark[i] for i in chosen)}" for remark, number in
             notes.items()]  # fmt: skip
    return rows, below


def _p_value(value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:.4f}" if value >= SMALLEST_P else f"<{SMALLEST_P:.4f}"


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    return padded(row[:4], widths[:4]) + padded(row[4:7], widths[4:7], right=True) + row[7]


def _kinds(*, errors: bool) -> list[str]:
    return ["estimate", "error", "t"] if errors else ["estimate", "t"]


def _cells(
    estimate: LogitEstimate, line: Line, language: str, kinds: Sequence[str], *, stars: bool
) -> Iterator[tuple[str, str]]:
    """Yield the figures of each move as they are printed, the estimates with their stars."""
    i = estimate.terms.index(line.term)
    figures = {"estimate": estimate.estimates, "error": estimate.std_errors,
               "t": estimate.t_values}  # fmt: skip
    for j in range(len(MOVES)):
        for kind in kinds:
            marked = stars and kind == "estimate"
            mark = _starred(float(estimate.p_values[i, j])) if marked else ""
            yield _local(signed(figures[kind][i, j], 3), language), mark


def _starred(p_value: float) -> str:
    return next((mark for most, mark in STARS if p_value < most), "")


def _local(value: str, language: str) -> str:
    """Return a figure with the signs of a language: 1,234.5 is 1 234,5 in Norwegian."""
    return value.replace(",", " ").replace(".", ",") if language == "nb" else value


def _noted(estimate: LogitEstimate, *, stars: bool) -> Words:
    english, norwegian = note(estimate)
    return (english + STARS_NOTE[0], norwegian + STARS_NOTE[1]) if stars else (english, norwegian)


def _put(
    head: Words, body: Sequence[str], below: Words, chosen: Sequence[int], width: int
) -> str:  # fmt: skip
    heads = [head[i] for i in chosen]
    notes = [textwrap.fill(below[i], width) for i in chosen]
    rule = "-" * width
    return "\n".join([*heads, rule, *(line.rstrip() for line in body), rule, *notes, ""])


def _table(caption: str, columns: str, body: Sequence[str], below: str) -> str:
    return "\n".join([
        r"\begin{table}", command("caption", caption),
        command("begin", "tabular") + "{" + columns + "}", r"\hline", *body, r"\hline",
        r"\end{tabular}", "", below, r"\end{table}", "",
    ])  # fmt: skip
