"""``varesearch compare``: what differs between two simulations."""

from pathlib import Path

import click

from varesearch.commands.options import Command, Number, Setting, config_dir

_BETWEEN = "\0"
"""Replaces ``--`` while click reads the flags, which may be anywhere; no setting or run can have this name."""
_ARGV = "varesearch.argv"


class _Compare(Command):
    """Keeps the ``--`` between the settings of two models, which click would read as the end of the flags."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_ARGV] = tuple(args)
        return super().parse_args(ctx, [_BETWEEN if word == "--" else word for word in args])

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        prefix = "Usage: "
        for words in (
            "RUN RUN [backend.KEY=VALUE]...",
            "BACKEND BACKEND [SETTING]...",
            "[SETTING]... -- [SETTING]...",
        ):
            formatter.write_usage(ctx.command_path, f"[OPTIONS] {words}", prefix)
            prefix = " " * len(prefix)


@click.command("compare", cls=_Compare)
@click.argument("words", nargs=-1, type=Setting(or_run=True))
@click.option(
    "--seeds",
    type=Number(int),
    metavar="N",
    help="Number of seeds: for each model (default 5), or for the natural spread that a verdict needs (5 or more).",
)
@click.option("--uri", metavar="URI", help="The store of the runs, if not the project's; as in tracking.uri.")
@config_dir
@click.option(
    "--machine-from-record", is_flag=True, help="Connect to the machine in the record, with your credentials."
)
@click.pass_context
def command(
    context: click.Context,
    words: tuple[str, ...],
    seeds: int | None,
    uri: str | None,
    config_dir: Path | None,
    machine_from_record: bool,
) -> int:
    """Show what differs between two simulations, and by how much.

    RUN RUN: two recorded runs (id, its first characters, or name), or two sweeps over the seed. Two simulations of one
    network get a verdict: do they agree? For two models, the settings that differ are shown, and how far the results
    differ. A verdict may need further simulations. If they need a machine whose address is in the record, choose one:
    --machine-from-record, or backend.KEY=VALUE.

    BACKEND BACKEND SETTINGS: the model is run on both back ends, and the two runs get a verdict.

    SETTINGS -- SETTINGS: two models. Settings before -- are those of A, settings after it those of B, settings after a
    second -- apply to both; without settings a side is the default model. Each is run over several seeds (runs that
    are in the store are used again), and every metric is shown with its spread and the size of the effect.

    Exit code 0: the comparison was made, and if there is a verdict, the two agree; 1: they differ, or a run failed; 2:
    they cannot be compared, or no metric can decide.

    \b
    Examples:
      varesearch compare brian2 nest cell=izhikevich_delta
      varesearch compare -- cell.d=8
      varesearch compare experiment=seed_izhikevich -- \\
          experiment=seed_original_weights --seeds 5
    """
    from varesearch.comparison.command import main
    from varesearch.comparison.request import compare_request

    given = ["--" if word == _BETWEEN else word for word in words]
    return main(compare_request(context.meta[_ARGV], given, seeds, uri, config_dir, machine_from_record))
