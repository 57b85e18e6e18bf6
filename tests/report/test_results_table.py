"""The results table: what its columns hold, and that both files give it back."""

import csv
import math
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outcomes_of import BASE, outcomes

from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.sweeps.jobs import Job, Outcome
from varesearch.sweeps.table import STATE_COLUMNS, heading, read_table, results_table, units_of, write_table


def test_one_row_a_child_in_the_order_of_the_sweep() -> None:
    table = results_table(outcomes({"cell": ["izhikevich", "if_cond_exp"], "seed": range(3)}, failed=[4]))
    assert list(table.frame.columns)[:2] == ["cell", "seed"]
    assert tuple(table.frame.columns)[-len(STATE_COLUMNS) :] == STATE_COLUMNS
    assert table.values("cell") == ["izhikevich"] * 3 + ["if_cond_exp"] * 3
    assert table.values("seed") == [0, 1, 2, 0, 1, 2]
    assert table.numbers("exc.rate_hz")[5] == 5.0
    assert math.isnan(table.numbers("exc.rate_hz")[4])
    assert table.finished.tolist() == [True, True, True, True, False, True]
    assert table.values("reason")[4] == "killed by SIGSEGV"


def test_a_child_that_was_never_begun_has_a_row_without_a_run() -> None:
    job = Job(0, ("seed=1",), BASE, {"seed": 1}, "identity")
    table = results_table([Outcome(job, "SKIPPED"), *outcomes({"seed": [2]})])
    assert table.values("run_id")[0] is None and table.values("status")[0] == "SKIPPED"


def test_units_come_from_the_schema_and_stand_in_the_heads_of_the_csv(tmp_path: Path) -> None:
    axes = {"cell.d": [2.0, 8.0], "connectivity.delay_ms": [1.0, 2.0], "connectivity.p": [0.1], "cell": ["izhikevich"]}
    table = results_table(outcomes(axes))
    assert table.varied == {"cell.d": "mV/ms", "connectivity.delay_ms": "ms", "connectivity.p": "", "cell": ""}
    write_table(table, tmp_path)
    with (tmp_path / "results.csv").open(newline="") as file:
        heads = next(csv.reader(file))
    assert heads[:4] == ["cell.d [mV/ms]", "connectivity.delay_ms", "connectivity.p", "cell"]


def test_mixed_values_are_text_as_on_the_command_line() -> None:
    drawn = {"distribution": "uniform", "low": 1.0, "high": 5.0}
    table = results_table(outcomes({"connectivity.delay_ms": [2.0, drawn], "recording.cells": [None, 10]}))
    assert table.values("connectivity.delay_ms")[0] == "2"
    assert table.values("connectivity.delay_ms")[2] == "{distribution: uniform, low: 1, high: 5}"
    assert table.values("recording.cells") == ["null", "10", "null", "10"]


@given(
    levels=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=4, unique=True),
    names=st.lists(st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1), min_size=1, max_size=3),
    failed=st.sets(st.integers(0, 11)),
)
def test_parquet_gives_the_table_back(
    levels: list[float], names: list[str], failed: set[int], tmp_path_factory
) -> None:
    folder = tmp_path_factory.mktemp("table")
    table = results_table(outcomes({"connectivity.p": levels, "cell": names}, failed=failed))
    write_table(table, folder)
    again = read_table(folder)
    assert (again.varied, again.metrics) == (table.varied, table.metrics)
    pd.testing.assert_frame_equal(again.frame, table.frame, check_exact=True)


def test_the_csv_holds_the_same_numbers_to_the_last_bit(tmp_path: Path) -> None:
    table = results_table(outcomes({"connectivity.p": [0.1 + 0.2, 1 / 3], "seed": range(2)}, failed=[3]))
    csv_file, parquet_file = write_table(table, tmp_path)
    again = pd.read_csv(csv_file)
    assert again["connectivity.p"].tolist() == table.values("connectivity.p")
    assert again["exc.cv_isi"].tolist()[:3] == table.numbers("exc.cv_isi").tolist()[:3]
    assert pq.read_table(parquet_file).column_names == list(table.frame.columns)


def test_no_table_and_no_children_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="without children"):
        results_table([])
    with pytest.raises(ConfigurationError, match=r"holds no results of a sweep"):
        read_table(tmp_path)
    (tmp_path / "results.parquet").write_bytes(b"torn")
    with pytest.raises(ConfigurationError, match=r"holds no results of a sweep"):
        read_table(tmp_path)


def test_units_of_a_key_that_carries_its_own() -> None:
    assert units_of(BASE.config, ["simulation.dt_ms", "seed"]) == {"simulation.dt_ms": "ms", "seed": ""}
    assert [heading("simulation.dt_ms", "ms"), heading("cell.d", "mV/ms")] == ["simulation.dt_ms", "cell.d [mV/ms]"]


def test_a_unit_that_follows_the_cell_is_the_cells_own_and_none_where_cells_differ() -> None:
    for cell, unit in (("izhikevich", "mV/ms"), ("izhikevich_delta", "mV"), ("if_cond_exp", "µS")):
        config = compose([f"cell={cell}", "stimulus=background_poisson"]).config
        keys = ["connectivity.inh_to_exc.weight", "connectivity.weight_exc", "stimulus.weight"]
        assert units_of(config, keys) == dict.fromkeys(keys, unit)
    assert units_of(compose(["stimulus=step_current"]).config, ["stimulus.amplitude"]) == {
        "stimulus.amplitude": "mV/ms"
    }
    cells = [compose([f"cell={name}"]) for name in ("izhikevich", "if_cond_exp")]
    varied = [{"cell": base.config.cell.model, "connectivity.weight_exc": 1.0} for base in cells]
    jobs = [Job(k, (), base, values, f"{k}") for k, (base, values) in enumerate(zip(cells, varied, strict=True))]
    assert results_table([Outcome(job, "FINISHED") for job in jobs]).varied["connectivity.weight_exc"] == ""
