"""Configurations drawn at random over the whole space of settings, each from one number, and what must hold of them.

The typed settings are walked, so that a new cell, rule, stimulus or setting is drawn too: from its choices, around its
default, or, where a name or unit has a range of its own below, from that. What comes out may still be no network (a
degree above the number of cells): then it has to be refused properly.

    python tests/crossing/random_configurations.py 20261127003    # replay one: its words, and what came of it
"""

import contextlib
import io
import os
import random
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

from crossing_cases import NEEDED, OF_THIS_MACHINE, command, integrators_of
from crossing_runs import Trains, checked, explained_by_rounding, first_difference, first_sample_apart, simulate

from varesearch import cli
from varesearch.backends import backend_class, backends
from varesearch.config.cell import Cell
from varesearch.config.errors import ConfigurationError
from varesearch.config.options import DISCRIMINATORS, options, schemas
from varesearch.config.schema import AnalysisConfig, Config, RecordingConfig
from varesearch.network import estimate

DRAWN_GROUPS = ("cell", "connectivity", "stimulus")
STRUCTURED = 0.6
"""The share of configurations with a structure of their own: populations, projections and stimuli as data."""
FEW_SPIKES = Path(__file__).with_name("few_spikes.csv")
"""At whole ms from 1 to 3, which every step divides and every run holds."""
COMPILED_EVERY = 50
"""Of so many seeds one is run on Cython too."""
NATIVE_EVERY = 20
"""Of so many seeds one is drawn by SpiNNaker, and run twice."""
LONGEST_LINE = 1000
"""Characters of a refusal: a line that a person reads."""

STRUCTURE = ("populations", "projections", "stimuli")

HOSTILE = (
    *(
        "nan",
        "inf",
        "-inf",
        "-1",
        "0",
        "-0.0",
        "0.1",
        "1e308",
        "1e-308",
        "1e400",
        "1e15",
        "-1e15",
        "2147483648",
        "0x10",
    ),
    *("9" * 25, "9" * 5000, "1" + "0" * 9_999, "x" * 10_000, "'Zürich ∑ 漢字'", "''", "' '", '"a\\nb"', "null", "true"),
    *("???", "1_000", "[]", "{}", "[1,[2]]", "[[],[]]", "[nan]", "{a: 1}", "${cell}", "${nothing}"),
    "{distribution: uniform, low: nan, high: 1}",
    "{distribution: normal, mean: 1e300, std: 1e300}",
    "{distribution: [1], low: 2}",
)
"""Values that no setting, or hardly any, should take."""


