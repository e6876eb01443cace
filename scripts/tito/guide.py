"""`tito guide`: a module's guide, in the editor or as text.

Public parts: `guide`.
"""

from typing import Annotated

import typer

from tito import course
from tito.answer import Json, document, say
from tito.course import ROOT
from tito.editor import open_in_editor
from tito.memory import shown

WIDEST = 100  # columns of text, however wide the terminal is


def guide(
    module: Annotated[str, typer.Argument(metavar="NN", help="The module: 05, autograd, or a file of it.")],
    as_json: Json = False,
) -> None:
    """Open a module's guide: in the editor where this is its terminal, else as text here.

    Example: tito guide 05
    """
    path = course.module(module).folder / "README.md"
    if as_json:
        document({"guide": path.relative_to(ROOT).as_posix()})
    elif open_in_editor(path):
        say(f"opened {shown(path)}")
    else:
        _print(path.read_text(encoding="utf-8"))
        say(f"\n{shown(path)}")


def _print(text: str) -> None:
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console()
    console.print(Markdown(text, hyperlinks=False), width=min(WIDEST, console.width))
