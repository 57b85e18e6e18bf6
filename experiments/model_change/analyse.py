"""What the tracker's runs say about the change of model: the table, the figure, and what the page claims of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from varesearch.plots import style
from varesearch.tracking import RunRecord
from varesearch_tools.studies import Claim, StudySession, chosen, finished_runs, provenance, spread
from varesearch_tools.studies.figures import drawing, save
from varesearch_tools.studies.records import arm, backend, seed

SEEDS, SMALL_SEEDS = (1, 2, 3, 4, 5), (1,)
ENDS = ("original", "changed")
FACTORS = {
    "cell": "cell",
    "weights": "weights",
    "size": "number of cells",
    "delay": "delay",
    "i_offset": "i_offset",
    "step": "time step",
}

_SMALL_FACTORS = ("cell", "weights", "step")

METRICS = {
    "rate_hz": "rate (Hz)",
    "cv_isi": "CV of ISI",
    "synchrony": "synchrony",
    "silent_fraction": "silent fraction",
}
_SIMULATORS = {"brian2": "Brian2", "spinnaker": "SpiNNaker"}
_BY_RULE = "spynnaker"


def factors(session: StudySession) -> dict[str, str]:
    """What is changed, by name; a small form changes three things (and has few cells, so never their number)."""
    return {key: words for key, words in FACTORS.items() if key in _SMALL_FACTORS or not session.small}


def arms(session: StudySession) -> list[str]:
    """The presets: the two ends, and each with one setting from the other end."""
    return [name for end in ENDS for name in (end, *(f"{end}_{factor}" for factor in factors(session)))]


def analyse(session: StudySession) -> dict[str, Any]:
    """Results for the page: of every arm and simulator the excitatory cells' metrics over seeds; the figure."""
    seeds = SMALL_SEEDS if session.small else SEEDS
    simulators = ("brian2",) if session.small else tuple(_SIMULATORS)
    records = finished_runs(session.experiment)
    by_rule = [record for record in records if record.params.get("backend.weight_range") == _BY_RULE]
    by_scheme = [record for record in records if record.params["cell.integrator"] == "spinnaker"]
    aside = {record.run_id for record in (*by_rule, *by_scheme)}
    plain = [record for record in records if record.run_id not in aside]
    names = arms(session)
    wanted = [(name, simulator, number) for name in names for simulator in simulators for number in seeds]
    found = chosen(plain, lambda record: (arm(record), backend(record), seed(record)), wanted)
    values = {
        (name, simulator): [found[name, simulator, number] for number in seeds]
        for name in names
        for simulator in simulators
    }
    results: dict[str, Any] = {
        "seeds": len(seeds),
        "simulators": {name: _SIMULATORS[name] for name in simulators},
        "factors": factors(session),
        "arms": {name: {simulator: _summary(values[name, simulator]) for simulator in simulators} for name in names},
        "aside": {},
        "provenance": provenance(found.values()),
    }
    if not session.small:
        # What SpiNNaker does otherwise, once more: by its scheme in float64, and with sPyNNaker's own range of weights.
        used = list(found.values())
        for name, others, which in (
            ("original_by_scheme", by_scheme, "original"),
            ("changed_size_by_scheme", by_scheme, "changed_size"),
            ("original_by_rule", by_rule, "original"),
        ):
            these = chosen(others, lambda record: (arm(record), seed(record)), [(which, n) for n in seeds])
            results["aside"][name] = _summary(list(these.values()))
            used += these.values()
        results["provenance"] = provenance(used)
    with drawing():
        for end in ENDS:
            save(_figure(end, values, results), session.figures, f"from_{end}")
    return results


def _summary(records: Sequence[RunRecord]) -> dict[str, Any]:
    """Metrics of the excitatory cells over seeds; how many seeds ended silent, and how many runs are degraded."""
    summary: dict[str, Any] = {"rates_hz": [record.metrics["exc.rate_hz"] for record in records]}
    for metric in METRICS:
        over_seeds = spread(record.metrics.get(f"exc.{metric}") for record in records)
        summary[metric] = None if over_seeds is None else over_seeds.to_json()
    saturated = spread(record.metrics.get("backend.saturated_weights") for record in records)
    summary["saturated"] = None if saturated is None else saturated.to_json()
    summary["silent_runs"] = sum(rate == 0.0 for rate in summary["rates_hz"])
    summary["degraded"] = sum("degraded" in record.tags for record in records)
    return summary


