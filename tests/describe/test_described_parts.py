"""Every cell, wiring rule and stimulus of the library describes itself by its docstring."""

from pathlib import Path

import numpy as np
import pytest
from markdown_tables import by, tables

from varesearch.backends import backends
from varesearch.config.cell import Cell
from varesearch.config.compose import compose
from varesearch.config.options import options
from varesearch.config.parts import parts
from varesearch.config.rule import Rule
from varesearch.config.stimulus import Stimulus
from varesearch.describe import describe
from varesearch.describe.diagram import network_figure
from varesearch.describe.latex import latex
from varesearch.describe.markdown import markdown
from varesearch.describe.words import references_in, words_of

NEEDS = {
    "hh_cond_exp": ["simulation=fine"],
    "one_to_one": ["connectivity.exc_inh_ratio=1"],
    "from_file": ["connectivity.file=list.npz"],
    "spike_file": ["stimulus.file=spikes.csv"],
}
"""What a part needs beyond its defaults."""


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that parts read, in the working folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spikes.csv").write_text("source,time_ms\n0,10\n1,20\n")
    np.savez(tmp_path / "list.npz", source=np.array([0, 1]), target=np.array([2, 3]))


def text_of(*words: str) -> str:
    description = describe(compose(list(words)).config)
    assert latex(description)
    return markdown(description)


@pytest.mark.parametrize("name", parts(Cell))
def test_a_cell(name: str) -> None:
    cell = parts(Cell)[name]
    backend = next(it for it, each in backends().items() if each.integrators(cell))
    text = text_of(f"cell={name}", f"backend={backend}", *NEEDS.get(name, []))
    read, words = tables(text), words_of(cell)
    model = by(read[f"Neuron model {name}"], "")
    assert "dv/dt = " in model["Dynamics"]["description"] and model["Type"]["description"]
    assert words.references and all(f"- {paper}\n" in text for paper in words.references)
    rows = by(read[f"Parameters of {name}"])
    starts = [f"{variable}_init" for variable in cell.variables]
    assert list(rows) == [*cell.parameters(), *starts]
    assert all(row["meaning"] and row["value"] for row in rows.values())
    assert {key: row["unit"] for key, row in rows.items()} == {key: cell.unit_of(key) for key in rows}


@pytest.mark.parametrize("name", parts(Rule))
def test_a_rule(name: str) -> None:
    words = words_of(parts(Rule)[name])
    assert not words.summary.startswith("`")
    if parts(Rule)[name].connects:
        text = text_of(f"connectivity={name}", *NEEDS.get(name, []))
        (row,) = tables(text)["Wiring rules"]
        assert row["rule"] == name and row["projections"] == "all 4" and words.references
        assert all(f"- {paper}\n" in text for paper in words.references)


@pytest.mark.parametrize("name", parts(Stimulus))
def test_a_stimulus(name: str) -> None:
    stimulus = parts(Stimulus)[name]
    assert not words_of(stimulus).summary.startswith("`")
    text = text_of(f"stimulus={name}", *NEEDS.get(name, []))
    if name == "none":
        assert "nothing drives the network" in text
        return
    read = tables(text)
    (row,) = read["Stimuli"]
    assert row["kind"] == name and row["reaches"] == "exc, inh" and len(row["description"]) > 30
    rows = by(read.get(f"Parameters of stimulus ({name})", []))
    assert all(it["meaning"] and it["value"] for it in rows.values())


@pytest.mark.parametrize("name", options()["experiment"])
def test_a_preset(name: str) -> None:
    config = compose([f"experiment={name}"]).config
    read = tables(markdown(describe(config)))
    sizes = {row["population"]: int(row["cells"]) for row in read["B: Populations"]}
    assert sizes == {**config.structure.sizes, "in all": config.structure.n_cells}
    assert by(read["Simulation"])["dt_ms"]["value"] == f"{config.simulation.dt_ms:g}"
    assert network_figure(config.structure).axes


@pytest.mark.parametrize(
    ("text", "papers"),
    [
        ("(Vogels and Abbott 2005, J. Neurosci. 25:10786; Brette et al. 2007, J. Comput. Neurosci. 23:349, no. 1)",
         ("Brette et al. 2007, J. Comput. Neurosci. 23:349", "Vogels and Abbott 2005, J. Neurosci. 25:10786")),
        ("Izhikevich (2003), IEEE Trans. Neural Networks 14:1569, eqs. 1-3::",
         ("Izhikevich 2003, IEEE Trans. Neural Networks 14:1569",)),
        ("those of Izhikevich, Gally and Edelman 2004 (Cereb. Cortex 14:933)",
         ("Izhikevich, Gally and Edelman 2004, Cereb. Cortex 14:933",)),
        ("Traub and Miles 1991 (Neuronal Networks of the Hippocampus) as",
         ("Traub and Miles 1991, Neuronal Networks of the Hippocampus",)),
        ("Beggs & Plenz 2003, J. Neurosci. 23:11167", ("Beggs and Plenz 2003, J. Neurosci. 23:11167",)),
        ("Senk et al. 2022, PLoS Comput. Biol. 18:e1010086.", ("Senk et al. 2022, PLoS Comput. Biol. 18:e1010086",)),
        ("The network of 1500 cells at 2000 Hz has no source", ()),
    ],
)  # fmt: skip
def test_citations_are_found_in_the_ways_they_are_written(text: str, papers: tuple[str, ...]) -> None:
    assert references_in([text]) == papers


def test_a_part_without_a_docstring_has_its_name() -> None:
    class Bare:
        pass

    assert words_of(Bare).summary == "`Bare` has no description." and words_of(Bare).references == ()
