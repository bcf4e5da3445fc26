"""PyTorch's figures for losses, optimisers and schedules, which tests/nn compares ours with.

    python benchmarks/torch_figures.py                    # writes tests/nn/torch_figures.json
    python benchmarks/torch_figures.py --out figures.json

In float64, on the CPU. An optimiser has every combination of its options, each at its default and at another value, and
goes ten steps down a small non-convex surface whose gradient is written out, so that the rule alone is compared. A loss
that PyTorch averages over outputs is summed over them here, and averaged over the samples.
"""

import argparse
import itertools
import json
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

OUT = Path(__file__).parents[1] / "tests" / "nn" / "torch_figures.json"
STEPS = 10
START = [1.5, -0.25]

OPTIMISERS: dict[
    str, tuple[Any, dict[str, Any], dict[str, Any]]
] = {  # PyTorch's class, what is always set, the options
    "SGD": (
        torch.optim.SGD,
        {"lr": 0.05},
        {"momentum": 0.9, "dampening": 0.125, "weight_decay": 0.1, "nesterov": True},
    ),
    "RMSProp": (
        torch.optim.RMSprop,
        {},
        {"lr": 0.05, "alpha": 0.75, "eps": 1e-3, "weight_decay": 0.1, "momentum": 0.9, "centered": True},
    ),
    "Adam": (
        torch.optim.Adam,
        {},
        {"lr": 0.05, "betas": [0.5, 0.75], "eps": 1e-3, "weight_decay": 0.1, "amsgrad": True},
    ),
    "AdamW": (
        torch.optim.AdamW,
        {},
        {"lr": 0.05, "betas": [0.5, 0.75], "eps": 1e-3, "weight_decay": 0.1, "amsgrad": True},
    ),
}

SCHEDULES: list[tuple[str, Any, dict[str, Any], dict[str, Any]]] = [  # ours, PyTorch's class, our options, PyTorch's
    ("StepLR", torch.optim.lr_scheduler.StepLR, {"step_size": 3}, {"step_size": 3}),
    ("StepLR", torch.optim.lr_scheduler.StepLR, {"step_size": 1, "gamma": 0.9}, {"step_size": 1, "gamma": 0.9}),
    ("CosineLR", torch.optim.lr_scheduler.CosineAnnealingLR, {"t_max": 7}, {"T_max": 7}),
    (
        "CosineLR",
        torch.optim.lr_scheduler.CosineAnnealingLR,
        {"t_max": 20, "lr_min": 0.125},
        {"T_max": 20, "eta_min": 0.125},
    ),
]

NUMBERS = [(0.75, 0.5), ([0.25, -1.5, 3.0], [0.5, 1.0, -0.5]), ([[0.25, -2.5], [3.0, 0.125]], [[0.5, 1.0], [2.5, 0.5]])]
PROBABILITIES = [(0.75, 1.0), ([0.25, 0.5, 1e-12], [0.0, 0.3, 0.0]), ([[0.9, 0.2], [0.6, 1e-3]], [[1, 0], [0.5, 1]])]
LOGITS = [
    (0.75, 1.0),
    ([-1000.0, 1000.0, -1000.0, 1000.0], [0.0, 0.0, 1.0, 1.0]),
    ([[0.25, -1.5], [3.0, 4.0]], [[0, 1], [0.3, 1]]),
]
COUNTS = [(0.75, 2.0), ([0.25, -1.5, 3.0], [0.0, 1.0, 25.0]), ([[0.25, -2.5], [3.0, 0.125]], [[1, 0], [17, 3]])]
MARGINS = [(0.75, 1), ([0.25, -1.5, 3.0], [-1, 1, 1]), ([[0.25, -2.5], [3.0, 0.125]], [[1, -1], [1, -1]])]
CLASSES = [
    ([0.5, -1.0, 2.0], 1),
    ([0.5, -1.0, 2.0], [0.25, 0.25, 0.5]),
    ([[0.5, -1.0, 2.0], [1000.0, -1000.0, 0.0], [3.0, 3.0, 3.0]], [2, 1, 0]),
    ([[0.5, -1.0], [1000.0, -1000.0]], [[0.0, 1.0], [0.5, 0.5]]),
]


def over_samples(loss: Callable[..., Any]) -> Callable[..., Any]:
    """The sum of a loss over all outputs, over the number of samples."""

    def mean(prediction: Any, target: Any, **options: Any) -> Any:
        return loss(prediction, target, **options) / (len(prediction) if prediction.dim() else 1)

    return mean


def cross_entropy(logits: Any, target: Any) -> Any:
    classes = target.dim() < logits.dim()
    return F.cross_entropy(logits, target.long() if classes else target)


def gaussian_nll(a: Any, y: Any, variance: float) -> Any:
    return F.gaussian_nll_loss(a, y, torch.full_like(a, variance), full=True, reduction="sum")


