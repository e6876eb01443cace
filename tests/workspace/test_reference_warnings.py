"""No warning of NumPy's comes out of an operation or a backward, also where warnings are errors; the user's own do."""

import subprocess
import sys

import pytest
from beyond import beyond
from workspace_copy import ROOT

START = """
import threading, warnings
import numpy as np
import tinytorch as tt
from tinytorch import Tensor, no_grad
inf, nan, large = float("inf"), float("nan"), 3e38
odd = np.array([0.0, 1.0, inf, -inf, nan, large, -large], np.float32)
x = Tensor(odd, requires_grad=True)
y = Tensor(odd[::-1].copy(), requires_grad=True)
m = Tensor(np.stack([odd, odd[::-1]]), requires_grad=True)
"""

SCRIPTS = {
    "arithmetic": "r = [x + y, x - y, x * y, x / y, x // y, x % y, x ** y, y + x, x * 1e38, x - inf, -x]",
    "functions": "r = [f(x) for f in (tt.exp, tt.log, tt.sqrt, tt.sin, tt.cos, abs, tt.tanh)]",
    "two limits": "r = [tt.maximum(x, y), x.clip(-1, y)]",
    "norms": "r = [tt.logsumexp(m, dim=1), tt.norm(m, dim=0), tt.norm(m, 3), tt.log1p(m), tt.round(m, decimals=3)]",
    "matmul": "r = [m @ m.T, m @ x, x @ y, tt.einsum('ij,kj->ik', m, m), tt.einsum('ij->j', m)]",
    "sums": "r = [f(a) for a in (None, 0, 1) for f in (m.sum, m.mean, m.var, m.std, m.prod, m.max)] + [m.cumsum(1)]",
    "float16": "h = m.astype(np.float16); r = [h * h, h.sum(), h.mean(), h.var()]",
    "casts": "r = [x.astype(np.float16), Tensor([1e300], dtype=np.float64, requires_grad=True).astype(np.float32)]",
    "broadcasting": "r = [m + x, m - x, m * x, m / x]",
    "the norm at 0": "z = Tensor([0.0, 0.0], requires_grad=True); r = [(z * z).sum().sqrt()]",
    "pieces": "r = [m[0] + m[1], tt.concatenate([x, y]) - inf, tt.stack([x, y]).sum(0), tt.pad(x, (1, 1), inf)]",
}
MADE = {
    "numbers": "Tensor(1e300, dtype=np.float32); Tensor([1.0]) * 1e300; tt.full((2,), 1e300); tt.pad(x, (1, 1), 1e300)",
    "writes": "z = tt.zeros(2); z[0] = 1e300; z += large; z *= large; z -= inf; z /= 0.0",
    "casts to integers": "x.detach().astype(np.int64)",
    "comparisons": "x < y; x == y; tt.allclose(x, y); x.argmax()",
    "seeds": "(x * 2.0).backward([1e300] * 7)",
}
BACKWARD = """
for result in r:
    result.sum().backward(retain_graph=True)
    result.backward(tt.full(result.shape, large, result.dtype), retain_graph=True)
"""


def run(script, *options):
    done = subprocess.run(
        [sys.executable, *options, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stderr


@beyond("01.3", "01.7")
@pytest.mark.parametrize("options", [("-W", "error"), ("-W", "always"), ()], ids=["error", "always", "default"])
def test_operations_and_gradients_of_odd_numbers(options):
    lines = [f"{script}\n{BACKWARD}" for script in SCRIPTS.values()] + [*MADE.values()]
    assert run(START + "\n".join(lines), *options) == (0, "")


def test_also_in_another_thread():
    body = "def work():\n    (x - y).sum().backward(); m.std(0)\nt = threading.Thread(target=work); t.start(); t.join()"
    assert run(START + body, "-W", "error") == (0, "")


def test_the_users_own_warnings_stay():
    code, errors = run(START + "np.array([1.0]) / np.array([0.0])")
    assert code == 0
    assert "divide by zero" in errors
    code, errors = run(START + "np.array([1.0]) / np.array([0.0])", "-W", "error")
    assert "RuntimeWarning: divide by zero" in errors
    assert code == 1
