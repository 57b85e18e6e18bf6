"""What a back end cannot do is refused by its check, which comes before anything is built or tracked."""

import pytest

from varesearch.backends.check import checked_backend
from varesearch.backends.delays import drawn_delays
from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.validation import validate
from varesearch.network import draw

SHORT = ("simulation.duration_ms=20", "analysis.warmup_ms=0", "analysis.fano_window_ms=5")
NEST = ("backend=nest", "cell=if_curr_exp")
LOGNORMAL = "{distribution: lognormal, mean: 3, std: 1, low: 1}"
REFUSED = [
    ((*NEST, "connectivity.delay_ms=1"), r"^connectivity.delay_ms=1 is too short: .* at least 2 steps \(2 ms\)"),
    ((*NEST, "connectivity.exc_to_exc.delay_ms=1"), r"^connectivity.exc_to_exc.delay_ms=1 is too short"),
    ((*NEST, "stimulus.delay_ms=1"), r"^stimulus.delay_ms=1 is too short"),
    ((*NEST, f"connectivity.delay_ms={LOGNORMAL}"), r"^connectivity.delay_ms=.* can be too short: .*low: 2"),
    (("backend=nest", "backend.threads=100000"), r"^backend.threads=100000: must be from 1 to \d+"),
    ((*NEST, "cell.tau_syn_E=0.001"), r"^cell.tau_syn_E=0.001 .*is it in seconds\?"),
    (("backend=nest", "cell=if_curr_alpha", "cell.tau_syn_I=0.0014"), r"^cell.tau_syn_I=0.0014 .*0.00143 ms"),
    (("backend=nest", "cell=if_curr_alpha", "cell.tau_m=1e9"), r"^cell.tau_m=1e\+09 ms is too long.* above 1e\+07 ms"),
    (("backend=spinnaker", "stimulus.delay_ms=65"), r"^stimulus.delay_ms=65 is longer.* 64 ms \(64 steps\)"),
    (("backend=spinnaker", "connectivity.inh_to_inh.delay_ms=65"), r"^connectivity.inh_to_inh.delay_ms=65 is longer"),
    (("backend=spinnaker", "connectivity.draw=native", "stimulus.delay_ms=65"), r"^stimulus.delay_ms=65 is longer"),
    (
        ("backend=spinnaker", "connectivity.delay_ms={distribution: exponential, mean: 10, low: 1}"),
        r"^connectivity.delay_ms=.*exponential.* can be longer.*high: 64.*neurons_per_core=64",
    ),
    (
        ("backend=spinnaker", "connectivity=distance_dependent", "connectivity.velocity_mm_per_ms=0.01"),
        r"^connectivity.delay_ms=2 with the 70.7 ms that the distance adds can be longer",
    ),
    (
        ("backend=spinnaker", "cell=if_curr_alpha", "cell.tau_syn_E=1"),
        r"^cell.tau_syn_E=1 ms is too short: .* above 1 ms",
    ),
    (
        ("backend=spinnaker", "cell.i_offset=70000"),
        r"^cell.i_offset=70000 mV/ms is beyond what SpiNNaker",
    ),
    (("backend=spinnaker", "cell=if_curr_exp", "cell.tau_refrac=70000"), r"^cell.tau_refrac=70000 ms is beyond"),
    # Their product with tau_m / cm = 100 MOhm would be -61,072 mV.
    (
        ("backend=spinnaker", "cell=if_curr_exp", "cell.i_offset=700"),
        r"^cell.i_offset=700 nA is beyond .*below 65\d\.\d* nA",
    ),
    (
        (
            "backend=spinnaker",
            "cell=if_cond_exp",
            "stimulus=step_current",
            "stimulus.amplitude=-700",
            "stimulus.start_ms=5",
        ),
        r"^stimulus.amplitude=-700 nA is beyond",
    ),
    (
        ("backend=spinnaker", "cell.v_init={distribution: uniform, low: -65, high: 70000}"),
        r"^cell.v_init=.*is beyond what SpiNNaker",
    ),
    (("backend=spinnaker", "cell.u_init={distribution: normal, mean: -14, std: 1e5}"), r"^cell.u_init=.*is beyond"),
    (("backend=spinnaker", "stimulus.weight=1e5"), r"^stimulus.weight=.*is beyond"),
    (("backend=spinnaker", "connectivity.exc_to_inh.weight=1e5"), r"^connectivity.exc_to_inh.weight=.*is beyond"),
    (("backend=spinnaker", "cell.weight_inh=1e5"), r"^cell.weight_inh=.*is beyond"),
    (("backend=spinnaker", "cell=if_cond_exp", "cell.weight_exc=70"), r"^cell.weight_exc=70 µS is beyond"),
    (("backend=spinnaker", "cell=if_curr_exp", "stimulus.weight=1000"), r"^stimulus.weight=1000 nA is .* 65\d\.\d* nA"),
    (("backend=spinnaker", "cell=if_curr_alpha", "stimulus.weight=1000"), r"^stimulus.weight=1000 nA is beyond"),
    (("backend=spinnaker", "cell=if_curr_delta", "stimulus.weight=4000"), r"^stimulus.weight=4000 mV is beyond"),
    (("backend=spinnaker", "cell.i_offset=2000"), r"^cell.i_offset=2000 mV/ms is beyond"),
    (("backend=spinnaker", "cell=if_curr_exp", "cell.cm=1e-4"), r"^cell.cm=0.0001 nF .*MΩ is beyond"),
    (
        (
            "backend=spinnaker",
            "cell=if_curr_exp",
            "stimulus=step_current",
            "stimulus.start_ms=5",
            "stimulus.amplitude=-1e3",
        ),
        r"^stimulus.amplitude=-1000 nA is beyond",
    ),
]
ACCEPTED = [
    (*NEST, "connectivity.delay_ms=2"),
    (*NEST, "connectivity.delay_ms={distribution: uniform, low: 2, high: 5}"),
    (*NEST, "connectivity.p=0", "connectivity.delay_ms=1", "stimulus=none"),
    ("backend=nest", "cell=if_curr_alpha", "cell.tau_syn_I=0.00144"),
    ("backend=nest", "cell=if_curr_alpha", "cell.tau_m=1e7"),
    ("backend=nest", "cell=if_curr_exp", "cell.tau_m=1e9"),
    ("backend=nest", "cell=izhikevich_delta", "connectivity.delay_ms=1"),
    ("backend=spinnaker", f"connectivity.delay_ms={LOGNORMAL}"),
    ("backend=spinnaker", "connectivity.delay_ms=64"),
    ("backend=spinnaker", "cell=if_curr_exp", "cell.i_offset=650"),
    ("backend=spinnaker", "cell.i_offset=700"),
    ("backend=spinnaker", "cell.v_init={distribution: normal, mean: -65, std: 20}"),
    ("backend=spinnaker", "cell=if_curr_exp", "stimulus.weight=600"),
    ("backend=spinnaker", "cell=if_curr_delta", "stimulus.weight=100"),
    ("backend=spinnaker", "cell.i_offset=1000"),
    ("backend=spinnaker", "cell.i_offset=10000", "simulation.dt_ms=0.1"),
    ("backend=spinnaker", "cell=if_cond_exp", "cell.weight_exc=0.5"),
    ("backend=spinnaker", "cell=if_curr_alpha", "cell.tau_syn_E=1.1"),
]


