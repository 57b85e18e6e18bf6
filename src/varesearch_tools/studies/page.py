"""A study's page: a template of prose with places for numbers, filled from the results."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, TemplateError

from varesearch.config.errors import ConfigurationError
from varesearch_tools.studies.spread import text

TEMPLATE_FILE = "page.md"
PAGE_FILE = "README.md"
RESULTS_FILE = "results.json"
FIGURES_FOLDER = "figures"


@dataclass(frozen=True)
class Claim:
    """A statement of the page's prose, and whether the results support it."""

    words: str
    holds: bool


def render(template: str, results: Mapping[str, Any]) -> str:
    """The page. Numbers are written by ``{{ value | pm }}``, with two digits by ``{{ value | pm(2) }}``.

    Raises ConfigurationError for a place that the results do not fill.
    """
    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False
    )
    environment.filters["pm"] = text
    try:
        return environment.from_string(template).render(results)
    except TemplateError as error:
        raise ConfigurationError(f"{TEMPLATE_FILE}: {error}") from error


def page_of(study: Path, results: Mapping[str, Any]) -> str:
    """The page of the study in that folder, with these results."""
    return render((study / TEMPLATE_FILE).read_text(encoding="utf-8"), results)


def write_page(study: Path, results: Mapping[str, Any], target: Path) -> Path:
    """Write the results and the page into ``target``; the page's file."""
    plain = json.dumps(results, indent=1, ensure_ascii=False, allow_nan=False)
    target.mkdir(parents=True, exist_ok=True)
    # The page shows exactly what a reader of the file gets.
    page = page_of(study, json.loads(plain))
    (target / RESULTS_FILE).write_text(plain + "\n", encoding="utf-8")
    (target / PAGE_FILE).write_text(page, encoding="utf-8")
    return target / PAGE_FILE


def read_results(study: Path) -> dict[str, Any]:
    """The results that are kept in a study's folder. Raises FileNotFoundError."""
    return json.loads((study / RESULTS_FILE).read_text(encoding="utf-8"))


def broken(claims: Sequence[Claim]) -> list[str]:
    """The statements that the results do not support."""
    return [claim.words for claim in claims if not claim.holds]
