"""Optimisers, which change parameters along their gradients, and schedules, which change the learning rate.

Rules, names, defaults and results are the same as PyTorch's, https://docs.pytorch.org/docs/stable/optim.html.  In the
equations, x is a parameter, g its gradient and η the learning rate `lr`.  Each parameter is stepped by itself, even if
its gradient is 0.0, because decay and momentum still move it.
"""

import math
import reprlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from ..engine import Value
from ..numbers import as_constant

__all__ = ["Optimizer", "SGD", "RMSProp", "Adam", "AdamW", "Schedule", "StepLR", "CosineLR"]


class _Saved:
    """A state that can be saved and restored: the attributes named in `_saved`."""

    _saved: ClassVar[tuple[str, ...]] = ()

    def __setattr__(self, name: str, x: Any) -> None:
        # Checked at each assignment of a hyperparameter, so that every state_dict() can be loaded again.
        check = _CHECKS.get(name) if name in self._saved else None
        super().__setattr__(name, x if check is None else check(name, x))

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next steps depend on, as plain numbers, lists and strings; JSON stores them exactly."""
        state = {name: getattr(self, name) for name in self._saved}
        return {"kind": type(self).__name__} | {k: list(v) if isinstance(v, list) else v for k, v in state.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from where `state_dict` was taken.

        Args:
            state: what `state_dict` returned, in this or another process.

        Raises:
            TypeError: an entry has the wrong type.
            ValueError: the state belongs to something else, has too few or too many entries, or one is out of range.
                Then nothing is changed.
        """
        own, kind = self.state_dict(), type(self).__name__
        if not isinstance(state, Mapping) or state.get("kind") != kind:
            raise ValueError(f"the state_dict of a {kind} is needed, not {reprlib.repr(state)}")
        if state.keys() != own.keys():
            missing, unexpected = sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys())
            raise ValueError(f"the state does not fit a {kind}: missing {missing}, unexpected {unexpected}")
        vars(self).update({name: _loaded(name, state[name], own[name]) for name in self._saved})


