"""Composing: every preset, references, distributions, a user's own options, and nothing left behind in Hydra."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.version import VersionBase
from omegaconf import OmegaConf
from option_words import choosing

import varesearch
from varesearch.backends import backends
from varesearch.backends.check import checked_backend
from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.laws import Exponential, Normal, Uniform
from varesearch.config.options import GROUPS, conf_folder, options
from varesearch.config.plain import as_plain
from varesearch.config.schema import Config
from varesearch.config.validation import validate
from varesearch.config.values import Constant
from varesearch.model.cells.if_cond_exp import IfCondExp
from varesearch.model.cells.if_curr_exp import IfCurrExp
from varesearch.model.cells.izhikevich import Izhikevich
from varesearch.model.rules.fixed_probability import FixedProbability
from varesearch.model.stimuli.thalamic_burst import ThalamicBurst

EVERY_OPTION = [f"{group}={name}" for group, names in options().items() for name in names]


@pytest.mark.parametrize("choice", [choice for choice in EVERY_OPTION if not choice.startswith("backend=")])
def test_every_option_composes_and_validates_on_the_default_back_end_or_on_one_that_has_it(choice: str) -> None:
    default = compose(choosing(choice)).config
    having = [name for name, backend in backends().items() if backend.integrators(type(default.cell))]
    config = default if default.backend.name in having else compose([*choosing(choice), f"backend={having[0]}"]).config
    validate(config)
    checked_backend(config)


@pytest.mark.parametrize("name", options()["backend"])
def test_every_back_end_composes_and_validates(name: str) -> None:
    composed = compose([f"backend={name}"])
    validate(composed.config)
    assert composed.config.backend.name == name


def test_the_preset_of_the_seed_has_exactly_its_numbers() -> None:
    composed = compose(["experiment=seed_izhikevich"])
    config, cell, wiring = composed.config, composed.config.cell, composed.config.connectivity
    assert isinstance(cell, Izhikevich) and isinstance(wiring, FixedProbability)
    assert (cell.a, cell.b, cell.c, cell.d, cell.i_offset, cell.tau_syn_E, cell.tau_syn_I) == (
        0.02,
        0.2,
        -65.0,
        2.0,
        5.0,
        5.0,
        5.0,
    )
    assert cell.v_init == Uniform(low=-65.0, high=-14.0)
    assert cell.u_init == Constant(-14.0)
    assert (wiring.n, wiring.sizes, wiring.p) == (1500, {"exc": 1200, "inh": 300}, 0.02)
    assert (wiring.weight_exc, wiring.weight_inh, wiring.delay_ms) == (Constant(1.0), Constant(2.5), Constant(2.0))
    assert (config.simulation.dt_ms, config.simulation.duration_ms, config.seed) == (1.0, 1000.0, 98766987)
    assert config.stimulus == ThalamicBurst(
        n_sources=20,
        rate_hz=100.0,
        start_ms=0.0,
        duration_ms=50.0,
        p=0.01,
        weight=Constant(0.1),
        delay_ms=Constant(2.0),
    )
    assert (config.recording.signals, config.recording.cells, config.recording.interval_ms) == (["v"], None, None)


def test_the_seeds_relations_follow_what_they_depend_on() -> None:
    config = compose(["experiment=seed_izhikevich", "cell.i_offset=6", "cell.c=-70"]).config
    assert config.connectivity.weight_exc.upper == pytest.approx(1.2)
    assert config.connectivity.weight_inh.upper == pytest.approx(3.0)
    assert isinstance(config.cell, Izhikevich)
    assert config.cell.v_init == Uniform(low=-70.0, high=-14.0)


def test_the_original_weights_change_the_weights_alone() -> None:
    seed, original = (compose([f"experiment={name}"]).resolved for name in ("seed_izhikevich", "seed_original_weights"))
    assert (original["connectivity"]["weight_exc"], original["connectivity"]["weight_inh"]) == (0.004, 0.051)
    for group in ("cell", "connectivity"):
        for key in ("weight_exc", "weight_inh"):
            del seed[group][key], original[group][key]
    assert original == seed


@pytest.mark.parametrize(
    ("name", "cell", "weights"), [("va_coba", IfCondExp, (0.004, 0.051)), ("va_cuba", IfCurrExp, (0.0162, 0.09))]
)
def test_vogels_abbott_is_pynns_variant(name: str, cell: type, weights: tuple[float, float]) -> None:
    config = compose([f"experiment={name}"]).config
    assert isinstance(config.cell, cell)
    assert (config.connectivity.weight_exc, config.connectivity.weight_inh) == tuple(map(Constant, weights))
    assert (config.connectivity.n, config.connectivity.delay_ms) == (4000, Constant(0.2))
    assert config.simulation.dt_ms == 0.1
    assert (config.simulation.duration_ms, config.analysis.warmup_ms, config.analysis.min_isis) == (2500.0, 500.0, 5)
    assert config.recording.cells is not None and config.recording.cells < 100


def test_the_default_run_is_the_seed_network() -> None:
    default, seed = compose().config, compose(["experiment=seed_izhikevich", "seed=1"]).config
    assert default == seed


@pytest.mark.parametrize("name", options()["experiment"])
def test_the_first_line_of_a_preset_is_its_command(name: str) -> None:
    path = options()["experiment"][name].path
    assert path is not None
    first = path.read_text().splitlines()[0]
    assert first == f"# varesearch run experiment={name}"


def test_resolved_and_typed_settings_are_the_same() -> None:
    composed = compose(["experiment=va_cuba", "seed=3"])
    assert isinstance(composed.config, Config)
    assert composed.resolved == as_plain(composed.config)
    assert composed.overrides == ("experiment=va_cuba", "seed=3")
    assert composed.choices["experiment"] == "va_cuba"
    assert composed.choices["cell"] == "if_curr_exp"
    assert list(composed.choices) == list(GROUPS)
    assert compose(["experiment=null"]).choices["experiment"] is None


def test_a_distribution_replaces_the_one_before_it() -> None:
    """Merged key by key it would keep the bounds of the uniform one, and be cut to them."""
    cell = compose(["cell.v_init={distribution: normal, mean: -60, std: 5}"]).config.cell
    assert isinstance(cell, Izhikevich) and cell.v_init == Normal(mean=-60.0, std=5.0)


def test_one_parameter_of_a_distribution_can_be_changed() -> None:
    cell = compose(["cell.v_init.low=-70"]).config.cell
    assert isinstance(cell, Izhikevich) and cell.v_init == Uniform(low=-70.0, high=-14.0)


def test_a_group_of_settings_can_be_given_at_once() -> None:
    config = compose(["analysis={warmup_ms: 20, svg: true}", "connectivity={exc_to_inh: {p: 0.1}}"]).config
    assert (config.analysis.warmup_ms, config.analysis.svg, config.analysis.rate_bin_ms) == (20.0, True, 5.0)
    given = {each.name: (each.key("p"), each["p"]) for each in config.structure.projections}
    assert given["exc_to_inh"] == ("connectivity.exc_to_inh.p", 0.1)
    assert given["inh_to_exc"] == ("connectivity.p", 0.02)


def test_stimulus_takes_weight_and_delay_of_its_surroundings() -> None:
    stimulus = compose(["cell=if_cond_exp", "connectivity.delay_ms=3"]).config.stimulus
    assert isinstance(stimulus, ThalamicBurst) and (stimulus.weight, stimulus.delay_ms) == (
        Constant(0.1),
        Constant(3.0),
    )


def test_the_order_of_the_words_does_not_matter() -> None:
    words = ["cell=if_cond_exp", "cell.tau_m=10", "experiment=va_coba", "seed=4"]
    assert compose(words).config == compose(words[::-1]).config


def test_nothing_is_left_behind_in_hydra() -> None:
    compose()  # Hydra itself gives the process a version where it has none
    base = VersionBase.instance().version_base
    with pytest.raises(ConfigurationError):
        compose(["cell=none_such"])
    compose()
    assert not GlobalHydra.instance().is_initialized()
    assert VersionBase.instance().version_base is base


def test_hydra_can_be_used_beside_it_and_would_cut_a_distribution_that_replaces_another(tmp_path: Path) -> None:
    """What ``hydra.compose`` does is why varesearch.config.merging does not use it."""
    compose()
    (tmp_path / "config.yaml").write_text("defaults: [first, second]\n")
    (tmp_path / "first.yaml").write_text("v_init: {distribution: uniform, low: -65, high: -14}\n")
    (tmp_path / "second.yaml").write_text("v_init: {distribution: normal, mean: -60, std: 5}\n")
    with initialize_config_dir(str(tmp_path), version_base="1.3"):
        merged = hydra_compose("config")
    assert dict(merged.v_init) == {"distribution": "normal", "mean": -60, "std": 5, "low": -65, "high": -14}


def test_a_default_is_written_once() -> None:
    """An option's file sets only what differs from the dataclass; presets and types of cell repeat their numbers."""
    assert set(OmegaConf.load(conf_folder() / "config.yaml")) == {"defaults"}
    files = [path for path in conf_folder().glob("*/*.yaml") if path.parent.name not in ("experiment", "cell")]
    assert files
    for path in files:
        default = as_plain(getattr(compose().config, path.parent.name))
        repeated = {key for key, value in OmegaConf.load(path).items() if value == default[key]}
        assert not repeated, path


