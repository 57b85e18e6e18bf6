"""``varesearch export``: draw or load a network, grade what the format can hold, and write it."""

import shutil
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from varesearch.config.checks import check_choice
from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.launching import refuse_sweep_settings
from varesearch.config.parts import parts
from varesearch.config.validation import validate
from varesearch.export.format import Format, Grade, grades_table
from varesearch.network import Network, draw
from varesearch.network.consistency import check_network
from varesearch.network.estimate import check_counts
from varesearch.network.stored import load_network

GRADES_FILE = "grades.md"


def export(to: str, folder: Path, words: Sequence[str], network_file: Path | None, config_dir: Path | None) -> int:
    """Write a network and print the grades of its quantities; return the exit code.

    Parameters
    ----------
    to
        The name of the format.
    folder
        A folder that does not exist yet, or is empty.
    words
        Settings of the network.
    network_file
        A file ``network.npz`` of a run, instead of settings.
    config_dir
        The folder of the user's own parts.

    Raises
    ------
    ConfigurationError
        One line: the format cannot hold a quantity, a library is missing, or the folder cannot be written.
    """
    known = parts(Format, config_dir)
    check_choice("--to", to, tuple(known))
    form = known[to]()
    for library in form.libraries:
        if find_spec(library) is None:
            raise ConfigurationError(
                f"--to={to} needs {library}, which is not installed: pip install 'varesearch[{to}]'"
            )
    _check_folder(folder)
    network = _network(words, network_file, config_dir)
    graded = form.grade(network)
    refused = [f"{each.quantity}: {each.how}" for each in graded if each.grade is Grade.REFUSED]
    if refused:
        others = ", ".join(name for name in known if name != to)
        more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        raise ConfigurationError(f"--to={to} cannot hold {refused[0]}{more}; change it, or choose {others}")
    _write(form, network, folder, table := grades_table(graded))
    print(table)
    print(f"network {network.hash[:12]} written to {folder}")
    return 0


def _check_folder(folder: Path) -> None:
    try:
        if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
            raise ConfigurationError(f"{folder}: there is something already; name a new folder")
    except OSError as error:
        raise ConfigurationError(f"{folder}: cannot be read ({error.strerror}); name another folder") from None


def _network(words: Sequence[str], network_file: Path | None, config_dir: Path | None) -> Network:
    if network_file is not None:
        if words:
            raise ConfigurationError(f"{words[0]}: --network is a drawn network already; leave one of the two out")
        try:
            network = load_network(network_file, config_dir)
        except ValueError as error:
            raise ConfigurationError(f"--network={network_file}: {error}") from None
        check_network(network)
        return network
    config = compose(words, config_dir).config
    refuse_sweep_settings(words, "export one network")
    validate(config)
    check_counts(config)
    network = draw(config)
    if network.native_wiring is not None:
        raise ConfigurationError("connectivity.draw=native has no synapses to export; write connectivity.draw=host")
    return network


def _write(form: Format, network: Network, folder: Path, table: str) -> None:
    """Write into a folder beside the wanted one, which then takes its place: never half a network."""
    try:
        folder.absolute().parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.absolute().parent))
    except OSError as error:
        raise ConfigurationError(f"{folder}: cannot be written ({error.strerror}); name another folder") from None
    try:
        form.write(network, draft)
        (draft / GRADES_FILE).write_text(f"# Network {network.hash}\n\n{table}\n", encoding="utf-8")
        draft.chmod(0o755)
        draft.replace(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
