"""Every command that is shown survives a shell: what MLflow, the files, the pages and the terminal say can be pasted.

Each kind of run is made once, with words that a shell would take apart; what is shown of it is given to a real shell,
and must come back as the words that made it.
"""

import html
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from varesearch.cli import main as varesearch
from varesearch.config.compose import compose
from varesearch.pages.help import EXAMPLES
from varesearch.report import report_html
from varesearch.shell import code_span, command, quoted
from varesearch.tracking import RunRecord, runs

SMALL = ["connectivity.n=20", "connectivity.p=0.3", "simulation.duration_ms=150", "recording.cells=5"]
DRAWN = "connectivity.delay_ms={distribution: uniform, low: 1, high: 5}"
NAMED = "tracking.run_name='it is $HOME; `mine` & *'"


def words_of(text: str) -> list[str]:
    """What a real shell makes of a command, without running it."""
    if not text.strip():
        return []
    shown = subprocess.run(["bash", "-c", f"printf '%s\\0' {text}"], capture_output=True, text=True, check=True)
    return shown.stdout.split("\0")[:-1]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[RunRecord, list[str]]]:
    """Kind -> a run of it, and the words that made it."""
    root = tmp_path_factory.mktemp("project")
    own = root / "my options"
    (own / "cell").mkdir(parents=True)
    (own / "cell" / "mine.yaml").write_text("# a cell of one's own\ndefaults: [izhikevich, _self_]\nd: 3.0\n")
    conf = ["--config-dir", str(own)]
    run = [*conf, "cell=mine", DRAWN, *SMALL, NAMED]
    other = [*conf, "cell=mine", "cell.d=6", *SMALL, "tracking.run_name=other"]
    sweep = ["sweep", *conf, "cell=mine", DRAWN, "seed=range(2)", *SMALL, "tracking.experiment=swept"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VARESEARCH_ROOT", str(root))
        for words in (run, other, sweep):
            assert varesearch(words) == 0
        known = {record.name: record for record in runs(root=root)}
        first = known["it is $HOME; `mine` & *"]
        assert varesearch(["rerun", first.run_id]) == 0
        assert varesearch(["compare", first.run_id, "other"]) == 0
        everything = runs(root=root)
    child = next(r for r in everything if r.experiment == "swept" and r.params.get("seed") == "1")
    return {
        "run": (first, ["varesearch", "run", *run]),
        "sweep": (
            next(r for r in everything if r.tags.get("varesearch.kind") == "sweep"),
            ["varesearch", *sweep],
        ),
        "child": (
            child,
            ["varesearch", "run", *conf, *(w for w in sweep[3:] if not w.startswith("seed=")), "seed=1"],
        ),
        "rerun": (
            next(r for r in everything if "varesearch.rerun_of" in r.tags),
            ["varesearch", "rerun", first.run_id],
        ),
        "comparison": (
            next(r for r in everything if r.tags.get("varesearch.kind") == "comparison"),
            ["varesearch", "compare", first.run_id, "other"],
        ),
    }


KINDS = ("run", "sweep", "child", "rerun", "comparison")


@pytest.mark.parametrize("kind", KINDS)
def test_mlflow_describes_a_run_by_the_command_that_made_it(made, kind):
    record, words = made[kind]
    note = record.tags["mlflow.note.content"]
    fence = re.match("`+", note)
    assert fence is not None
    code = note[len(fence[0]) :].partition(fence[0])[0].strip()
    assert words_of(code) == words


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_keeps_its_command_in_its_files(made, kind):
    record, words = made[kind]
    assert record.folder is not None
    kept = yaml.safe_load((record.folder / "overrides.yaml").read_text())
    assert words_of(kept["command"]) == words


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_of_a_run_says_how_it_was_made(made, kind, monkeypatch):
    record, words = made[kind]
    root = record.folder.parents[3].parent
    page = report_html(record, root=root)
    shown = [html.unescape(code) for code in re.findall("<code>(.*?)</code>", page, re.DOTALL)]
    assert words_of(shown[0]) == words
    assert "all defaults" not in page
    # Every other command or word on the page, such as those that a run was given, survives a shell as well.
    for code in shown[1:]:
        assert words_of(code)
    if kind in ("run", "child", "rerun"):
        assert [DRAWN] in [words_of(code) for code in shown[1:]]
    belongs = {"child": "one of the runs of sweep", "rerun": "It repeats run"}
    for other, sentence in belongs.items():
        assert (sentence in page) is (other == kind)


@pytest.mark.parametrize("kind", KINDS)
def test_an_older_run_that_kept_no_command_gets_one_from_what_it_kept(made, kind, tmp_path):
    import dataclasses
    import shutil

    from varesearch.report.origin import given_of

    record, words = made[kind]
    shutil.copytree(record.folder, tmp_path / "run")
    kept = yaml.safe_load((tmp_path / "run" / "overrides.yaml").read_text())
    del kept["command"]
    (tmp_path / "run" / "overrides.yaml").write_text(yaml.safe_dump(kept))
    found = words_of(given_of(dataclasses.replace(record, folder=tmp_path / "run")).command)
    assert found[:2] == words[:2] and set(found) <= {*words, *record.tags.values()}


def test_what_resumes_a_sweep_and_what_opens_a_run_survive_a_shell(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("VARESEARCH_ROOT", str(tmp_path))
    store = f"sqlite:///{tmp_path}/my store.db"
    words = [*SMALL, f"tracking.uri='{store}'", "tracking.run_name=one"]
    assert varesearch(words) == 0
    (line,) = [line for line in capfd.readouterr().out.splitlines() if line.startswith("to see it: ")]
    opened = words_of(line.removeprefix("to see it: "))
    assert opened[:3] == ["varesearch", "ui", "--uri"] and opened[3] == store
    from varesearch.sweeps.command import prepare

    swept = prepare([*SMALL, DRAWN, "seed=range(2)", "rerun=true"])
    assert words_of(swept.resume) == ["varesearch", "sweep", *SMALL, DRAWN, "seed=range(2)"]


@pytest.mark.parametrize(("words", "what"), EXAMPLES)
def test_the_examples_of_the_help_are_commands(words, what):
    given = words_of(words)
    assert given == shlex.split(words) and what
    if given[0] == "run":
        compose(given[1:])


@pytest.mark.parametrize(
    "word", ["a b", "it's", "`x`", "$HOME", "a\nb", "é*?", "", "{a: 1}", "seed=range(5)", "a|b;c&d"]
)
def test_a_word_comes_back_whatever_it_holds(word):
    assert words_of(quoted([word])) == [word]
    assert words_of(command("run", word, "next")) == ["varesearch", "run", word, "next"]
    span = code_span(quoted([word]))
    fence = re.match("`+", span)
    assert fence is not None and span.endswith(fence[0]) and quoted([word]) in span


def test_a_folder_of_options_is_named_with_the_run(made):
    record, words = made["run"]
    assert words[words.index("--config-dir") + 1].endswith("my options")
    assert Path(words[words.index("--config-dir") + 1]).is_dir()
    assert record.config()["cell"]["d"] == 3.0
