"""Which machine the settings mean, and every way in which it may not be there: tried on loopback addresses."""

import os
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
import spinnaker_servers as servers
from spinnman.constants import SCP_SCAMP_PORT as SCP_PORT
from spinnman.constants import UDP_BOOT_CONNECTION_DEFAULT_PORT as BOOT_PORT

from varesearch import cli
from varesearch.backends.base import BackendUnavailableError
from varesearch.backends.spinnaker import SpinnakerSettings
from varesearch.backends.spinnaker.machines import Machine, _choice, choose_machine
from varesearch.backends.spinnaker.machines._addresses import split_credentials
from varesearch.backends.spinnaker.machines.board import Board, answers, boot_messages
from varesearch.backends.spinnaker.machines.mapping import VirtualBoard
from varesearch.backends.spinnaker.machines.remote import Remote
from varesearch.backends.spinnaker.machines.software import Software
from varesearch.backends.spinnaker.machines.spalloc import Spalloc
from varesearch.config.errors import ConfigurationError
from varesearch.config.parts import parts

PASSWORD = "correct-horse-battery-staple"
SECONDS = 0.4


@pytest.fixture(autouse=True)
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without any configuration, and no credentials."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(home / "nothing"))
    for name in ("XDG_CONFIG_HOME", "SPALLOC_USER", "SPALLOC_PASSWORD", "OIDC_BEARER_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return home


def unavailable(machine: Machine, timeout_s: float = SECONDS) -> tuple[str, float]:
    """The one line with which the probe fails, and the seconds it took."""
    begin = time.monotonic()
    with pytest.raises(BackendUnavailableError) as caught:
        machine.probe(timeout_s)
    message = str(caught.value)
    assert "\n" not in message
    return message, time.monotonic() - begin


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (SpinnakerSettings(machine_name="10.11.12.13"), Board(5, "10.11.12.13")),
        (SpinnakerSettings(machine="board", machine_name="b", version=3), Board(3, "b")),
        (SpinnakerSettings(remote_url="http://r.example"), Remote(5, "http://r.example")),
        (SpinnakerSettings(machine="mapping", machine_name="b"), VirtualBoard(5)),
    ],
)
def test_the_settings_name_the_machine(settings: SpinnakerSettings, expected: Machine) -> None:
    assert choose_machine(settings) == expected


def old_spalloc(server: str) -> Machine:
    return choose_machine(SpinnakerSettings(spalloc_server=server, spalloc_user="me"))


def new_spalloc(url: str) -> Machine:
    return choose_machine(SpinnakerSettings(machine="spalloc", spalloc_server=url))


def test_the_address_tells_which_spalloc_it_is() -> None:
    assert new_spalloc("https://s.example/x").configuration() == {
        "spalloc_server": "https://s.example/x",
        "version": "5",
    }
    for server, port in (("s:99", "99"), ("s", "22244")):
        machine = old_spalloc(server)
        lines = {"spalloc_server": "s", "spalloc_port": port, "spalloc_user": "me", "version": "5"}
        assert isinstance(machine, Spalloc) and machine.name == "spalloc" and machine.configuration() == lines


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (SpinnakerSettings(machine="bord"), ("bord", "auto, board, mapping, remote, software, spalloc")),
        (SpinnakerSettings(machine="board"), ("backend.machine_name=null", "address")),
        (SpinnakerSettings(machine="spalloc"), ("backend.spalloc_server=null",)),
        (SpinnakerSettings(machine="remote"), ("backend.remote_url=null",)),
        (SpinnakerSettings(machine="mapping", version=4), ("backend.version=4", "3", "5")),
        (SpinnakerSettings(machine_name="a", remote_url="http://b"), ("backend.machine_name and backend.remote_url",)),
        (SpinnakerSettings(spalloc_server="s:x", spalloc_user="me"), ("backend.spalloc_server=s:x", "port")),
        (SpinnakerSettings(spalloc_server="s"), ("backend.spalloc_user", "SPALLOC_USER")),
        (SpinnakerSettings(remote_url="r.example"), ("backend.remote_url=r.example", "http")),
    ],
)
def test_settings_that_name_no_machine(settings: SpinnakerSettings, said: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        choose_machine(settings)
    assert all(part in str(caught.value) for part in said)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "settings",
    [
        SpinnakerSettings(spalloc_server=f"https://me:{PASSWORD}@s.example/"),
        SpinnakerSettings(spalloc_server=f"me:{PASSWORD}@s.example", spalloc_user="me"),
        SpinnakerSettings(remote_url=f"https://me:{PASSWORD}@s.example/"),
    ],
)
def test_credentials_in_a_setting_are_refused_and_not_repeated(settings: SpinnakerSettings) -> None:
    with pytest.raises(ConfigurationError) as caught:
        choose_machine(settings)
    assert PASSWORD not in str(caught.value)
    assert "SPALLOC_PASSWORD" in str(caught.value)


