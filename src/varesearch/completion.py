"""Completion of commands, flags and settings by the shell.

A shell that has read the output of ``_VARESEARCH_COMPLETE=bash_source varesearch`` (or ``zsh_source``, ``fish_source``)
calls ``varesearch`` at each press of the tab key. click does the work, except for settings, which it does not know, and
for Bash, which splits ``cell=iz`` into three words.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    add_completion_class,
    shell_complete,
    split_arg_string,
)

from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.options import GROUPS, options
from varesearch.config.plain import single_settings
from varesearch.config.schema import Config

_BASH = """\
%(complete_func)s() {
    local IFS=$'\\n'
    local value
    COMPREPLY=()
    for value in $(env COMP_LINE="${COMP_LINE:0:COMP_POINT}" %(complete_var)s=bash_complete "$1"); do
        case "$value" in
            file) compopt -o default ;;
            dir) compopt -o dirnames ;;
            plain,*)
                value="${value#plain,}"
                COMPREPLY+=("$value")
                [[ $value == *[=.] ]] && compopt -o nospace ;;
        esac
    done
    return 0
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""


class Bash(BashComplete):
    """Completion for Bash, where ``=`` separates words, so that only the text after it is replaced."""

    source_template = _BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the cursor, and the word that is to be completed."""
        line = os.environ["COMP_LINE"]
        words = split_arg_string(line)
        self._incomplete = words.pop() if not line[-1:].isspace() else ""
        return words[1:], self._incomplete

    def format_completion(self, item: CompletionItem) -> str:
        """Return the line that the function in the shell reads."""
        if item.type != "plain":
            return item.type
        before, equals, _ = self._incomplete.rpartition("=")
        return f"plain,{item.value.removeprefix(before + equals)}"


def complete(app: click.Command, program: str, variable: str) -> int:
    """Answer the shell, which has set the environment ``variable``, and return the exit code."""
    add_completion_class(Bash, "bash")
    return shell_complete(app, {}, program, variable, os.environ[variable])


def complete_settings(context: click.Context, incomplete: str) -> list[CompletionItem]:
    """Return the settings that begin with ``incomplete``: groups, their options, and keys."""
    given = [word for word in context.params.get("words") or () if isinstance(word, str)]
    try:
        return [CompletionItem(word) for word in _settings(incomplete, given, context.params.get("config_dir"))]
    except (ConfigurationError, OSError):
        # The words before cannot be read. A shell that completes a word has no place for a message.
        return []


def complete_runs(context: click.Context, incomplete: str) -> list[CompletionItem]:
    """Return the newest runs whose ids begin with ``incomplete``, with names; none if the store is on a server."""
    from varesearch.tracking.location import locate_store, newest_runs

    try:
        found = newest_runs(locate_store(context.params.get("uri")), incomplete)
    except ConfigurationError:
        return []
    # Ids are shown by their first eight characters, unless more were typed.
    length = 8 if len(incomplete) <= 8 else 32
    return [CompletionItem(run_id[:length], help=name) for run_id, name in found]


def _settings(incomplete: str, given: Sequence[str], config_dir: Path | None) -> Iterator[str]:
    known = options(config_dir)
    group, equals, value = incomplete.partition("=")
    if equals:
        # A sweep's values are separated by commas.
        before, comma, last = value.rpartition(",")
        for name in known.get(group, ()):
            if name.startswith(last):
                yield f"{group}={before}{comma}{name}"
        return
    group, dot, _ = incomplete.partition(".")
    if dot and group in GROUPS:
        chosen = [word for word in given if word.partition("=")[0] in (group, "experiment") and "," not in word]
        names = [name for name, _ in single_settings(compose(chosen, config_dir).resolved.get(group, {}), f"{group}.")]
        yield from (f"{name}=" for name in names if name.startswith(incomplete))
        return
    ungrouped = [name for name in Config.__dataclass_fields__ if name not in GROUPS]
    yield from (f"{name}=" for name in (*GROUPS, *ungrouped) if name.startswith(incomplete))
    yield from (f"{name}." for name in GROUPS if name.startswith(incomplete) and name != "experiment")
