"""The page of a validation: the scorecard, and a picture of every finding by report and figure."""

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from runs.validation.backtest import Backtest
from runs.validation.picture_frame import STYLE
from runs.validation.pictures import drawing
from runs.validation.scorecard import Score, Scorecard
from runs.validation.wording import REPORT_NAMES, label

FOLDER = Path(__file__).parent


@cache
def reasons() -> Mapping[str, str]:
    """Return why a cluster fails in the shipped model, and what would mend it."""
    text = (FOLDER / "failing.yaml").read_text("utf-8")
    return {name: entry["why"] for entry in yaml.safe_load(text) for name in entry["clusters"]}


def _in_order(score: Score) -> list[tuple[int, str]]:
    """Return the key that puts Figure 4.2 before Figure 4.10."""
    words = re.split(r"(\d+)", score.cluster.en.partition(", ")[2])
    return [(int(word), "") if word.isdigit() else (0, word) for word in words]


def page(card: Scorecard, record: Mapping[str, Any], found: Mapping[str, Backtest]) -> str:
    """Return the page."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    from runs.compare_report import style

    def rows(ids: tuple[str, ...]) -> list[dict[str, Any]]:
        return [
            {"judged": card.verdicts[i], "label": label(card.verdicts[i].pattern, "en"),
             "nb": label(card.verdicts[i].pattern, "nb"),
             "svg": Markup(drawing(card.verdicts[i].pattern, found))}  # noqa: S704 - ours
            for i in ids
        ]  # fmt: skip

    reports = [
        {"key": key, "name": names[0], "sections": [
            {"score": one, "rows": rows(one.cluster.ids), "key": one.cluster.name,
             "place": one.cluster.en.partition(", ")[2] or one.cluster.en,
             "why": "" if one.holds else reasons().get(one.cluster.name, "")}
            for one in sorted(card.all, key=_in_order) if one.cluster.name.startswith(f"{key}.")
        ]}
        for key, names in REPORT_NAMES.items()
    ]  # fmt: skip
    core = [{"score": one, "why": "" if one.holds else reasons().get(one.cluster.name, "")}
            for one in card.core]  # fmt: skip
    text = (resources.files("runs") / "templates" / "validate.html").read_text("utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True,
                              undefined=StrictUndefined)  # fmt: skip
    return environment.from_string(text).render(
        card=card,
        record=record,
        core=core,
        reports=reports,
        style=style(),
        pictures=Markup(STYLE),  # noqa: S704 - ours
    )
