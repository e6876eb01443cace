"""Drive a real VS Code through a newcomer's first quarter of an hour: the slow check of the editor's files.

    python scripts/editor_check/run.py --install      code-server and what drives it, into EDITOR_HOME; needs a network
    python scripts/editor_check/run.py                the check; pictures and logs in runs/editor/
    python scripts/editor_check/run.py --pictures     the same, and the guides' pictures made anew

README.md beside this file says what it needs and what it does not prove.
"""

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
OUT = ROOT / "runs" / "editor"
HOME = Path(os.environ.get("EDITOR_HOME") or Path.home() / ".cache" / "tinytorch-editor-check")
NODE = os.environ.get("EDITOR_NODE", "node")
BROWSERS = ("chromium", "google-chrome", "chromium-browser")
PINNED = ("code-server@4.139.1", "playwright-core@1.65.1")  # the first is VS Code 1.139.1, and wants Node 24
NPM = (
    "npm",
    "install",
    "--ignore-scripts",
    "--omit=dev",
    "--no-audit",
    "--no-fund",
)  # their scripts fetch from elsewhere
COLOURS = 48  # a guide's picture has to stay below 60 kB
LIMIT = 1200  # seconds


def main() -> int:
    """Do what the command line asks for; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--install", action="store_true", help="install the editor, and do nothing else")
    parser.add_argument("--pictures", action="store_true", help="make the guides' pictures anew")
    parser.add_argument("--only", default="", metavar="TEXT", help="only the steps with this in their names")
    asked = parser.parse_args()
    if asked.install:
        install()
        return 0
    browser = os.environ.get("EDITOR_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), "")
    if not (HOME / "node_modules" / "code-server").is_dir() or not shutil.which(NODE) or not browser:
        print(f"no editor in {HOME}, no {NODE} or no browser: --install, or name them (see {HERE.name}/README.md)")
        return 2
    return check(browser, asked.pictures, asked.only)


def install() -> None:
    """Install code-server and playwright-core. Its packages without their own scripts are enough for this check."""
    HOME.mkdir(parents=True, exist_ok=True)
    (HOME / "package.json").write_text('{"private": true}\n')
    server = HOME / "node_modules" / "code-server" / "lib" / "vscode"
    for folder, packages in ((HOME, PINNED), (server, ()), (server / "extensions", ())):
        subprocess.run([*NPM, *packages], cwd=folder, check=True)
    print(f"the editor is in {HOME}")


def check(browser: str, pictures: bool, only: str) -> int:
    """Run the scenario on a copy of this workspace; return its exit code."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="editor-check-") as folder:
        place = Path(folder) / "a copy \N{LATIN SMALL LETTER E WITH ACUTE}"  # as learners name folders
        copy_workspace(place)
        make_environment(place)
        command = [NODE, str(HERE / "scenario.mjs"), str(place), str(OUT), only]
        given = {"EDITOR_HOME": str(HOME), "EDITOR_BROWSER": browser, "EDITOR_EXTENSIONS": extensions(Path(folder))}
        code = subprocess.run(command, env={**os.environ, **given}, timeout=LIMIT, check=False).returncode
    if code:
        print(f"failed: look at {OUT / 'failure.png'} and {OUT / 'server.log'}")
    elif pictures:
        keep_pictures()
    return code


def copy_workspace(place: Path) -> None:
    """Copy what git knows of here, as it stands, into a repository of its own."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place / name)
    author = ["-c", "user.name=check", "-c", "user.email=check@localhost"]
    for words in (["init", "-q"], ["add", "-A"], [*author, "commit", "-q", "--no-verify", "-m", "copy"]):
        subprocess.run(["git", *words], cwd=place, check=True)


def make_environment(place: Path) -> None:
    """Make `.venv` as scripts/start.py would, out of the packages of the Python that runs this."""
    environment = place / ".venv"
    venv.create(environment, symlinks=True)
    packages = next((environment / "lib").glob("python*/site-packages"))
    # Relative, since Python reads this file in the locale's letters.
    paths = ["../../../..", "../../../../scripts", sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    (packages / "course.pth").write_text("".join(f"{path}\n" for path in dict.fromkeys(paths)), encoding="utf-8")
    profiler = Path(sys.executable).parent / "py-spy"
    if profiler.exists():
        (environment / "bin" / "py-spy").symlink_to(profiler)


def extensions(folder: Path) -> str:
    """Return the folder of extensions that the editor is to load: the real ones if named, or else the stand-in."""
    named = os.environ.get("EDITOR_EXTENSIONS")
    if not named:
        shutil.copytree(HERE / "stand_in", folder / "extensions" / "stand-in")
    return named or str(folder / "extensions")


def keep_pictures() -> None:
    """Put the guides' pictures into their places, in few colours: guide-05-stop.png as 05_autograd/pictures/stop."""
    from PIL import Image  # comes with Matplotlib

    for picture in OUT.glob("guide-*.png"):
        _, number, name = picture.stem.split("-", 2)
        kept = next((ROOT / "modules").glob(f"{number}_*")) / "pictures" / f"{name}.png"
        kept.parent.mkdir(exist_ok=True)
        Image.open(picture).convert("RGB").quantize(COLOURS).save(kept, optimize=True)
        print(f"{kept.relative_to(ROOT)}: {kept.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    sys.exit(main())
