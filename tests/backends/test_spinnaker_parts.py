"""The parts of the SpiNNaker back end against independent counts, closed forms and sPyNNaker's own data bases."""

import sqlite3
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import quad
from small_networks import network, population

from varesearch.backends.spinnaker import provenance
from varesearch.backends.spinnaker.building import Built
from varesearch.backends.spinnaker.limits import longest_delay_steps
from varesearch.backends.spinnaker.progress import reported
from varesearch.backends.spinnaker.quantisation import quantise
from varesearch.backends.spinnaker.reading import read
from varesearch.backends.spinnaker.translation import rows
from varesearch.backends.table import Context, translate
from varesearch.config.schema import RecordingConfig
from varesearch.model.cells.if_curr_alpha import IfCurrAlpha
from varesearch.model.cells.if_curr_delta import IfCurrDelta
from varesearch.model.cells.izhikevich import Izhikevich

Lists = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64], NDArray[np.int32]]


@st.composite
def synapses(draw: st.DrawFn) -> Lists:
    """Up to 60 synapses between 9 sources and 11 targets, sorted by source, self-connections and repeats included."""
    rows = draw(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 10), st.floats(0, 5), st.integers(1, 9)),
                         min_size=1, max_size=60))  # fmt: skip
    sources, targets, weights, delays = (np.array(column) for column in zip(*sorted(rows), strict=True))
    return sources.astype(np.int32), targets.astype(np.int32), weights.astype(np.float64), delays.astype(np.int32)


def connector(lists: Lists) -> Any:
    from varesearch.backends.spinnaker.connectors import ListConnector

    return ListConnector(*lists, dt_ms=0.5)


def information() -> Any:
    """Of sPyNNaker's description of a projection what a connector asks."""
    return SimpleNamespace(
        n_post_neurons=11, partition_id="spikes", pre_vertex=SimpleNamespace(get_key_ordered_indices=lambda ids: ids)
    )


@settings(deadline=None, max_examples=60)
@given(synapses(), st.integers(1, 11))
def test_blocks_hold_every_synapse_once(lists: Lists, atoms: int) -> None:
    from pacman.model.graphs.common import Slice

    ours = connector(lists)
    slices = [Slice(start, min(start + atoms, 11) - 1) for start in range(0, 11, atoms)]
    found = []
    for one in slices:
        block = ours.create_synaptic_block(slices, one, 1, information())
        assert (block["synapse_type"] == 1).all()
        found += [(row["source"], row["target"] + one.lo_atom, row["weight"], row["delay"] / 0.5) for row in block]
    assert sorted(found) == sorted(zip(*lists, strict=True))


