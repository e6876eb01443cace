"""All that `tito doctor` looks at, in order. `python -m tito.checks` does it where not even Typer can be imported.

Public parts: `examine`, `main`. Standard library alone. What may be broken (NumPy, Rich, a learner's file) is imported
in a process of its own.
"""

import json
import sys
from collections.abc import Callable, Iterator

from tito import checks_environment, checks_workspace, findings
from tito.findings import Finding

CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    checks_environment.python,
    checks_environment.packages,
    checks_environment.imports,
    checks_workspace.your_files,
    checks_workspace.course_memory,
    checks_workspace.variables,
    checks_workspace.folder,
    checks_workspace.git,
    checks_environment.profilers,
    checks_environment.machine,
)


def examine() -> Iterator[Finding]:
    """Look at one matter after the other; a check that fails itself is a finding, not a crash."""
    for check in CHECKS:
        try:
            yield from check()
        except Exception as error:  # a fault in one check must not hide what the others find
            says = f"could not be looked at: {type(error).__name__}: {error}"
            yield findings.note(check.__name__.replace("_", " "), says)


def main(as_json: bool = False) -> int:
    """Examine and print; return 1 only for what stops the course."""
    findings.print_anything()
    found = list(examine())
    fine = not any(f.state == "problem" for f in found)
    if as_json:
        print(json.dumps({"ok": fine, "checks": [f._asdict() for f in found]}, indent=2))
    else:
        print(findings.text(found))
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main("--json" in sys.argv))
