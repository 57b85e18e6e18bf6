"""What a user is told when sPyNNaker fails, or when a mapping shows that real time is too fast."""

import types
from typing import Any

from small_runs import result_of
from spinnman.exceptions import SpinnmanGroupedProcessException, SpinnmanTimeoutException

from varesearch.backends.spinnaker.backend import SpiNNaker
from varesearch.backends.spinnaker.simulation import informative_line
from varesearch.config.compose import compose
from varesearch.network import draw


def test_a_list_of_exceptions_is_told_by_its_first_message_and_place() -> None:
    """SpiNNMan's own exception, as it comes from a board that does not answer."""
    header = types.SimpleNamespace(
        get_physical_cpu_id=lambda: "5", destination_chip_x=1, destination_chip_y=0, destination_cpu=3
    )
    connection = types.SimpleNamespace(remote_ip_address="127.0.0.7", chip_x=0, chip_y=0)
    request = types.SimpleNamespace(sdp_header=header)
    lists: list[Any] = [[request], [SpinnmanTimeoutException("SCP", 1.0)], [None], [connection]]
    error = SpinnmanGroupedProcessException(*lists)
    told = informative_line(error)
    assert "xceptions found" not in told and "\n" not in told
    assert "SCP" in told and "[1:0:3(5)]" in told
    assert informative_line(ValueError("no room\non the chip")) == "no room"
    assert informative_line(KeyError()) == "KeyError"


def test_a_mapping_says_which_time_scale_factor_a_run_needs() -> None:
    config = compose(["backend=spinnaker", "backend.machine=mapping"]).config
    network = draw(config)
    result = result_of(network, SpiNNaker(config))
    load, factor = result.metrics["estimate.start_load"], result.metrics["time_scale_factor"]
    told = result.provenance["time scale factor"]
    needed = int(told.rpartition("backend.time_scale_factor=")[2].split()[0])
    assert factor < needed
    assert needed - 1 < load * factor <= needed