def poisson_nll(z: Any, y: Any) -> Any:
    return -torch.distributions.Poisson(z.exp()).log_prob(y).sum()


def negative_binomial_nll(z: Any, y: Any, size: float) -> Any:
    r = torch.tensor(size, dtype=torch.float64)
    return -torch.distributions.NegativeBinomial(r, logits=z - r.log()).log_prob(y).sum()


LOSSES: list[tuple[str, Callable[..., Any], list[Any], dict[str, Any]]] = [
    ("mse", over_samples(lambda a, y: F.mse_loss(a, y, reduction="sum") / 2), NUMBERS, {}),
    (
        "binary_cross_entropy",
        over_samples(lambda a, y: F.binary_cross_entropy(a, y, reduction="sum")),
        PROBABILITIES,
        {},
    ),
    (
        "binary_cross_entropy_with_logits",
        over_samples(lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="sum")),
        LOGITS,
        {},
    ),
    ("cross_entropy", cross_entropy, CLASSES, {}),
    ("hinge", over_samples(lambda s, y: F.relu(1.0 - y * s).sum()), MARGINS, {}),
    ("huber", over_samples(lambda a, y, **o: F.huber_loss(a, y, reduction="sum", **o)), NUMBERS, {}),
    ("huber", over_samples(lambda a, y, **o: F.huber_loss(a, y, reduction="sum", **o)), NUMBERS, {"delta": 0.3}),
    ("gaussian_nll", over_samples(gaussian_nll), NUMBERS, {"variance": 0.3}),
    ("poisson_nll", over_samples(poisson_nll), COUNTS, {}),
    ("negative_binomial_nll", over_samples(negative_binomial_nll), COUNTS, {"size": 2.5}),
]


def gradient(x: Any, y: Any) -> tuple[Any, Any]:
    """That of (x² − 1)²/4 + xy/2 + (y² − 1)²/2, with a saddle and two minima; tests/nn/test_optim.py has it too."""
    return x * (x * x - 1.0) + 0.5 * y, 0.5 * x + 2.0 * y * (y * y - 1.0)


def combinations(options: dict[str, Any]) -> Iterable[dict[str, Any]]:
    for chosen in itertools.product([False, True], repeat=len(options)):
        yield {name: options[name] for name, take in zip(options, chosen) if take}


def trajectory(optimiser: Any, options: dict[str, Any]) -> list[list[float]]:
    """The parameters after each of the steps."""
    xs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in START]
    steps = optimiser(xs, foreach=False, **{k: tuple(v) if k == "betas" else v for k, v in options.items()})
    figures = []
    for _ in range(STEPS):
        for x, g in zip(xs, gradient(*[x.detach() for x in xs])):
            x.grad = g
        steps.step()
        figures.append([x.item() for x in xs])
    return figures


def optimiser_figures() -> Iterable[dict[str, Any]]:
    for name, (optimiser, always, options) in OPTIMISERS.items():
        for chosen in combinations(options):
            if chosen.get("nesterov") and ("momentum" not in chosen or "dampening" in chosen):
                continue  # refused, by PyTorch as well
            given = always | chosen
            yield {"optimiser": name, "options": given, "steps": trajectory(optimiser, given)}


def schedule_figures() -> Iterable[dict[str, Any]]:
    for name, schedule, options, theirs in SCHEDULES:
        optimiser = torch.optim.SGD([torch.zeros(1)], lr=0.5)
        steps = schedule(optimiser, **theirs)
        rates = []
        for _ in range(STEPS):
            steps.step()
            rates.append(optimiser.param_groups[0]["lr"])
        yield {"schedule": name, "options": options, "lr": 0.5, "rates": rates}


def loss_figures() -> Iterable[dict[str, Any]]:
    for name, loss, samples, options in LOSSES:
        for prediction, target in samples:
            a = torch.tensor(prediction, dtype=torch.float64, requires_grad=True)
            value = loss(a, torch.tensor(target, dtype=torch.float64), **options)
            value.backward()
            yield {
                "loss": name,
                "options": options,
                "prediction": prediction,
                "target": target,
                "value": value.item(),
                "gradient": a.grad.tolist(),
            }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT, help=f"where to write (default: {OUT})")
    out = parser.parse_args().out
    warnings.filterwarnings("ignore", message=".*lr_scheduler.step.*")  # there is nothing to optimise
    figures = {"losses": loss_figures(), "optimisers": optimiser_figures(), "schedules": schedule_figures()}
    lines = [f'"torch": {json.dumps(torch.__version__)}', f'"start": {json.dumps(START)}']
    for name, rows in figures.items():
        lines.append(f'"{name}": [\n' + ",\n".join(json.dumps(row) for row in rows) + "\n]")
    out.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
