"""The page of a validation: the scorecard, every cluster with its findings, curves and figures."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from runs.validation.backtest import Backtest
from runs.validation.curves import drawing
from runs.validation.scorecard import Scorecard
from runs.validation.wording import label

FOLDER = Path(__file__).parent


@cache
def reasons() -> Mapping[str, str]:
    """Return why a cluster fails in the shipped model, and what would mend it."""
    text = (FOLDER / "failing.yaml").read_text("utf-8")
    return {name: entry["why"] for entry in yaml.safe_load(text) for name in entry["clusters"]}


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

    sections = [{"score": one, "rows": rows(one.cluster.ids),
                 "why": "" if one.holds else reasons().get(one.cluster.name, "")}
                for one in card.all]  # fmt: skip
    core = [{"score": one, "why": "" if one.holds else reasons().get(one.cluster.name, "")}
            for one in card.core]  # fmt: skip
    text = (resources.files("runs") / "templates" / "validate.html").read_text("utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True,
                              undefined=StrictUndefined)  # fmt: skip
    return environment.from_string(text).render(
        card=card, record=record, core=core, sections=sections, style=style()
    )
