"""PyTorch's numbers for normalization and attention, recorded once:

    python tests/numbers/attention.py > tests/numbers/attention.json

Needs PyTorch, which nncalc and its tests do not.
"""

# ruff: noqa: E501 - a case a line
from __future__ import annotations

import json
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

torch.set_default_dtype(torch.float64)


def wave(start: float, *shape: int) -> Any:
    count = torch.tensor(shape).prod()
    return torch.sin(0.7 * torch.arange(count) + start).reshape(shape)


def case(expression: str, function: Any, **arrays: Any) -> dict[str, Any]:
    """The result q of an operation and the gradients of sum(q ** 3)."""
    leaves = {name: array.clone().requires_grad_() for name, array in arrays.items()}
    q = function(**leaves)
    (q**3).sum().backward()
    return {
        "expression": expression,
        "arrays": {name: array.tolist() for name, array in arrays.items()},
        "result": q.tolist(),
        "gradients": {name: leaf.grad.tolist() for name, leaf in leaves.items()},
    }


def operations() -> list[dict[str, Any]]:
    gamma, beta, image = wave(2, 4) + 1.5, wave(3, 4), wave(1, 2, 4, 3, 2)
    Q, K, V = wave(1, 2, 3, 4), wave(2, 2, 5, 4), wave(3, 2, 5, 3)  # noqa: N806
    one = {"gamma": gamma, "beta": beta}
    return [
        case("batch_norm(x, gamma, beta)", lambda x, gamma, beta: F.batch_norm(x, None, None, gamma, beta, True), x=wave(1, 5, 4), **one),
        case("batch_norm(x, gamma, beta)", lambda x, gamma, beta: F.batch_norm(x, None, None, gamma, beta, True), x=image, **one),
        case("layer_norm(x, gamma, beta)", lambda x, gamma, beta: F.layer_norm(x, (4,), gamma, beta), x=wave(1, 3, 4), **one),
        case("layer_norm(x, epsilon=0.01)", lambda x: F.layer_norm(x, (4,), eps=0.01), x=wave(1, 2, 3, 4)),
        case("layer_norm(x, gamma)", lambda x, gamma: F.layer_norm(x, (3, 4), gamma), x=wave(1, 2, 3, 4), gamma=wave(2, 3, 4)),
        case("instance_norm(x, gamma, beta)", lambda x, gamma, beta: F.instance_norm(x, weight=gamma, bias=beta), x=image, **one),
        case("group_norm(x, gamma, beta, groups=2)", lambda x, gamma, beta: F.group_norm(x, 2, gamma, beta), x=image, **one),
        case("rms_norm(x, gamma)", lambda x, gamma: F.rms_norm(x, (4,), gamma, 1e-5), x=wave(1, 3, 4), gamma=gamma),
        case("attention(Q, K, V)", lambda Q, K, V: F.scaled_dot_product_attention(Q, K, V), Q=Q, K=K, V=V),  # noqa: N803
        case("attention(Q, K, V, causal=True)", lambda Q, K, V: F.scaled_dot_product_attention(Q, K, V, is_causal=True), Q=Q, K=K, V=V),  # noqa: N803
        case("attention(Q, K, V, scale=0.3)", lambda Q, K, V: F.scaled_dot_product_attention(Q, K, V, scale=0.3), Q=Q, K=K, V=V),  # noqa: N803
    ]  # fmt: skip


def running() -> dict[str, Any]:
    """Three steps of training statistics, then inference."""
    layer = nn.BatchNorm1d(3, momentum=0.3)
    x = wave(1, 4, 3)
    steps = []
    for _ in range(3):
        layer(x)
        steps.append({"mean": layer.running_mean.tolist(), "var": layer.running_var.tolist()})
    return {"x": x.tolist(), "steps": steps, "inference": layer.eval()(x).tolist()}


def multihead(mask: Any, batch: int) -> dict[str, Any]:
    layer = nn.MultiheadAttention(4, 2, batch_first=True)
    with torch.no_grad():
        for i, parameter in enumerate(layer.parameters()):
            parameter.copy_(wave(i, *parameter.shape))
    x = wave(5, *((batch, 3, 4) if batch else (3, 4))).requires_grad_()
    # True hides in MultiheadAttention
    out, weights = layer(x, x, x, attn_mask=None if mask is None else ~mask, average_attn_weights=False)
    y = wave(6, *out.shape)
    loss = ((out - y) ** 2).sum(-1).mean()
    loss.backward()
    parts = zip("qkv", layer.in_proj_weight.chunk(3), layer.in_proj_bias.chunk(3), strict=True)
    grads = zip("qkv", layer.in_proj_weight.grad.chunk(3), layer.in_proj_bias.grad.chunk(3), strict=True)
    o = layer.out_proj
    return {
        "x": x.tolist(),
        "y": y.tolist(),
        "mask": None if mask is None else mask.tolist(),
        "weights": {**{n: w.tolist() for n, w, _ in parts}, "o": o.weight.tolist()},
        "bias": {**{n: b.tolist() for n, b in zip("qkv", layer.in_proj_bias.chunk(3), strict=True)}, "o": o.bias.tolist()},
        "A1": weights.tolist(),
        "h1": out.tolist(),
        "loss": loss.item(),
        "gradients": {
            "x": x.grad.tolist(),
            "W1_o": o.weight.grad.tolist(),
            "b1_o": o.bias.grad.tolist(),
            **{f"{letter}1_{n}": g.tolist() for n, w, b in grads for letter, g in (("W", w), ("b", b))},
        },
    }  # fmt: skip


def encoder() -> dict[str, Any]:
    layer = nn.TransformerEncoderLayer(4, 2, 3, dropout=0.0, batch_first=True)
    with torch.no_grad():
        for i, parameter in enumerate(layer.parameters()):
            parameter.copy_(wave(i, *parameter.shape))
    x = wave(5, 2, 4).requires_grad_()
    out = layer(x[None])[0]
    y = wave(6, 2, 4)
    loss = ((out - y) ** 2).sum(-1).mean()
    loss.backward()
    return {
        "x": x.tolist(),
        "y": y.tolist(),
        "parameters": {name: p.tolist() for name, p in layer.named_parameters()},
        "gradients": {"x": x.grad.tolist(), **{name: p.grad.tolist() for name, p in layer.named_parameters()}},
        "out": out.tolist(),
        "loss": loss.item(),
    }


if __name__ == "__main__":
    allowed = torch.tensor([[True, False, True], [True, True, False], [False, True, True]])
    causal = torch.ones(3, 3, dtype=torch.bool).tril()
    print(
        json.dumps(
            {
                "pytorch": torch.__version__,
                "script": "tests/numbers/attention.py",
                "operations": operations(),
                "running": running(),
                "multihead": {
                    "plain": multihead(None, 0),
                    "mask": multihead(allowed, 0),
                    "causal batch": multihead(causal, 2),
                },
                "encoder": encoder(),
            }
        )
    )
