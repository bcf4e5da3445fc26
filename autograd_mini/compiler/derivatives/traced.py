"""What is compiled for each derivative: functions made of a function, whose last sweep is left to the executor.

Each has the arguments of the function first, and then directions or adjoints.  A trace runs them on Values, and so the
eager transforms decide what a derivative is, at corners too.
"""

from collections.abc import Callable, Sequence
from typing import Any

from ...engine import Value
from ...functions import dot
from ...structures import flatten, leaves_like
from ...transforms import grad, gradients, jvp


class Traced:
    """A function made of another.

    Args:
        f: the function.
        leaves: the parameters, if derivatives are by them and not by the arguments.
    """

    def __init__(self, f: Callable[..., Any], leaves: Sequence[Value] = ()) -> None:
        self.f, self.leaves = f, leaves
        self.__name__ = getattr(f, "__name__", repr(f))

    def __call__(self, *args: Any) -> Any:
        """What is compiled."""
        raise NotImplementedError


class First(Traced):
    """The first result of a function that has two."""

    def __call__(self, *args: Any) -> Any:
        return self.f(*args)[0]


class Product(Traced):
    """∇f·v, whose gradient is the Hessian times v.  It takes x₁ … xₖ and v₁ … vₖ, or x₁ … xₖ and a flat v."""

    def __call__(self, *args: Any) -> Any:
        if self.leaves:
            *xs, v = args
            root = self.f(*xs)
            slopes = gradients(root, self.leaves, Value(1.0)) if isinstance(root, Value) else []
            return dot(slopes, flatten(v)[0][: len(slopes)])
        k = len(args) // 2
        slopes = grad(self.f, tuple(range(k)))(*args[:k])
        return dot(flatten(slopes)[0], leaves_like(args[:k], args[k:], "v", "arguments"))


class Pullback(Traced):
    """f·u, whose gradient is the vector–Jacobian product, and f itself.  It takes x₁ … xₖ and u."""

    def __call__(self, *args: Any) -> Any:
        *xs, u = args
        result = self.f(*xs)
        return dot(flatten(result)[0], leaves_like(result, u, "adjoint", "result")), result


class PullbackOfSamples(Traced):
    """The same, with u as a tuple of the parts of the result that are no containers."""

    def __call__(self, *args: Any) -> Any:
        *xs, us = args
        result = self.f(*xs)
        numbers, adjoints = flatten(result)[0], flatten(us)[0]
        if len(numbers) != len(adjoints):
            raise ValueError(f"the result has {len(numbers)} numbers, and the adjoint {len(adjoints)}")
        return dot(numbers, adjoints), result


class Pushforward(Traced):
    """f, and how it moves along v: by the arguments, or along a flat v by the parameters."""

    def __call__(self, *args: Any) -> Any:
        if not self.leaves:
            return jvp(self.f, args[: len(args) // 2], args[len(args) // 2 :])
        *xs, v = args
        result = self.f(*xs)
        numbers, rebuild = flatten(result)
        roots = [z for z in numbers if isinstance(z, Value)]
        along = [Value(0.0) for _ in roots]  # what is linear in these has the same slopes anywhere
        slopes = gradients(dot(roots, along), self.leaves, Value(1.0)) if roots else []
        root = dot(slopes, flatten(v)[0][: len(slopes)])
        moved = iter(gradients(root, along, Value(1.0)) if isinstance(root, Value) else [0.0] * len(roots))
        return rebuild(numbers), rebuild([next(moved) if isinstance(z, Value) else 0.0 for z in numbers])


class Transformed(Traced):
    """A transform of the function by all of its arguments, as it is."""

    def __init__(self, f: Callable[..., Any], transform: Callable[..., Any]) -> None:
        super().__init__(f)
        self.transform = transform

    def __call__(self, *args: Any) -> Any:
        return by_all(self.transform, self.f, args)


def by_all(transform: Callable[..., Any], f: Callable[..., Any], args: Sequence[Any]) -> Any:
    """What a transform gives with respect to the one argument, or to all of several."""
    return transform(f, 0 if len(args) == 1 else tuple(range(len(args))))(*args)


class Rows(Traced):
    """f·u of flat lists x and u, whose gradient by x is a row of the Jacobian where u is a row of the identity.

    Args:
        f: the function.
        build: makes its arguments of the numbers in x.
    """

    def __init__(self, f: Callable[..., Any], build: Callable[[Sequence[Any]], Sequence[Any]]) -> None:
        super().__init__(f)
        self.build = build

    def __call__(self, xs: Sequence[Any], us: Sequence[Any]) -> Any:
        return dot(flatten(self.f(*self.build(xs)))[0], list(us))
