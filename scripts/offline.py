"""The course for a class without network: packed into a folder where there is one, installed from it elsewhere.

    python3 scripts/offline.py pack FOLDER              the packages for all machines and Pythons, the course, checksums
    python3 scripts/offline.py pack FOLDER --images     with the container's images (scripts/image.py build made them)
    python3 scripts/offline.py install FOLDER           make .venv from the folder alone
    python3 scripts/offline.py install FOLDER --image   load the container's image into Docker or Podman

Packed are Linux on amd64 (x86_64) and arm64, Python 3.11 to 3.13. `--arch arm64` and `--python 3.13` pack less. What
is installed is compared with its checksums first; where something fails, what was there before is there again.
"""

import argparse
import sys

import find_python


def main():  # type: () -> int
    """Do what the command line asks for."""
    asked = arguments()
    if asked.verb == "install":
        from offline_install import install

        return install(asked.folder, asked.image)

    from workspace_setup import ready_python, run_module

    # The packing needs the lock's own tools, so it runs in the environment.
    return run_module(ready_python(), ["offline_pack"] + sys.argv[2:], PYTHONPATH=sys.path[0])  # noqa: RUF005


def arguments():  # type: () -> argparse.Namespace
    """Read the command line; `pack` reads its options itself."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", metavar="pack | install")
    verbs.required = True
    verbs.add_parser("pack", add_help=False)
    install = verbs.add_parser("install", description="Install from a folder that `pack` made, without a network.")
    install.add_argument("folder", metavar="FOLDER", help="the folder that `pack` made")
    install.add_argument("--image", action="store_true", help="load the container's image, make no .venv")
    asked, rest = parser.parse_known_args()
    if rest and asked.verb != "pack":
        parser.error("unknown: {}".format(" ".join(rest)))
    return asked


if __name__ == "__main__":
    find_python.switch_if_unfit()
    from workspace_setup import leave  # written for a Python that fits, as all but this file and find_python

    leave(main)