def test_auto_takes_the_machine_of_the_users_own_configuration(empty_home: Path) -> None:
    file = empty_home / ".spynnaker.cfg"
    file.write_text("[Machine]\nmachineName = 10.0.0.1\nversion = 3\ndown_cores = 0,0,3\n")
    assert choose_machine(SpinnakerSettings()) == Board(3, "10.0.0.1", options={"downcores": "0,0,3"})
    assert choose_machine(SpinnakerSettings(machine_name="b")) == Board(5, "b")
    file.write_text("[Machine]\nmachineName = None\nversion = 5\n")
    assert isinstance(choose_machine(SpinnakerSettings()), Software)


def test_auto_without_any_machine_is_the_software_board_if_it_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_machine(SpinnakerSettings(version=3, threads=2)) == Software(3, threads=2)
    monkeypatch.setattr(_choice, "is_built", lambda: False)
    with pytest.raises(ConfigurationError) as caught:
        choose_machine(SpinnakerSettings())
    said = ("backend.machine=auto", "compiler", "backend.machine_name=ADDRESS", "backend.machine=mapping")
    assert all(part in str(caught.value) for part in said)


def test_auto_follows_the_file_that_the_users_configuration_points_to(empty_home: Path, tmp_path: Path) -> None:
    pointed = tmp_path / "board.cfg"
    pointed.write_text("[Machine]\nmachine_name = 10.0.0.2\nversion = 5\n")
    (empty_home / ".spynnaker.cfg").write_text(f"[Machine]\nmachine_spec_file = {pointed}\n")
    assert choose_machine(SpinnakerSettings()) == Board(5, "10.0.0.2")


def test_a_configuration_of_the_users_own_may_name_each_machine(empty_home: Path) -> None:
    file = empty_home / ".spynnaker.cfg"
    file.write_text("[Machine]\nspalloc_server = s\nspalloc_port = 99\nspalloc_user = me\nvirtual_board = False\n")
    lines = {"spalloc_server": "s", "spalloc_port": "99", "spalloc_user": "me", "version": "5", "virtualboard": "False"}
    assert choose_machine(SpinnakerSettings()).configuration() == lines
    file.write_text("[Machine]\nvirtual_board = True\nversion = 3\n")
    assert choose_machine(SpinnakerSettings()) == VirtualBoard(3)
    file.write_text("[Machine]\nremote_spinnaker_url = https://r.example/\n")
    assert choose_machine(SpinnakerSettings()) == Remote(5, "https://r.example/")
    file.write_text("[Machine]\nremote_spinnaker_url = https://r.example/\nmachine_name = b\n")
    with pytest.raises(ConfigurationError, match="names several machines, by machine_name and remote_spinnaker_url"):
        choose_machine(SpinnakerSettings())
    file.write_text("[Machine]\nspalloc_server = s\nspalloc_port = many\nspalloc_user = me\n")
    with pytest.raises(ConfigurationError, match=r"spalloc_server of .*port from 1 to 65535"):
        choose_machine(SpinnakerSettings())


