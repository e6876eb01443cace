"""How every command answers: text for people, or one JSON document for programs.

Public parts: `Json`, `say`, `note`, `document`.
"""

import json
import sys
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]


def document(content: object) -> None:
    """Print the one JSON document."""
    sys.stdout.write(json.dumps(content, indent=2) + "\n")


def say(text: str = "") -> None:
    """Print text with Rich's markup; escape what isn't yours. Lines are never broken, so that paths can be clicked."""
    from rich.console import Console

    Console(highlight=False, soft_wrap=True).print(text)


def note(text: str) -> None:
    """Say on standard error what the person should know besides the answer."""
    print(f"tito: {text}", file=sys.stderr)
