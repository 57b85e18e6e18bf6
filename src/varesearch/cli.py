"""The command line: read the arguments, call a command, and return the exit code.

``varesearch COMMAND ...`` calls a module of :mod:`varesearch.commands`. Without a command the arguments are those of
``run``, so that ``python -m varesearch cell=izhikevich`` runs a simulation.

Exit codes: 0 done; 1 the run failed; 2 bad input, reported in one line on stderr with nothing written to disk; 130
interrupted from the keyboard; 143 ended by SIGTERM. Simulators, plotting and tracking are not imported before a run
begins.
"""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from varesearch import commands
from varesearch.commands.options import Group
from varesearch.commands.output import PROGRAM, complain
from varesearch.config.errors import ConfigurationError
from varesearch.config.wording import did_you_mean, echoed, nearest

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMPLETE = "_VARESEARCH_COMPLETE"
"""The environment variable by which a shell asks for completions."""


class App(Group):
    """The command ``varesearch``, which imports the module of a subcommand when that is used or listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in the order of help."""
        return list(commands.NAMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of this name, or None if there is none."""
        return commands.load(cmd_name) if cmd_name in commands.NAMES else None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``run`` in front of the arguments if they do not begin with a command."""
        if not (args and args[0] in commands.NAMES) and not (ctx.resilient_parsing and not args):
            if args and _may_be_a_command(args[0]):
                raise click.NoSuchCommand(args[0], ctx=ctx)
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """Return commands and, since ``run`` may be left out, settings and flags of ``run``."""
        found = [*super().shell_complete(ctx, incomplete), *commands.load("run").shell_complete(ctx, incomplete)]
        if incomplete:
            from varesearch.completion import complete_settings

            found += complete_settings(ctx, incomplete)
        return found


def _may_be_a_command(word: str) -> bool:
    """Whether an unknown word was probably meant as a command, and not as a setting or a flag of ``run``."""
    if not word[:1].isalpha() or "=" in word:
        return False
    # This imports the classes of the settings, which --version and the help of a command do not need.
    from varesearch.config.options import GROUPS

    return nearest(word, [*commands.NAMES, *GROUPS]) not in GROUPS


app = App(PROGRAM, add_help_option=False)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command in ``argv`` (by default the arguments of the process), and return the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _run_command(words)
        sys.stdout.flush()
        return code
    except click.UsageError as error:
        complain(in_one_line(error))
        return 2
    except ConfigurationError as error:
        complain(str(error))
        return 2
    except BrokenPipeError:
        # The program that read our output has ended (``| head``); the flush at exit must not report that as an error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0


def _run_command(words: list[str]) -> int:
    if COMPLETE in os.environ:
        from varesearch.completion import complete

        return complete(app, PROGRAM, COMPLETE)
    # Not click's own main: it turns a signal into an exception of its own, and prints errors over several lines.
    try:
        with app.make_context(PROGRAM, words) as context:
            return app.invoke(context) or 0
    except click.exceptions.Exit as end:
        return end.exit_code


def in_one_line(error: click.UsageError) -> str:
    """Describe in one line what is wrong with the arguments of a command and how to correct it."""
    command = error.ctx.command_path if error.ctx else PROGRAM
    match error:
        case click.NoSuchOption():
            word, flags = error.option_name, _flags(error.ctx)
            return f"{echoed(word)} is unknown; the flags are {', '.join(flags)}{did_you_mean(word, flags)}"
        case click.NoSuchCommand():
            word, names = error.command_name, _names(error.ctx)
            wrong = "is neither a command nor a setting (KEY=VALUE)" if command == PROGRAM else "is not a command"
            return f"{echoed(word)} {wrong}; the commands are {', '.join(names)}{did_you_mean(word, names)}"
        case click.MissingParameter() if error.param is not None and error.ctx is not None:
            usage = " ".join(error.ctx.get_usage().split()).partition(": ")[2]
            return f"{error.param.make_metavar(error.ctx)} is missing; write {usage}"
        case click.BadParameter() if error.param is not None:
            return f"{_name(error.param)} {error.message}"
        case click.BadOptionUsage():
            return f"{error.option_name} {_needs(error)}; see {command} --help"
    return f"{error.format_message().rstrip('.')}; see {command} --help"


def _names(context: click.Context | None) -> list[str]:
    return context.command.list_commands(context) if context and isinstance(context.command, click.Group) else []


def _flags(context: click.Context | None) -> list[str]:
    parameters = context.command.get_params(context) if context else []
    return [flag for it in parameters if isinstance(it, click.Option) for flag in (*it.opts, *it.secondary_opts)]


def _name(parameter: click.Parameter) -> str:
    # The metavar of an argument shows in help that there may be none or several of it: [SUBJECT]...
    return parameter.opts[-1] if isinstance(parameter, click.Option) else parameter.human_readable_name.strip("[].")


def _needs(error: click.BadOptionUsage) -> str:
    parameters = error.ctx.command.get_params(error.ctx) if error.ctx else []
    option = next((it for it in parameters if error.option_name in it.opts), None)
    if option is None or error.ctx is None or getattr(option, "is_flag", False):
        return "takes no value"
    return f"needs a value ({option.make_metavar(error.ctx)})"
