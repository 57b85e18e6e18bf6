"""The preset of Zerlaut et al. 2018 against the same network in plain Brian2, with forward Euler as the authors ran it.

``native`` is written from the paper's equations, with the authors' choices: no delays, a spike at v_thresh + 5 delta_T,
and external spikes that are drawn for each cell with probability rate dt.
"""

from dataclasses import dataclass

import brian2 as b2
import numpy as np
import pytest
from numpy.typing import NDArray
from small_runs import sound_with

from varesearch.config.compose import compose
from varesearch.network import draw

SHARP_MV = {"exc": 2.0, "inh": 0.5}
ADAPTS = {"exc": 1.0, "inh": 0.0}
MEAN_FIELD_HZ = {"exc": 2.46, "inh": 9.66}
"""The mean field of the paper, as the authors' notebook prints it (ModelDB 234992)."""


@dataclass(frozen=True)
class Measured:
    """Mean rates in Hz, and standard deviation over time of the rates in bins of 5 ms."""

    exc_hz: float
    inh_hz: float
    exc_std_hz: float
    inh_std_hz: float


@dataclass(frozen=True)
class Size:
    """Excitatory cells, of which there are four times as many as others; probability of a connection; times in ms."""

    n_exc: int
    p: float
    duration_ms: float
    warmup_ms: float

    @property
    def cells(self) -> dict[str, int]:
        return {"exc": self.n_exc, "inh": self.n_exc // 4}


PAPER = Size(8000, 0.05, 1000.0, 500.0)
SMALL = Size(800, 0.5, 500.0, 200.0)
"""As many inputs of each cell as in the paper."""


def measured(times_ms: dict[str, NDArray[np.float64]], size: Size) -> Measured:
    rates = {
        name: np.histogram(times, np.arange(size.warmup_ms, size.duration_ms + 2.5, 5.0))[0] / size.cells[name] / 0.005
        for name, times in times_ms.items()
    }
    exc, inh = rates["exc"], rates["inh"]
    return Measured(exc.mean(), inh.mean(), exc.std(), inh.std())


def preset(seed: int, size: Size, *words: str) -> Measured:
    given = [f"connectivity.n={sum(size.cells.values())}", f"connectivity.p={size.p}", "analysis.warmup_ms=0"]
    given += [f"seed={seed}", f"simulation.duration_ms={size.duration_ms:g}", *words]
    config = compose(["experiment=zerlaut_2018", *given]).config
    recording = sound_with(draw(config), config)
    return measured({name: each.spike_times_ms for name, each in recording.populations.items()}, size)


def native(seed: int, size: Size) -> Measured:
    b2.start_scope()
    b2.prefs.codegen.target = "numpy"
    b2.seed(seed)
    b2.defaultclock.dt = 0.1 * b2.ms
    drive = b2.TimedArray(
        np.minimum(np.arange(round(size.duration_ms * 10)) / 1000, 1.0) * 1600 * b2.Hz, dt=0.1 * b2.ms
    )
    space = {"drive": drive, "nS": b2.nS, "mV": b2.mV, "pF": b2.pF, "pA": b2.pA, "ms": b2.ms}
    groups, synapses = {}, []
    for name, count in size.cells.items():
        equations = f"""
        dv/dt = (10*nS*(-65*mV - v) + 10*nS*{SHARP_MV[name]}*mV*exp((v + 50*mV)/({SHARP_MV[name]}*mV))
                 + ge*(0*mV - v) + gi*(-80*mV - v) - w)/(200*pF) : volt (unless refractory)
        dw/dt = ({ADAPTS[name]}*4*nS*(v + 65*mV) - w)/(500*ms) : amp
        dge/dt = -ge/(5*ms) : siemens
        dgi/dt = -gi/(5*ms) : siemens
        """
        group = b2.NeuronGroup(
            count,
            equations,
            threshold=f"v > (-50 + 5*{SHARP_MV[name]})*mV",
            reset=f"v = -65*mV; w += {ADAPTS[name]}*20*pA",
            refractory=5 * b2.ms,  # type: ignore[arg-type]
            method="euler",
            namespace=space,
        )
        group.v = -65 * b2.mV
        group.run_regularly("ge += nS*int(rand() < drive(t)*dt)", when="start")
        groups[name] = group
    recorded = {name: b2.SpikeMonitor(group) for name, group in groups.items()}
    for pre, jump in (("exc", "ge_post += 1*nS"), ("inh", "gi_post += 5*nS")):
        for post in size.cells:
            synapse = b2.Synapses(groups[pre], groups[post], on_pre=jump, namespace=space)
            synapse.connect("i != j" if pre == post else None, p=size.p)
            synapses.append(synapse)
    network = b2.Network(*groups.values(), *recorded.values(), *synapses)
    network.run(size.duration_ms * b2.ms)
    return measured({name: np.asarray(each.t / b2.ms) for name, each in recorded.items()}, size)


def test_the_preset_is_the_network_of_the_papers_table() -> None:
    composed = compose(["experiment=zerlaut_2018"])
    structure, plain = composed.config.structure, composed.resolved
    assert structure.sizes == {"exc": 8000, "inh": 2000}
    assert all(projection["p"] == 0.05 for projection in structure.projections)
    table = {
        "v_rest": -65.0,
        "v_thresh": -50.0,
        "tau_refrac": 5.0,
        "tau_w": 500.0,
        "delta_T": 2.0,
        "a": 0.004,
        "b": 0.02,
    }
    table |= {"e_rev_E": 0.0, "e_rev_I": -80.0, "tau_syn_E": 5.0, "tau_syn_I": 5.0}
    table |= {"weight_exc": 0.001, "weight_inh": 0.005, "weight_stimulus": 0.001}
    assert plain["cell"] | table == plain["cell"]
    assert plain["cell"]["cm"] / plain["cell"]["tau_m"] == pytest.approx(0.01)  # 10 nS
    fast = {"delta_T": 0.5, "v_peak": -47.5, "a": 0.0, "b": 0.0}
    assert plain["populations"]["inh"]["cell"] | fast == plain["populations"]["inh"]["cell"]
    assert plain["stimulus"]["rate_hz"][-1] == [100, 400 * 4]


@pytest.mark.parametrize("words", [["backend=nest"], ["backend.codegen=numpy"]], ids=["nest", "brian2"])
def test_a_smaller_network_has_the_rates_of_the_same_in_plain_brian2(words: list[str]) -> None:
    here, there = preset(1, SMALL, *words), native(1, SMALL)
    assert here.exc_hz == pytest.approx(there.exc_hz, rel=0.15)
    assert here.inh_hz == pytest.approx(there.inh_hz, rel=0.15)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_the_rates_are_those_of_the_same_network_in_plain_brian2() -> None:
    """Five seeds; the simulations of the paper lie below its mean field, too."""
    seeds = range(1, 6)
    here, there = [preset(seed, PAPER, "backend=nest") for seed in seeds], [native(seed, PAPER) for seed in seeds]
    for name, runs in (("preset", here), ("plain Brian2", there)):
        values = np.array([[run.exc_hz, run.inh_hz, run.exc_std_hz, run.inh_std_hz] for run in runs])
        print(name, values.mean(axis=0).round(3), "±", values.std(axis=0, ddof=1).round(3))
    for population in ("exc", "inh"):
        one, other = ([getattr(run, f"{population}_hz") for run in runs] for runs in (here, there))
        assert np.mean(one) == pytest.approx(np.mean(other), rel=0.05)
        assert 0.6 * MEAN_FIELD_HZ[population] < np.mean(one) < MEAN_FIELD_HZ[population]
