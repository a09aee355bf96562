"""Writes optimizers.json: four steps of PyTorch's optimizers on one small network, with clipping and schedules.

    pip install torch==2.13.0 && python tests/numbers/optimizers.py > tests/numbers/optimizers.json

nncalc does not depend on PyTorch: the numbers were computed once and are recorded beside this script.
"""

import json

import torch

# NAdam keeps the product of its momenta in the default precision
torch.set_default_dtype(torch.float64)
STEPS = 4
X, Y = [1.0, -2.0, 0.5], [0.3, -0.8]
W1, B1 = [[0.2, -0.4, 0.1], [-0.5, 0.3, 0.7]], [0.05, -0.1]

OPTIM = torch.optim
OPTIMIZERS = {
    "sgd": OPTIM.SGD, "adagrad": OPTIM.Adagrad, "rmsprop": OPTIM.RMSprop, "adadelta": OPTIM.Adadelta,
    "adam": OPTIM.Adam, "adamw": OPTIM.AdamW, "nadam": OPTIM.NAdam,
}  # fmt: skip
STATE = {
    "adagrad": {"s": "sum"}, "rmsprop": {"s": "square_avg"}, "adadelta": {"s": "square_avg", "d": "acc_delta"},
    "adam": {"m": "exp_avg", "v": "exp_avg_sq"}, "sgd": {"v": "momentum_buffer"},
}  # fmt: skip
STATE |= {"adamw": STATE["adam"], "nadam": STATE["adam"]}
SCHEDULES = {
    "step": lambda o, s: OPTIM.lr_scheduler.StepLR(o, s["every"], s["factor"]),
    "exponential": lambda o, s: OPTIM.lr_scheduler.ExponentialLR(o, s["factor"]),
    "cosine": lambda o, s: OPTIM.lr_scheduler.CosineAnnealingLR(o, s["steps"], s.get("floor", 0)),
}
NAMES = {"learning_rate": "lr", "epsilon": "eps"}


def case(name, **settings):
    """settings: as a problem file has them."""
    stated = dict(settings)
    clip, schedule = stated.pop("clip", {}), stated.pop("schedule", {})
    kind = name
    if name in ("momentum", "nesterov"):
        kind = "sgd"
        stated["momentum"] = stated.pop("beta", 0.9)
        stated["nesterov"] = name == "nesterov"
    if kind == "sgd":  # nncalc's default is not PyTorch's
        stated.setdefault("learning_rate", 0.01)
    if "beta1" in stated or "beta2" in stated:
        stated["betas"] = (stated.pop("beta1", 0.9), stated.pop("beta2", 0.999))
    w, b = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (W1, B1))
    x, y = (torch.tensor(value, dtype=torch.float64) for value in (X, Y))
    optimizer = OPTIMIZERS[kind]([w, b], **{NAMES.get(key, key): value for key, value in stated.items()})
    ((plan, planned),) = schedule.items() or (("", {}),)
    scheduler = SCHEDULES[plan](optimizer, planned) if plan else None
    found = {"W1": [], "b1": []}
    for _ in range(STEPS):
        optimizer.zero_grad()
        (((torch.tanh(w @ x + b) - y) ** 2).sum() / 2).backward()
        if "norm" in clip:
            torch.nn.utils.clip_grad_norm_([w, b], clip["norm"])
        if "value" in clip:
            torch.nn.utils.clip_grad_value_([w, b], clip["value"])
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        found["W1"].append(w.tolist())
        found["b1"].append(b.tolist())
    state = {letter: optimizer.state[w][key] for letter, key in STATE[kind].items() if key in optimizer.state[w]}
    state = {letter: value.tolist() for letter, value in state.items() if value is not None}
    return {"optimizer": {name: settings}, **found, "state": state}


def rounded(value):
    if isinstance(value, dict):
        return {key: rounded(v) for key, v in value.items()}
    return [rounded(v) for v in value] if isinstance(value, list) else float(f"{value:.15g}")


CASES = [
    case("sgd"),
    case("sgd", learning_rate=0.1, momentum=0.8, weight_decay=0.3),
    case("sgd", learning_rate=0.1, momentum=0.8, nesterov=True, maximize=True, weight_decay=0.3),
    case("momentum"),
    case("momentum", learning_rate=0.2, beta=0.5, maximize=True),
    case("nesterov"),
    case("nesterov", learning_rate=0.2, beta=0.5, weight_decay=0.1),
    *(
        case(name, **settings)
        for name in ("adagrad", "rmsprop", "adadelta", "adam", "adamw", "nadam")
        for settings in (
            {},
            {"learning_rate": 0.3, "weight_decay": 0.2},
            {"maximize": True, "epsilon": 0.01},
            {"maximize": True, "weight_decay": 0.5, "clip": {"norm": 0.2}},
        )
    ),
    case("rmsprop", alpha=0.5),
    case("adadelta", rho=0.5),
    *(case(name, beta1=0.6, beta2=0.7, clip={"value": 0.1}) for name in ("adam", "adamw", "nadam")),
    case("adamw", weight_decay=0),
    case("nadam", momentum_decay=0.5),
    case("sgd", learning_rate=0.5, clip={"norm": 0.1}),
    case("sgd", learning_rate=0.5, clip={"norm": 100}),
    case("sgd", learning_rate=0.5, clip={"value": 0.05}),
    case("sgd", learning_rate=0.5, schedule={"step": {"every": 2, "factor": 0.1}}),
    case("sgd", learning_rate=0.5, schedule={"exponential": {"factor": 0.5}}),
    case("sgd", learning_rate=0.5, schedule={"cosine": {"steps": 3}}),
    case("adam", learning_rate=0.5, schedule={"cosine": {"steps": 3, "floor": 0.1}}),
    case("momentum", learning_rate=0.5, schedule={"step": {"every": 1, "factor": 0.5}}, clip={"norm": 0.2}),
]
START = {"x": X, "y": Y, "W1": W1, "b1": B1}
if __name__ == "__main__":
    print(f'{{"torch": {json.dumps(torch.__version__)}, "start": {json.dumps(START)}, "cases": [')
    print(",\n".join(json.dumps({"optimizer": c.pop("optimizer"), **rounded(c)}) for c in CASES))
    print("]}")
