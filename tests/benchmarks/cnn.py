"""A small CNN, for the benchmark of training: 1 → 8 kernels of 3×3 on 28×28, ReLU, max pool 2, dense 10, batch 32."""

# ruff: noqa: N806 - W1 is what a weight is called

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from nncalc.catalogue.registry import operation
from nncalc.language.equation import Equation
from nncalc.language.expression import Name, call
from nncalc.problem.from_layers import loss_equations

BATCH, SIZE, KERNELS, CLASSES = 32, 28, 8, 10
NAME = f"CNN 1 → {KERNELS} 3×3 on {SIZE}×{SIZE}, ReLU, max pool 2, dense {CLASSES}, batch {BATCH}"
POOLED = (SIZE - 2) // 2
FLAT = KERNELS * POOLED * POOLED


def values() -> dict[str, Any]:
    """The start, as an example of labels and images from a seed."""
    rng = np.random.default_rng(0)
    return {
        "x": rng.normal(size=(BATCH, 1, SIZE, SIZE)),
        "y": np.eye(CLASSES)[rng.integers(0, CLASSES, BATCH)],
        "W1": rng.normal(size=(KERNELS, 1, 3, 3)) / 3,
        "b1": np.zeros(KERNELS),
        "W2": rng.normal(size=(CLASSES, FLAT)) / math.sqrt(FLAT),
        "b2": np.zeros(CLASSES),
    }


def equations() -> list[Equation]:
    """The network as its layers give it."""
    x, W1, b1, W2, b2 = map(Name, ("x", "W1", "b1", "W2", "b2"))
    return [
        Equation("hbar1", call.conv2d(x, W1) + b1[(slice(None), None, None)]),
        Equation("h1", call.relu(Name("hbar1"))),
        Equation("pool1", call.max_pool2d(Name("h1"), size=2)),
        Equation("flat1", call.flatten(Name("pool1"), start_dim=1)),
        Equation("h2", Name("flat1") @ W2.T + b2),
        *loss_equations(operation("softmax_cross_entropy"), "h2", {}, (BATCH, CLASSES), True),
    ]


def numpy_steps(rate: float) -> Callable[[int], Any]:
    """The loop as one writes it by hand: windows as columns for one matrix product, the pool by reshaping."""
    v = values()
    x, y, W1, b1, W2, b2 = (v[name] for name in ("x", "y", "W1", "b1", "W2", "b2"))

    def steps(count: int) -> None:
        nonlocal W1, b1, W2, b2
        for _ in range(count):
            windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3))
            columns = windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, 9)
            n = SIZE - 2
            z = (columns @ W1.reshape(KERNELS, 9).T + b1).reshape(BATCH, n, n, KERNELS).transpose(0, 3, 1, 2)
            h = np.maximum(z, 0)
            blocks = h.reshape(BATCH, KERNELS, POOLED, 2, POOLED, 2)
            pooled = blocks.max(axis=(3, 5))
            flat = pooled.reshape(BATCH, -1)
            out = flat @ W2.T + b2
            e = np.exp(out - out.max(axis=1, keepdims=True))
            p = e / e.sum(axis=1, keepdims=True)
            loss = -np.mean(np.sum(y * np.log(p), axis=1))  # noqa: F841
            g = (p - y) / BATCH
            g_pooled = (g @ W2).reshape(pooled.shape)
            mask = blocks == pooled[:, :, :, None, :, None]
            gz = (mask * g_pooled[:, :, :, None, :, None]).reshape(h.shape) * (z > 0)
            rows = gz.transpose(1, 0, 2, 3).reshape(KERNELS, -1)
            W2 = W2 - rate * (g.T @ flat)
            b2 = b2 - rate * g.sum(axis=0)
            W1 = W1 - rate * (rows @ columns).reshape(W1.shape)
            b1 = b1 - rate * gz.sum(axis=(0, 2, 3))

    return steps


def loop_steps(rate: float) -> Callable[[int], Any]:
    """The loop without windows as columns: the convolution's and the pool's places one after the other."""
    v = values()
    x, y, W1, b1, W2, b2 = (v[name] for name in ("x", "y", "W1", "b1", "W2", "b2"))
    n = SIZE - 2

    def steps(count: int) -> None:
        nonlocal W1, b1, W2, b2
        for _ in range(count):
            z = np.empty((BATCH, KERNELS, n, n))
            for i in range(n):
                for j in range(n):
                    window = x[:, :, i : i + 3, j : j + 3].reshape(BATCH, -1)
                    z[:, :, i, j] = window @ W1.reshape(KERNELS, -1).T + b1
            h = np.maximum(z, 0)
            pooled = np.empty((BATCH, KERNELS, POOLED, POOLED))
            for i in range(POOLED):
                for j in range(POOLED):
                    pooled[:, :, i, j] = h[:, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max(axis=(2, 3))
            flat = pooled.reshape(BATCH, -1)
            out = flat @ W2.T + b2
            e = np.exp(out - out.max(axis=1, keepdims=True))
            p = e / e.sum(axis=1, keepdims=True)
            loss = -np.mean(np.sum(y * np.log(p), axis=1))  # noqa: F841
            g = (p - y) / BATCH
            g_pooled = (g @ W2).reshape(pooled.shape)
            gh = np.zeros_like(h)
            for i in range(POOLED):
                for j in range(POOLED):
                    block = h[:, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
                    mask = block == block.max(axis=(2, 3), keepdims=True)
                    gh[:, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = mask * g_pooled[:, :, i, j][:, :, None, None]
            gz = gh * (z > 0)
            gW1 = np.zeros_like(W1)
            for i in range(n):
                for j in range(n):
                    window = x[:, :, i : i + 3, j : j + 3].reshape(BATCH, -1)
                    gW1 += (gz[:, :, i, j].T @ window).reshape(W1.shape)
            W2 = W2 - rate * (g.T @ flat)
            b2 = b2 - rate * g.sum(axis=0)
            W1 = W1 - rate * gW1
            b1 = b1 - rate * gz.sum(axis=(0, 2, 3))

    return steps


def torch_steps(rate: float) -> Callable[[int], Any] | None:
    """PyTorch's eager mode on one thread, or None without PyTorch."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    v = {name: torch.tensor(value, dtype=torch.float64) for name, value in values().items()}
    parameters = [v[name].requires_grad_() for name in ("W1", "b1", "W2", "b2")]
    sgd = torch.optim.SGD(parameters, lr=rate)

    def steps(count: int) -> None:
        for _ in range(count):
            h = torch.relu(torch.nn.functional.conv2d(v["x"], v["W1"], v["b1"]))
            flat = torch.nn.functional.max_pool2d(h, 2).flatten(1)
            loss = torch.nn.functional.cross_entropy(flat @ v["W2"].T + v["b2"], v["y"])
            sgd.zero_grad()
            loss.backward()
            sgd.step()

    return steps