class Draw:
    """The words of one configuration, from one number."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.dt_ms = self.rng.choice([1.0, 0.5, 0.25, 0.2, 0.125, 0.1])
        self.steps = self.rng.randint(40, 160)
        self.n = self.rng.randint(6, 60)
        self.words: list[str] = []
        self.options: dict[str, str] = {}
        self.populations: dict[str, str] = {}
        """Name -> model of its cell."""
        self.own = self.rng.random() < STRUCTURED

    def valid(self) -> list[str]:
        """What a person could have written, without a back end."""
        self.words = [
            f"simulation.dt_ms={self.dt_ms:g}",
            f"simulation.duration_ms={self.time(self.steps)}",
            f"seed={self.rng.randint(0, 10**6)}",
        ]
        known = options()
        for group in DRAWN_GROUPS:
            choices = set(known[group]) & set(schemas()[group])
            if self.own and group == "connectivity":
                choices -= set(NEEDED)
            self.options[group] = self.rng.choice(sorted(choices))
            self.words.append(f"{group}={self.options[group]}")
        self._draw_populations()
        for group in DRAWN_GROUPS:
            self._walk(group, schemas()[group][self.options[group]], 0.5)
        if self.own:
            self._draw_projections()
            self._draw_stimuli()
        self._walk("recording", RecordingConfig, 0.5)
        self._walk("analysis", AnalysisConfig, 0.0)
        return self.words

    def hostile(self) -> list[str]:
        """A valid one with one word, of any group or of the structure, replaced by what no person would write."""
        words = self.valid()
        settings = list(_settings("", Config)) + [
            key for group in schemas() for key in _settings(f"{group}.", schemas()[group][self._option(group)])
        ]
        own = [word.partition("=")[0] for word in words if word.startswith(STRUCTURE)]
        if own and self.rng.random() < 0.6:
            settings = [
                *own,
                *(f"{key}.{name}" for key in STRUCTURE for name in ("new", "exc", "a-b", "x.cell", "x.pre")),
            ]
        key = self.rng.choice(settings)
        return [*(word for word in words if not word.startswith(f"{key}=")), f"{key}={self.rng.choice(HOSTILE)}"]

    def _draw_populations(self) -> None:
        """The pair, some of it with a cell of its own, or one to four others."""
        rng, cell = self.rng, self.options["cell"]
        self.populations = dict.fromkeys(("exc", "inh"), cell)
        if not self.own:
            return
        if free := rng.random() < 0.7:
            self.populations = dict.fromkeys(["pyr", "pv", "sst", "vip"][: rng.randint(1, 4)], cell)
        equal = rng.randint(5, 20)
        for name in self.populations:
            where = f"populations.{name}"
            if free:
                size = equal if rng.random() < 0.5 else rng.randint(5, 20)
                self.words += [f"{where}.size={size}", f"{where}.receptor={rng.choice(['excitatory', 'inhibitory'])}"]
            if rng.random() < 0.5:
                model = rng.choice(_cells_like(cell))
                self.populations[name] = model
                self.words.append(f"{where}.cell={model}")
                if model != cell or name == "inh":
                    self._walk(f"{where}.cell", schemas()["cell"][model], 0.3, model)

    def _draw_projections(self) -> None:
        """A lesion, a projection's own settings, and one more projection with a rule of its own."""
        rng, names = self.rng, list(self.populations)
        rule = schemas()["connectivity"][self.options["connectivity"]]
        pre, post = rng.choice(names), rng.choice(names)
        if rule.connects and rng.random() < 0.4:
            lesion = rng.random() < 0.5
            self.words.append(f"projections.{pre}_to_{post}{'=null' if lesion else f'.delay_ms={self.time(4)}'}")
        if rng.random() < 0.6:
            kind = rng.choice(sorted(set(schemas()["connectivity"]) - set(NEEDED) - {"none"}))
            entry = {"pre": rng.choice(names), "post": rng.choice(names), "rule": kind}
            for name in ("p", "p_max", "scale_mm", "in_degree", "synapses", "k", "rewiring"):
                if name in {f.name for f in fields(schemas()["connectivity"][kind].OwnSettings)}:
                    entry[name] = self._must(name) or self._value(name, None, float) or "1"
            if rng.random() < 0.5:
                entry["receptor"] = rng.choice(["excitatory", "inhibitory"])
            self.words.append(f"projections.more={{{', '.join(f'{key}: {value}' for key, value in entry.items())}}}")

    def _draw_stimuli(self) -> None:
        """Up to two further stimuli."""
        for name in ["first", "second"][: self.rng.randint(0, 2)]:
            kind = self.rng.choice(sorted(schemas()["stimulus"]))
            self.words.append(f"stimuli.{name}={kind}")
            self._walk(f"stimuli.{name}", schemas()["stimulus"][kind], 0.4)

    def _option(self, group: str) -> str:
        return self.options.setdefault(group, self.rng.choice(sorted(schemas()[group])))

    def time(self, steps: int) -> str:
        return f"{steps * self.dt_ms:.10g}"

    def _walk(self, prefix: str, schema: type, often: float, model: str = "") -> None:
        """Draw settings of a part; ``model`` is the cell that they belong to, if that is not the group's."""
        hints, model = get_type_hints(schema), model or self.options["cell"]
        varies = schema.numbers() if issubclass(schema, Cell) else ()
        for f in fields(schema):
            key = f"{prefix}.{f.name}"
            if f.name in DISCRIMINATORS.values() or f.name == "draw":
                continue
            if is_dataclass(hints[f.name]):
                self._walk(key, hints[f.name], 0.2, model)
            elif (must := self._must(f.name)) is not None:
                self.words.append(f"{key}={must}")
            elif self.rng.random() < often:
                value = self._value(f.name, f, hints[f.name], model)
                if value is not None:
                    self.words.append(f"{key}={self._spread(prefix, value) if f.name in varies else value}")

    def _spread(self, prefix: str, value: str) -> str:
        """A parameter of a cell: one number, or around it a distribution or an expression."""
        how, middle = self.rng.choice(["one", "one", "drawn", "expression"]), float(value)
        width = 0.03 * abs(middle)
        if how == "one" or not width:
            return value
        if how == "drawn":
            return f"{{distribution: uniform, low: {middle - width:.6g}, high: {middle + width:.6g}}}"
        draws = f"{prefix}.draws={{r: {{distribution: normal, mean: 0, std: 0.3, low: -1, high: 1}}}}"
        if draws not in self.words:
            self.words.append(draws)
        return f"{{expression: '{middle:.6g} + {width:.6g} * r'}}"

    def _must(self, name: str) -> str | None:
        """What the size and length of these networks want, whatever else is drawn."""
        needed = dict(word.split("=") for word in NEEDED.get(self.options.get("connectivity", ""), ()))
        if f"connectivity.{name}" in needed:
            return needed[f"connectivity.{name}"]
        whole = {
            "n": self.n // 2 * 2,
            "in_degree": 2,
            "in_degree_exc": min(4, self.n // 4),
            "in_degree_inh": 1,
            "synapses": 6 if self.own else self.n**2 // 16,
            "k": 2 if self.own else self.n // 20 * 2,
            "cells": 1,
        }
        if name == "file":
            return str(FEW_SPIKES)
        if name == "starts_ms":
            return f"[{self.time(2)}, {self.time(self.steps // 2)}]"
        if name == "width_ms":
            return self.time(self.rng.randint(1, self.steps // 2 - 2))
        if name in whole:
            return str(self.rng.randint(1, max(1, whole[name]))) if name == "cells" else str(whole[name])
        times = {"start_ms": self.steps // 4, "warmup_ms": self.steps // 8}
        if name in times:
            return self.time(self.rng.randint(0, times[name]))
        if name in ("rate_bin_ms", "correlation_bin_ms", "fano_window_ms", "interval_ms"):
            return self.time(self.rng.randint(1, 8))
        return None

    def _value(self, name: str, f: Any, hint: Any, model: str = "") -> str | None:
        about = f.metadata if f is not None else {}
        rng, unit = self.rng, about.get("unit", "")
        if about.get("choices"):
            return rng.choice(about["choices"])
        if name == "integrator":
            return rng.choice(["auto", *_integrators(model)])
        if hint is bool:
            return rng.choice(["true", "false"])
        if name in ("p", "p_max", "rewiring"):
            return f"{rng.choice([1.0, rng.uniform(0.05, 0.6)]):g}"
        if name == "delay_ms":
            return self._delay()
        if name in ("weight", "weight_exc", "weight_inh", "weight_stimulus"):
            # One number for cells of several models would have several units.
            return self._weight(name, model) if len(set(self.populations.values())) == 1 else None
        if name in ("scale_mm", "velocity_mm_per_ms", "sheet_mm"):
            return f"{rng.uniform(0.2, 1.5):.3g}"
        if name == "rate_hz":
            rates = [1.0, 20.0, 200.0, 1000.0, "[[0, 400]]", "{distribution: uniform, low: 0, high: 500}"]
            return str(rng.choice(rates))
        if name == "times_ms":
            return str([[self.time(k) for k in sorted(rng.sample(range(self.steps), 3))] for _ in range(2)]).replace(
                "'", ""
            )
        if name == "targets":
            return self._some(list(self.populations))
        if name == "signals":
            cells = [schemas()["cell"][each] for each in self.populations.values()]
            return rng.choice(["[]", "[v]", self._some(list(dict.fromkeys(k for c in cells for k in c.recordables())))])
        if name == "v_init":
            return rng.choice(["-62", "{distribution: normal, mean: -60, std: 3, low: -70, high: -50}"])
        if unit == "ms" and not name.startswith("tau_m") and not name.startswith("tau_syn"):
            return self.time(rng.randint(1, self.steps // 4))
        default = f.default if f is not None else None
        if isinstance(default, bool) or not isinstance(default, int | float):
            return None
        if isinstance(default, int):
            return str(max(2, round(default * rng.uniform(0.5, 1.5))))
        spread = rng.uniform(0.9, 1.1) if unit in ("mV", "1/ms") else rng.uniform(0.5, 2.0)
        return f"{default * spread:.4g}"

    def _delay(self) -> str:
        low = self.rng.randint(1, 5)
        kind = self.rng.choice(["one", "uniform", "normal", "exponential"])
        if kind == "one":
            return self.time(low)
        high = self.time(low + self.rng.randint(1, 12))
        if kind == "uniform":
            return f"{{distribution: uniform, low: {self.time(low)}, high: {high}}}"
        std = f", std: {self.dt_ms:g}" if kind == "normal" else ""
        return f"{{distribution: {kind}, mean: {self.time(low + 1)}{std}, low: {self.time(low)}, high: {high}}}"

    def _some(self, names: list[str]) -> str:
        return f"[{','.join(self.rng.sample(names, self.rng.randint(1, len(names))))}]"

    def _weight(self, name: str, model: str) -> str:
        cell = schemas()["cell"][model]
        usual = getattr(cell, {"weight": "weight_exc"}.get(name, name))
        mean = usual * self.rng.choice([0.0, 0.3, 1.0, 2.0])
        if mean == 0 or self.rng.random() < 0.4:
            return f"{mean:g}"
        kind = self.rng.choice(["lognormal", "normal", "uniform", "exponential"])
        return {
            "uniform": f"{{distribution: uniform, low: 0, high: {2 * mean:g}}}",
            "exponential": f"{{distribution: exponential, mean: {mean:g}}}",
        }.get(kind, f"{{distribution: {kind}, mean: {mean:g}, std: {mean / 3:g}, low: 0}}")


def _integrators(cell: str) -> list[str]:
    """All that any back end has for a cell: where one has not the one drawn, it has to refuse."""
    return sorted({each for backend in backends() for each in integrators_of(backend).get(cell, ())})


def _cells_like(cell: str) -> list[str]:
    """The cells that every back end has that has ``cell``."""
    having = [name for name in backends() if cell in integrators_of(name)]
    return [each for each in sorted(schemas()["cell"]) if all(each in integrators_of(name) for name in having)]


def _settings(prefix: str, schema: type) -> list[str]:
    hints = get_type_hints(schema)
    found = []
    for f in fields(schema):
        if is_dataclass(hints[f.name]):
            if hints[f.name] not in (base for known in schemas().values() for base in _bases(known)):
                found += _settings(f"{prefix}{f.name}.", hints[f.name])
        elif f.name not in DISCRIMINATORS.values():
            found.append(f"{prefix}{f.name}")
    return found


def _bases(known: Mapping[str, type]) -> list[type]:
    return [base for schema in known.values() for base in schema.__mro__]


def backends_for(words: list[str], seed: int) -> list[list[str]]:
    """The words on the first back end and on every other that has the cell; the slow ones for some seeds only."""
    cell = next(word.partition("=")[2] for word in words if word.startswith("cell="))
    having = [name for name in backends() if cell in integrators_of(name)]
    taken = [name for name in having if name not in OF_THIS_MACHINE or seed % 10 == 0]
    found = [[*words, f"backend={name}", *OF_THIS_MACHINE.get(name, ())] for name in taken]
    if "brian2" in having and seed % COMPILED_EVERY == COMPILED_EVERY // 2:
        found.append([*words, "backend=brian2", "backend.codegen=cython"])
    if seed % NATIVE_EVERY == 0:  # drawn by the machine: there is nothing to compare it with but itself
        native = [[*each, "connectivity.draw=native"] for each in found if each[len(words)] == "backend=spinnaker"]
        found += native * 2
    return found


def refusal_faults(words: list[str]) -> str:
    """Of a configuration that is refused: one line on the terminal, exit code 2, nothing written."""
    before = {name: os.environ.get(name) for name in ("VARESEARCH_ROOT",)}
    with tempfile.TemporaryDirectory() as root:
        os.environ["VARESEARCH_ROOT"] = root
        out, err = io.StringIO(), io.StringIO()
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = cli.main(words)
        finally:
            for name, value in before.items():
                os.environ.pop(name, None) if value is None else os.environ.update({name: value})
        written = [str(path.relative_to(root)) for path in Path(root).rglob("*")]
    said = err.getvalue()
    if code != 2 or out.getvalue():
        return f"exit code {code}, printed {out.getvalue()[:200]!r}"
    if said.count("\n") != 1 or not said.endswith("\n"):
        return f"not one line: {said[:300]!r}"
    if len(said) > LONGEST_LINE:
        return f"a line of {len(said)} characters: {said[:100]!r}"
    return f"it wrote {written}" if written else ""


def try_one(seed: int, hostile: bool, cache: Path) -> tuple[str, str]:
    """(what came of it, what is wrong): run, refused, or too large to run here."""
    words = Draw(seed).hostile() if hostile else Draw(seed).valid()
    faults, ran = [], []
    first: dict[str, tuple[Config, list[str], Trains]] = {}  # by who draws the wiring: us or the machine
    for each in backends_for(words, seed):
        try:
            config = checked(each)
        except ConfigurationError:
            if why := refusal_faults(each):
                faults.append(f"{why}\n  {command(each)[:2000]}")
            continue
        except Exception as error:
            faults.append(f"not refused but {type(error).__name__}: {str(error)[:300]}\n  {command(each)[:2000]}")
            continue
        if hostile and not _small(config):
            continue
        try:
            found = simulate(config, cache)
        except Exception as error:
            faults.append(f"checked, then {type(error).__name__}: {str(error)[:300]}\n  {command(each)[:2000]}")
            continue
        ran.append(each)
        if not found.finite:
            faults.append(f"samples that are not finite\n  {command(each)[:2000]}")
        reference = first.setdefault(config.connectivity.draw, (config, each, found))
        if reference[2] is not found and (why := _unequal(reference[0], reference[2], config, found, cache)):
            faults.append(f"{why}\n  {command(reference[1])}\n  {command(each)}")
    return (f"run on {len(ran)}" if ran else "refused or too large"), "\n".join(faults)


def _unequal(first: Config, one: Trains, second: Config, other: Trains, cache: Path) -> str:
    if one.network != other.network:
        return "two networks"
    a, b = (backend_class(type(config.backend)) for config in (first, second))
    schemes = [
        [kind.integrator(cell) for _, cell in config.structure.cells] for kind, config in ((a, first), (b, second))
    ]
    if schemes[0] != schemes[1] or a.arithmetic != b.arithmetic:
        return ""
    why = first_difference(one, other) or first_sample_apart(one, other)
    return "" if not why or explained_by_rounding(first, one, other, cache) else why


def _small(config: Config) -> bool:
    """Can it be run in a second?"""
    steps = config.simulation.duration_ms / config.simulation.dt_ms
    expected = estimate(config)
    return steps <= 2000 and sum(expected.cells.values()) <= 500 and expected.n_synapses + expected.input_spikes <= 1e5


def main() -> int:
    """Replay the seeds given; ``--hostile`` before those of hostile ones."""
    cache, worst = Path(tempfile.mkdtemp(prefix="crossing-")), 0
    hostile = "--hostile" in sys.argv
    for seed in (int(word) for word in sys.argv[1:] if word != "--hostile"):
        drawn = Draw(seed)
        words = drawn.hostile() if hostile else drawn.valid()
        print(command(words)[:3000])
        outcome, faults = try_one(seed, hostile, cache)
        print(f"{outcome}: {faults or 'nothing wrong'}")
        worst |= bool(faults)
    return worst


if __name__ == "__main__":
    sys.exit(main())
