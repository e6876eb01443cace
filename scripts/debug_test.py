"""Run the tests of what the editor shows: the launch configurations "Debug this test" and "Debug this module's tests".

    python scripts/debug_test.py FILE [LINE]

With a line in a learner's file these are the tests of the exercise around it, in a test file the test around it.
Without, or where the line is in neither, they are all tests of the module that the file (or guide) belongs to.
"""

import ast
import sys
from pathlib import Path

from tito import course, testing

from tinytorch._splice import functions


def function_at(file: Path, line: int) -> str | None:
    """Return the qualified name of the function or method around a line, its decorators included, or None."""
    if file.suffix == ".py":
        for name, node in functions(ast.parse(file.read_bytes())).items():
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if first <= line <= (node.end_lineno or node.lineno):
                return name
    return None


def main(file: Path, line: int = 0) -> None:
    """Run the tests for this place. The verdict is no exit code here: the debugger would stop at it once more."""
    try:
        module = course.module(str(file))
    except course.UnknownName:
        print(f"{file} belongs to no module: open a module's file, its guide or its tests, and start again")
        return
    name = function_at(file, line)
    exercise = next((e for e in module.exercises if e.function == name), None)
    if name and file.resolve() == module.tests:
        testing.run([module.number], pytest_args=["-k", name])
    else:
        testing.run([exercise.id if exercise else module.number])


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
