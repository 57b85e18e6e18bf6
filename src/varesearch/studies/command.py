"""The one command of a study: run what is missing, read the tracker, draw, write the page."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from varesearch.config.errors import ConfigurationError
from varesearch.studies.page import FIGURES_FOLDER, Claim, broken, write_page
from varesearch.tracking import project_root
from varesearch.tracking.root import STORE_FOLDER

_CONF = "conf"


class StoppedError(Exception):
    """A sweep did not end well; ``code`` is its exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Session:
    """One start of a study. ``experiment`` is the MLflow experiment that keeps its runs; ``words`` are the user's."""

    folder: Path
    experiment: str
    small: bool
    words: tuple[str, ...]
    figures: Path

    def sweep(self, *words: str) -> None:
        """Run every combination that is not FINISHED yet, by the ordinary command line.

        A word of the user's takes the place of one with the same key. Raises StoppedError unless all are FINISHED.
        """
        from varesearch import cli

        ours = [word for word in words if _key(word) not in {_key(own) for own in self.words}]
        conf = ["--config-dir", str(self.folder / _CONF)] if (self.folder / _CONF).is_dir() else []
        code = cli.main(["-m", *conf, *ours, *self.words, f"tracking.experiment={self.experiment}"])
        if code:
            raise StoppedError(code)


@dataclass(frozen=True)
class Study:
    """``run`` makes the runs, ``analyse`` reads them back: the results (plain numbers, for the page), figures drawn.

    ``claims`` holds the statements of the prose against the results.
    """

    folder: Path
    run: Callable[[Session], None]
    analyse: Callable[[Session], dict[str, Any]]
    claims: Callable[[Mapping[str, Any]], Sequence[Claim]]

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name


def main(study: Study, argv: Sequence[str] | None = None) -> int:
    """The command; returns the exit code: that of a sweep that did not end well, 1 for prose that no longer holds."""
    parser = argparse.ArgumentParser(
        prog=f"experiments/{study.name}/study.py",
        description="Run what is missing of the study, then read the tracker and write the page.",
        epilog="WORDS are settings for all runs, such as launcher.workers=8 or tracking.uri=http://host:5000",
    )
    parser.add_argument("words", nargs="*", metavar="WORDS")
    parser.add_argument("--small", action="store_true", help="a small form of it, to see that it runs; not the page")
    parser.add_argument("--analyse", action="store_true", help="run nothing: only read, draw and write")
    parser.add_argument("--to", type=Path, help="folder for page and figures (default: the study's own)")
    asked = parser.parse_args(argv)
    experiment = f"{study.name}_small" if asked.small else study.name
    target = asked.to or (project_root() / STORE_FOLDER / "studies" / study.name if asked.small else study.folder)
    session = Session(study.folder, experiment, asked.small, tuple(asked.words), target / FIGURES_FOLDER)
    try:
        if not asked.analyse:
            study.run(session)
        session.figures.mkdir(parents=True, exist_ok=True)
        results = {"small": session.small, **study.analyse(session)}
        page = write_page(study.folder, results, target)
    except StoppedError as stopped:
        print(f"{study.name}: not all runs are finished; the same command goes on where it stopped", file=sys.stderr)
        return stopped.code
    except ConfigurationError as error:
        print(f"{study.name}: {error}", file=sys.stderr)
        return 2
    print(f"{study.name}: {page}")
    # A small form shows that the study runs; what the page says is said of the whole.
    wrong = [] if asked.small else broken(study.claims(results))
    for words in wrong:
        print(f"{study.name}: the results no longer bear out: {words}", file=sys.stderr)
    return 1 if wrong else 0


def _key(word: str) -> str:
    return word.lstrip("+~").partition("=")[0]
