"""What the tracker's runs say about the agreement of simulators: the verdicts, and the chain from one to another."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from varesearch.comparison.coincidence import Divergence, divergence
from varesearch.plots import style
from varesearch.tracking import RunRecord, runs
from varesearch_tools.studies import Claim, StudySession, chosen, finished_runs, provenance, spread
from varesearch_tools.studies.figures import drawing, save
from varesearch_tools.studies.records import arm, backend, seed

Member = tuple[str, str]
"""(preset, back end)."""

CHAIN: tuple[Member, ...] = (
    ("agree_seed", "brian2"),
    ("agree_seed_scheme", "brian2"),
    ("agree_seed_weights", "brian2"),
    ("agree_seed_parameters", "brian2"),
    ("agree_seed", "spinnaker"),
)
STEPS = ("scheme", "stored weights", "stored parameters", "fixed-point arithmetic")
"""What each link of the chain changes."""

VERDICTS: tuple[tuple[Member, Member], ...] = (
    (("agree_seed", "nest"), ("agree_seed", "brian2")),
    (("agree_seed", "brian2"), ("agree_seed", "spinnaker")),
    (("agree_seed_scheme", "brian2"), ("agree_seed", "spinnaker")),
    (("agree_va_cuba", "nest"), ("agree_va_cuba", "brian2")),
    (("agree_va_cuba", "brian2"), ("agree_va_cuba", "spinnaker")),
    (("agree_va_coba", "nest"), ("agree_va_coba", "brian2")),
    (("agree_va_coba", "brian2"), ("agree_va_coba", "spinnaker")),
    (("agree_va_coba_scheme", "brian2"), ("agree_va_coba", "spinnaker")),
    (("agree_va_coba_1ms", "nest"), ("agree_va_coba_1ms", "brian2")),
    (("agree_va_coba_1ms", "brian2"), ("agree_va_coba_1ms", "spinnaker")),
    (("agree_va_coba_1ms_scheme", "brian2"), ("agree_va_coba_1ms", "spinnaker")),
    (("agree_delta", "nest"), ("agree_delta", "brian2")),
)
NETWORKS = {
    "agree_seed": "notebook (Izhikevich, 1 ms)",
    "agree_va_cuba": "VA CUBA (0.1 ms)",
    "agree_va_coba": "VA COBA (0.1 ms)",
    "agree_va_coba_1ms": "VA COBA (1 ms)",
    "agree_delta": "Izhikevich, voltage steps (1 ms)",
}
_SIMULATORS = {"brian2": "Brian2", "nest": "NEST", "spinnaker": "SpiNNaker"}
_TIMES_MS = (5.0, 10.0, 20.0, 50.0, 100.0, 1000.0)
_SCHEME = "_scheme"


def seeds(session: StudySession) -> tuple[int, ...]:
    """Seeds of the chain; the verdicts are on the first one, and draw on five for their limits."""
    return (1,) if session.small else (1, 2, 3, 4, 5)


def members(session: StudySession) -> list[Member]:
    """The runs that the verdicts need."""
    pairs = VERDICTS[-1:] if session.small else VERDICTS
    return list(dict.fromkeys(member for pair in pairs for member in pair))


def key(record: RunRecord) -> tuple[str, str, int]:
    """What tells the runs of the study apart."""
    return arm(record), backend(record), seed(record)


def compared(session: StudySession) -> dict[tuple[str, str], RunRecord]:
    """The comparisons in the tracker, the newest of each pair of runs."""
    found: dict[tuple[str, str], RunRecord] = {}
    for record in runs(session.experiment):
        if record.tags.get("varesearch.kind") == "comparison" and record.status == "FINISHED":
            found.setdefault((record.tags["varesearch.a"], record.tags["varesearch.b"]), record)
    return found


def analyse(session: StudySession) -> dict[str, Any]:
    """Results for the page: the verdicts with the rates of both runs; the links of the chain over seeds; the figure."""
    records = finished_runs(session.experiment)
    judged = chosen(records, key, [(*member, 1) for member in members(session)])
    there = compared(session)
    pairs = VERDICTS[-1:] if session.small else VERDICTS
    verdicts = [_verdict(judged[(*a, 1)], judged[(*b, 1)], there) for a, b in pairs]
    results: dict[str, Any] = {"verdicts": verdicts, "seeds": len(seeds(session)), "links": None}
    used = list(judged.values())
    if not session.small:
        wanted = [(*member, number) for member in CHAIN for number in seeds(session)]
        found = chosen(records, key, wanted)
        links = _links(found, seeds(session))
        results |= {"times_ms": list(_TIMES_MS), "links": {name: _summary(each) for name, each in links.items()}}
        for name, metric in (("rates_hz", "exc.rate_hz"), ("cvs", "exc.cv_isi")):
            results[name] = {
                " ".join(member): _plain(spread(found[(*member, number)].metrics[metric] for number in seeds(session)))
                for member in CHAIN
            }
        results["stored_weight"] = _plain(
            spread(float(found[(*CHAIN[2], number)].params["cell.weight_stimulus"]) for number in seeds(session))
        )
        used += found.values()
        with drawing():
            save(_figure(links), session.figures, "chain")
    return results | {"provenance": provenance(used)}


def _verdict(a: RunRecord, b: RunRecord, there: Mapping[tuple[str, str], RunRecord]) -> dict[str, Any]:
    record = there[a.run_id, b.run_id]
    network = arm(b).removesuffix(_SCHEME)
    return {
        "network": NETWORKS[network],
        "preset": network,
        "a": _named(a),
        "b": _named(b),
        "verdict": record.tags["varesearch.verdict"],
        "decided_by": record.tags["varesearch.decided_by"],
        "rates_hz": [run.metrics["exc.rate_hz"] for run in (a, b)],
        "cvs": [run.metrics.get("exc.cv_isi") for run in (a, b)],
        "degraded": b.tags.get("degraded"),
    }


def _named(record: RunRecord) -> str:
    name = _SIMULATORS[backend(record)]
    return f"{name}, SpiNNaker's scheme" if arm(record).endswith(_SCHEME) else name


def _plain(value: Any) -> Any:
    return None if value is None else value.to_json()


def _links(
    found: Mapping[tuple[str, str, int], RunRecord], numbers: Sequence[int]
) -> dict[str, list[tuple[Divergence, float]]]:
    """Each link, and the two ends of the chain: how the trains part in each seed, and by how much the rates differ."""
    pairs: dict[str, tuple[Member, Member]] = dict(zip(STEPS, pairwise(CHAIN), strict=True))
    pairs["all together"] = (CHAIN[0], CHAIN[-1])
    pairs["all but the scheme"] = (CHAIN[1], CHAIN[-1])
    links = {}
    for name, (a, b) in pairs.items():
        links[name] = []
        for number in numbers:
            one, other = found[(*a, number)], found[(*b, number)]
            change = other.metrics["exc.rate_hz"] - one.metrics["exc.rate_hz"]
            links[name].append((divergence(one.recording(), other.recording(), points=1000), change))
    return links


def _summary(seeds_of_link: Sequence[tuple[Divergence, float]]) -> dict[str, Any]:
    curves = [curve for curve, _ in seeds_of_link]
    at = [int(np.searchsorted(curves[0].times_ms, time - 1e-9)) for time in _TIMES_MS]
    return {
        "coincidence": [_plain(spread(curve.coincidence[place] for curve in curves)) for place in at],
        "first_ms": _plain(spread(curve.first_ms for curve in curves)),
        "identical": sum(curve.first_ms is None for curve in curves),
        "rate_change_hz": _plain(spread(change for _, change in seeds_of_link)),
    }


def _figure(links: Mapping[str, Sequence[tuple[Divergence, float]]]) -> Figure:
    height = 4.4
    figure = style.page(
        "How soon the trains part",
        "share of spikes in the same cell and step up to a time; line: mean over seeds, band: least to most",
        {},
        height,
    )
    axes = style.panel(figure, style.LEFT_IN, style.BOTTOM_IN, 5.6, height - style.TOP_IN - style.BOTTOM_IN)
    colours = style.level_colours(list(range(len(links))))
    for colour, (name, seeds_of_link) in zip(colours, links.items(), strict=True):
        times = seeds_of_link[0][0].times_ms
        values = np.array([curve.coincidence for curve, _ in seeds_of_link])
        dashed = name.startswith("all")
        axes.plot(times, np.nanmean(values, axis=0), color=colour, label=name, lw=1.6, ls="--" if dashed else "-")
        axes.fill_between(times, np.nanmin(values, axis=0), np.nanmax(values, axis=0), color=colour, alpha=0.18, lw=0)
    axes.set_xscale("log")
    axes.set_xlim(2, 1000)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("time (ms)")
    axes.set_ylabel("coincidence up to then")
    axes.legend(loc="center left", bbox_to_anchor=(1.03, 0.5), frameon=False)
    return figure


def claims(results: Mapping[str, Any]) -> list[Claim]:
    """What the page says in words."""
    verdicts = {(row["preset"], row["a"], row["b"]): row["verdict"] for row in results["verdicts"]}
    links, cvs = results["links"], results["cvs"]
    same_scheme = [key for key in verdicts if key[1] == "NEST" and "coba" not in key[0]]
    other_scheme = [key for key in verdicts if key[1] == "NEST" and "coba" in key[0]]

    def agree(preset: str, a: str = "Brian2") -> bool:
        return verdicts[preset, a, "SpiNNaker"] != "different"

    own = "Brian2, SpiNNaker's scheme"
    # Rates of SpiNNaker and of its scheme, in Hz; 142 is one spike in 7 ms.
    limit = [row["rates_hz"] for row in results["verdicts"] if row["preset"] == "agree_va_coba_1ms" and row["a"] == own]
    euler, scheme, board = (
        cvs[name] for name in ("agree_seed brian2", "agree_seed_scheme brian2", "agree_seed spinnaker")
    )
    return [
        Claim(
            "NEST and Brian2 identical with the same scheme", {verdicts[key] for key in same_scheme} == {"identical"}
        ),
        Claim("NEST and Brian2 part on conductances", {verdicts[key] for key in other_scheme} == {"different"}),
        Claim("SpiNNaker agrees at 0.1 ms", agree("agree_va_cuba") and agree("agree_va_coba")),
        Claim("SpiNNaker agrees with its own scheme", agree("agree_seed", own)),
        Claim("and with neither Euler nor Brian2 at 1 ms", not agree("agree_seed") and not agree("agree_va_coba_1ms")),
        Claim("both at their limit", all(rate > 140 for rates in limit for rate in rates)),
        Claim(
            "scheme is nearly all of it",
            links["scheme"]["coincidence"][1]["mean"]
            < 0.5
            < 0.9
            < links["all but the scheme"]["coincidence"][1]["mean"],
        ),
        Claim(
            "arithmetic parts first, then parameters, then weights",
            sorted(STEPS[1:], key=lambda name: links[name]["first_ms"]["mean"]) == list(reversed(STEPS[1:])),
        ),
        Claim("scheme moves the CV", scheme["mean"] - euler["mean"] > 2 * abs(board["mean"] - scheme["mean"])),
        Claim(
            "none of the three moves the rate",
            all(
                abs(links[name]["rate_change_hz"]["mean"]) <= links[name]["rate_change_hz"]["sd"] for name in STEPS[1:]
            ),
        ),
    ]
