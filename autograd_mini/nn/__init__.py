"""Neural networks of Values: modules, losses, optimisers, and a loop that trains."""

from .descent import History
from .losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    gaussian_nll,
    hinge,
    huber,
    mse,
    negative_binomial_nll,
    poisson_nll,
)
from .modules import MLP, Layer, Module, Neuron
from .optim import SGD, Adam, AdamW, CosineLR, Optimizer, RMSProp, Schedule, StepLR
from .perceptron import Perceptron, PerceptronFit
from .state import StateError
from .train import fit
from .watch import Watch

__all__ = [
    "MLP", "Layer", "Module", "Neuron", "Perceptron", "PerceptronFit", "StateError",
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "hinge", "huber", "mse",
    "gaussian_nll", "negative_binomial_nll", "poisson_nll",
    "SGD", "Adam", "AdamW", "CosineLR", "Optimizer", "RMSProp", "Schedule", "StepLR",
    "History", "Watch", "fit",
]  # fmt: skip
