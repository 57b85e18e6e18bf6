"""Write the documentation's pages of all settings and metrics.

What they hold is what ``--help`` says, of every option at once.
"""

import re
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

from varesearch.config.compose import compose
from varesearch.config.options import GROUPS, options
from varesearch.config.schema import Config
from varesearch.config.wording import written
from varesearch.metrics import metric_definitions, requests
from varesearch.pages.help import changes, default_choices, default_of, details, keys
from varesearch.plots import FigureDefinition, figure_definitions

FOLDER = Path("docs") / "reference"
"""Below the top of the checkout."""

_WRITTEN = "Written by `python -m varesearch_tools.pages`; do not edit.\n"

_SETTINGS = f"""# Every setting

{_WRITTEN}
A group's option is chosen by `GROUP=OPTION`, a key is set by `KEY=VALUE`. Weights are magnitudes, the receptor says the
sign. Every time that acts on the simulation is a multiple of `simulation.dt_ms`. Where a value is drawn for each cell
or synapse, a number may be replaced by a distribution, `{{distribution: uniform, low: 1, high: 5}}`, also `normal` and
`lognormal` (`mean`, `std`) and `exponential` (`mean`), these three truncated by `low` and `high` if given. That holds
for all parameters of cells, which may also be expressions ([how](../how-to/different-cells.md)).

A value outside the plausible range is accepted with a warning, which is stored with the run, too (tag
`varesearch.warnings`). The ranges are wide: a value outside is probably in the wrong unit, and the warning suggests the
value that may have been meant. Weights and currents that follow the cell have the range of the cell.
"""

_METRICS = f"""# Every metric and figure

{_WRITTEN}
Each is computed for each population from the spikes between `analysis.warmup_ms` and the end, and kept under the name
of the population: `exc.rate_hz`, `inh.rate_hz`. What the data do not define (a CV without intervals) has no value: the
run gives the reason, on the terminal and in its log. Groups of sources have `spike_count` and `rate_hz` over the whole
run, as `source.thalamus.rate_hz`; no comparison of models looks at these. The functions are in
[`varesearch.metrics`](python/metrics.md); the tests compare them with elephant, scipy and closed forms.

## In every run

"""
_ON_REQUEST = """
## On request

A run has these only if `analysis.further` asks for them, since they need more time, more settings or another package,
or are many numbers: `analysis.further=[spectrum]`, or several, `analysis.further=[spectrum,avalanches]`. A word asks
for all metrics of its section, for every population. A wrong word is refused before anything is drawn.
"""
_FIGURES = """
## Figures

Every run has these in its folder `figures`, as PNG, and with `analysis.svg=true` as SVG too; those that stand with
`analysis.further` only if it asks for them. Populations whose synapses are excitatory have cool colours, those with
inhibitory ones warm colours, the same in the figures of runs and of sweeps; input is grey. Up to eight colours can be
distinguished with any colour vision. Up to three populations share axes, each of more has a row of its own. Of a large
network the same fraction of the cells of every population is drawn as dots, evenly spread, and the foot of the figure
gives this fraction. Input (the spikes of the stimulus' sources, see `recording.sources`) is drawn below the cells, with
a rate of its own.

| figure | what it shows | only if there is |
|---|---|---|
"""
_HEAD = """| metric | unit | what it is | how it is computed | source |
|---|---|---|---|---|
"""


def pages() -> dict[str, str]:
    """File name -> text."""
    return {"settings.md": settings_page(), "metrics.md": metrics_page()}


def settings_page() -> str:
    """Every group, option and key with its default, unit and meaning."""
    chosen = default_choices()
    parts = [_SETTINGS, _own_keys()]
    for group, known in options().items():
        parts.append(f"## {group}\n\n{_sentence(GROUPS[group])} Default: {_code(chosen.get(group) or 'none')}.\n")
        parts += [_option(group, name, option.about) for name, option in known.items()]
    return "\n".join(parts)


def metrics_page() -> str:
    """Every metric with its unit, definition and source, and every figure."""
    known = metric_definitions()
    parts = [_METRICS, _metrics([name for name, metric in known.items() if not metric.on_request]), _ON_REQUEST]
    for word, names in requests().items():
        library = next((known[name].library for name in names if known[name].library), "")
        needs = f"They need a package: `pip install 'varesearch[{library}]'`.\n\n" if library else ""
        parts.append(f"\n### {word}\n\n{needs}{_metrics(names)}")
    parts.append(_FIGURES)
    parts += [_row(_code(name), figure.what, _condition(figure)) for name, figure in figure_definitions().items()]
    return "".join(parts)


def _condition(figure: type[FigureDefinition]) -> str:
    """What must be so for a run to have the figure; "" if every run has it."""
    asked = [f"`analysis.further=[{figure.on_request}]`"] if figure.on_request else []
    return ", ".join(asked + ([figure.needs] if figure.needs else []))


def _metrics(names: Iterable[str]) -> str:
    known = metric_definitions()
    rows = (
        _row(_code(name), metric.unit, metric.what, _marked(metric.how), metric.source)
        for name, metric in ((name, known[name]) for name in names)
    )
    return _HEAD + "".join(rows)


def _own_keys() -> str:
    rows = [
        _row(_code(field.name), _code(written(default_of(field))), field.metadata["what"])
        for field in fields(Config)
        if "what" in field.metadata
    ]
    return "## Keys of no group\n\n| key | default | meaning |\n|---|---|---|\n" + "".join(rows)


def _option(group: str, name: str, about: str) -> str:
    composed = compose([f"{group}={name}"])
    head = f"### {group}={name}\n\n{_sentence(about)}\n"
    if group == "experiment":
        rows = [_row(_code(key), _code(value)) for key, value in changes(composed.resolved, compose().resolved)]
        return f"{head}\n| changes | to |\n|---|---|\n{''.join(rows)}"
    settings = getattr(composed.config, group)
    listed = keys(composed, group)
    if not listed:
        return f"{head}\nIt has no keys.\n"
    text = details(settings)
    about_it = f"\n```text\n{text}\n```\n" if text else ""
    rows = [_row(_code(key.name), _code(key.value), key.unit, key.sense, key.what) for key in listed]
    return f"{head}{about_it}\n| key | default | unit | plausible | meaning |\n|---|---|---|---|---|\n{''.join(rows)}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}."


def _marked(text: str) -> str:
    """The text with the names of settings and of metrics on request as code; other metrics are also plain words."""
    names = (name for word in requests().values() for name in word)
    return re.sub(rf"\b(?:(?:analysis|recording)\.\w+|{'|'.join(names)})\b", lambda found: _code(found.group()), text)


def _code(text: str) -> str:
    return f"`{text}`"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |\n"
