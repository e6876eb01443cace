"""The command line itself: every command is one function in a file of its own, registered here.

Each command prints for people, or with `--json` one JSON document for programs, and exits 0 only if what was asked for
holds.
"""

import json
import sys

try:
    import typer

    from tito import (
        compare,
        doctor,
        graph,
        guide,
        hint,
        info,
        milestone,
        overview,
        profile,
        quiz,
        reset,
        show,
        solve,
        status,
        testing,
        update,
        use,
        watch,
    )
    from tito.course import UnknownName
    from tito.findings import print_anything
    from tito.manifest import WrongManifest
    from tito.memory import CannotDo
except Exception as error:  # a damaged environment: the doctor works without it, all else points to the doctor
    from pathlib import Path

    from tito import checks, update_journal

    if sys.argv[1:2] == ["doctor"]:
        raise SystemExit(checks.main("--json" in sys.argv)) from None
    print(f"tito can't start: {type(error).__name__}: {error}; `tito doctor` looks closer", file=sys.stderr)
    if advice := update_journal.advice(Path(__file__).resolve().parents[2], tito_starts=False):
        print(f"tito: {advice}", file=sys.stderr)
    raise SystemExit(1) from None

app = typer.Typer(
    name="tito",
    help="Build, test, profile: the TinyTorch course from the command line.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
)


@app.callback()
def _course(context: typer.Context) -> None:
    """Build, test, profile: the TinyTorch course from the command line."""
    if context.invoked_subcommand != "update":
        update.remind()


app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(testing.test)
app.command(cls=profile.Command)(profile.profile)
app.command()(doctor.doctor)
app.command()(status.status)
app.command()(guide.guide)
app.command()(hint.hint)
app.command()(show.show)
app.command()(solve.solve)
app.command()(quiz.quiz)
app.command()(compare.compare)
app.command()(graph.graph)
app.command()(reset.reset)
app.command()(use.use)
app.command()(milestone.milestone)
app.command()(watch.watch)
app.command()(overview.overview)
app.command()(update.update)
app.command()(info.info)


def main() -> None:
    """Run the command line; what can't be done, or a name that nobody knows, is one line, not a traceback."""
    print_anything()
    try:
        app()
    except (UnknownName, CannotDo, WrongManifest, OSError) as error:  # OSError: the disk, or the output refuses
        if "--json" in sys.argv:
            typer.echo(json.dumps({"error": str(error)}))
        else:
            typer.echo(f"tito: {error}", err=True)
        raise SystemExit(2 if isinstance(error, UnknownName) else 1) from None