def _figure(end: str, values: Mapping[tuple[str, str], Sequence[RunRecord]], results: Mapping[str, Any]) -> Figure:
    """The change of each metric that one setting of the other end makes: paired by seed, mean and deviation."""
    simulators, changed = list(results["simulators"]), results["factors"]
    other = ENDS[1 - ENDS.index(end)]
    rows = [f"{end}_{factor}" for factor in changed] + [other]
    labels = [*changed.values(), "all at once"]
    height = style.TOP_IN + 0.25 + 0.32 * len(rows) + style.BOTTOM_IN
    figure = style.page(
        f"One change at a time, from the {end} network",
        f"difference from it in the same seed, excitatory cells: mean and deviation over {results['seeds']} seeds",
        {},
        height,
    )
    left, gap = 1.35, 0.22
    width = (style.PAGE_WIDTH_IN - left - style.RIGHT_IN - gap * (len(METRICS) - 1)) / len(METRICS)
    for column, (metric, label) in enumerate(METRICS.items()):
        axes = style.panel(figure, left + column * (width + gap), style.BOTTOM_IN, width, 0.32 * len(rows))
        axes.axvline(0, color=style.QUIET_COLOUR, lw=0.8)
        for place, simulator in enumerate(simulators):
            colour = style.level_colours(simulators)[place]
            shift = 0.0 if len(simulators) == 1 else 0.3 * (place - 0.5)
            for row, name in enumerate(rows):
                change = _change(values[name, simulator], values[end, simulator], metric)
                if change is None:
                    axes.text(0.02, row + shift, "–", transform=axes.get_yaxis_transform(), color=colour, va="center")
                    continue
                axes.errorbar(
                    change.mean, row + shift, xerr=change.sd, fmt=style.MARKERS[place], color=colour, ms=5, lw=1.2
                )
        axes.set_xlabel(label)
        axes.set_yticks(range(len(rows)), labels if column == 0 else [""] * len(rows))
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.grid(axis="y", color=style.WARMUP_COLOUR)
        axes.margins(x=0.1)
    for place, simulator in enumerate(simulators):
        figure.text(
            1 - (style.RIGHT_IN + 1.1 * (len(simulators) - 1 - place)) / style.PAGE_WIDTH_IN,
            1 - 0.27 / height,
            _SIMULATORS[simulator],
            size=10,
            weight="bold",
            color=style.level_colours(simulators)[place],
            ha="right",
            va="center",
        )
    style.note(figure, "–: not defined, since no cell fires often enough in one of the two networks")
    return figure


def _change(records: Sequence[RunRecord], base: Sequence[RunRecord], metric: str) -> Any:
    key = f"exc.{metric}"
    differences = [
        after.metrics[key] - before.metrics[key]
        for after, before in zip(records, base, strict=True)
        if key in after.metrics and key in before.metrics
    ]
    return spread(differences)


def claims(results: Mapping[str, Any]) -> list[Claim]:
    """What the page says in words."""
    found, aside = results["arms"], results["aside"]

    def of(name: str, metric: str, simulator: str = "brian2") -> float:
        value = found[name][simulator][metric]
        return np.nan if value is None else value["mean"]

    def alike(one: str, other: str) -> bool:
        """Rate and CV no further apart than twice the larger standard deviation."""
        rows = [(found[one]["brian2"][metric], found[other]["brian2"][metric]) for metric in ("rate_hz", "cv_isi")]
        return all(abs(a["mean"] - b["mean"]) <= 2 * max(a["sd"], b["sd"]) for a, b in rows)

    rates = found["original"]["spinnaker"]["rates_hz"]
    return [
        Claim("faster", of("changed", "rate_hz") > 2 * of("original", "rate_hz")),
        Claim("more regular", of("changed", "cv_isi") < 0.7 < 1.2 < of("original", "cv_isi")),
        Claim("more synchronous", of("changed", "synchrony") > 3 * of("original", "synchrony")),
        Claim("all cells fire", of("changed", "silent_fraction") == 0 < of("original", "silent_fraction")),
        Claim("the cell alone is silent", of("original_cell", "rate_hz") == 0),
        Claim("the weights alone saturate", of("original_weights", "rate_hz") > 140),
        Claim("without i_offset nothing fires", of("changed_i_offset", "rate_hz") == 0),
        Claim("with it cells are clocks", of("changed_weights", "cv_isi") < 0.05),
        Claim("recurrence doubles it", 1.8 < of("changed", "rate_hz") / of("changed_weights", "rate_hz") < 2.4),
        Claim("the original goes on in every seed", found["original"]["brian2"]["silent_runs"] == 0),
        Claim("4000 changed cells burst", of("changed_size", "synchrony") > 0.7 and of("changed_size", "cv_isi") > 2),
        Claim(
            "delay and step change little", alike("original", "original_delay") and alike("original", "original_step")
        ),
        Claim("delay changes the changed little", alike("changed", "changed_delay")),
        Claim("the step changes the changed", of("changed_step", "rate_hz") > 1.1 * of("changed", "rate_hz")),
        Claim(
            "SpiNNaker: the changed network is much the same",
            abs(of("changed", "rate_hz", "spinnaker") - of("changed", "rate_hz")) < 3
            and of("changed", "cv_isi", "spinnaker") > of("changed", "cv_isi")
            and of("changed", "synchrony", "spinnaker") > of("changed", "synchrony"),
        ),
        Claim("SpiNNaker: the original fires at the limit or dies", all(rate > 140 or rate < 1 for rate in rates)),
        Claim("its scheme fires at the limit", min(aside["original_by_scheme"]["rates_hz"]) > 140),
        Claim("some runs die on the machine", found["original"]["spinnaker"]["silent_runs"] > 0),
        Claim(
            "at 0.1 ms it agrees",
            abs(of("original_step", "rate_hz", "spinnaker") - of("original_step", "rate_hz")) < 3,
        ),
        Claim(
            "and with 1500 cells at 1 ms",
            abs(of("original_size", "rate_hz", "spinnaker") - of("original_size", "rate_hz")) < 3,
        ),
        Claim("no run is degraded", not any(row["degraded"] for rows in found.values() for row in rows.values())),
        Claim("the rule saturates", aside["original_by_rule"]["saturated"]["mean"] > 0),
        Claim("the drawn range does not", found["original"]["spinnaker"]["saturated"]["mean"] == 0),
    ]
