"""Quantities out of any sense: a line on the terminal, in the log and in the record; nothing for what is usual."""

import shlex
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from option_words import choosing
from outcomes import Command

from varesearch.config.cell import Cell
from varesearch.config.compose import compose
from varesearch.config.options import options, schemas
from varesearch.config.parts import parts
from varesearch.config.plausibility import doubts, plausible_range
from varesearch.config.ranges import Range
from varesearch.config.schema import Config
from varesearch.config.settings import UnitOfCell
from varesearch.config.validation import validate
from varesearch.config.values import Constant
from varesearch.pages.help import EXAMPLES
from varesearch.tracking import runs

TOP = Path(__file__).parents[2]

# The words on the command line | the settings in doubt | what may have been meant.
TABLE = """
cell=if_curr_exp cell.i_offset=700 | cell.i_offset=700 nA | 0.7
cell=if_curr_exp cell.i_offset=-250 | cell.i_offset=-250 nA | -0.25
cell.v_init=1e15 | cell.v_init=1e+15 mV |
cell=if_cond_exp cell.tau_syn_E=0.005 | cell.tau_syn_E=0.005 ms | 5
cell=if_cond_exp cell.tau_m=0.02 | cell.tau_m=0.02 ms | 20
cell=if_cond_exp cell.cm=200 | cell.cm=200 nF | 0.2
cell=if_cond_exp cell.cm=2e-10 | cell.cm=2e-10 nF | 0.2
cell=if_cond_exp cell.v_rest=-0.06 | cell.v_rest=-0.06 mV | -60
cell=if_cond_exp cell.weight_exc=4 | cell.weight_exc=4 µS | 0.004
cell=if_cond_exp cell.weight_exc=4e-9 | cell.weight_exc=4e-09 µS | 0.004
cell=if_curr_exp connectivity.weight_inh=90 | connectivity.weight_inh=90 nA | 0.09
cell=if_cond_exp connectivity.inh_to_exc.weight=51 | connectivity.inh_to_exc.weight=51 µS | 0.051
cell=if_curr_exp stimulus.weight=100 | stimulus.weight=100 nA | 0.1
cell=if_curr_exp stimulus=step_current stimulus.amplitude=500 | stimulus.amplitude=500 nA | 0.5
connectivity.delay_ms={distribution:uniform,low:2000,high:5000} | delay_ms.low=2000 ms; delay_ms.high=5000 ms | 2; 5
cell.v_init={distribution:normal,mean:-65000,std:1} | cell.v_init.mean=-65000 mV | -65
cell=if_curr_exp cell.weight_exc={distribution:lognormal,mean:16.2,std:3} | cell.weight_exc.mean=16.2 nA | 0.0162
connectivity.exc_inh_ratio=400 connectivity.n=3000 | connectivity.exc_inh_ratio=400 | 0.4
"""

ROWS = [[part.strip() for part in row.split("|")] for row in TABLE.strip().splitlines()]


def texts(words: str, config_dir: Path | None = None) -> list[str]:
    config = compose(shlex.split(words), config_dir).config
    validate(config)
    return [doubt.text for doubt in doubts(config)]


@pytest.mark.parametrize(("words", "named", "meant"), ROWS, ids=[row[0] for row in ROWS])
def test_a_slip_of_the_unit_is_told_with_what_may_have_been_meant(words: str, named: str, meant: str) -> None:
    lines = texts(words)
    wanted = zip(named.split("; "), meant.split("; "), strict=True)
    for line, (setting, value) in zip(lines, wanted, strict=True):
        assert setting in line and "\n" not in line
        assert line.partition("did you mean ")[2] == (f"{value}?" if value else "")


def test_no_option_preset_or_study_is_in_doubt() -> None:
    chosen = [f"{group}={name}" for group, names in options().items() for name in names]
    spoken = {option: texts(shlex.join(choosing(option))) for option in chosen}
    for folder in TOP.glob("experiments/*/conf"):
        for path in folder.glob("experiment/*.yaml"):
            spoken[str(path)] = texts(f"experiment={path.stem}", folder)
    for words, _ in EXAMPLES:
        name, _, settings = words.partition(" ")
        if name == "run":
            spoken[words] = texts(settings)
    assert len(spoken) > 60 and {words: lines for words, lines in spoken.items() if lines} == {}


