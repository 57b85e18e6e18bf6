"""Put the studies' pages into the documentation.

Each study has one page, ``experiments/NAME/README.md`` with its ``figures/``. The site gets a copy, ``studies/NAME.md``
below DOCS (by default ``docs``), whose links lead to the same places from there. Copies are not committed.
"""

import re
import shutil
from pathlib import Path


def study_pages(docs: Path, experiments: Path) -> list[Path]:
    """Write the copies anew; the pages that there are. Raises ValueError for a link that leads out of both folders."""
    target = docs / "studies"
    shutil.rmtree(target, ignore_errors=True)
    written = []
    for page in sorted(experiments.glob("*/README.md")):
        study = page.parent
        if not (study / "study.py").is_file():
            continue
        target.mkdir(exist_ok=True)
        if (study / "figures").is_dir():
            shutil.copytree(study / "figures", target / study.name)
        copy = target / f"{study.name}.md"
        copy.write_text(
            re.sub(r"\]\(([^)\s]+)", lambda link, study=study: f"]({_from_site(link[1], study)}", page.read_text())
        )
        written.append(copy)
    return written


def _from_site(link: str, study: Path) -> str:
    """A link of a study's page, as it is written in its copy."""
    if re.match(r"[a-z]+:|#", link):
        return link
    for here, there in (("figures/", f"{study.name}/"), ("../../docs/", "../")):
        if link.startswith(here):
            return link.replace(here, there, 1)
    other = re.fullmatch(r"\.\./(\w+)/(?:README\.md)?(#.*)?", link)
    if other:
        return f"{other[1]}.md{other[2] or ''}"
    raise ValueError(f"{study / 'README.md'}: {link} is neither a figure of the study, nor another study, nor in docs/")
