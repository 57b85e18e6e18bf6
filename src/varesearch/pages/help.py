"""The pages of ``--help``, generated from the option files and the classes of the settings."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from varesearch import __version__
from varesearch.config.cell import Cell
from varesearch.config.errors import ConfigurationError
from varesearch.config.options import GROUPS, Option, check_config_dir, options
from varesearch.config.plain import is_nested, single_settings
from varesearch.config.plausibility import plausible_range
from varesearch.config.settings import UnitOfCell, unit_of
from varesearch.config.wording import did_you_mean, echoed, written
from varesearch.pages.layout import columns, paragraph, shell_lines

if TYPE_CHECKING:
    from varesearch.config.compose import Composed
    from varesearch.metrics import MetricDefinition

EXAMPLES: tuple[tuple[str, str], ...] = (
    ("run", "the seed network on Brian2, with figures and a record in MLflow"),
    ("run experiment=va_coba seed=2", "a preset with another seed"),
    ("run cell=if_curr_exp connectivity.n=4000 connectivity.delay_ms=1", "another cell, a larger network"),
    (
        "run connectivity=distance_dependent 'connectivity.delay_ms={distribution: uniform, low: 1, high: 5}'",
        "connections that depend on distance, drawn delays",
    ),
    ("sweep cell=izhikevich,if_cond_exp 'seed=range(5)' launcher=local", "a sweep of ten runs, several at a time"),
    ("run stimulus=background_poisson stimulus.rate_hz=20 dry_run=true", "show what would be run, without running it"),
)
"""The arguments of ``varesearch``, and what they do."""

_COMMAND = "varesearch"
_RESULTS = {"metrics": "computed for each population", "figures": "drawn for every run"}
"""Topics of --help that are not groups of settings."""
_IN_BRACKETS = "In brackets: the plausible range. A value outside is accepted with a warning."


def help_page(
    topics: Sequence[str], config_dir: Path | None = None, commands: Callable[[], Iterable[tuple[str, str]]] = tuple
) -> str:
    """Return the overview, or a page for each topic: ``GROUP``, or ``GROUP=OPTION`` with every key of that option.

    ``commands`` returns the commands that the overview lists, each with what it does.

    Raises ConfigurationError for a topic that does not exist.
    """
    if config_dir is not None:
        check_config_dir(config_dir)
    known = options(config_dir)
    if not topics:
        return _overview(known, commands())
    return "\n\n".join(_topic(topic, topics, known, config_dir) for topic in topics)


def _overview(known: Mapping[str, Mapping[str, Option]], commands: Iterable[tuple[str, str]]) -> str:
    from varesearch.config.schema import Config

    defaults = default_choices()
    parts = [
        paragraph(f"varesearch {__version__}: simulate a spiking network on any simulator, analyse and keep the run."),
        columns(
            [
                (
                    f"{_COMMAND} run [GROUP=OPTION ...] [KEY=VALUE ...]",
                    "one simulation, with defaults for the rest",
                ),
                (f"{_COMMAND} sweep KEY=VALUE,VALUE ...", "a sweep: one run for every combination of values"),
                (f"{_COMMAND} COMMAND --help", "what a command does, and its flags"),
                (f"{_COMMAND} --help GROUP=OPTION", "every key of an option: default, unit, meaning"),
                (f"{_COMMAND} --help metrics", "what is computed for every run; --help figures: what is drawn"),
                (f"{_COMMAND} --backends", "the simulators: version, cells, whether usable here"),
                (
                    f"{_COMMAND} --config-dir DIR ...",
                    "options and parts of your own: DIR/GROUP/OPTION.yaml, DIR/NAME.py",
                ),
                (f"{_COMMAND} --version", "the version"),
            ]
        ),
        f"COMMANDS (without one, the arguments are those of run)\n{columns(commands)}",
        "GROUPS AND THEIR OPTIONS (*: the default)",
    ]
    for group, about in GROUPS.items():
        rows = [
            (f"{name} *" if defaults.get(group) == name else name, option.about)
            for name, option in known[group].items()
        ]
        parts.append(f"{group}: {about}\n{columns(rows)}")
    own = [(f"{f.name}={written(default_of(f))}", f.metadata["what"]) for f in fields(Config) if "what" in f.metadata]
    parts.append(f"KEYS WITHOUT A GROUP\n{columns(own)}")
    examples = "\n".join(f"  # {what}\n{shell_lines(f'{_COMMAND} {words}'.rstrip())}" for words, what in EXAMPLES)
    parts.append(f"EXAMPLES\n{examples}")
    parts.append(
        paragraph(
            "A value that is drawn for each cell or synapse is written {distribution: NAME, ...}: uniform (low, high), "
            "normal (mean, std), lognormal (mean, std), exponential (mean); the last three also take low and high, "
            "which truncate them. Parameters and initial values of cells may also be {expression: TEXT} over the "
            "cell's other values and over cell.draws. Times are multiples of simulation.dt_ms. Weights are "
            "magnitudes; the projection "
            "gives the sign."
        )
    )
    parts.append(
        paragraph("Exit codes: 0 done, 1 the run failed, 2 bad input (nothing was written), 130 Ctrl-C, 143 SIGTERM.")
    )
    return "\n\n".join(parts)


def _topic(
    topic: str, beside: Sequence[str], known: Mapping[str, Mapping[str, Option]], config_dir: Path | None
) -> str:
    if topic in _RESULTS:
        return _results(topic, config_dir)
    group, equals, name = topic.partition("=")
    if group not in known:
        topics = (*known, *_RESULTS)
        raise ConfigurationError(
            f"--help {echoed(topic)}: no such group; choose one of {', '.join(topics)}{did_you_mean(group, topics)}"
        )
    if not equals:
        rows = [(option.name, option.about) for option in known[group].values()]
        return f"{group}: {GROUPS[group]}\n{columns(rows)}\n\nEvery key: {_COMMAND} --help {group}=OPTION"
    from varesearch.config.compose import compose

    # Units and ranges may depend on the cell.
    cell = [word for word in beside if word.startswith("cell=") and group not in ("cell", "experiment")]
    composed = compose([*cell[:1], topic], config_dir)
    head = paragraph(f"{topic}: {known[group][name].about}")
    if group == "experiment":
        return f"{head}\n{columns(changes(composed.resolved, compose([], config_dir).resolved))}"
    about = "\n\n".join(map(paragraph, details(getattr(composed.config, group)).split("\n\n")))
    listed = keys(composed, group)
    rows = [
        (f"{key.name}={key.value} {key.unit}".rstrip(), f"{key.what} [{key.sense}]" if key.sense else key.what)
        for key in listed
    ]
    note = paragraph(_IN_BRACKETS) if any(key.sense for key in listed) else ""
    return "\n\n".join(filter(None, (head, about, columns(rows), note)))


def _results(topic: str, config_dir: Path | None) -> str:
    """Return the page on what is computed or drawn for every run, which no setting chooses."""
    if topic == "metrics":
        from varesearch.metrics import metric_definitions, requests

        known = metric_definitions(config_dir)

        def listed(names: Iterable[str]) -> str:
            rows = [
                (f"{name} {known[name].unit}".rstrip(), f"{known[name].what}: {known[name].how}{_cited(known[name])}")
                for name in names
            ]
            return columns(rows)

        always = [name for name, metric in known.items() if not metric.on_request]
        asked = [
            f"only with analysis.further=[{word}]\n{listed(names)}" for word, names in requests(config_dir).items()
        ]
        return "\n\n".join([f"{topic}: {_RESULTS[topic]}\n{listed(always)}", *asked])
    from varesearch.plots import figure_definitions

    rows = [
        (name, figure.what + (f" (only with analysis.further=[{figure.on_request}])" if figure.on_request else ""))
        for name, figure in figure_definitions(config_dir).items()
    ]
    return f"{topic}: {_RESULTS[topic]}\n{columns(rows)}"


def _cited(metric: "type[MetricDefinition]") -> str:
    return f" ({metric.source})" if metric.source else ""


def details(settings: Any) -> str:
    """Return the docstring of a settings class without its first line: equations, sources; what a cell can record."""
    rest = (inspect.getdoc(type(settings)) or "").partition("\n")[2].strip()
    rest = rest.replace("``", "").replace(":class:", "").replace(":mod:", "")
    if not isinstance(settings, Cell):
        return rest
    signals = [f"{name} ({unit})" if unit else name for name, unit in settings.recordables().items()]
    return f"{rest}\n\nrecording.signals takes {', '.join(signals)}.".strip()


@dataclass(frozen=True)
class Key:
    """A setting: its ``name`` and its ``value`` as written on the command line, and its ``unit`` (or "").

    ``what`` is its meaning in one line, ``sense`` its plausible range ("" if there is none).
    """

    name: str
    value: str
    unit: str
    what: str
    sense: str = ""


def keys(composed: "Composed", group: str) -> list[Key]:
    """Return the settings of the chosen option of a group; a unit that follows the cell is that of the chosen cell."""
    settings = getattr(composed.config, group)
    return _keys(settings, composed.resolved[group], f"{group}.", composed.config.cell) if is_nested(settings) else []


def _keys(settings: Any, resolved: Mapping[str, Any], prefix: str, cell: Cell) -> list[Key]:
    found: list[Key] = []
    for field in fields(settings):
        value = getattr(settings, field.name)
        if is_nested(value):
            found += _keys(value, resolved[field.name], f"{prefix}{field.name}.", cell)
        elif "what" in field.metadata:
            what = field.metadata["what"]
            if isinstance(field.metadata["unit"], UnitOfCell):
                what += f" (unit and range of cell={cell.model})"
            unit = unit_of(settings, field.name, cell)
            sense = plausible_range(settings, field.name, cell)
            found.append(
                Key(f"{prefix}{field.name}", written(resolved[field.name]), unit, what, str(sense) if sense else "")
            )
    return found


def changes(preset: Mapping[str, Any], default: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the settings that a preset changes from the default run, with their values."""
    before = dict(single_settings(default))
    return [(key, written(value)) for key, value in single_settings(preset) if value != before.get(key)]


def default_of(declared: Field[Any]) -> Any:
    """Return the default of a field of settings, also of one that is a mapping or a list."""
    return declared.default if declared.default_factory is MISSING else declared.default_factory()


def default_choices() -> dict[str, str]:
    """Return the default option of each group, from ``config.yaml``."""
    import yaml

    from varesearch.config.options import conf_folder

    defaults = yaml.safe_load((conf_folder() / "config.yaml").read_text(encoding="utf-8"))["defaults"]
    return {group: name for entry in defaults if isinstance(entry, dict) for group, name in entry.items()}