@settings(deadline=None, max_examples=60)
@given(synapses(), st.integers(1, 11), st.none() | st.tuples(st.integers(0, 5), st.integers(5, 10)))
def test_the_longest_row_is_that_of_a_count_by_hand(lists: Lists, atoms: int, steps: tuple[int, int] | None) -> None:
    low, high = steps or (0, 100)
    rows: dict[tuple[int, int], int] = {}
    for source, target, _, delay in zip(*lists, strict=True):
        if low <= delay <= high:
            rows[source, target // atoms] = rows.get((source, target // atoms), 0) + 1
    bounds = (low * 0.5, high * 0.5) if steps else (None, None)
    ours = connector(lists)
    assert ours.get_n_connections_from_pre_vertex_maximum(atoms, information(), *bounds) == max(
        rows.values(), default=0
    )
    assert ours.get_n_connections_to_post_vertex_maximum(information()) == np.bincount(lists[1]).max()


@settings(deadline=None, max_examples=60)
@given(synapses(), st.integers(1, 9), st.integers(1, 11))
def test_only_cores_that_are_joined_by_a_synapse_are_routed(lists: Lists, per_source: int, per_target: int) -> None:
    def vertex(count: int, atoms: int) -> tuple[Any, list[Any]]:
        cores = [
            SimpleNamespace(vertex_slice=SimpleNamespace(lo_atom=first), first=first)
            for first in range(0, count, atoms)
        ]
        splitter = SimpleNamespace(
            get_in_coming_vertices=lambda _partition: cores, get_out_going_vertices=lambda _partition: cores
        )
        return SimpleNamespace(splitter=splitter), cores

    source, source_cores = vertex(9, per_source)
    target, target_cores = vertex(11, per_target)
    joined = {
        (core.first, other.first)
        for core, sources in connector(lists).get_connected_vertices(information(), source, target)
        for other in (source_cores if sources == [source] else sources)
    }
    assert joined == {
        (t // per_target * per_target, s // per_source * per_source) for s, t in zip(lists[0], lists[1], strict=True)
    }
    assert len(connector(lists).get_connected_vertices(information(), source, target)) == len(target_cores)


@given(st.lists(st.floats(0, 200), min_size=1, max_size=50), st.integers(0, 8).map(lambda power: float(2**power)))
def test_quantisation_is_that_of_rounding_to_steps(weights: list[float], scale: float) -> None:
    found = quantise(np.array(weights), scale)
    present = [w for w in weights if w > 0]
    assert found.zeroed == sum(w * scale <= 0.5 for w in present)
    assert found.clipped == 0
    assert found.largest_error <= 1
    for w in present:
        assert found.largest_error >= abs(round(w * scale) / scale - w) / w * (1 - 1e-12)


def test_quantisation_by_hand() -> None:
    found = quantise(np.array([0.1, 1.0, 0.0]), 256.0)
    assert found.largest_error == pytest.approx(0.015625)  # 0.1 is stored as 26 / 256
    assert (found.zeroed, found.clipped) == (0, 0)
    assert quantise(np.array([0.001, 300.0]), 256.0).zeroed == 1
    assert quantise(np.array([0.001, 300.0]), 256.0).clipped == 1
    assert quantise(np.array([0.0]), 1.0).largest_error == 0


@pytest.mark.parametrize(
    ("size", "per_core", "limit"), [(300, None, 64), (256, None, 64), (128, None, 128), (300, 64, 256), (2, None, 8192)]
)
def test_the_longest_delay_by_size(size: int, per_core: int | None, limit: int) -> None:
    assert longest_delay_steps(size, per_core) == limit


def _core_provenance(path: Path, values: dict[str, list[int]]) -> Path:
    """A data base with sPyNNaker's own tables, and these values of its cores."""
    with sqlite3.connect(path) as connection:
        connection.executescript(files("spinn_front_end_common.utilities").joinpath("db.sql").read_text())
        connection.execute("INSERT INTO core(x, y, processor) VALUES (0, 0, 3)")
        connection.executemany(
            "INSERT INTO core_provenance(core_id, description, the_value) VALUES (1, ?, ?)",
            [(description, value) for description, all_values in values.items() for value in all_values],
        )
        connection.executemany(
            "INSERT INTO router_provenance(x, y, description, the_value, expected) VALUES (0, 0, ?, ?, 1)",
            [("LoadDropped_Multicast_Packets", 7), ("RunDropped_Multicast_Packets", 5), ("RunReinjected", 4),
             ("RunMissed_For_Reinjection", 1)],
        )  # fmt: skip
    connection.close()
    return path


def test_losses_are_added_up_over_the_cores(tmp_path: Path) -> None:
    from spinn_front_end_common.interface.provenance import ProvidesProvenanceDataFromMachineImpl as System
    from spynnaker.pyNN.models.neuron import PopulationMachineLocalOnlyCombinedVertex as Local
    from spynnaker.pyNN.models.neuron.population_machine_synapses_provenance import (
        PopulationMachineSynapsesProvenance as Synapses,
    )

    found = provenance.read_provenance(
        _core_provenance(
            tmp_path / "data.sqlite3",
            {
                System._TIMER_TICK_OVERRUN: [0, 2, 3],
                System._TIMES_DMA_QUEUE_OVERLOADED: [1],
                System._TIMES_TRANSMISSION_SPIKES_OVERRAN: [8],
                Local.BACKGROUND_OVERLOADS_NAME: [1],
                Local.INPUT_BUFFER_FULL_NAME: [4],
                Local.N_LATE_SPIKES_NAME: [6, 1],
                Synapses.SATURATION_COUNT_NAME: [9],
                Synapses.SYNAPSES_SKIPPED: [10],
                Synapses.TOTAL_PRE_SYNAPTIC_EVENT_NAME: [1000],
                "Last_timer_tic_the_core_ran_to": [1000, 997],
            },
        ),
        n_steps=1000,
    )
    assert found.losses == {
        "timer_overruns": 5,
        "queue_overloads": 2,
        "blocked_transmissions": 8,
        "lost_packets": 4,
        "late_spikes": 7,
        "skipped_synapses": 10,
        "saturated_weights": 9,
        "skipped_steps": 3,
        "unrouted_packets": 0,
        "lost_router_packets": 1,
    }
    assert found.counts == {"dropped_packets": 5, "reinjected_packets": 4}


def test_a_longer_tick_is_advised_only_where_time_was_short() -> None:
    late = provenance.Provenance({"late_spikes": 3, "saturated_weights": 0}, {})
    full = provenance.Provenance({"late_spikes": 0, "saturated_weights": 2}, {})
    assert (late.doubts(), late.too_fast) == (["late spikes 3"], True)
    assert (full.doubts(), full.too_fast) == (["saturated weights 2"], False)


def test_cores_without_provenance_are_not_a_run_without_losses(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no provenance"):
        provenance.read_provenance(_core_provenance(tmp_path / "data.sqlite3", {}), 10)


def test_phases_are_seconds_and_running_is_taken_apart(tmp_path: Path) -> None:
    from spinn_front_end_common.interface.provenance import GlobalProvenance, TimerCategory, TimerWork

    path = tmp_path / "global.sqlite3"
    with GlobalProvenance(str(path)) as data_base:
        data_base.cursor().execute("INSERT INTO run_reset_mapping(n_run, n_reset) VALUES (1, 0)")
        for number, (category, milliseconds) in enumerate(
            ((TimerCategory.MAPPING, 1500), (TimerCategory.LOADING, 250), (TimerCategory.RUN_LOOP, 9000)), start=1
        ):
            data_base.cursor().execute(
                "INSERT INTO category_timer_provenance(category, machine_on, n_run, time_taken) VALUES (?, 1, 1, ?)",
                [category.category_name, milliseconds],
            )
            if category is TimerCategory.RUN_LOOP:
                for name, ms in (("Application runner", 6000), ("Buffer extractor", 2000)):
                    data_base.insert_timing(number, name, TimerWork.RUNNING, timedelta(milliseconds=ms), None)
                data_base.insert_timing(number, "Buffer extractor", TimerWork.RUNNING, timedelta(seconds=50), "skipped")
    assert provenance.read_phases(path) == {"map": 1.5, "load": 0.25, "run_on_machine": 6.0, "extract": 2.0}


class Recorded:
    """A population of sPyNNaker after a run, as far as it is read."""

    def __init__(self, spikes: NDArray[np.float64], **sampled: NDArray[np.float64] | None) -> None:
        self.spikes, self.sampled = spikes, sampled

    def spinnaker_get_data(self, variable: str, as_matrix: bool = False, view_indexes: Any = None) -> Any:
        if variable == "spikes":
            return self.spikes
        values = self.sampled[variable]
        if values is None:
            raise NotImplementedError("times differ")
        return values


def _read(recorded: Recorded, *signals: str) -> Any:
    drawn = network([population("exc", Izhikevich(), [-65.0] * 3)], 10, 0.5)
    wanted = RecordingConfig(signals=list(signals or ("v",)), interval_ms=1.0)
    return read(Built(populations={"exc": recorded}), drawn, wanted)


def test_times_become_steps_and_samples_get_their_times() -> None:
    result = _read(Recorded(np.array([[2, 0.5], [0, 4.5], [1, 0.5]]), v=np.linspace(0, 14, 15).reshape(5, 3)))
    exc = result.recording.populations["exc"]
    assert exc.spike_times_ms.tolist() == [0.5, 0.5, 4.5]
    assert exc.spike_ids.tolist() == [1, 2, 0]
    assert exc.signals["v"].times_ms.tolist() == [0, 1, 2, 3, 4]
    assert exc.signals["v"].values.shape == (5, 3)
    assert result.torn == {}


def test_no_spike_at_all_is_an_empty_recording() -> None:
    result = _read(Recorded(np.empty((0, 2)), v=np.zeros((5, 3))))
    assert len(result.recording.populations["exc"].spike_ids) == 0


@pytest.mark.parametrize(("v", "said"), [(None, "different steps"), (np.zeros((4, 3)), "4 of 5 samples")])
def test_a_torn_signal_is_left_out_with_its_reason(v: NDArray[np.float64] | None, said: str) -> None:
    result = _read(Recorded(np.array([[2.0, 0.5]]), v=v))
    assert result.recording.populations["exc"].signals == {}
    assert said in result.torn["v of exc"]


@pytest.mark.parametrize(("torn", "said"), [(None, "different steps"), (np.zeros((4, 3)), "4 of 5 samples")])
def test_a_torn_current_is_left_out_and_the_other_signals_stay(torn: NDArray[np.float64] | None, said: str) -> None:
    whole = np.ones((5, 3))
    recorded = Recorded(np.array([[2.0, 0.5]]), v=whole, gsyn_exc=whole, gsyn_inh=torn)
    result = _read(recorded, "v", "isyn_exc", "isyn_inh")
    assert list(result.recording.populations["exc"].signals) == ["v", "isyn_exc"]
    assert list(result.torn) == ["isyn_inh of exc"]
    assert said in result.torn["isyn_inh of exc"]


def test_an_alpha_pulse_keeps_its_charge() -> None:
    cell = IfCurrAlpha(tau_syn_E=3.0, tau_syn_I=7.0)
    for receptor, tau in (("excitatory", 3.0), ("inhibitory", 7.0)):
        charge = quad(lambda t, tau=tau: 0.2 * t / tau * np.exp(1 - t / tau), 0, np.inf)[0]
        theirs = translate(rows(type(cell)), f"weight_{receptor}", [0.2], Context(cell, 1.0))
        assert theirs == pytest.approx([charge])


@pytest.mark.parametrize("dt_ms", [0.1, 1.0])
def test_a_delta_weight_steps_the_membrane_by_its_millivolts(dt_ms: float) -> None:
    cell = IfCurrDelta(cm=0.5, tau_m=10.0)
    theirs = translate(rows(type(cell)), "weight_excitatory", [3.0], Context(cell, dt_ms))[0]
    decay = np.exp(-dt_ms / cell.tau_m)
    alpha = theirs / dt_ms * cell.tau_m / cell.cm  # the machine's closed form from v = v_rest = 0
    assert alpha - decay * alpha == pytest.approx(3.0)


@pytest.mark.parametrize(("tau_refrac", "dt_ms", "held"), [(5.0, 1.0, 5), (0.3, 0.1, 3), (0.0, 1.0, 0)])
def test_the_refractory_time_is_rounded_up_to_the_steps_meant(tau_refrac: float, dt_ms: float, held: int) -> None:
    cell = IfCurrDelta(tau_refrac=tau_refrac)
    theirs = translate(rows(type(cell)), "tau_refrac", tau_refrac, Context(cell, dt_ms))
    fixed = round(float(theirs) * 2**15) * 2**15 // round(dt_ms * 2**15)  # s16.15 quotient, as the machine divides
    assert -(-fixed // 2**15) == held


def test_progress_never_claims_the_end_before_it_is_there() -> None:
    import logging
    import time

    seen: list[float] = []
    runner = logging.getLogger("spinn_front_end_common.interface.interface_functions.application_runner")
    with reported(seen.append, duration_ms=50.0, time_scale_factor=1.0):
        time.sleep(0.25)
        assert seen == []  # nothing runs yet
        runner.info("*** Running simulation... *** ")
        time.sleep(0.35)
        assert seen
        assert max(seen) < 50.0
    assert seen[-1] == 50.0
    assert seen == sorted(seen)
    assert runner.handlers == []