def test_private_parts_of_hydra_are_used_in_one_module() -> None:
    source = Path(varesearch.__file__).parents[1]
    users = [path.name for path in source.rglob("*.py") if "hydra._internal" in path.read_text()]
    assert users == ["merging.py"]


def test_an_incomplete_installation_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("varesearch.__file__", str(tmp_path / "src" / "varesearch" / "__init__.py"))
    with pytest.raises(FileNotFoundError, match="not installed completely"):
        conf_folder()


def test_an_installed_package_finds_the_options_beside_its_modules(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "varesearch" / "conf").mkdir(parents=True)
    (tmp_path / "varesearch" / "conf" / "config.yaml").touch()
    monkeypatch.setattr("varesearch.__file__", str(tmp_path / "varesearch" / "__init__.py"))
    assert conf_folder() == tmp_path / "varesearch" / "conf"


# A user's own folder of options


@pytest.fixture
def own(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write an option into the folder and return the folder."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return tmp_path

    return write


def test_an_own_cell_starts_from_another(own: Callable[[str, str], Path]) -> None:
    folder = own(
        "cell/mine", "# Mine.\ndefaults: [izhikevich, _self_]\nd: 8.0\nv_init: {distribution: exponential, mean: 3}"
    )
    composed = compose(["cell=mine"], folder)
    cell = composed.config.cell
    assert isinstance(cell, Izhikevich) and (cell.d, cell.a) == (8.0, 0.02)
    assert cell.v_init == Exponential(mean=3.0)
    assert composed.choices["cell"] == "mine"
    assert options(folder)["cell"]["mine"].about == "Mine."


def test_an_own_preset_builds_on_ours(own: Callable[[str, str], Path]) -> None:
    text = "defaults:\n  - va_coba@_here_\n  - override /cell: if_curr_exp\n  - _self_\nconnectivity: {n: 100}\n"
    config = compose(["experiment=small"], own("experiment/small", text)).config
    assert isinstance(config.cell, IfCurrExp)
    assert (config.connectivity.n, config.connectivity.delay_ms) == (100, Constant(0.2))


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("cell/naked", "a: 0.1", "cell/naked.yaml: cell.a is unknown.*defaults: \\[\\w+, _self_\\]"),
        ("cell/empty", "", "cell=empty names no model; start an option of cell from another one"),
        ("cell/typo", "defaults: [izhikevich, _self_]\nas: 1", "cell/typo.yaml: cell.as is unknown"),
        ("cell/words", "defaults: [izhikevich, _self_]\na: fast", "cell/words.yaml: cell.a: .*'fast'"),
        ("cell/base", "defaults: [izhikevitch, _self_]", "'cell/base'.*'cell/izhikevitch'"),
        ("cell/torn", "a: [1", "not valid YAML.*torn.yaml"),
        ("experiment/list", "[1, 2]", "experiment/list.yaml: "),
        ("experiment/key", "connectivity: {m: 3}", "experiment/key.yaml: connectivity.m is unknown"),
    ],
)
def test_a_fault_in_an_own_option_is_told_with_its_file(
    own: Callable[[str, str], Path], name: str, text: str, expected: str
) -> None:
    with pytest.raises(ConfigurationError, match=expected) as caught:
        compose([name.replace("/", "=")], own(name, text))
    assert "\n" not in str(caught.value)


