"""`tito doctor`: whether this machine and this folder are fit for the course. What it looks at is in `checks.py`."""

import typer

from tito.answer import Json


def doctor(as_json: Json = False) -> None:
    """Look at Python, packages, tools, this folder and your files, and say what to do where something isn't right.

    Exits 1 only for problems that stop the course; a note is something to know.

    Example: tito doctor
    """
    from tito import checks  # here, so that no other command waits for what it imports

    raise typer.Exit(checks.main(as_json))
