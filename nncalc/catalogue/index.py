"""Which module holds which entry, as plain data: start-up must not load the whole catalogue to find one name.

A test holds this list to the entries themselves.
"""

from __future__ import annotations

OPERATIONS: dict[str, tuple[str, ...]] = {
    "arithmetic": (
        "add",
        "subtract",
        "multiply",
        "divide",
        "power",
        "negative",
        "greater",
        "greater_equal",
        "less",
        "less_equal",
        "equal",
        "not_equal",
        "where",
    ),
    "functions": ("exp", "log", "log2", "log10", "sqrt", "abs", "sin", "cos", "erf", "floor", "clip"),
    "linear": ("matmul", "outer", "transpose", "concat", "stack", "index", "scatter", "broadcast", "reshape"),
    "convolution": (
        "conv1d",
        "conv1d_input",
        "conv1d_weight",
        "conv2d",
        "conv2d_input",
        "conv2d_weight",
        "conv_transpose2d",
    ),
    "pooling": (
        "max_pool1d",
        "max_unpool1d",
        "max_select1d",
        "avg_pool1d",
        "avg_unpool1d",
        "lp_pool1d",
        "sum_pool1d",
        "sum_unpool1d",
        "max_pool2d",
        "max_unpool2d",
        "max_select2d",
        "avg_pool2d",
        "avg_unpool2d",
        "lp_pool2d",
        "sum_pool2d",
        "sum_unpool2d",
    ),
    "arrangement": ("flatten", "zero_pad", "upsample", "global_avg_pool", "global_max_pool"),
    "reductions": ("sum", "mean", "var", "max", "min", "norm"),
    "softmax": ("softmax", "log_softmax"),
    "smooth_activations": ("identity", "sigmoid", "tanh", "softplus", "silu", "gelu", "gelu_tanh"),
    "rectified_activations": ("relu", "leaky_relu", "elu", "step"),
    "exponential_activations": ("selu", "celu"),
    "soft_activations": ("softsign", "mish", "gelu_quick"),
    "hard_activations": ("hard_sigmoid", "hard_swish", "hard_tanh", "thresholded_relu", "sign"),
    "piecewise_activations": ("prelu", "maxout"),
    "losses": ("l2", "sse", "half_sse", "mse", "mae"),
    "class_losses": (
        "cross_entropy",
        "softmax_cross_entropy",
        "binary_cross_entropy",
        "binary_cross_entropy_with_logits",
    ),
}

ACTIVATIONS: tuple[str, ...] = (
    "identity",
    "sigmoid",
    "tanh",
    "relu",
    "leaky_relu",
    "elu",
    "selu",
    "celu",
    "gelu",
    "gelu_tanh",
    "gelu_quick",
    "silu",
    "softplus",
    "softsign",
    "mish",
    "hard_sigmoid",
    "hard_swish",
    "hard_tanh",
    "thresholded_relu",
    "step",
    "sign",
    "maxout",
    "softmax",
    "log_softmax",
)
LOSSES: tuple[str, ...] = OPERATIONS["losses"] + OPERATIONS["class_losses"]
LAYERS: dict[str, tuple[str, ...]] = {
    "dense": ("dense",),
    "convolution": ("conv1d", "conv2d", "conv_transpose2d"),
    "pooling": (
        "max_pool1d",
        "max_pool2d",
        "avg_pool1d",
        "avg_pool2d",
        "lp_pool1d",
        "lp_pool2d",
        "global_avg_pool",
        "global_max_pool",
    ),
    "arrangement": ("flatten", "reshape", "upsample", "zero_pad"),
}
OPTIMIZERS: dict[str, tuple[str, ...]] = {
    "sgd": ("sgd",),
    "momentum": ("momentum", "nesterov"),
    "adaptive": ("adagrad", "rmsprop", "adadelta"),
    "adam": ("adam", "adamw", "nadam"),
}

MODULE_OF: dict[str, str] = {name: module for module, names in OPERATIONS.items() for name in names}
