"""Write every generated page of the documentation: ``python -m varesearch_tools.pages``, at the top of a checkout."""

import sys
from pathlib import Path

from varesearch_tools.pages import reference, translation
from varesearch_tools.pages.notebook import notebook_pages
from varesearch_tools.pages.studies import study_pages


def main() -> int:
    """Write the pages below the working folder, and print their names; the exit code."""
    if not Path("pyproject.toml").is_file():
        sys.stderr.write("start this at the top of a checkout: there is no pyproject.toml here\n")
        return 2
    pages = {reference.FOLDER / name: text for name, text in reference.pages().items()}
    pages[translation.PAGE] = translation.page()
    for path, text in pages.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    docs, experiments = Path("docs"), Path("experiments")
    for path in (*pages, *study_pages(docs, experiments), *notebook_pages(docs, experiments)):
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
