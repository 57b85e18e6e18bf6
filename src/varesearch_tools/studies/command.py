"""What ``varesearch studies`` does: run what is missing of a study, read the tracker, draw, write the page."""

import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from varesearch.config.errors import ConfigurationError
from varesearch.tracking import project_root
from varesearch.tracking.location import STORE_FOLDER, checkout_root
from varesearch_tools.studies.page import FIGURES_FOLDER, Claim, broken, write_page

_CONF = "conf"


class StoppedError(Exception):
    """A sweep did not end well; ``code`` is its exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class StudySession:
    """A start of a study: the MLflow ``experiment`` that stores its runs, and the settings (``words``) of the user."""

    folder: Path
    experiment: str
    small: bool
    words: tuple[str, ...]
    figures: Path

    def sweep(self, *words: str) -> None:
        """Run every combination that is not FINISHED yet, as ``varesearch sweep`` does.

        A setting of the user replaces one with the same key. Raises StoppedError unless all runs are FINISHED.
        """
        from varesearch import cli

        ours = [word for word in words if _key(word) not in {_key(own) for own in self.words}]
        conf = ["--config-dir", str(self.folder / _CONF)] if (self.folder / _CONF).is_dir() else []
        code = cli.main(["sweep", *conf, *ours, *self.words, f"tracking.experiment={self.experiment}"])
        if code:
            raise StoppedError(code)


@dataclass(frozen=True)
class Study:
    """A question about the model.

    ``run`` makes the runs; ``analyse`` reads them back, draws the figures and returns the results, plain numbers for
    the page; ``claims`` checks the statements of the page's prose against them.
    """

    folder: Path
    run: Callable[[StudySession], None]
    analyse: Callable[[StudySession], dict[str, Any]]
    claims: Callable[[Mapping[str, Any]], Sequence[Claim]]

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name


def studies() -> dict[str, Path]:
    """Name -> folder of the studies of the checkout. Raises ConfigurationError if there is none."""
    top = checkout_root()
    found = {path.parent.name: path.parent for path in sorted(top.glob("experiments/*/study.py"))} if top else {}
    if not found:
        raise ConfigurationError("the studies belong to a checkout, and this package was not imported from one")
    return found


def load(folder: Path) -> Study:
    """The study of a folder: ``STUDY`` in its ``study.py``, which imports its ``analyse.py`` by that name."""
    sys.path.insert(0, str(folder))
    sys.modules.pop("analyse", None)
    spec = importlib.util.spec_from_file_location(f"study_{folder.name}", folder / "study.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.STUDY


def conduct(study: Study, words: Sequence[str], small: bool, analyse_only: bool, to: Path | None) -> int:
    """Run what is missing, read the tracker, and write the page of a study.

    Parameters
    ----------
    study
        The study.
    words
        Settings for all of its runs.
    small
        Run a small form of it, and do not change its page.
    analyse_only
        Run nothing.
    to
        The folder for page and figures; None: the study's own, or for a small form one in the store.

    Returns
    -------
    int
        The exit code: that of a sweep that did not end well, or 1 if the results do not support the page's prose.

    Raises
    ------
    ConfigurationError
        Results are missing, or the page cannot be written from them.
    """
    experiment = f"{study.name}_small" if small else study.name
    target = to or (project_root() / STORE_FOLDER / "studies" / study.name if small else study.folder)
    session = StudySession(study.folder, experiment, small, tuple(words), target / FIGURES_FOLDER)
    try:
        if not analyse_only:
            study.run(session)
        session.figures.mkdir(parents=True, exist_ok=True)
        results = {"small": session.small, **study.analyse(session)}
        page = write_page(study.folder, results, target)
    except StoppedError as stopped:
        print(f"{study.name}: not all runs are finished; the same command continues", file=sys.stderr)
        return stopped.code
    print(f"{study.name}: {page}")
    # A small form only shows that the study runs; the page describes the full one.
    wrong = [] if small else broken(study.claims(results))
    for words in wrong:
        print(f"{study.name}: the results no longer support: {words}", file=sys.stderr)
    return 1 if wrong else 0


def _key(word: str) -> str:
    return word.lstrip("+~").partition("=")[0]
