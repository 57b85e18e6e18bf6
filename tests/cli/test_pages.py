"""What is printed instead of running: help, the back ends, a dry run."""

import re
import shlex

import pytest
import yaml
from outcomes import Command

from varesearch import __version__
from varesearch.backends import backends
from varesearch.backends.check import checked_backend
from varesearch.config.cell import Cell
from varesearch.config.compose import compose
from varesearch.config.options import options
from varesearch.config.parts import parts
from varesearch.config.validation import validate
from varesearch.config.wording import written
from varesearch.network import draw
from varesearch.pages.help import EXAMPLES, help_page
from varesearch.sweeps.command import prepare


def test_help_names_every_option_with_a_line_on_each(command: Command) -> None:
    outcome = command(["--help"])
    assert (outcome.code, outcome.err, outcome.files) == (0, "", [])
    rows = [line.split() for line in outcome.out.splitlines()]
    for group, names in options().items():
        assert any(row[:1] == [f"{group}:"] for row in rows)
        for name, option in names.items():
            assert option.about, f"{group}={name} has no line"
            first_words = option.about.split()[:2]
            assert [name, *first_words] in [[word for word in row if word != "*"][:3] for row in rows]


def test_help_marks_the_defaults(command: Command) -> None:
    starred = [line.split()[0] for line in command(["-h"]).out.splitlines() if line.split()[1:2] == ["*"]]
    choices = compose().choices
    assert starred == [option for option in choices.values() if option is not None]


WORDS = [["--help"], ["--backends"], ["dry_run=true"], ["dry_run=true", "experiment=va_coba"]]
WORDS += [["--help", f"{group}={name}"] for group, names in options().items() for name in names]


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_every_page_fits_a_terminal_of_80_columns(
    command: Command, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    printed = command(words).out.splitlines()
    # Settings, as they are written, and equations are not broken.
    assert [line for line in printed if len(line) > 80 and not re.match(r" *[a-z_.]+[=:] ?", line)] == []
    monkeypatch.setenv("COLUMNS", "120")
    wider = command(words).out.splitlines()
    assert " ".join(" ".join(wider).split()).replace("# ", "").replace("\\ ", "") == (
        " ".join(" ".join(printed).split()).replace("# ", "").replace("\\ ", "")
    )


def test_a_page_for_no_terminal_is_80_columns_wide(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    expected = command(["--help"]).out
    monkeypatch.delenv("COLUMNS")
    assert command(["--help"]).out == expected


def test_each_example_is_shown_and_can_be_run(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    shown = command(["--help"]).out
    for words, what in EXAMPLES:
        assert f"  # {what}\n  varesearch {words}\n" in shown
        name, *given = shlex.split(words)
        if name == "sweep":
            assert len(prepare(given).jobs) > 1
            continue
        config = compose(given).config
        validate(config)
        checked_backend(config)


@pytest.mark.parametrize("group", options())
def test_the_page_of_an_option_has_its_keys_with_default_and_unit(command: Command, group: str) -> None:
    assert set(options()[group]) <= set(command(["--help", group]).out.split())
    for name in options()[group]:
        outcome = command(["--help", f"{group}={name}"])
        assert outcome.code == 0 and outcome.out.startswith(f"{group}={name}: ")


def test_the_page_of_a_cell(command: Command) -> None:
    lines = [" ".join(line.split()) for line in command(["--help", "cell=if_cond_exp"]).out.splitlines()]
    assert "cell.e_rev_I=-80 mV inhibitory reversal potential [-200 to 200]" in lines
    assert "cell.weight_exc=0.004 µS default excitatory weight [0 to 3]" in lines
    assert "In brackets: the plausible range. A value outside is accepted with a warning." in lines


def test_the_page_of_a_preset_says_what_it_changes(command: Command) -> None:
    rows = [line.split() for line in command(["--help", "experiment=va_coba"]).out.splitlines()]
    assert ["connectivity.n", "4000"] in rows and ["simulation.dt_ms", "0.1"] in rows
    assert not any(row[:1] == ["connectivity.p"] for row in rows)


def test_back_ends_are_listed_with_version_cells_and_state(command: Command) -> None:
    outcome = command(["--backends"])
    assert (outcome.code, outcome.err, outcome.files) == (0, "", [])
    for name, backend in backends().items():
        available = backend.availability()
        state = "usable here" if available.usable else f"not usable here: {available.reason}"
        assert f"{name} {available.version}".strip() + f": {state}" in outcome.out
        entry = outcome.out.partition(f"{name} ")[2].partition("\n\n")[0]
        for model, cell in parts(Cell).items():
            integrators = backend.integrators(cell)
            listed = " ".join([model, ", ".join(integrators)]) in " ".join(entry.split())
            assert listed if integrators else model not in entry.split()


def test_a_back_end_that_is_not_installed_is_said(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from varesearch.backends.base import Availability

    missing = Availability(False, "", "brian2 is not installed: pip install brian2")
    monkeypatch.setattr(backends()["brian2"], "availability", classmethod(lambda cls: missing))
    assert "brian2: not usable here: brian2 is not installed: pip install brian2" in command(["--backends"]).out
    outcome = command([])
    assert outcome.code == 2 and "backend=brian2 is not usable here: brian2 is not installed" in outcome.err
    assert outcome.files == []


def test_version(command: Command) -> None:
    outcome = command(["--version"])
    assert (outcome.code, outcome.out) == (0, f"varesearch {__version__}\n")


def test_a_dry_run_prints_the_resolved_configuration_and_what_would_be_built(command: Command) -> None:
    words = ["experiment=seed_izhikevich", "seed=3", "dry_run=true"]
    outcome = command(words)
    assert (outcome.code, outcome.err, outcome.files) == (0, "", [])
    composed = compose(words)
    assert yaml.safe_load(outcome.out) == composed.resolved
    comments = " ".join(line.lstrip("#") for line in outcome.out.splitlines() if line.startswith("#"))
    assert "1,500 (exc 1,200, inh 300)" in comments
    assert "1,000 of 1 ms" in comments
    expected = int(" ".join(comments.split()).partition("synapses about ")[2].split()[0].replace(",", ""))
    assert draw(composed.config).n_synapses == pytest.approx(expected, rel=0.02)


def test_a_dry_runs_yaml_is_a_configuration_again(command: Command) -> None:
    """What is printed can be given back key by key, and is then the same configuration."""
    resolved = yaml.safe_load(command(["experiment=va_cuba", "dry_run=true"]).out)
    words = ["cell=if_curr_exp"]
    for group in ("cell", "connectivity", "stimulus", "simulation", "recording", "analysis", "tracking"):
        words += [f"{group}.{key}={written(value)}" for key, value in resolved[group].items()]
    assert compose(words).config == compose(["experiment=va_cuba"]).config


@pytest.mark.parametrize(
    ("cell", "weight", "current"), [("izhikevich", "0.1 mV/ms", "mV/ms"), ("if_cond_exp", "0.1 µS", "nA")]
)
def test_a_unit_that_follows_the_cell_is_that_of_the_cell(cell: str, weight: str, current: str) -> None:
    page = help_page(
        [f"cell={cell}", "stimulus=thalamic_burst", "stimulus=step_current", "connectivity=fixed_probability"]
    )
    assert f"stimulus.weight={weight}" in page
    assert f"stimulus.amplitude=1 {current}" in page
    assert f"connectivity.inh_to_exc.weight=null {weight.split()[1]}" in page
