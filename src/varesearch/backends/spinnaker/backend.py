"""The SpiNNaker back end: a physical machine through sPyNNaker, or the mapping of the network without one."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ClassVar

from varesearch.backends.base import Backend, KnownAnswer, MemoryCost, Workspace
from varesearch.backends.spinnaker import SpinnakerSettings
from varesearch.backends.spinnaker.learning import check_drawn, check_learning, with_synapse_cores
from varesearch.backends.spinnaker.limits import check_currents, check_delays, check_rows, check_settings
from varesearch.backends.spinnaker.load import cores_of, sdram_mb, start_load
from varesearch.backends.spinnaker.machines import Size, choose_machine
from varesearch.backends.spinnaker.machines.software import MISSING, Software, is_built
from varesearch.backends.spinnaker.tick import Tick
from varesearch.backends.spinnaker.translation import signals
from varesearch.config.cell import Cell
from varesearch.config.errors import ConfigurationError
from varesearch.config.schema import Config
from varesearch.network.model import Network
from varesearch.network.multiplicity import once_each

if TYPE_CHECKING:
    from varesearch.backends.spinnaker.simulation import SpinnakerSimulation


class SpiNNaker(Backend):
    """sPyNNaker 7.4.1, unmodified, on the machine that ``backend.machine`` names.

    sPyNNaker: Rhodes et al. 2018, Front. Neurosci. 12:816; PyNN: Davison et al. 2009, Front. Neuroinform. 2:11.
    """

    distribution = "sPyNNaker"
    requirement = "'varesearch[spinnaker]'"
    arithmetic = "s16.15"
    draws: ClassVar[tuple[str, ...]] = ("host", "native")
    libraries = ("SpiNNFrontEndCommon", "SpiNNMan", "SpiNNMachine", "SpiNNUtilities", "SpiNNaker_PACMAN", "PyNN")
    # Without a machine the software board runs it; which one it will be shows only when the run begins.
    sources = ("spinnaker_board",)
    slow = True
    # With a time constant of one step, sPyNNaker's alpha current is zero (see limits.check_settings).
    unknown_answers = (("if_curr_alpha", "hit"),)
    preload = ("spynnaker.pyNN",)

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._settings = _settings(config)
        self._machine = choose_machine(self._settings)

    @classmethod
    def known_answers(cls, cache: Path) -> Sequence[KnownAnswer]:
        """Return one check, on the software board."""
        lacking = "" if is_built() else "the C extension of the software board is not built"
        return (KnownAnswer((f"backend.machine={Software.name}",), None, lacking, MISSING, optional=False),)

    @classmethod
    def signals(cls, cell: type[Cell]) -> tuple[str, ...]:
        """Return v and the input from synapses; sPyNNaker records no other state variable."""
        return signals(cell)

    @classmethod
    def check(cls, config: Config) -> None:
        settings = _settings(config)
        _check_numbers(settings, config)
        check_settings(config, settings.neurons_per_core)
        check_learning(config)
        if config.connectivity.draw == "native":
            from varesearch.backends.spinnaker.native import check_native, check_one_weight

            check_native(config.structure.projections)
            check_one_weight(config)
            if settings.weight_range == "drawn":
                raise ConfigurationError(
                    "backend.weight_range=drawn: with connectivity.draw=native no weight is known before the machine "
                    "draws it; write backend.weight_range=spynnaker or connectivity.draw=host"
                )

    @classmethod
    def memory(cls, config: Config) -> MemoryCost:
        """Return the cost measured with the software board and its process; a physical machine takes less."""
        return MemoryCost(run=465e6, cell=10e3, synapse=50, input_spike=50, spike=60, value=17)

    def check_network(self, network: Network) -> None:
        """Raise ConfigurationError for a drawn delay that sPyNNaker would lose, or a row longer than it can store."""
        check_delays(network, self.config, self._settings.neurons_per_core)
        check_drawn(network, self._settings.neurons_per_core)
        check_currents(network, self._settings.neurons_per_core)
        check_rows(network, self._settings.neurons_per_core)

    def probe(self) -> None:
        self._machine.probe(self._settings.probe_timeout_s)

    @contextmanager
    def build(self, network: Network, workspace: Workspace) -> Iterator["SpinnakerSimulation"]:
        """Build the network in sPyNNaker. Raises ConfigurationError as :meth:`check_network` does."""
        from varesearch.backends.spinnaker.building import build
        from varesearch.backends.spinnaker.session import SpynnakerSession
        from varesearch.backends.spinnaker.simulation import SpinnakerSimulation

        settings, per_core = self._settings, self._settings.neurons_per_core
        self.check_network(network)
        # A source of sPyNNaker may fire several times in a step, but each spike is a packet of its own: a few packets
        # with larger weights keep a step short.
        network = once_each(network)
        apart = replace(network, populations=tuple(with_synapse_cores(network)), sources=())
        size = Size(cores_of(network, per_core) + cores_of(apart, per_core), sdram_mb(network, self.config.recording))
        with ExitStack() as stack:
            folder = stack.enter_context(_own_folder(workspace.folder))
            machine = stack.enter_context(self._machine.started(folder, workspace.cache, size))
            session = SpynnakerSession(folder, machine, settings.overrun_s)
            stack.callback(session.end)
            tick = Tick(network.dt_ms, start_load(network, per_core), settings.time_scale_factor, machine.simulates)
            session.set_up(network.dt_ms, tick.wanted_factor)
            tick.warn(session.time_scale_factor())
            with session.inside() as sim:
                built = build(sim, network, self.config)
            stack.callback(built.release)
            yield SpinnakerSimulation(self.config, network, machine, session, built, tick)


@contextmanager
def _own_folder(folder: Path | None) -> Iterator[Path]:
    """Provide a folder for sPyNNaker's files: in the folder of the run, or a temporary one."""
    if folder is not None:
        own = folder / "spinnaker"
        own.mkdir(parents=True, exist_ok=True)
        yield own
        return
    with TemporaryDirectory(prefix="varesearch-spinnaker-", ignore_cleanup_errors=True) as temporary:
        yield Path(temporary)


def _settings(config: Config) -> SpinnakerSettings:
    assert isinstance(config.backend, SpinnakerSettings)
    return config.backend


def _check_numbers(settings: SpinnakerSettings, config: Config) -> None:
    dt_ms = config.simulation.dt_ms
    if round(dt_ms * 1000) < 1 or abs(dt_ms * 1000 - round(dt_ms * 1000)) > 1e-9:
        raise ConfigurationError(f"simulation.dt_ms={dt_ms:g}: SpiNNaker's step is a whole number of microseconds")
    factor = settings.time_scale_factor
    if factor is not None and (factor <= 0 or abs(dt_ms * 1000 * factor - round(dt_ms * 1000 * factor)) > 1e-4):
        raise ConfigurationError(
            f"backend.time_scale_factor={factor:g}: wanted more than 0, and a tick (dt times the factor) of whole "
            "microseconds; null takes the least that the start of the network needs"
        )
    interval_ms = config.recording.interval_ms
    if interval_ms is not None:
        steps = round(interval_ms / dt_ms)
        if int(steps * dt_ms / dt_ms) != steps:  # sPyNNaker cuts this quotient where it should round it
            raise ConfigurationError(
                f"recording.interval_ms={interval_ms:g}: sPyNNaker takes it for {steps - 1} steps of {dt_ms:g} ms; "
                f"use {(steps - 1) * dt_ms:g} or {(steps + 1) * dt_ms:g}"
            )