@pytest.mark.parametrize(("words", "message"), REFUSED)
def test_refused_in_one_line_that_names_the_setting(words: tuple[str, ...], message: str) -> None:
    config = compose([*SHORT, *words]).config
    validate(config)
    with pytest.raises(ConfigurationError, match=message) as refused:
        checked_backend(config)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("words", ACCEPTED)
def test_what_lies_just_within_is_accepted(words: tuple[str, ...]) -> None:
    config = compose([*SHORT, *words]).config
    validate(config)
    checked_backend(config)


@pytest.mark.parametrize(
    "words",
    [
        (),
        (f"connectivity.delay_ms={LOGNORMAL}", "stimulus.delay_ms=7"),
        ("connectivity.inh_to_exc.delay_ms={distribution: uniform, low: 3, high: 9}", "stimulus=spike_list"),
        ("connectivity=distance_dependent", "connectivity.velocity_mm_per_ms=0.1", "stimulus=background_poisson"),
    ],
)
def test_every_drawn_delay_lies_within_the_bounds_told_before(words: tuple[str, ...]) -> None:
    """The bounds against the drawn network itself, for each projection with synapses."""
    config = compose([*SHORT, "connectivity.n=200", *words]).config
    told = {(each.recurrent, each.post, each.setting): each for each in drawn_delays(config)}
    by_target = {
        recurrent: {post: [one for key, one in told.items() if key[:2] == (recurrent, post)] for post in ("exc", "inh")}
        for recurrent in (True, False)
    }
    drawn = draw(config)
    populations = {population.name for population in drawn.populations}
    for projection in drawn.projections:
        if not projection.size:
            continue
        bounds = by_target[projection.pre in populations][projection.post]
        assert min(each.shortest_steps for each in bounds) <= projection.delay_steps.min()
        assert any(
            each.can_exceed(int(projection.delay_steps.max()) - 1) or projection.delay_steps.max() == 1
            for each in bounds
        )
        assert not all(each.can_exceed(100_000) for each in bounds)