def test_an_own_option_that_hides_one_of_ours_is_refused(own: Callable[[str, str], Path]) -> None:
    with pytest.raises(ConfigurationError, match=r"izhikevich\.yaml has the name of an option that exists"):
        compose([], own("cell/izhikevich", "a: 1"))


def test_an_own_option_that_is_no_text_is_refused(own: Callable[[str, str], Path]) -> None:
    folder = own("cell/binary", "")
    (folder / "cell" / "binary.yaml").write_bytes(b"# \xff\xfe\n")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        compose(["cell=binary"], folder)


def test_what_one_configuration_sets_is_not_in_the_next() -> None:
    default = compose([]).resolved
    compose(["cell.a=0.03", "recording.signals=[v]", "populations.inh.cell.a=0.1", "projections.exc_to_inh.p=0.5"])
    assert compose([]).resolved == default


def test_an_option_file_that_is_edited_meanwhile_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A notebook composes for hours in one process, beside an editor."""
    folder = tmp_path / "src" / "varesearch"
    shutil.copytree(conf_folder(), folder / "conf")
    monkeypatch.setattr(varesearch, "__file__", str(folder / "__init__.py"))
    preset = folder / "conf" / "simulation" / "mine.yaml"
    preset.write_text("defaults: [default, _self_]\nduration_ms: 100\n")
    before = compose(["simulation=mine"]).config.simulation.duration_ms
    preset.write_text("defaults: [default, _self_]\nduration_ms: 1000\n")
    assert (before, compose(["simulation=mine"]).config.simulation.duration_ms) == (100, 1000)
