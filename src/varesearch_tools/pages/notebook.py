"""Put executed notebooks, with what their cells show, into the documentation.

nbformat, which the tests need anyway, reads them; nbconvert would bring further packages for the same page. Like the
copies of the studies' pages, beside which they are put, these pages are not committed.
"""

import base64
import re
import shutil
from pathlib import Path
from typing import Any

_NOTE = """
!!! note
    This page shows the notebook `{path}` of the repository as it was executed. Open it in Jupyter to change and run it
    yourself.
"""


def notebook_pages(docs: Path, experiments: Path) -> list[Path]:
    """Write the page and the pictures of each notebook in a folder of ``experiments`` anew; return the pages."""
    return [_page(path, docs / "studies") for path in sorted(experiments.glob("*/*.ipynb"))]


def _page(path: Path, folder: Path) -> Path:
    import nbformat

    pictures = folder / path.stem
    shutil.rmtree(pictures, ignore_errors=True)
    pictures.mkdir(parents=True)
    parts: list[str] = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        parts.append(f"```python\n{cell.source}\n```")
        for output in cell.outputs:
            # A progress bar that has reached its end shows nothing.
            if "<progress" not in output.get("data", {}).get("text/html", ""):
                parts.append(_shown(output, pictures))
    parts.insert(1, _NOTE.format(path="/".join(path.parts[-3:])))
    page = pictures.with_suffix(".md")
    page.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return page


def _shown(output: Any, pictures: Path) -> str:
    """An output as Markdown, in the richest of its forms that a page can hold."""
    data = output.get("data", {})
    if "image/png" in data:
        picture = pictures / f"{len(list(pictures.iterdir())) + 1}.png"
        picture.write_bytes(base64.b64decode(data["image/png"]))
        return f"![{data['text/plain'].strip('<>')}]({pictures.name}/{picture.name})"
    if "text/html" in data:
        # The site has its own style for tables. A blank line would end the block of HTML.
        plain = re.sub(r'<style.*?</style>| (?:class|border|style)="[^"]*"', "", data["text/html"], flags=re.DOTALL)
        lines = [line for line in plain.splitlines() if line.strip()]
        return "\n".join(['<div class="output">', *lines, "</div>"])
    text = output.get("text") or data["text/plain"]
    return f"```text\n{text.rstrip()}\n```"
