"""The derivatives of a compiled function other than its gradient, each from separate compiled functions."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from ...structures import flatten
from ...transforms import jvp, vjp
from ..argument import HoldsValue, arrays
from ..forms.shortcuts import MISFITS
from ..options import Options
from ..parameters import Parameters
from ..program import Program
from ..record.named import Bound, Names
from ..record.results import all_finite
from ..signature import Signatures, one_or_all
from .traced import First, Product, Pullback, PullbackOfSamples, Pushforward, Traced, eager_product


class Differentiable(ABC):
    """The methods of a compiled function that return derivatives in one direction.

    They take the arguments of the function.  If directions or adjoints follow, as in `hvp(x, v)`, x is the argument, or
    a tuple of all arguments if there are several, and v has the structure of x.  With params, derivatives are with
    respect to the parameters: then v and the result are flat arrays in their order.  Each sample has its own.
    """

    function: Callable[..., Any] | None
    _options: Options
    _parameters: Parameters
    _signatures: Signatures
    _derived: dict[tuple[str, Hashable], Any]
    _lock: Any
    _names: Names
    _arranged: dict[tuple[Any, ...], Any]
    _is_of_several: bool

    @abstractmethod
    def __call__(self, *args: Any, **named: Any) -> Any:
        """The value."""

    @abstractmethod
    def value_and_grad(self, *args: Any, **named: Any) -> tuple[Any, Any]:
        """The value, and its derivatives."""

    @property
    @abstractmethod
    def programs(self) -> list[Program]:
        """The programs of all traces so far."""

    @abstractmethod
    def _latest(self, signature: Any) -> Any:
        """The latest program for calls of a form, or of the latest form, with its executor."""

    @abstractmethod
    def _is_bare(self, plan: Any) -> bool:
        """Whether it can run without any check before."""

    def _machine(self, args: Sequence[Any]) -> Any:
        """The function that runs the latest program on arrays of such arguments at once; None if more is needed."""
        options = self._options
        if options.sampled or options.dtype != "float64" or self._by_parameters:
            return None
        plan = self._latest(self._signatures.read(args).signature)
        return plan.executor.bound(1) if self._is_bare(plan) and hasattr(plan.executor, "bound") else None

    @abstractmethod
    def _made(self, f: Callable[..., Any] | None, options: Options, by_parameters: bool) -> Any:
        """The compiled form of another function, with the same parameters if derivatives are with respect to these."""

    def _beside(
        self,
        name: tuple[str, Hashable],
        made: Callable[[Any], Callable[..., Any]],
        options: Options,
        by_parameters: bool,
    ) -> Any:
        """The compiled form of a function made of this one, under a name."""
        with self._lock:
            if name not in self._derived:
                f = self._first
                self._derived[name] = self._made(None if f is None else made(f), options, by_parameters)
            return self._derived[name]

    def _bound(self, args: Sequence[Any], named: Mapping[str, Any]) -> tuple[Any, tuple[Any, ...]]:
        """The compiled function for arguments that are named or not numbers, and the arguments that are numbers."""
        if found := self._arranged.get((len(args), *named)):
            return found[0], (*args, *[named[name] for name in found[1]])
        call = self._names.bound(args, named, self._options.static)
        other: Any = self
        if call.layout.by_name or call.given or self._options.static:
            key = "arguments by name", call.key
            other = self._derived.get(key)
            if other is None:
                with self._lock:
                    other = self._derived.get(key) or self._made_for(call)
                    self._derived[key] = other
        if not self._options.static:
            self._arranged[len(args), *named] = other, call.layout.numbers[len(args) :]
        return other, call.numbers

    def _made_for(self, call: Bound) -> Any:
        known, names = self._names.known, call.layout.names
        shared = [k for k, name in enumerate(names) if name in [known[at] for at in self._options.shared]]
        options = self._options._replace(static=(), shared=tuple(shared))
        f = None if self.function is None else call.fixed(self.function)
        other = self._made(f, options, self._by_parameters)
        other._is_of_several = len(call.numbers) > 1
        return other

    @property
    def _first(self) -> Any:
        """The function, without its second result if it has one."""
        return First(self.function) if self._options.has_aux and self.function is not None else self.function

    @property
    def _is_plain(self) -> bool:
        """Whether a transform of the function itself gives the derivative: without samples and parameters."""
        return self.function is not None and not self._options.sampled and not self._by_parameters

    # ---- in one direction ----

    def hvp(self, x: Any, v: Any, **named: Any) -> Any:
        """The Hessian times v, without computing the Hessian.

        >>> from autograd_mini.compiler import compile
        >>> compile(lambda x: x[0] ** 2 * x[1]).hvp([3.0, 4.0], [1.0, 0.0])
        [8.0, 6.0]
        """
        if named:
            other, numbers = self._bound(self._arguments(x), named)
            return other.hvp(numbers if other._is_of_several else numbers[0], v)
        if (found := self._at_once("hvp", True, x, v)) and all_finite(found[1]):
            return found[1]
        xs, vs = self._arguments(x), self._directions(x, v)
        try:
            product = self._by("hvp", Product, len(xs)).value_and_grad(*xs, *vs)[1]
        except HoldsValue:
            return self._eager(lambda f: eager_product(f, tuple(xs), tuple(vs)))
        if self._is_plain and not all_finite(product):  # in eager 0 · inf may be nan in other places
            product = eager_product(self._first, tuple(xs), tuple(vs))
        return product

    def jvp(self, x: Any, v: Any, **named: Any) -> tuple[Any, Any]:
        """The value, and its tangent when x moves along v.

        >>> from autograd_mini.compiler import compile
        >>> compile(lambda x, y: x * y).jvp((3.0, 4.0), (1.0, 0.0))
        (12.0, 4.0)
        """
        if named:
            other, numbers = self._bound(self._arguments(x), named)
            value, moved = other.jvp(numbers if other._is_of_several else numbers[0], v)
            return value, moved
        if found := self._at_once("jvp", False, x, v):
            value, tangent = found
            return value, tangent
        xs, vs = self._arguments(x), self._directions(x, v)
        try:
            value, tangent = self._by("jvp", Pushforward, len(xs))(*xs, *vs)
        except HoldsValue:
            value, tangent = self._eager(lambda f: jvp(f, tuple(xs), tuple(vs)))
        return value, tangent

    def vjp(self, x: Any, u: Any, **named: Any) -> tuple[Any, Any]:
        """The value, and u times the Jacobian.  u has the structure of the value, and the product the structure of x.

        >>> from autograd_mini.compiler import compile
        >>> compile(lambda x, y: [x * y, x + y]).vjp((3.0, 4.0), [1.0, 10.0])
        ([12.0, 7.0], (14.0, 13.0))
        """
        if named:
            other, numbers = self._bound(self._arguments(x), named)
            value, moved = other.vjp(numbers if other._is_of_several else numbers[0], u)
            return value, moved
        if found := self._at_once("vjp", True, x, u):
            (_, value), slopes = found
            return value, slopes
        xs = self._arguments(x)
        try:
            compiled = self._by("vjp", self._pullback, len(xs), has_aux=True)
            (_, value), slopes = compiled.value_and_grad(*xs, self._adjoint(xs, u))
        except HoldsValue:
            value, slopes = self._eager(lambda f: _pulled(f, xs, u))
            return value, one_or_all(slopes)
        return value, slopes

    @property
    def _pullback(self) -> type[Traced]:
        return PullbackOfSamples if self._options.sampled else Pullback

    def _at_once(self, name: str, derivatives: bool, x: Any, v: Any) -> tuple[Any, Any] | None:
        """The result of the short way of such a derivative; None if no way fits these arguments."""
        is_adjoint = name == "vjp"
        if self._options.sampled if is_adjoint else self._by_parameters:  # adjoints or directions that are converted
            return None
        xs, vs = (x,), (v,)
        if self._is_of_several:
            xs, vs = x, vs if is_adjoint else v
        if type(xs) is not tuple or type(vs) is not tuple:
            return None
        try:
            both: tuple[Any, Any] = self._derived[name, len(xs)]._short[derivatives](*xs, *vs)
        except MISFITS:
            return None
        return both

    def _by(self, name: str, made: Callable[..., Traced], count: int, has_aux: bool = False) -> Any:
        known = self._derived.get((name, count))
        if known is not None:
            return known
        leaves = self._parameters.leaves
        shared = self._options.shared
        if made in (Product, Pushforward) and not leaves:  # directions are like arguments
            shared += tuple([count + k for k in shared])
        options = self._options._replace(has_aux=has_aux, shared=shared, by=count)
        return self._beside((name, count), lambda f: made(f, leaves), options, self._by_parameters)

    # ---- arguments ----

    @property
    def _by_parameters(self) -> bool:
        return self._parameters.numbers is not None

    def _arguments(self, x: Any) -> Sequence[Any]:
        if not self._is_of_several:
            return [x]
        if isinstance(x, (tuple, list)):
            return list(x)
        raise TypeError(f"for a function of several arguments, pass them as one tuple, not as {x!r:.80}")

    def _directions(self, x: Any, v: Any) -> Sequence[Any]:
        if self._by_parameters:
            numbers = arrays().asarray(v, self._options.dtype)
            if numbers.shape != self._parameters.numbers.shape:
                raise ValueError(
                    f"v must be a flat array with a number for each of {self._parameters.numbers.size} parameters"
                )
            return [self._for_each(self._arguments(x), numbers)]
        vs = self._arguments(v)
        if len(vs) != len(self._arguments(x)):
            raise ValueError(f"there are {len(self._arguments(x))} arguments but {len(vs)} directions")
        return vs

    def _adjoint(self, xs: Sequence[Any], u: Any) -> Any:
        """An adjoint in the form that is compiled; with samples, a tuple of its numbers and arrays."""
        if not self._options.sampled:
            return u
        return tuple([self._for_each(xs, part) for part in flatten(u, lambda leaf: leaf, arrays=False)[0]])

    def _for_each(self, xs: Sequence[Any], u: Any) -> Any:
        """The positions of arguments that are the same for all samples, if their mean or sum is taken."""
        if self._options.reduce is None:
            return u
        np = arrays()
        return np.broadcast_to(np.asarray(u, float), (self._signatures.read(xs).samples, *np.shape(u)))

    def _eager(self, work: Callable[[Any], Any]) -> Any:
        """A transform of the function itself, if the arguments contain Values."""
        return work(self._on_values())

    @abstractmethod
    def _on_values(self) -> Callable[..., Any]:
        """The function, without its second result if it has one, for calls on Values."""


def _pulled(f: Callable[..., Any], xs: Sequence[Any], u: Any) -> tuple[Any, Any]:
    value, pullback = vjp(f, *xs)
    return value, pullback(u)