def test_credentials_of_the_users_own_configuration_travel_by_the_environment(empty_home: Path) -> None:
    (empty_home / ".spynnaker.cfg").write_text(
        f"[Machine]\nspalloc_server = https://me:{PASSWORD}@s.example:8443/x\nversion = 5\n"
    )
    machine = choose_machine(SpinnakerSettings())
    assert machine.configuration()["spalloc_server"] == "https://s.example:8443/x"
    assert machine.environment() == {"SPALLOC_USER": "me", "SPALLOC_PASSWORD": PASSWORD}
    assert PASSWORD not in f"{machine!r} {machine.describe()} {machine.configuration()}"


def test_only_the_host_part_of_an_address_holds_credentials() -> None:
    assert split_credentials("https://h/a@b") [0] == "https://h/a@b"  # fmt: skip
    assert not split_credentials("https://h/a@b")[1]


def test_a_file_that_is_no_configuration_is_named(empty_home: Path) -> None:
    (empty_home / ".spynnaker.cfg").write_text("machine_name = x\n")
    with pytest.raises(ConfigurationError, match=r"\.spynnaker\.cfg: not a configuration"):
        choose_machine(SpinnakerSettings())


def test_board_with_a_closed_port() -> None:
    message, seconds = unavailable(Board(5, "127.0.0.41"))
    assert "127.0.0.41" in message
    assert "backend.machine=mapping" in message
    assert seconds < 5


def test_board_that_is_silent_is_booted_once_and_then_given_up() -> None:
    with servers.silent_udp("127.0.0.42", SCP_PORT, BOOT_PORT) as seen:
        message, seconds = unavailable(Board(5, "127.0.0.42"))
    assert "silence, also after booting" in message
    assert seconds < 20
    assert sum(length > 1000 for length in seen) == 29  # the full blocks of one boot image of 29,868 bytes
    assert seen.count(26) >= 2  # SCP requests before and after


@pytest.mark.parametrize("answer", [b"", b"x", bytes(14), bytes(12) + b"\x80", b"\0" * 10 + b"\x80\0" + b"words " * 9])
def test_something_else_than_a_board(answer: bytes) -> None:
    with servers.udp_server("127.0.0.45", SCP_PORT, answer):
        assert not answers("127.0.0.45", SECONDS)


def test_board_without_an_address() -> None:
    message, _ = unavailable(Board(5, "no-such-board.invalid"))
    assert "no SpiNNaker board there" in message and "address for no-such-board.invalid" in message


def test_board_that_wakes_up_when_it_is_booted() -> None:
    with servers.booting_board("127.0.0.43", SCP_PORT, BOOT_PORT) as messages:
        Board(3, "127.0.0.43").probe(SECONDS)
    opcodes = [struct.unpack(">HI", message[:6]) for message in messages]
    assert opcodes == [(1, 1), *[(1, 3)] * 30, (1, 5)]


@pytest.mark.parametrize(("version", "led"), [(3, 0x502), (5, 0x1)])
def test_the_boot_messages_are_those_of_spinnman(version: int, led: int) -> None:
    from spinn_utilities.config_holder import set_config
    from spinnman.config_setup import unittest_setup
    from spinnman.messages.spinnaker_boot import SpinnakerBootMessages
    from spinnman.messages.spinnaker_boot.system_variable_boot_values import SystemVariableDefinition

    unittest_setup()
    set_config("Machine", "version", str(version))
    now = 1_700_000_000
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: now)
        ours = [message.bytestring for message in boot_messages(version)]
        theirs = SpinnakerBootMessages(extra_boot_values={SystemVariableDefinition.led_0: led})
        assert ours == [message.bytestring for message in theirs.messages]


def test_old_spalloc_that_is_silent() -> None:
    with servers.tcp_server(None) as port:
        message, seconds = unavailable(old_spalloc(f"127.0.0.1:{port}"))
    assert f"127.0.0.1:{port}: no answer in {SECONDS:g} s" in message
    assert seconds < 5


def test_old_spalloc_with_a_closed_port() -> None:
    message, _ = unavailable(old_spalloc(f"127.0.0.1:{servers.closed_port()}"))
    assert "refused" in message


