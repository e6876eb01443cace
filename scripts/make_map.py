"""Write the map of the reference, `tinytorch/README.md`: `python scripts/make_map.py`. For maintainers.

Each file says in its first line which module it belongs to and what it is; the map is these lines, by module.
"""

import ast
from pathlib import Path

from tito.anatomy import REFERENCE, chapters

MAP = REFERENCE / "README.md"
HEAD = """# The reference, file by file

What a learner has not built yet runs from here: these files hold the answers. Each belongs to a module of the course;
the file that carries the module's name comes first, and is the one a learner builds.

This page is made of the files' first lines by `python scripts/make_map.py`.
"""


def the_map() -> str:
    """Return the map's text."""
    found = chapters()
    parts = [HEAD]
    for chapter in found:
        named = chapter.module.name if chapter.module else chapter.title.lower().replace(" ", "")
        files = sorted(chapter.files, key=lambda path: (path.stem != named, path.stem))
        parts.append(_section(f"{chapter.number} {chapter.title}", files))
    owned = {path for chapter in found for path in chapter.files}
    parts.append(_section("For all modules", [p for p in sorted(REFERENCE.glob("*.py")) if p not in owned]))
    return "\n".join(parts)


def _section(title: str, files: list[Path]) -> str:
    rows = [f"| [{path.name}]({path.name}) | {_says(path)} |" for path in files]
    return "\n".join([f"## {title}", "", "| file | |", "| --- | --- |", *rows, ""])


def _says(path: Path) -> str:
    first = (ast.get_docstring(ast.parse(path.read_bytes())) or "").partition("\n")[0]
    what = first.partition(": ")[2] if first.startswith("Module ") else first
    return (what[:1].upper() + what[1:]).replace("|", "\\|")


if __name__ == "__main__":
    MAP.write_text(the_map(), encoding="utf-8", newline="\n")
    print(f"wrote {MAP.relative_to(REFERENCE.parent)}")
