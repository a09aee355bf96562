"""Writes convolution.json: what PyTorch makes of convolutions and pools, forwards and backwards.

    pip install torch==2.13.0 && python tests/numbers/convolution.py > tests/numbers/convolution.json

nncalc does not depend on PyTorch: the numbers were computed once and are recorded beside this script. Each case is an
expression of nncalc's language over x and W, and the call of PyTorch that it has to agree with; the arrays are
sin(0.7 k + start) over their entries, and the loss is the sum of the squares of the result.
"""

import json

import torch
from torch.nn import functional as F  # noqa: N812


def wave(start, shape):
    """Numbers that anybody can make again: sin(0.7 k + start) over the entries."""
    return torch.sin(0.7 * torch.arange(torch.Size(shape).numel(), dtype=torch.float64) + start).reshape(shape)


CASES = (
    ("conv2d(x, W)", (1, 4, 4), (2, 1, 3, 3), lambda x, w: F.conv2d(x, w)),
    ("conv2d(x, W, stride=2, padding=1)", (2, 3, 5, 4), (4, 3, 3, 3), lambda x, w: F.conv2d(x, w, stride=2, padding=1)),
    (
        "conv2d(x, W, stride=(2, 1), padding=(0, 2), dilation=(1, 2), groups=2)",
        (2, 4, 5, 5),
        (4, 2, 2, 3),
        lambda x, w: F.conv2d(x, w, stride=(2, 1), padding=(0, 2), dilation=(1, 2), groups=2),
    ),
    ("conv2d(x, W, padding='same')", (2, 2, 4, 5), (3, 2, 2, 4), lambda x, w: F.conv2d(x, w, padding="same")),
    ("conv2d(x, W, padding='valid')", (2, 4, 5), (3, 2, 2, 4), lambda x, w: F.conv2d(x, w, padding="valid")),
    ("conv2d(x, W, groups=3)", (3, 4, 4), (6, 1, 2, 2), lambda x, w: F.conv2d(x, w, groups=3)),
    ("conv2d(x, W, flip=True)", (1, 4, 4), (1, 1, 2, 3), lambda x, w: F.conv2d(x, w.flip(2, 3))),
    ("conv1d(x, W)", (2, 6), (3, 2, 3), lambda x, w: F.conv1d(x, w)),
    (
        "conv1d(x, W, stride=2, padding=2, dilation=2, groups=2)",
        (2, 4, 7),
        (2, 2, 3),
        lambda x, w: F.conv1d(x, w, stride=2, padding=2, dilation=2, groups=2),
    ),
    ("conv_transpose2d(x, W)", (2, 3, 3), (2, 3, 2, 2), lambda x, w: F.conv_transpose2d(x, w)),
    (
        "conv_transpose2d(x, W, stride=2, padding=1, output_padding=1)",
        (2, 2, 3, 2),
        (2, 1, 3, 3),
        lambda x, w: F.conv_transpose2d(x, w, stride=2, padding=1, output_padding=1),
    ),
    (
        "conv_transpose2d(x, W, stride=(1, 2), dilation=(2, 1), groups=2, output_padding=(1, 0))",
        (4, 3, 2),
        (4, 2, 2, 3),
        lambda x, w: F.conv_transpose2d(x, w, stride=(1, 2), dilation=(2, 1), groups=2, output_padding=(1, 0)),
    ),
    ("max_pool2d(x, size=2)", (2, 4, 5), None, lambda x: F.max_pool2d(x, 2)),
    (
        "max_pool2d(x, size=3, stride=2, padding=1, ceil_mode=True)",
        (2, 1, 6, 5),
        None,
        lambda x: F.max_pool2d(x, 3, 2, 1, ceil_mode=True),
    ),
    (
        "max_pool2d(x, size=(2, 3), stride=1, dilation=(2, 1))",
        (2, 5, 5),
        None,
        lambda x: F.max_pool2d(x, (2, 3), 1, dilation=(2, 1)),
    ),
    ("max_pool1d(x, size=3, stride=2, ceil_mode=True)", (2, 6), None, lambda x: F.max_pool1d(x, 3, 2, ceil_mode=True)),
    ("avg_pool2d(x, size=2)", (2, 4, 4), None, lambda x: F.avg_pool2d(x, 2)),
    (
        "avg_pool2d(x, size=3, stride=2, padding=1, ceil_mode=True)",
        (2, 1, 6, 5),
        None,
        lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True),
    ),
    (
        "avg_pool2d(x, size=3, stride=2, padding=1, ceil_mode=True, count_include_pad=False)",
        (2, 1, 6, 5),
        None,
        lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=False),
    ),
    (
        "avg_pool1d(x, size=4, stride=3, padding=2, ceil_mode=True)",
        (2, 7),
        None,
        lambda x: F.avg_pool1d(x, 4, 3, 2, ceil_mode=True),
    ),
    ("lp_pool2d(x * x, size=2)", (2, 4, 4), None, lambda x: F.lp_pool2d(x * x, 2, 2)),
    ("lp_pool1d(x * x, p=3, size=2, stride=1)", (2, 5), None, lambda x: F.lp_pool1d(x * x, 3, 2, 1)),
    ("global_avg_pool(x)", (2, 3, 4), None, lambda x: F.adaptive_avg_pool2d(x, 1).flatten()),
    ("global_max_pool(x)", (2, 3, 4), None, lambda x: F.adaptive_max_pool2d(x, 1).flatten()),
    ("upsample(x, scale=2)", (2, 2, 3), None, lambda x: F.interpolate(x[None], scale_factor=2)[0]),
    ("zero_pad(x, padding=((1, 0), (2, 3)))", (2, 2, 3), None, lambda x: F.pad(x, (2, 3, 1, 0))),
    ("flatten(x, start_dim=1)", (2, 2, 3), None, lambda x: x.flatten(1)),
)


def case(text, x_shape, w_shape, function):
    arrays = [wave(0.5, x_shape)] + ([] if w_shape is None else [wave(1.0, w_shape)])
    for array in arrays:
        array.requires_grad_()
    result = function(*arrays)
    gradients = torch.autograd.grad((result**2).sum(), arrays)
    names = ("x", "W")[: len(arrays)]
    return {
        "expression": text,
        "shapes": dict(zip(names, (list(a.shape) for a in arrays), strict=True)),
        "result": rounded(result.tolist()),
        "gradients": {name: rounded(g.tolist()) for name, g in zip(names, gradients, strict=True)},
    }


def rounded(value):
    return [rounded(v) for v in value] if isinstance(value, list) else round(value, 12)


if __name__ == "__main__":
    print(json.dumps({"torch": torch.__version__, "cases": [case(*c) for c in CASES]}))