class Optimizer(_Saved):
    """The base of all optimisers.

    Args:
        parameters: the Values to change, leaves of any graph.
        lr: the learning rate η, an attribute that you may assign between steps.

    Raises:
        TypeError: a parameter is not a leaf Value.
        ValueError: there is no parameter, one is there twice, or lr is not a number of 0 or more.
    """

    def __init__(self, parameters: Iterable[Value], lr: float, weight_decay: float) -> None:
        self.parameters = _leaves(parameters)
        self.lr = _magnitude("lr", lr)  # also here, for a user's own optimiser
        self.weight_decay = _magnitude("weight_decay", weight_decay)
        self.t = 0  # steps done

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to 0.0; otherwise leaves keep adding gradients up."""
        for p in self.parameters:
            p.grad = 0.0

    def step(self) -> None:
        """Change every parameter once, along its gradient."""
        raise NotImplementedError(f"{type(self).__name__} must define step()")

    @contextmanager
    def as_one(self, whole: Any) -> Iterator[None]:
        """Inside, `step` changes one parameter, whose data and grad are arrays, instead of its own parameters."""
        import numpy as np

        own = self.parameters
        lists = [name for name in self._saved if isinstance(getattr(self, name), list)]
        arrays = {name: [np.array(getattr(self, name))] for name in lists}
        try:
            vars(self).update(arrays, parameters=[whole])
            yield
        finally:
            vars(self).update({name: arrays[name][0].tolist() for name in lists}, parameters=own)

    def _zeros(self) -> list[float]:
        """A number to remember for each parameter."""
        return [0.0] * len(self.parameters)


class SGD(Optimizer):
    """Gradient descent, x ← x − ηg, with optional momentum: v ← μv + (1−τ)g, x ← x − ηv.

    The first v is g itself.  Nesterov's momentum steps by g + μv instead.  Weight decay adds λx to g first.
    Sutskever et al. 2013; as in PyTorch, η multiplies v, not g, which makes a difference if η changes.

    Args:
        parameters: the Values to change, leaves of any graph.
        lr: η.
        momentum: μ; 0 is none.
        dampening: τ, used only with momentum.
        weight_decay: λ.
        nesterov: whether to step as Nesterov does.

    Raises:
        TypeError: a parameter is not a leaf Value, or another argument is not a number.
        ValueError: there is no parameter, or one is there twice; a number is negative or not finite; or `nesterov` is
            used without momentum or with dampening.

    >>> x = Value(4.0)
    >>> optimizer = SGD([x], lr=0.01)
    >>> for _ in range(3):
    ...     optimizer.zero_grad()
    ...     ((x - 2.0) ** 2).backward()
    ...     optimizer.step()
    >>> round(x.data, 12)
    3.882384
    """

    _saved = ("lr", "momentum", "dampening", "weight_decay", "nesterov", "t", "v")

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(parameters, lr, weight_decay)
        self.momentum = momentum
        self.dampening = dampening
        self.nesterov = bool(nesterov)
        if nesterov and (self.momentum == 0.0 or self.dampening != 0.0):
            raise ValueError(f"nesterov needs momentum above 0 and no dampening, not {momentum!r} and {dampening!r}")
        self.v = self._zeros()

    def step(self) -> None:
        self.t += 1
        lr, mu, decay, v = self.lr, self.momentum, self.weight_decay, self.v
        for i, p in enumerate(self.parameters):
            x = p.data
            g = p.grad + decay * x
            if mu:
                v[i] = mu * v[i] + (1.0 - self.dampening) * g if self.t > 1 else g
                g = g + mu * v[i] if self.nesterov else v[i]
            p.data = x - lr * g


class RMSProp(Optimizer):
    """Each gradient divided by its own root mean square: v ← αv + (1−α)g², x ← x − ηg/(√v + ε).

    If centred, it is divided by the standard deviation √(v − ḡ²), with ḡ ← αḡ + (1−α)g.  With momentum,
    b ← μb + g/(√v + ε), x ← x − ηb.  Weight decay adds λx to g first.  Tieleman & Hinton 2012, lecture 6.5; centred:
    Graves 2013, arXiv:1308.0850, eq. 38-41.  If v − ḡ² is rounded below 0, it counts as 0.

    Args:
        parameters: the Values to change, leaves of any graph.
        lr: η.
        alpha: α, how slowly the mean forgets.
        eps: ε, above 0.
        weight_decay: λ.
        momentum: μ; 0 is none.
        centered: whether to subtract the square of the mean gradient.

    Raises:
        TypeError: a parameter is not a leaf Value, or another argument is not a number.
        ValueError: there is no parameter, or one is there twice; or a number is out of range.

    >>> x = Value(4.0)
    >>> optimizer = RMSProp([x], lr=0.1, alpha=0.75)
    >>> ((x - 2.0) ** 2).backward()
    >>> optimizer.step()
    >>> f"{x.data:.6f}"
    '3.800000'
    """

    _saved = ("lr", "alpha", "eps", "weight_decay", "momentum", "centered", "t", "v", "mean", "b")

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float = 0.01,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
    ) -> None:
        super().__init__(parameters, lr, weight_decay)
        self.alpha = alpha
        self.eps = eps
        self.momentum = momentum
        self.centered = bool(centered)
        self.v, self.mean, self.b = self._zeros(), self._zeros(), self._zeros()

    def step(self) -> None:
        self.t += 1
        alpha, v, mean, b = self.alpha, self.v, self.mean, self.b
        for i, p in enumerate(self.parameters):
            x = p.data
            g = p.grad + self.weight_decay * x
            v[i] = alpha * v[i] + (1.0 - alpha) * g * g
            mean[i] = alpha * mean[i] + (1.0 - alpha) * g
            square = _larger(v[i] - mean[i] * mean[i], 0.0) if self.centered else v[i]
            b[i] = self.momentum * b[i] + g / (_root(square) + self.eps)
            p.data = x - self.lr * b[i]


class Adam(Optimizer):
    """Mean gradient over root mean square, both corrected for their start at 0: x ← x − ηm̂/(√v̂ + ε).

    m ← β₁m + (1−β₁)g, m̂ = m/(1−β₁ᵗ); v ← β₂v + (1−β₂)g², v̂ = v/(1−β₂ᵗ), in step t.  Weight decay adds λx to g first.
    Kingma & Ba 2015, arXiv:1412.6980, algorithm 1.  AMSGrad uses the largest v so far (Reddi, Kale & Kumar 2018), also
    corrected for its start, as in PyTorch.

    Args:
        parameters: the Values to change, leaves of any graph.
        lr: η.
        betas: β₁ and β₂, how slowly the means forget.
        eps: ε, above 0.
        weight_decay: λ.
        amsgrad: whether to take the largest v.

    Raises:
        TypeError: a parameter is not a leaf Value, or another argument is not a number.
        ValueError: there is no parameter, or one is there twice; or a number is out of range.

    >>> x = Value(4.0)
    >>> optimizer = Adam([x], lr=0.1)
    >>> ((x - 2.0) ** 2).backward()
    >>> optimizer.step()
    >>> f"{x.data:.6f}"
    '3.900000'
    """

    _saved = ("lr", "beta1", "beta2", "eps", "weight_decay", "amsgrad", "t", "m", "v", "v_max")

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
    ) -> None:
        super().__init__(parameters, lr, weight_decay)
        if not isinstance(betas, Sequence) or len(betas) != 2:
            raise ValueError(f"betas must be two numbers, not {betas!r}")
        self.beta1, self.beta2 = betas
        self.eps = eps
        self.amsgrad = bool(amsgrad)
        self.m, self.v, self.v_max = self._zeros(), self._zeros(), self._zeros()

    def step(self) -> None:
        self.t += 1
        beta1, beta2, m, v, v_max = self.beta1, self.beta2, self.m, self.v, self.v_max
        rest1, rest2 = 1.0 - beta1**self.t, 1.0 - beta2**self.t
        for i, p in enumerate(self.parameters):
            x, g = self._decayed(p.data, p.grad)
            m[i] = beta1 * m[i] + (1.0 - beta1) * g
            v[i] = beta2 * v[i] + (1.0 - beta2) * g * g
            v_max[i] = _larger(v_max[i], v[i])
            m_hat = m[i] / rest1
            v_hat = (v_max[i] if self.amsgrad else v[i]) / rest2
            p.data = x - self.lr * m_hat / (_root(v_hat) + self.eps)

    def _decayed(self, x: float, g: float) -> tuple[float, float]:
        return x, g + self.weight_decay * x


class AdamW(Adam):
    """Adam with weight decay outside the gradient: first x ← x − ηλx, then Adam's step.

    Loshchilov & Hutter 2019, arXiv:1711.05101, algorithm 2; as in PyTorch, η includes the schedule.

    Args:
        parameters: the Values to change, leaves of any graph.
        lr: η.
        betas: β₁ and β₂, how slowly the means forget.
        eps: ε, above 0.
        weight_decay: λ.
        amsgrad: whether to take the largest v.

    Raises:
        TypeError: a parameter is not a leaf Value, or another argument is not a number.
        ValueError: there is no parameter, or one is there twice; or a number is out of range.

    >>> x = Value(4.0)
    >>> AdamW([x], lr=0.1, weight_decay=0.5).step()  # the gradient is 0
    >>> f"{x.data:.6f}"
    '3.800000'
    """

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
    ) -> None:
        super().__init__(parameters, lr, betas, eps, weight_decay, amsgrad)

    def _decayed(self, x: float, g: float) -> tuple[float, float]:
        return x - self.lr * self.weight_decay * x, g


# ---- functions with different names for floats and arrays ----


def _root(x: Any) -> Any:
    return math.sqrt(x) if type(x) is float else x**0.5


def _larger(x: Any, y: Any) -> Any:
    return max(x, y) if type(x) is float else x.clip(y)


# ---- schedules ----


class Schedule(_Saved):
    """The base of all schedules: a learning rate that depends only on how often `step` was called.

    η₀ is the rate of the optimiser when you make the schedule.  The state of a schedule does not contain the current
    rate, which is part of the optimiser's state, so save and load both.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.lr = optimizer.lr
        self.t = 0

    def step(self) -> None:
        """Set the learning rate for the next epoch; call it after each epoch."""
        self.t += 1
        self.optimizer.lr = self._rate(self.t)

    def _rate(self, t: int) -> float:
        raise NotImplementedError(f"{type(self).__name__} must define the rate")


