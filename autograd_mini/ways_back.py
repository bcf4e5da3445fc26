"""Variants of the backward pass: with hooks that change gradients, and into some Values only."""

import sys
from collections.abc import Callable, Sequence
from typing import Any

from . import watch
from .adjoints import adjoints_of, swept
from .numbers import as_number
from .reading import grad_of, is_value
from .refuse import require_fresh
from .sweep import backward_from, order_below, pull_back

Hook = Callable[[float], Any]
Back = Callable[[Sequence[Any], Sequence[float]], None]

hooked: dict[Any, list[Hook]] = {}  # the hooks of each Value that has any


class GradientHook:
    """The handle of a hook: `remove()` ends the hook, and so does the end of a `with`."""

    def __init__(self, v: Any, hook: Hook) -> None:
        if not callable(hook):
            raise TypeError(f"register_hook() needs a function of the gradient, not {type(hook).__name__} {hook!r}")
        watch.read(v, "register_hook()")
        _forget_those_alone()
        self._v, self._hook = v, hook
        hooked.setdefault(v, []).append(hook)

    def remove(self) -> None:
        """End the hook; a second time it does nothing."""
        hooks = hooked.get(self._v, [])
        if self._hook in hooks:
            hooks.remove(self._hook)
        if not hooks:
            hooked.pop(self._v, None)

    def __enter__(self) -> "GradientHook":
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


def _references(register: dict[Any, list[Hook]]) -> list[tuple[Any, int]]:
    return [(v, sys.getrefcount(v)) for v in list(register)]


_ALONE = _references({object(): []})[0][1] if hasattr(sys, "getrefcount") else -1  # of an unshared object


def _forget_those_alone() -> None:
    """Drop Values that only their hooks keep alive: no sweep can reach them any more."""
    alone = [v for v, count in _references(hooked) if count == _ALONE] if _ALONE > 0 else []
    for v in alone:
        hooked.pop(v, None)


def changed(v: Any, adjoint: Any) -> Any:
    """The adjoint after the hooks of v: each hook may replace it."""
    for hook in list(hooked.get(v, ())):
        answer = hook(adjoint)
        if answer is not None:
            adjoint = as_number(answer, "a hook's gradient")
    return adjoint


def backward_to(inputs: Any) -> Back:
    """The backward pass with hooks: into all Values below, or only into the inputs."""
    if inputs is None:
        return _with_hooks
    targets = list(dict.fromkeys([inputs] if is_value(inputs) else inputs))
    for v in targets:
        if not is_value(v):
            raise TypeError(f"backward(inputs=…) needs Values, got {type(v).__name__} {v!r}")

    def back(roots: Sequence[Any], seeds: Sequence[float]) -> None:
        found = dict(zip(targets, _received(roots, seeds, targets)))
        leaves = [v for v in targets if v.is_leaf]
        backward_from(leaves, [found[v] for v in leaves])
        for v in targets:
            if not v.is_leaf:
                v.grad = found[v]

    return back


def _received(roots: Sequence[Any], seeds: Sequence[float], targets: Sequence[Any]) -> list[float]:
    order = order_below(roots)
    require_fresh(order)
    if not hooked and all(v.is_leaf for v in targets):
        return adjoints_of(roots, seeds, targets)
    found: dict[Any, float] = {}

    def pullback(v: Any, adjoint: float) -> tuple[Any, ...]:
        found[v] = changed(v, adjoint)
        return pull_back(v, found[v])

    swept(order, dict(zip(roots, seeds)), pullback)
    return [found.get(v, 0.0) for v in targets]


def _with_hooks(roots: Sequence[Any], seeds: Sequence[float]) -> None:
    (root,), (seed,) = roots, seeds
    if root.is_leaf:
        backward_from(roots, (changed(root, seed),))
    else:
        with watch.Block(passed=_Changes()):
            backward_from(roots, seeds)


class _Changes:
    """Applies the hooks in a sweep: it sees each node with its adjoint, and returns other contributions.

    The adjoint of a leaf begins with the gradient from earlier sweeps, which its hooks must not see.
    """

    def __init__(self) -> None:
        self._before: dict[Any, float] | None = None  # the gradients of leaves with hooks
        self._received: dict[Any, float] = {}  # their part from this sweep
        self._is_inside = False

    def __call__(self, v: Any, adjoint: Any, cs: tuple[Any, ...]) -> tuple[Any, ...] | None:
        if self._is_inside:
            return None
        if self._before is None:
            self._before = {u: grad_of(u) or 0.0 for u in list(hooked) if u.is_leaf}
        if v in self._before:
            v.grad = self._before[v] + changed(v, self._received[v])
        elif v in hooked:
            v.grad = changed(v, adjoint)
            cs = self._contributions(v)
        for parent, c in zip(v.parents, cs):
            if parent in self._before:
                self._received[parent] = self._received.get(parent, 0.0) + c
        return cs

    def _contributions(self, v: Any) -> tuple[Any, ...]:
        self._is_inside = True
        try:
            return pull_back(v, v.grad)
        finally:
            self._is_inside = False
