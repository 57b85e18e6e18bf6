"""Networks of data on the back ends: several populations with cells, rules, receptors and stimuli of their own."""

import pytest
from small_runs import sound_with

from varesearch.config.compose import compose
from varesearch.network import draw
from varesearch.preflight import prepare
from varesearch.recording import Recording

COMMON = ["simulation.duration_ms=250", "recording.signals=[v]"]
FAST_INHIBITION = ["populations.inh.cell={a: 0.1, d: 2}", "connectivity.n=150", "connectivity.p=0.1"]
RS_FS = ["cell=regular_spiking", "populations.inh.cell=fast_spiking", "connectivity.n=150", "connectivity.p=0.1"]
THREE = [
    "populations={pyr: {size: 80, cell: if_curr_exp}, pv: {size: 20, receptor: inhibitory, cell: if_curr_alpha}, "
    "sst: {size: 15, receptor: inhibitory, cell: {model: izhikevich, d: 8}}}",
    "connectivity=none",
    "projections.local={pre: [pyr, pv, sst], post: [pyr, pv, sst], rule: fixed_probability, "
    "p: [[0.1, 0.3, 0.2], [0.3, null, 0.2], [0.2, 0.1, 0.1]], delay_ms: [2, 3, 4]}",
    "projections.ring={pre: pyr, post: pyr, rule: small_world, k: 4, receptor: inhibitory}",
    "projections.one={pre: sst, post: sst, rule: fixed_in_degree, in_degree: 2, weight: 0.5}",
    "stimulus=background_poisson",
    "stimulus.targets=[pyr, pv]",
    "stimulus.rate_hz=900",
    "stimulus.weight=0.6",
    "stimuli.drive={kind: step_current, targets: [sst], amplitude: 4.0, start_ms: 20}",
    "stimuli.wave={kind: sine_current, targets: [pv], amplitude: 0.3}",
]
EIGHT = [
    "populations={"
    + ", ".join(
        f"l{layer}{kind}: {{size: {size}, receptor: {receptor}}}"
        for layer in (1, 2, 3, 4)
        for kind, size, receptor in (("e", 20 * layer, "excitatory"), ("i", 5 * layer, "inhibitory"))
    )
    + "}",
    "cell=if_curr_exp",
    "connectivity.p=0.2",
    "stimulus=background_poisson",
    "stimulus.rate_hz=1500",
    "stimulus.weight=0.6",
]


def recorded(backend: str, words: list[str]) -> Recording:
    config = compose([*COMMON, *words, *backend.split()]).config
    prepare(config)
    return sound_with(draw(config), config)


def trains(recording: Recording) -> dict[str, list[tuple[int, float]]]:
    return {
        name: list(zip(each.spike_ids.tolist(), each.spike_times_ms.round(6).tolist(), strict=True))
        for name, each in recording.populations.items()
    }


@pytest.mark.parametrize(
    "words", [FAST_INHIBITION, RS_FS, THREE, EIGHT], ids=["fast inhibition", "rs fs", "three", "eight"]
)
def test_brian2_and_nest_give_the_same_spikes(words: list[str]) -> None:
    first, second = (trains(recorded(f"backend={name}", words)) for name in ("brian2", "nest"))
    assert first == second
    assert all(len(train) > 10 for train in first.values()), {name: len(train) for name, train in first.items()}


@pytest.mark.slow
@pytest.mark.parametrize("words", [FAST_INHIBITION, THREE], ids=["fast inhibition", "three"])
@pytest.mark.parametrize("target", ["cython", "cpp_standalone"])
def test_compiled_code_gives_the_same_spikes(words: list[str], target: str) -> None:
    assert trains(recorded(f"backend=brian2 backend.codegen={target}", words)) == trains(
        recorded("backend=brian2", words)
    )


@pytest.mark.parametrize("words", [FAST_INHIBITION, RS_FS, THREE], ids=["fast inhibition", "rs fs", "three"])
def test_the_board_fires_as_brian2_with_its_schemes_does(words: list[str]) -> None:
    """Fixed point shifts spikes, and a recurrent network diverges with them, so that the counts are compared."""
    scheme = ["cell.integrator=spinnaker", "populations.inh.cell.integrator=spinnaker"]
    if words is THREE:
        scheme = ["populations.sst.cell.integrator=spinnaker"]
    board = recorded("backend=spinnaker backend.machine=software backend.weight_range=drawn", words)
    floats = recorded("backend=brian2", [*words, *scheme])
    for name, each in floats.populations.items():
        expected, found = len(each.spike_ids), len(board.populations[name].spike_ids)
        assert abs(found - expected) <= max(3.0, 0.1 * expected), (name, expected, found)
