"""``varesearch describe``: print the description of a configuration, or write it with its diagram into a folder."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.launching import refuse_sweep_settings
from varesearch.describe.description import describe
from varesearch.describe.document import Description
from varesearch.describe.latex import latex
from varesearch.describe.markdown import markdown
from varesearch.whole_files import whole_file

DIAGRAM = "network"
"""The name of the files of the diagram, without their suffix."""


@dataclass(frozen=True)
class _Format:
    """How a format is written, the name of its file, and the suffix of the picture that it shows."""

    write: Callable[[Description, str], str]
    file: str
    picture: str


FORMATS: Mapping[str, _Format] = {
    "markdown": _Format(markdown, "methods.md", ".svg"),
    "latex": _Format(latex, "methods.tex", ".png"),
}
"""Name of a format -> how it is written."""


def main(words: Sequence[str], to: Path | None, chosen: str | None, config_dir: Path | None) -> int:
    """Describe the configuration that the words compose, and return the exit code.

    Parameters
    ----------
    words
        Settings, as for a run.
    to
        The folder for the text and the diagram; None: print the text.
    chosen
        The format; None: Markdown on the terminal, every format in a folder.
    config_dir
        The folder of the user's own parts.

    Raises
    ------
    ConfigurationError
        The configuration cannot be run, or the files cannot be written.
    """
    config = compose(words, config_dir).config
    refuse_sweep_settings(words, "write a single value of each setting")
    description = describe(config, config_dir)
    if to is None:
        print(FORMATS[chosen or "markdown"].write(description, ""), end="")
        return 0
    from varesearch.describe.diagram import write_figure

    folder, formats = to.expanduser(), [FORMATS[chosen]] if chosen else [*FORMATS.values()]
    texts = {each.file: each.write(description, f"{DIAGRAM}{each.picture}") for each in formats}
    written = [folder / name for name in (*texts, f"{DIAGRAM}.svg", f"{DIAGRAM}.png")]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in written:
            if path.name in texts:
                with whole_file(path) as temporary:
                    temporary.write_text(texts[path.name], encoding="utf-8")
            else:
                write_figure(config.structure, path)
    except OSError as error:
        raise ConfigurationError(f"--to {to}: cannot be written ({error.strerror}); choose another folder") from error
    for path in written:
        print(os.path.relpath(path) if path.is_relative_to(Path.cwd()) else path)
    return 0