@pytest.mark.parametrize("answer", [b"220 ready\r\n", b'["return"]\n', b'{"error": 1}\n'])
def test_something_else_than_old_spalloc(answer: bytes) -> None:
    with servers.tcp_server(answer) as port:
        message, _ = unavailable(old_spalloc(f"127.0.0.1:{port}"))
    assert "this is not a spalloc server" in message


def test_old_spalloc_that_answers() -> None:
    with servers.tcp_server(servers.spalloc_answer()) as port:
        old_spalloc(f"127.0.0.1:{port}").probe(SECONDS)


@pytest.mark.parametrize("status", [401, 403])
def test_new_spalloc_that_refuses_the_credentials(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OIDC_BEARER_TOKEN", PASSWORD)
    with servers.http_server(status) as (url, requests):
        message, _ = unavailable(new_spalloc(url))
    assert f"HTTP {status}, the credentials are refused" in message
    assert PASSWORD not in message
    assert requests[0]["Authorization"] == f"Bearer {PASSWORD}"


def test_new_spalloc_without_credentials_is_not_even_asked() -> None:
    with servers.http_server(200) as (url, requests):
        message, _ = unavailable(new_spalloc(url))
    assert "SPALLOC_USER and SPALLOC_PASSWORD" in message
    assert requests == []


@pytest.mark.parametrize(("status", "said"), [(404, "HTTP 404"), (503, "HTTP 503")])
def test_new_spalloc_that_is_something_else_or_ill(status: int, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OIDC_BEARER_TOKEN", PASSWORD)
    with servers.http_server(status) as (url, _):
        assert said in unavailable(new_spalloc(url))[0]


def test_new_spalloc_that_is_silent_or_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OIDC_BEARER_TOKEN", PASSWORD)
    with servers.tcp_server(None) as port:
        message, seconds = unavailable(new_spalloc(f"http://127.0.0.1:{port}/"))
    assert f"no answer in {SECONDS:g} s" in message
    assert seconds < 5
    assert "refused" in unavailable(new_spalloc(f"http://127.0.0.1:{servers.closed_port()}/"))[0]


def test_remote_service_is_asked_without_allocating() -> None:
    with servers.http_server(405) as (url, requests):
        Remote(5, url).probe(SECONDS)
    assert [request["method"] for request in requests] == ["HEAD"]
    with servers.http_server(401) as (url, _):
        assert "HTTP 401, access is refused" in unavailable(Remote(5, url))[0]


def test_every_machine_of_the_setting_is_documented_in_it() -> None:
    what = next(field for field in SpinnakerSettings.__dataclass_fields__.values() if field.name == "machine")
    assert all(name in what.metadata["what"] for name in ("auto", *parts(Machine)))


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (("backend.machine=board",), "backend.machine_name=null"),
        (("backend.machine_name=127.0.0.44",), "no SpiNNaker board there"),
    ],
)
def test_the_command_line_ends_with_2_one_line_and_nothing_written(
    overrides: tuple[str, ...], said: str, tmp_path: Path, empty_home: Path
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    environment = {**os.environ, "VARESEARCH_ROOT": str(root)}
    done = subprocess.run(
        [sys.executable, "-m", "varesearch", "backend=spinnaker", *overrides],
        capture_output=True, text=True, env=environment, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 2
    lines = (done.stdout + done.stderr).strip().splitlines()
    assert len(lines) == 1
    assert said in lines[0]
    assert list(empty_home.iterdir()) == []
    assert list(root.iterdir()) == []


def test_a_core_of_the_board_from_older_sources_is_refused_before_anything_is_written(
    tmp_path: Path, empty_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As after a pull that changes the C, where the extension was not built again."""
    monkeypatch.setattr("spinnaker_board.machine.INTERFACE", -1)
    monkeypatch.setenv("VARESEARCH_ROOT", str(tmp_path))
    before = set(tmp_path.iterdir())
    assert cli.main(["backend=spinnaker", "backend.machine=software"]) == 2
    printed = capsys.readouterr()
    (line,) = (printed.out + printed.err).splitlines()
    assert "build it again" in line and "setup.py build_ext --inplace" in line
    assert set(tmp_path.iterdir()) == before
