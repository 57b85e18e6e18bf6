"""Synapses from files: every form gives the same network, and what cannot be a synapse is one line with its row."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from varesearch.backends.check import checked_backend
from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.files import input_files
from varesearch.config.projection import Given, ProjectionSettings
from varesearch.config.schema import Config
from varesearch.config.validation import validate
from varesearch.model.rules.from_file import FromFile
from varesearch.network import draw, estimate
from varesearch.network.model import Network

ROWS = [(0, 1, 0.5, 2.0), (7, 3, 1.25, 3.0), (0, 1, 0.5, 1.0), (2, 0, 0.0, 6.0), (0, 1, 0.25, 2.0)]
COLUMNS = ("source", "target", "weight", "delay_ms")


def csv_file(path: Path, rows: list[tuple[float, ...]], columns: tuple[str, ...] = COLUMNS) -> Path:
    path = path.with_suffix(".csv")
    path.write_text("\n".join([",".join(columns), *(",".join(map(repr, row)) for row in rows)]) + "\n")
    return path


def npz_file(path: Path, rows: list[tuple[float, ...]], columns: tuple[str, ...] = COLUMNS) -> Path:
    path = path.with_suffix(".npz")
    arrays = {name: np.array([row[k] for row in rows]) for k, name in enumerate(columns)}
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


def sonata_file(path: Path, rows: list[tuple[float, ...]], columns: tuple[str, ...] = COLUMNS) -> Path:
    """Written by h5py after SONATA's specification, read by libsonata."""
    import h5py

    path = path.with_suffix(".h5")
    with h5py.File(path, "w") as file:
        edges = file.create_group("edges/a_to_b")
        values = {name: np.array([row[k] for row in rows]) for k, name in enumerate(columns)}
        for end in ("source", "target"):
            edges[f"{end}_node_id"] = values[end].astype(np.uint64)
            edges[f"{end}_node_id"].attrs["node_population"] = end
        edges["edge_type_id"] = np.zeros(len(rows), dtype=np.int64)
        for ours, theirs in (("weight", "syn_weight"), ("delay_ms", "delay")):
            if ours in values:
                edges[f"0/{theirs}"] = values[ours]
        edges.require_group("0")
    return path


FORMS = pytest.mark.parametrize("form", [csv_file, npz_file, sonata_file])
Form = Callable[..., Path]


def settings(file: Path | str, edges: str | None = None) -> ProjectionSettings:
    """A projection from 8 cells to 4 whose synapses are in a file."""
    values = {"file": str(file), "edges": edges}
    named = {name: Given(f"connectivity.{name}", value) for name, value in values.items()}
    return ProjectionSettings("a_to_b", "a", "b", 8, 4, "excitatory", named)


