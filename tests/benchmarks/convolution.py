"""How long a convolution takes, forward and backward: 8×3×32×32, 16 kernels of 3×3, beside a plain loop and PyTorch.

    python tests/benchmarks/convolution.py

Ratios of one run on float64. PyTorch is measured where it is installed, on one thread and on all.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from typing import Any

from nncalc.engine.numpy_arrays import xp
from nncalc.engine.value import value_of
from nncalc.language.expression import Name, call

ROUNDS, TIMES = 7, 40


def best(function: Callable[[], Any], times: int = TIMES) -> float:
    """The best of a few rounds, in milliseconds a call."""
    function()
    rounds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(times):
            function()
        rounds.append((time.perf_counter() - start) / times * 1e3)
    return min(rounds)


def plain(x: Any, w: Any, g: Any) -> tuple[Any, Any, Any]:
    """The loops that one writes first: every window by itself."""
    result, by_x, by_w = xp.zeros(g.shape), xp.zeros(x.shape), xp.zeros(w.shape)
    for n, i, j in xp.ndindex(g.shape[0], *g.shape[2:]):
        window = x[n, :, i : i + 3, j : j + 3]
        for o in range(w.shape[0]):
            result[n, o, i, j] = (window * w[o]).sum()
            by_x[n, :, i : i + 3, j : j + 3] += g[n, o, i, j] * w[o]
            by_w[o] += g[n, o, i, j] * window
    return result, by_x, by_w


def main() -> None:
    rng = xp.random.default_rng(0)
    x, w, g = rng.normal(size=(8, 3, 32, 32)), rng.normal(size=(16, 3, 3, 3)), rng.normal(size=(8, 16, 30, 30))
    values = {"x": x, "w": w, "g": g}
    forward = call.conv2d(Name("x"), Name("w"))
    by_x = call.conv2d_input(Name("g"), Name("w"), shape=x.shape)
    by_w = call.conv2d_weight(Name("g"), Name("x"), shape=w.shape)

    def ours() -> list[Any]:
        return [value_of(e, values, xp) for e in (forward, by_x, by_w)]

    for found, expected in zip(ours(), plain(x, w, g), strict=True):
        assert xp.allclose(found, expected)
    own = best(ours)
    print(f"nncalc        {own:8.3f} ms")
    loops = best(lambda: plain(x, w, g), times=1)
    print(f"plain loop    {loops:8.3f} ms  {loops / own:7.1f} times as long")
    try:
        torch = importlib.import_module("torch")
    except ImportError:
        print("PyTorch is not installed")
        return
    tensors = [torch.tensor(v, requires_grad=name != "g") for name, v in values.items()]

    def theirs() -> None:
        result = torch.nn.functional.conv2d(tensors[0], tensors[1])
        torch.autograd.grad(result, tensors[:2], tensors[2])

    for threads in dict.fromkeys((1, torch.get_num_threads())):
        torch.set_num_threads(threads)
        found = best(theirs)
        print(f"PyTorch {torch.__version__}, threads: {threads}  {found:.3f} ms  nncalc takes {own / found:.2f} of it")


if __name__ == "__main__":
    main()
