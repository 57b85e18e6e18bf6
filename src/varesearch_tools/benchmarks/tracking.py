"""A session in the tracker: one run of the experiment ``benchmarks``, with a child for each case."""

import json
import time
from datetime import datetime
from pathlib import Path
from statistics import median

from varesearch.tracking.ending import log_batch
from varesearch.tracking.location import local_folder, locate_store
from varesearch.tracking.store import connect, open_experiment
from varesearch.tracking.tags import COMMIT, DIRTY, OURS, PARENT, SOURCE_NAME, SOURCE_TYPE
from varesearch_tools.benchmarks.quantities import figures_of
from varesearch_tools.benchmarks.session import BenchmarkSession, Result

EXPERIMENT = "benchmarks"


def track_session(
    session: BenchmarkSession, uri: str | None = None, root: Path | None = None, experiment: str = EXPERIMENT
) -> str:
    """Log a session to the store at ``uri`` (None: that of the project) and return the id of its run.

    The run holds machine, versions and commit as parameters and the whole session as ``session.json``; each child the
    figures of one case. Raises ConfigurationError if the store cannot be had.
    """
    where = locate_store(uri, root)
    client = connect(where)
    experiment_id = open_experiment(client, where, experiment)
    tags = {
        SOURCE_NAME: "varesearch_tools.benchmarks",
        SOURCE_TYPE: "LOCAL",
        DIRTY: str(session.dirty).lower(),
    }
    if session.commit:
        tags[COMMIT] = session.commit
    start_ms = int(datetime.fromisoformat(session.when).timestamp() * 1000)
    run = client.create_run(experiment_id, start_time=start_ms, tags=tags, run_name=f"session {session.name}")
    about = {f"machine.{name}": str(value) for name, value in session.machine.items()}
    about |= {f"version.{name}": value for name, value in session.versions.items()}
    metrics = {"cases": float(len(session.results)), "seconds": session.seconds}
    log_batch(client, run.info.run_id, metrics, about, {})
    folder = local_folder(run.info.artifact_uri or "", where)
    content = json.dumps(session.to_json())
    if folder is None:
        client.log_text(run.info.run_id, content, "session.json")
    else:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "session.json").write_text(content)
    for result in session.results.values():
        child = client.create_run(
            experiment_id,
            start_time=start_ms,
            tags={**tags, PARENT: run.info.run_id},
            run_name=result.case.key,
        )
        log_batch(client, child.info.run_id, _metrics(result, session), _params(result), _notes(result))
        client.set_terminated(child.info.run_id, "FINISHED")
    client.set_terminated(run.info.run_id, "FINISHED", int(time.time() * 1000))
    return run.info.run_id


def _params(result: Result) -> dict[str, str]:
    case = result.case
    return {
        "network": case.network,
        "cells": str(case.cells),
        "program": case.program,
        "simulator": case.simulator,
        "cache": case.cache,
        "with_v": str(case.with_v).lower(),
        "duration_ms": f"{case.duration_ms:g}",
        "yardstick": case.yardstick or "none",
        "repetitions": str(len(result.repetitions)),
    }


def _metrics(result: Result, session: BenchmarkSession) -> dict[str, float]:
    """The median over the repetitions of everything measured, and the figures that are drawn from them."""
    found: dict[str, list[float]] = {}
    for repetition in result.repetitions:
        measured = repetition.measured
        values = {f"phase.{name}_s": spent.wall_s for name, spent in measured.phases.items()}
        values |= {f"phase.{name}_cpu_s": spent.cpu_s for name, spent in measured.phases.items()}
        values |= {f"phase.within.{name}_s": seconds for name, seconds in measured.within_s.items()}
        values |= measured.facts
        values |= {"process_s": repetition.process.wall_s, "process_cpu_s": repetition.process.cpu_s}
        values["memory_mb"] = measured.memory_mb
        for name, value in values.items():
            found.setdefault(name, []).append(value)
    metrics = {name.replace(":", ""): median(values) for name, values in found.items()}
    return metrics | {f"figure.{name}": value for name, value in figures_of(result, session).items()}


def _notes(result: Result) -> dict[str, str]:
    return {f"{OURS}{name}": text for name, text in result.repetitions[-1].measured.notes.items()}
