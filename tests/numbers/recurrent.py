"""Writes recurrent.json: what PyTorch's nn.RNN, nn.LSTM and nn.GRU make of one small sequence, forwards and backwards.

    pip install torch==2.13.0 && python tests/numbers/recurrent.py > tests/numbers/recurrent.json

nncalc does not depend on PyTorch: the numbers were computed once and are recorded beside this script.
"""

import json

import torch

UNITS, FEATURES, STEPS = 2, 3, 3


def wave(start, *shape):
    """Numbers that anybody can make again: sin(0.7 k + start) over the entries."""
    return torch.sin(0.7 * torch.arange(torch.Size(shape).numel(), dtype=torch.float64) + start).reshape(shape)


def case(kind, *, batch=0, both=False, every=False, **settings):
    module = kind(FEATURES, UNITS, bidirectional=both, batch_first=True, dtype=torch.float64, **settings)
    for number, parameter in enumerate(module.parameters()):
        parameter.data = wave(number, *parameter.shape)
    axes = (batch,) if batch else ()
    x = wave(0.5, *axes, STEPS, FEATURES).requires_grad_()
    starts = [wave(s, 1 + both, *axes, UNITS).requires_grad_() for s in (0.2, 0.4)]
    state = tuple(starts) if kind is torch.nn.LSTM else starts[0]
    output, last = module(x, state)
    h = last[0] if kind is torch.nn.LSTM else last
    result = output if every else torch.cat(list(h), dim=-1)
    loss = ((result - wave(0.9, *result.shape)) ** 2).sum(-1).mean()
    loss.backward()
    gradients = {name: p.grad for name, p in module.named_parameters()}
    gradients |= {"x": x.grad, "h0": starts[0].grad}
    gradients |= {"c0": starts[1].grad} if kind is torch.nn.LSTM else {}
    return {
        "result": result.tolist(),
        "loss": loss.item(),
        "parameters": {name: p.tolist() for name, p in module.named_parameters()},
        "x": x.tolist(),
        "starts": [start.tolist() for start in starts],
        "labels": wave(0.9, *result.shape).tolist(),
        "gradients": {name: gradient.tolist() for name, gradient in gradients.items()},
    }


def rounded(value):
    if isinstance(value, dict):
        return {key: rounded(v) for key, v in value.items()}
    return [rounded(v) for v in value] if isinstance(value, list) else round(value, 14)


RNN, LSTM, GRU = torch.nn.RNN, torch.nn.LSTM, torch.nn.GRU
CASES = {
    "rnn tanh": case(RNN),
    "rnn relu all": case(RNN, nonlinearity="relu", every=True),
    "rnn both batch": case(RNN, batch=2, both=True),
    "lstm": case(LSTM),
    "lstm both all batch": case(LSTM, batch=2, both=True, every=True),
    "gru": case(GRU),
    "gru both all": case(GRU, both=True, every=True),
    "gru batch": case(GRU, batch=2),
}
print(json.dumps({"torch": torch.__version__, "cases": rounded(CASES)}))