class StepLR(Schedule):
    """A learning rate that drops in steps: η₀·γ^⌊t/s⌋ after t calls.

    Args:
        optimizer: the optimiser whose `lr` it sets.
        step_size: s, a whole number of calls.
        gamma: γ.

    Raises:
        TypeError: `gamma` is not a number.
        ValueError: `step_size` is not a whole number above 0, or `gamma` is negative or not finite.

    >>> optimizer = SGD([Value(1.0)], lr=1.0)
    >>> schedule = StepLR(optimizer, step_size=2, gamma=0.5)
    >>> for _ in range(5):
    ...     schedule.step()
    >>> optimizer.lr
    0.25
    """

    _saved = ("lr", "step_size", "gamma", "t")

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        super().__init__(optimizer)
        self.step_size = step_size
        self.gamma = gamma

    def _rate(self, t: int) -> float:
        return self.lr * self.gamma ** (t // self.step_size)


class CosineLR(Schedule):
    """A learning rate that falls along a cosine: η₁ + ½(η₀ − η₁)(1 + cos(πt/T)) after t calls.

    After T calls it is η₁, and then it rises again, as in PyTorch.  Loshchilov & Hutter 2017, arXiv:1608.03983, eq. 5,
    without restarts.

    Args:
        optimizer: the optimiser whose `lr` it sets.
        t_max: T, a whole number of calls.
        lr_min: η₁.

    Raises:
        TypeError: `lr_min` is not a number.
        ValueError: `t_max` is not a whole number above 0, or `lr_min` is negative or not finite.

    >>> optimizer = SGD([Value(1.0)], lr=1.0)
    >>> schedule = CosineLR(optimizer, t_max=2)
    >>> rates = []
    >>> for _ in range(2):
    ...     schedule.step()
    ...     rates.append(optimizer.lr)
    >>> rates
    [0.5, 0.0]
    """

    _saved = ("lr", "t_max", "lr_min", "t")

    def __init__(self, optimizer: Optimizer, t_max: int, lr_min: float = 0.0) -> None:
        super().__init__(optimizer)
        self.t_max = t_max
        self.lr_min = lr_min

    def _rate(self, t: int) -> float:
        turn = math.cos(math.pi * (t % (2 * self.t_max)) / self.t_max)
        return self.lr_min + 0.5 * (self.lr - self.lr_min) * (1.0 + turn)


# ---- checks of arguments ----


def _magnitude(name: str, x: Any) -> float:
    number = _number(name, x)
    if not 0.0 <= number < math.inf:
        raise ValueError(f"{name} must be at least 0 and finite, not {x!r}")
    return number


def _positive(name: str, x: Any) -> float:
    number = _number(name, x)
    if not 0.0 < number < math.inf:
        raise ValueError(f"{name} must be above 0 and finite, not {x!r}")
    return number


def _fraction(name: str, x: Any) -> float:
    number = _number(name, x)
    if not 0.0 <= number < 1.0:
        raise ValueError(f"{name} must be at least 0 and below 1, not {x!r}")
    return number


def _number(name: str, x: Any) -> float:
    number = _real(x)
    if number is None:
        raise TypeError(f"{name} must be a number, not {type(x).__name__} {x!r}")
    return number


def _real(x: Any) -> float | None:
    """x as a float, None if it is not a real number; an int too large for a float becomes infinite."""
    try:
        return as_constant(x)
    except OverflowError:
        return math.inf


def _count(name: str, x: Any) -> int:
    return _whole(name, x, least=1)


def _steps_done(name: str, x: Any) -> int:
    return _whole(name, x, least=0)


def _whole(name: str, x: Any, least: int) -> int:
    if isinstance(x, bool) or not hasattr(x, "__index__") or isinstance(x, Value) or x < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, not {x!r}")
    return int(x)


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    **dict.fromkeys(("lr", "momentum", "dampening", "weight_decay", "gamma", "lr_min"), _magnitude),
    **dict.fromkeys(("alpha", "beta1", "beta2"), _fraction),
    **dict.fromkeys(("step_size", "t_max"), _count),
    "eps": _positive,
    "t": _steps_done,
}


