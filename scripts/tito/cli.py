"""The command line itself: every command is one function in a file of its own, registered here.

Each command prints for people, or with `--json` one JSON document for programs, and exits 0 only if what was asked for holds.
"""

import typer

from tito import profile, testing
from tito.course import UnknownName

app = typer.Typer(
    name="tito",
    help="Build, test, profile: the TinyTorch course from the command line.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
)



@app.callback()
def _course() -> None:
    """Build, test, profile: the TinyTorch course from the command line."""


app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(testing.test)
app.command()(profile.profile)


def main() -> None:
    """Run the command line; a name that nobody knows is one line, not a traceback."""
    try:
        app()
    except UnknownName as error:
        typer.echo(f"tito: {error}", err=True)
        raise SystemExit(2) from None
