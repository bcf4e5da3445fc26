"""The function to compile for each derivative.  It is made of the user's function; the executor does its last sweep.

Each takes the arguments of the function first, and then directions or adjoints.  A trace runs them on Values, so the
eager transforms define the derivatives, also at corners.
"""

from collections.abc import Callable, Sequence
from typing import Any

from ...engine import Value
from ...functions import dot
from ...structures import flatten, leaves_like
from ...transforms import grad, jvp, scalar
from ..argument import arrays
from .chain import Tangents, pushed


class Traced:
    """A function made of another.

    Args:
        f: the function.
        leaves: the parameters, if derivatives are with respect to them and not to the arguments.
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


class Directed(Traced):
    """Moves along a direction: it takes x₁ … xₖ and v₁ … vₖ or, for the parameters, x₁ … xₖ and a flat v."""

    def along(self, args: Sequence[Any]) -> tuple[Any, Any]:
        """The result of f, and its tangent."""
        k = len(args) - 1 if self.leaves else len(args) // 2
        xs, vs = args[:k], args[k:]
        sources = self.leaves or flatten(xs)[0]
        directions = flatten(vs)[0] if self.leaves else leaves_like(xs, vs, "v", "arguments")
        tangents = Tangents(dict(zip(sources, directions, strict=True)))
        with tangents.under_way():
            result = self.f(*xs)
        numbers, rebuild = flatten(result)
        return result, rebuild(pushed(numbers, tangents.moved))


class Product(Directed):
    """∇f·v, the tangent of f along v: its gradient is the Hessian times v."""

    def __call__(self, *args: Any) -> Any:
        result, moved = self.along(args)
        scalar(result, self.f)
        return moved


class Pullback(Traced):
    """f·u, whose gradient is the vector–Jacobian product, and f itself.  It takes x₁ … xₖ and u."""

    def __call__(self, *args: Any) -> Any:
        *xs, u = args
        result = self.f(*xs)
        return dot(flatten(result)[0], leaves_like(result, u, "adjoint", "result")), result


class PullbackOfSamples(Traced):
    """The same, with u as a tuple of the result's leaves, which are numbers or arrays."""

    def __call__(self, *args: Any) -> Any:
        *xs, us = args
        result = self.f(*xs)
        numbers, adjoints = flatten(result)[0], flatten(us)[0]
        if len(numbers) != len(adjoints):
            raise ValueError(f"the result has {len(numbers)} numbers, but the adjoint {len(adjoints)}")
        return dot(numbers, adjoints), result


class Pushforward(Directed):
    """f, and its tangent along v."""

    def __call__(self, *args: Any) -> Any:
        return self.along(args)


class Transformed(Traced):
    """A transform of the function with respect to all of its arguments, unchanged."""

    def __init__(self, f: Callable[..., Any], transform: Callable[..., Any]) -> None:
        super().__init__(f)
        self.transform = transform

    def __call__(self, *args: Any) -> Any:
        return by_all(self.transform, self.f, args)


class FlatTransformed(Transformed):
    """The same as a flat array."""

    def __call__(self, *args: Any) -> Any:
        return array_of(flatten(super().__call__(*args))[0])


def by_all(transform: Callable[..., Any], f: Callable[..., Any], args: Sequence[Any]) -> Any:
    """The result of a transform with respect to the only argument, or to all of several."""
    return transform(f, 0 if len(args) == 1 else tuple(range(len(args))))(*args)


def array_of(numbers: Sequence[Any]) -> Any:
    """An array of numbers and Values."""
    array = arrays().empty(len(numbers), object)
    array[:] = numbers
    return array


def eager_product(f: Callable[..., Any], xs: Sequence[Any], vs: Sequence[Any]) -> Any:
    """The Hessian of f with respect to all of its arguments, times v."""
    return jvp(grad(f, 0 if len(xs) == 1 else tuple(range(len(xs)))), xs, vs)[1]


class Rows(Traced):
    """f·u for flat lists x and u.  If u is a row of the identity, its gradient in x is a row of the Jacobian.

    Args:
        f: the function.
        build: makes its arguments from the numbers in x.
    """

    def __init__(self, f: Callable[..., Any], build: Callable[[Sequence[Any]], Sequence[Any]]) -> None:
        super().__init__(f)
        self.build = build

    def __call__(self, xs: Sequence[Any], us: Sequence[Any]) -> Any:
        return dot(flatten(self.f(*self.build(xs)))[0], list(us))