def refused(file: Path | str, edges: str | None = None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        FromFile().check_projection(settings(file, edges))
    line = str(caught.value)
    assert line.startswith(f"connectivity.file={file}") and "\n" not in line
    return line.removeprefix(f"connectivity.file={file}")


@FORMS
def test_the_rows_are_the_synapses(form: Form, tmp_path: Path) -> None:
    """Repeated pairs are kept, and the order in the file does not matter."""
    rule, rng = FromFile(), np.random.default_rng(1)
    for rows in (ROWS, ROWS[::-1]):
        projection = settings(form(tmp_path / "list", rows))
        rule.check_projection(projection)
        found = rule.connect(projection, rng)
        assert rule.expected_synapses(projection) == len(ROWS)
        assert found.weights is not None and found.delays_ms is not None
        kept = zip(
            *(each.tolist() for each in (found.sources, found.targets, found.weights, found.delays_ms)), strict=True
        )
        assert list(kept) == sorted(ROWS)


@FORMS
def test_the_values_of_a_list_are_known_before_it_is_read_into_a_network(form: Form, tmp_path: Path) -> None:
    listed = FromFile().listed(settings(form(tmp_path / "list", ROWS)))
    weights = np.array([row[2] for row in ROWS])
    value = listed["weight"].value
    assert (value.lower, value.upper, value.expected) == (0.0, 1.25, pytest.approx(weights.mean()))
    doubled = value.times(2.0)
    assert (doubled.lower, doubled.upper, doubled.expected) == (0.0, 2.5, pytest.approx(2 * weights.mean()))
    assert (value.above(1.0), value.above(1.25), value.below(0.0)) == (1.0, 0.0, 0.0)
    assert listed["delay_ms"].key == "connectivity.file" and str(listed["delay_ms"].value).endswith(" from 1 to 6)")


@FORMS
def test_what_a_file_leaves_out_comes_from_the_settings(form: Form, tmp_path: Path) -> None:
    file = form(tmp_path / "list", [row[:2] for row in ROWS], COLUMNS[:2])
    found = FromFile().connect(settings(file), np.random.default_rng(1))
    assert found.weights is None and found.delays_ms is None
    network = drawn(file, "connectivity.delay_ms=4", "connectivity.weight_exc=0.75")
    assert (network.projections[0].delay_steps == 4).all() and (network.projections[0].weights == 0.75).all()


def composed(file: Path, *words: str) -> Config:
    return compose([f"connectivity.file={file}", "connectivity=from_file", "connectivity.n=40", *words]).config


def drawn(file: Path, *words: str) -> Network:
    config = composed(file, *words)
    validate(config)
    network = draw(config)
    sizes = {each.name: each.size for each in network.projections}
    assert sizes == pytest.approx(estimate(config).synapses, rel=0.9)
    return network


def test_one_file_may_hold_all_projections(tmp_path: Path) -> None:
    arrays = {}
    for k, name in enumerate(("exc_to_exc", "exc_to_inh", "inh_to_exc", "inh_to_inh")):
        arrays |= {f"{name}.source": np.arange(k + 1), f"{name}.target": np.zeros(k + 1, dtype=int)}
    np.savez(tmp_path / "all.npz", **arrays)
    network = drawn(tmp_path / "all.npz")
    assert [each.size for each in network.projections[:4]] == [1, 2, 3, 4]


def test_each_projection_may_have_a_file_of_its_own(tmp_path: Path) -> None:
    common = csv_file(tmp_path / "common", [(0, 0)], COLUMNS[:2])
    own = csv_file(tmp_path / "own", [(3, 1, 9.0), (15, 0, 8.0)], COLUMNS[:3])
    network = drawn(common, f"connectivity.exc_to_inh.file={own}")
    by_name = {each.name: each for each in network.projections}
    assert by_name["exc_to_inh"].weights.tolist() == [9.0, 8.0] and by_name["inh_to_exc"].size == 1


def test_a_delay_below_one_step_is_refused(tmp_path: Path) -> None:
    """In the check before the run, with the row, whatever the settings say of delays."""
    short = csv_file(tmp_path / "short", [(0, 0, 1.0, 2.0), (0, 0, 1.0, 0.2)])
    row = r"^connectivity.file=\S+, line 3: delay_ms=0.2 must be at least one step, simulation.dt_ms=1$"
    with pytest.raises(ConfigurationError, match=row):
        validate(composed(short))
    assert drawn(short, "simulation.dt_ms=0.1").projections[0].delay_steps.tolist() == [2, 20]
    long = csv_file(tmp_path / "long", [(0, 0, 1.0, 1e6)])
    with pytest.raises(
        ConfigurationError, match=r", line 2: delay_ms=1000000 must be at most 100000 steps \(100000 ms\)$"
    ):
        validate(composed(long))


def test_what_a_simulator_cannot_take_of_a_list_is_refused_before_the_run(tmp_path: Path) -> None:
    """NEST's izhikevich takes no delay of one step, SpiNNaker no long delay and no weight beyond its numbers."""
    own = "connectivity.exc_to_exc.file"
    words = ["connectivity=from_file", "connectivity.n=40", "connectivity.delay_ms=3"]
    empty = csv_file(tmp_path / "empty", [])
    for rows, backend, why in (
        ([(0, 0, 1.0, 600.0)], "spinnaker", rf"^{own}=\S+ \(delay_ms from 600 to 600\) can be longer than"),
        ([(0, 0, 1e9, 2.0)], "spinnaker", rf"^{own}=\S+ \(weight from 1e\+09 to 1e\+09\) is beyond what SpiNNaker"),
    ):
        file = csv_file(tmp_path / "list", rows)
        with pytest.raises(ConfigurationError, match=why):
            checked_backend(
                compose([*words, f"connectivity.file={empty}", f"{own}={file}", f"backend={backend}"]).config
            )
    # The settings say nothing of a list that has weights and delays of its own.
    file = csv_file(tmp_path / "list", [(0, 0, 1.0, 2.0)])
    fine = [*words, f"connectivity.file={empty}", f"{own}={file}", "connectivity.exc_to_exc.delay_ms=600"]
    checked_backend(compose([*fine, "backend=spinnaker", "stimulus=none"]).config)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ((8, 0, 1.0, 2.0), "source=8 is not a cell of a; allowed are 0 to 7"),
        ((0, 4, 1.0, 2.0), "target=4 is not a cell of b; allowed are 0 to 3"),
        ((0, 0, -1.0, 2.0), "weight=-1 is negative; weights are magnitudes"),
        ((0, 0, float("inf"), 2.0), "is not a finite number"),
        ((0, 0, 1.0, 0.0), "delay_ms=0 must be greater than 0"),
    ],
)
@FORMS
def test_a_bad_row_is_named(form: Form, row: tuple[float, ...], why: str, tmp_path: Path) -> None:
    file = form(tmp_path / "bad", [*ROWS, row, *ROWS])
    where = {".csv": "line 7", ".npz": "row 5 (the first is 0)", ".h5": "edge 5 (the first is 0)"}[file.suffix]
    line = refused(file)
    assert line.startswith(f", {where}: ") and why in line


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", " has no column source"),
        ("source\n1\n", " has no column target; it needs source and target"),
        ("source,target,delay\n0,1,2\n", " has the column 'delay'; allowed are .*; did you mean delay_ms?"),
        ("source,target,target\n0,1,1\n", " has the column target twice"),
        ("source,target\n0,1\n0,x\n", ", line 3: target='x' is not a finite number"),
        ("source,target\n0,1\n0,\n", ", line 3: target='' is not a finite number"),
        ("source,target,weight\n\n0,1,2\n\n0,1\n", ", line 5: has 2 values; the header names 3"),
        ("source,target\n0,1\n0,1,2\n", ", line 3: has 3 values; the header names 2"),
        ("source,target\n0,1,1\n0,1,2\n", ", line 2: has 3 values; the header names 2"),
        ("source,target\n0,1.5\n", ", line 2: target=1.5 is not a whole number"),
        ("source,target\n-1,0\n", ", line 2: source=-1 is not a cell of a"),
        ("source,target,weight\n0,1,nan\n", ", line 2: weight='nan' is not a finite number"),
        ("source;target\n0;1\n", " has the column 'source;target'; allowed are source, target"),
        ("\ufeffsource , target\n0,9\n", ", line 2: target=9 is not a cell of b"),
    ],
)
def test_a_bad_csv_is_one_line(text: str, why: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(text, encoding="utf-8")
    line = refused(file)
    begin, _, end = why.partition(".*")
    assert line.startswith(begin) and end in line


@pytest.mark.parametrize("name", ["noise.csv", "noise.npz", "noise.h5"])
def test_binary_garbage_is_one_line(name: str, tmp_path: Path) -> None:
    for seed in range(3):
        (tmp_path / name).write_bytes(np.random.default_rng(seed).bytes(3000))
        assert refused(tmp_path / name)


@FORMS
def test_half_a_file_is_one_line_or_a_shorter_list(form: Form, tmp_path: Path) -> None:
    file = form(tmp_path / "whole", ROWS * 50)
    file.write_bytes(file.read_bytes()[:-40])
    if file.suffix == ".csv":
        assert FromFile().expected_synapses(settings(file)) < 250
    else:
        assert refused(file)


def test_arrays_that_are_no_columns_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "arrays.npz"
    ids = np.arange(3)
    for arrays, why in (
        ({"source": ids}, " has no array target"),
        ({"source": ids, "target": ids[:2]}, " array target has 2 values, and source has 3"),
        ({"source": ids, "target": ids[None]}, " array target must be a row of numbers, not int64 of shape (1, 3)"),
        ({"source": ids, "target": np.array(["a", "b", "c"])}, " array target must be a row of numbers"),
        ({"source": ids, "target": ids, "weights": ids}, " has the array 'weights'; allowed are "),
        ({"source": ids, "target": np.array([None] * 3)}, " is no npz file of numbers"),
    ):
        np.savez(file, **arrays)  # type: ignore[arg-type]
        assert refused(file).startswith(why)


def test_edges_are_chosen_by_name(tmp_path: Path) -> None:
    import h5py

    file = sonata_file(tmp_path / "edges", ROWS)
    with h5py.File(file, "a") as data:
        data.copy("edges/a_to_b", data["edges"], "others")
    assert FromFile().expected_synapses(settings(file)) == FromFile().expected_synapses(settings(file, "others")) == 5
    assert (
        refused(file, "nobody")
        == " has no edge population nobody; it has a_to_b, others: name one by connectivity.edges"
    )


def test_a_file_that_is_not_there_or_is_none(tmp_path: Path) -> None:
    assert refused(tmp_path / "missing.csv").startswith(" is not there (looked in ")
    assert refused(tmp_path) == " is a folder; name a file in it"
    assert refused("/dev/zero") == " is no regular file; name one"
    (tmp_path / "list.txt").touch()
    assert refused(tmp_path / "list.txt").startswith(" must end in .csv, .npz, .h5")
    nothing = ProjectionSettings("a_to_b", "a", "b", 8, 4, "excitatory", {"file": Given("connectivity.file", None)})
    with pytest.raises(ConfigurationError, match=r"^connectivity.file=null names no file for a_to_b; write "):
        FromFile().check_projection(nothing)


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 7), st.integers(0, 3), st.floats(0, 1e6, width=64), st.floats(0.001, 1e3, width=64)),
        max_size=30,
    )
)
def test_any_list_is_read_back_to_the_last_bit(rows, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("lists")
    for form in (csv_file, npz_file) if rows else (csv_file,):
        found = FromFile().connect(settings(form(folder / "list", rows)), np.random.default_rng(1))
        assert found.weights is not None and found.delays_ms is not None
        kept = zip(
            *(each.tolist() for each in (found.sources, found.targets, found.weights, found.delays_ms)), strict=True
        )
        assert list(kept) == sorted(rows)


def test_files_are_known_by_what_they_hold(tmp_path: Path) -> None:
    """The hash is that of sha256sum for the empty file and for "abc"."""
    config = compose(["connectivity=from_file", f"connectivity.exc_to_inh.file={tmp_path / 'a.csv'}"]).config
    (tmp_path / "a.csv").write_text("abc")
    (file,) = input_files(config)
    assert file.setting == "connectivity.exc_to_inh.file" and file.path == str(tmp_path.resolve() / "a.csv")
    assert file.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