def _loaded(name: str, x: Any, own: Any) -> Any:
    """The entry x of a state, if it can replace `own`."""
    if name in _CHECKS:
        return _CHECKS[name](name, x)
    if isinstance(own, bool):
        if not isinstance(x, bool):
            raise TypeError(f"{name} must be true or false, not {x!r}")
        return x
    # Infinite numbers are allowed: the square of a gradient of 1e200 is infinite, and such a state must load again.
    numbers = [_real(y) for y in x] if isinstance(x, list) else [None]
    if any(y is None for y in numbers):
        raise TypeError(f"{name} must be a list of numbers, not {reprlib.repr(x)}")
    if len(numbers) != len(own):
        raise ValueError(f"{name} has {len(numbers)} numbers, but there are {len(own)} parameters")
    return numbers


def _leaves(parameters: Iterable[Value]) -> list[Value]:
    if not isinstance(parameters, Iterable):
        raise TypeError(f"an optimizer needs a list of Values, such as model.parameters(), not {parameters!r}")
    leaves = list(parameters)
    seen: dict[int, int] = {}
    for i, p in enumerate(leaves):
        if not isinstance(p, Value):
            raise TypeError(f"parameter {i} must be a Value, not {type(p).__name__} {p!r}")
        if not p.is_leaf:
            raise TypeError(
                f"parameter {i}, {p!r}, is the result of {p.op!r}: only a Value that was not computed can be"
            )
        if seen.setdefault(id(p), i) != i:
            raise ValueError(
                f"parameters {seen[id(p)]} and {i} are the same, {p!r}: it would be changed twice in a step"
            )
    if not leaves:
        raise ValueError("there are no parameters to change: give at least one")
    return leaves