def test_an_expression_that_no_population_takes_from_the_group_is_judged_where_it_is_used() -> None:
    words = "'cell.u_init={expression: b*v_init}' populations.exc.cell.a=0.03 populations.inh.cell.a=0.1 "
    assert texts(words) == []
    high, low = texts(words + "cell.v_init=-65 populations.inh.cell.b=19 populations.exc.cell.b=18")
    assert high.startswith("populations.exc.cell.u_init=-1170") and low.startswith("populations.inh.cell.u_init=-1235")


def settings_of(schema: Any) -> list[tuple[str, Any]]:
    """(name, field) of every setting of a schema and of its parts."""
    found = []
    for field in fields(schema):
        value = getattr(schema, field.name, None)
        found += settings_of(value) if is_dataclass(value) else [(f"{type(schema).__name__}.{field.name}", field)]
    return found


def test_every_quantity_with_a_unit_has_its_range() -> None:
    config = Config()
    known = [option() for group in schemas().values() for option in group.values()]
    known += [getattr(config, name) for name in ("simulation", "recording", "analysis")]
    for schema in known:
        for name, field in settings_of(schema):
            unit, metadata = field.metadata.get("unit", ""), field.metadata
            if isinstance(unit, UnitOfCell):
                assert (
                    all(plausible_range(schema, field.name, cell()) for cell in parts(Cell).values())
                    or "Projection" in name
                )
            elif unit and field.name not in (
                "n",
                "n_sources",
                "cells",
                "threads",
                "neurons_per_core",
                "probe_timeout_s",
                "times_ms",
                "starts_ms",
            ):
                assert isinstance(metadata.get("plausible"), Range), name


@pytest.mark.parametrize("factor", [1e-6, 1e-3, 1e3, 1e6])
@pytest.mark.parametrize("cell", schemas()["cell"])
def test_every_default_in_another_unit_is_guessed_or_still_makes_sense(cell: str, factor: float) -> None:
    config = compose([f"cell={cell}"]).config
    judged = 0
    for field in fields(config.cell):
        usual = getattr(config.cell, field.name)
        usual = usual.number if isinstance(usual, Constant) else usual
        sense = field.metadata.get("plausible")
        if not isinstance(usual, float) or not usual or sense is None:
            continue
        slip = replace(config, cell=replace(config.cell, **{field.name: usual * factor}))
        lines = [doubt.text for doubt in doubts(slip) if doubt.setting == f"cell.{field.name}"]
        assert len(lines) == (not sense.holds(usual * factor))
        assert all(line.endswith(f"did you mean {usual:.12g}?") for line in lines)
        judged += len(lines)
    assert judged > 3


def test_a_run_warns_on_the_terminal_in_its_log_and_in_its_record(command: Command) -> None:
    words = ["cell=if_curr_exp", "cell.i_offset=700", "connectivity.n=10", "simulation.duration_ms=20"]
    words += ["analysis.warmup_ms=0", "analysis.fano_window_ms=5", "tracking.run_name=doubtful"]
    line = "cell.i_offset=700 nA is outside the plausible range (-20 to 20 nA); did you mean 0.7?"
    outcome = command(words)
    assert outcome.code == 0
    assert outcome.err == f"varesearch: WARNING: {line}\n"
    (run,) = runs()
    assert run.tags["varesearch.warnings"] == line
    assert run.folder is not None
    assert f"WARNING varesearch.runner: {line}" in (run.folder / "run.log").read_text()


def test_a_dry_run_warns_beside_its_page(command: Command) -> None:
    outcome = command(["cell=if_cond_exp", "cell.weight_exc=4", "dry_run=true"])
    assert outcome.code == 0 and "WARNING" not in outcome.out
    assert outcome.err.count("\n") == 1 and "did you mean 0.004?" in outcome.err


def test_a_sweep_warns_once_of_each_setting(command: Command) -> None:
    words = ["-m", "cell=if_curr_exp", "cell.i_offset=0.5,500,600", "seed=1,2", "stimulus.weight=100", "dry_run=true"]
    lines = command(words).err.splitlines()
    assert [line.partition(" is ")[0] for line in lines] == [
        "varesearch: WARNING: stimulus.weight=100 nA",
        "varesearch: WARNING: cell.i_offset=500 nA",
    ]
    assert lines[0].endswith("(in 6 of 6 runs)") and lines[1].endswith("did you mean 0.5? (in 4 of 6 runs)")
