"""Renew the tables of docs/linear.md; what stands above them is written by hand."""

from pathlib import Path

from calibration.linear_published import page
from calibration.reconstruction import reconstruct

PAGE = Path(__file__).with_name("linear.md")
TABLES = "### How far off"
ABOVE = """### How far off, in points

By kind of table: median, mean and largest difference without its sign; last, median ratio of standard errors to printed ones.
"""
EACH = """
### Every figure

*pooled* is the logit of Table 6.1 (type 1), *by level* those of type 2; differences are in percentage points.
A star marks a figure that is probably misprinted: Table 5.9, size 4, has a t value that does not go with its estimate, and in
Table 5.11, size 4, the row adds up to -0.7 points.
"""


def main() -> None:
    made: list[str] = []
    page(reconstruct(), made.append)
    text = "\n".join(made)
    head = PAGE.read_text("utf-8").partition(TABLES)[0]
    summary, first, rest = text.strip().partition("\n#### ")
    PAGE.write_text(f"{head}{ABOVE}\n{summary}{EACH}{first}{rest}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
