"""The page of licences, against what the installed packages say of themselves."""

import re
import tomllib
from contextlib import suppress
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs" / "reference" / "licences.md").read_text()
_ROW = re.compile(r"^\| ([\w.-]+) \| ([^|]+?) \|(?: (\w+) \|)?$", re.M)
ROWS = {row[1]: (row[2], row[3] or "") for row in _ROW.finditer(PAGE) if row[1] != "package"}
EVIDENCE = {
    "Apache-2.0": r"Apache",
    "BSD-2-Clause": r"BSD-2-Clause|BSD License|2-Clause BSD",
    "BSD-3-Clause": r"BSD",
    "BSD or GPL-2.0, see its files": r"BSD License",
    "CECILL-2.1": r"CeCILL-2\.1",
    "GPL-2.0-or-later": r"GNU General Public License v2 or\s+later",
    "ISC": r"ISC",
    "LGPL-3.0-or-later": r"LGPL-3\.0-or-later",
    "MIT": r"MIT",
    "MIT-CMU": r"MIT-CMU",
    "MPL-2.0": r"MPL-2\.0",
    "PSF-based": r"Python Software Foundation License",
}
COPYLEFT = re.compile(r"CECILL|GPL|General Public|MPL-|Mozilla", re.I)


def _direct() -> dict[str, str]:
    """Package -> extra ("" where it is always installed), as pyproject.toml has them."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    names = re.compile(r"[A-Za-z0-9._-]+")
    return {match[0]: extra for extra, asked in groups.items() for one in asked if (match := names.match(one))}


def _fields(found: Distribution) -> list[str]:
    """Expression, field and classifiers of the metadata."""
    said = found.metadata.json
    fields = [said.get("license_expression"), said.get("license"), *said.get("classifier", [])]
    return [str(field) for field in fields if field and ("::" not in field or str(field).startswith("License"))]


def _installed() -> list[Distribution]:
    found = []
    for name in _direct():
        with suppress(PackageNotFoundError):  # the test below says which
            found.append(distribution(name))
    return found


def test_every_package_is_installed_but_that_of_an_extra_of_its_own() -> None:
    installed = {found.metadata["Name"].lower().replace("_", "-") for found in _installed()}
    wanted = {name.lower() for name, extra in _direct().items() if extra != "ray"}
    assert wanted <= installed, f"`make` installs {', '.join(sorted(wanted - installed))}"


def test_the_page_lists_what_is_asked_for() -> None:
    assert {name: extra for name, (_, extra) in ROWS.items()} == _direct()


@pytest.mark.parametrize("found", _installed(), ids=lambda found: found.metadata["Name"])
def test_a_package_says_the_same_of_itself(found: Distribution) -> None:
    licences = {name.lower(): licence for name, (licence, _) in ROWS.items()}
    licence = licences[found.metadata["Name"].lower()]
    said = "\n".join(_fields(found)) or "".join(
        path.read_text(encoding="utf-8") for path in found.files or [] if "licen" in path.name.lower()
    )
    said += (
        str(found.metadata.json.get("description")) if "GPL" in licence else ""
    )  # NEST's "or later" is in its description
    assert re.search(EVIDENCE[licence], said, re.I), said[:300]
    # A package that changes to a licence with conditions has to be seen. Whole texts name those of bundled parts, too.
    short = [field for field in _fields(found) if "\n" not in field]
    assert bool(COPYLEFT.search("; ".join(short))) is bool(re.match(r"CECILL|L?GPL|MPL", licence)), short
