"""Show the findings as a table."""

import sys
from collections.abc import Sequence
from pathlib import Path

from varesearch.doctor.checks import examine, failed
from varesearch.doctor.finding import Finding, State
from varesearch.terminal import Terminal


def main(asked: Sequence[str], full: bool, config_dir: Path | None = None) -> int:
    """Make the checks and show their findings; see :func:`~varesearch.doctor.checks.examine` for the parameters.

    Returns
    -------
    int
        The exit code: 1 if a check failed, else 0.
    """
    terminal, errors = Terminal(sys.stdout), Terminal(sys.stderr)
    findings = []
    with errors.waiting("checking") as show_progress:
        for finding in examine(asked, full, config_dir):
            findings.append(finding)
            show_progress(f"checking: {finding.subject}, {finding.what}")
    rows = [(finding.subject, finding.what, finding.state.value, finding.found) for finding in findings]
    terminal.table(("subject", "check", "state", "found"), rows)
    for finding in findings:
        if finding.mend and finding.state is not State.OK:
            terminal.line(f"{finding.subject}, {finding.what}: {finding.mend}", style=_style(finding, asked))
    broken = sum(failed(finding, asked) for finding in findings)
    skipped = sum(finding.state is State.SKIPPED for finding in findings)
    if skipped:
        terminal.line(f"{skipped} checks were skipped; varesearch doctor --full makes them")
    terminal.line(f"{broken} checks failed" if broken else "all is well", style="bold" if broken else None)
    return 1 if broken else 0


def _style(finding: Finding, asked: Sequence[str]) -> str | None:
    return "bold red" if failed(finding, asked) else None
