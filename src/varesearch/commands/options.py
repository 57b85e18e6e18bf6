"""Common to the commands: the style of their help and errors, types of values, and shared options."""

import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from varesearch.config.errors import ConfigurationError
from varesearch.config.wording import did_you_mean, echoed

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class Command(click.Command):
    """A command with the common style."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        style = {"help_option_names": ["-h", "--help"], "max_content_width": 110}
        super().__init__(*args, **{**kwargs, "context_settings": {**style, **kwargs.get("context_settings", {})}})

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; an error gets the context of the command."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise


class Group(Command, click.Group):
    """A command with subcommands."""

    command_class = Command


class Folder(click.ParamType):
    """A folder; ``~`` is the user's home."""

    name = "DIR"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path. An empty name is an error."""
        if not str(value):
            self.fail("names no folder; write --config-dir DIR", param, ctx)
        return Path(value).expanduser()


class Number(click.ParamType):
    """A finite number, whole if ``kind`` is int, of at least ``low`` and at most ``high``; None: not limited."""

    def __init__(self, kind: type[int] | type[float], low: float | None = None, high: float | None = None) -> None:
        self._kind, self._low, self._high = kind, low, high
        self.name = "integer" if kind is int else "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number. Anything else is an error, whose message says what is allowed."""
        try:
            number = self._kind(value)
        except (ValueError, OverflowError):
            number = float("nan")
        low, high = (-float("inf") if self._low is None else self._low), self._high
        if not low <= number <= (sys.float_info.max if high is None else high):
            self._refuse(value, param, ctx)
        return number

    def _refuse(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> None:
        kind = "an integer" if self._kind is int else "a number"
        limits = "" if self._low is None else f" of at least {self._low:g}"
        if self._low is not None and self._high is not None:
            limits = f" from {self._low:g} to {self._high:g}"
        self.fail(f"{echoed(str(value))}: must be {kind}{limits}", param, ctx)


class OneOf(click.ParamType):
    """One of the words that a function returns. It is called when an argument is read, not at the import."""

    name = "choice"

    def __init__(self, choices: Callable[[], Sequence[str]]) -> None:
        self._choices = choices

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return all words, for the page of help."""
        return f"[{'|'.join(self._choices())}]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the word. Any other word is an error, whose message names the most similar one."""
        known = self._choices()
        if value not in known:
            hint = did_you_mean(str(value), known)
            self.fail(f"{echoed(str(value))}: must be one of {', '.join(known)}{hint}", param, ctx)
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
        """Return the words that begin with ``incomplete``."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(word) for word in self._choices() if word.startswith(incomplete)]


def checkout() -> None:
    """Raise ConfigurationError if the tools of the project are missing, as in an installed wheel."""
    if find_spec("varesearch_tools") is None:
        raise ConfigurationError(
            "benchmarks and studies belong to a checkout of varesearch, and this is an installation without one"
        )


class StoredRun(click.ParamType):
    """A run in the store: its id, the first characters of the id, or its name. This class only completes ids."""

    name = "RUN"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
        """Return the newest runs whose ids begin with ``incomplete``."""
        from varesearch.completion import complete_runs

        return complete_runs(ctx, incomplete)


class Setting(click.ParamType):
    """A word such as ``GROUP=OPTION``. It is read later with Hydra's grammar; this class only completes it.

    If ``or_run`` is true, the word may also be a run in the store.
    """

    name = "SETTING"

    def __init__(self, or_run: bool = False) -> None:
        self._or_run = or_run

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
        """Return the settings that begin with ``incomplete``."""
        from varesearch.completion import complete_runs, complete_settings

        runs = complete_runs(ctx, incomplete) if self._or_run and incomplete else []
        return [*runs, *complete_settings(ctx, incomplete)]


words = click.argument("words", nargs=-1, type=Setting(), metavar="[GROUP=OPTION | KEY=VALUE]...")
config_dir = click.option(
    "--config-dir",
    type=Folder(),
    is_eager=True,  # other words, such as the subjects of the doctor, may name parts in it
    help="Folder of your own parts and options: DIR/NAME.py, DIR/GROUP/OPTION.yaml.",
)
uri = click.option("--uri", metavar="URI", help="Another store than that of the project, as in tracking.uri.")
