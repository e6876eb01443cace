"""Run one product forward and backward, slowly enough to watch: the launch configuration "Debug backward".

A breakpoint in `matmul_vjp`, yours or the reference's, shows the plain arrays g, out, a and b. Between it and the line
`out.backward(...)` below stand three frames: `ask_rule`, `autograd.backward` and the method `backward` of tensors. In a
terminal, a line `breakpoint()` in `matmul_vjp` stops there too; `p a` prints a, as `a` is a command of the debugger.
All numbers are distinct, so that each array is known by its values:

    a (2, 3)          b (3, 2)        out = a @ b (2, 2)    the seed g (2, 2)
    [[1. 2. 3.]       [[ 7.  8.]      [[ 58.  64.]          [[ 1.  10.]
     [4. 5. 6.]]       [ 9. 10.]       [139. 154.]]          [100. 1000.]]
                       [11. 12.]]
"""

from pathlib import Path
from types import CodeType

from tinytorch import Tensor, autograd

ROOT = Path(__file__).resolve().parents[1]


def first_line(code: CodeType) -> str:
    """Return the file and first line of a function's body, as a link for the editor's terminal."""
    path = Path(code.co_filename).resolve()
    shown = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path
    line = min(line for _, _, line in code.co_lines() if line and line > code.co_firstlineno)
    return f"{shown}:{line}"


def main() -> None:
    """Print where the rule stands, and the gradients that it gave."""
    print(f"matmul_vjp runs from {first_line(autograd.matmul_vjp.__code__)}: set a breakpoint there")
    a = Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
    b = Tensor([[7.0, 8.0], [9.0, 10.0], [11.0, 12.0]], requires_grad=True)
    out = a @ b
    out.backward([[1.0, 10.0], [100.0, 1000.0]])
    print(f"a.grad =\n{a.grad}\nb.grad =\n{b.grad}")


if __name__ == "__main__":
    main()
