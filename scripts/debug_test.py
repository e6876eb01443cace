"""Run the tests of what stands under the cursor: the launch configuration "Debug this test".

    python scripts/debug_test.py FILE LINE

In a learner's file these are the tests of the exercise around the line; in a test file the test around it; elsewhere in
a module's folder, such as in its guide, all of the module's tests. Exits as `tito test` does.
"""

import ast
import sys
from pathlib import Path

from tito import course, testing

from tinytorch._splice import functions


def function_at(file: Path, line: int) -> str | None:
    """Return the qualified name of the outermost function or method around a line, or None."""
    if file.suffix != ".py":
        return None
    for name, node in functions(ast.parse(file.read_bytes())).items():
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        if first <= line <= (node.end_lineno or node.lineno):
            return name
    return None


def main(file: Path, line: int) -> int:
    """Run the tests for this place and return the exit code."""
    module = course.module(str(file))
    name = function_at(file, line)
    if name and file.resolve() == module.tests:
        return testing.run([module.number], pytest_args=["-k", name.replace(".", " and ")])
    for exercise in module.exercises:
        if exercise.function == name:
            return testing.run([exercise.id])
    print(f"line {line} of {file.name} is in no exercise and no test: all tests of module {module.number} run")
    return testing.run([module.number])


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
    except course.UnknownName:
        sys.exit(f"{sys.argv[1]} belongs to no module: open a module's file, its guide or its tests, and start again")
