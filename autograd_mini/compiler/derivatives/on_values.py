"""A compiled function that is called on Values: one node of a graph, whose value and pullback are compiled programs.

If the pullback gets Values, it is the node of another compiled function, so derivatives of any order are compiled too.
Values that the function reads from outside, including its parameters, are operands of the node as well: the pullback is
compiled with them as parameters.  If that pullback gets Values, or if the function is small, the function itself runs.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

from ... import watch
from ...engine import Value
from ...errors import TraceError
from ...function_nodes import Function, Rerun, results_of
from ...reading import numbers_of
from ...structures import Rebuild, flatten
from ...transforms import gradients, value_and_grad, vjp
from ..argument import arrays
from ..executors import TINY
from ..forms.shortcuts import MISFITS
from ..parameters import Parameters
from ..record.results import no_number
from ..signature import one_or_all
from .methods import Differentiable
from .traced import Traced


class Pulled(Traced):
    """The pullback as a function of x₁ … xₖ and the adjoint u of the result: the contribution to each argument."""

    def __init__(self, f: Callable[..., Any]) -> None:
        super().__init__(f)
        self.__name__ = f"pullback_of_{self.__name__}"

    def __call__(self, *args: Any) -> Any:
        *xs, u = args
        return vjp(self.f, *xs)[1](u)


class PulledOfSamples(Pulled):
    """The same, with u as a tuple of the result's leaves, which are numbers or arrays."""

    def __call__(self, *args: Any) -> Any:
        *xs, us = args
        return vjp(lambda *xs: flatten(self.f(*xs))[0], *xs)[1](flatten(us)[0])


class OnValues(Differentiable):
    """The part of a compiled function that takes Values."""

    _plans: dict[Any, Any]
    _short: list[Callable[..., Any]]
    _lifted: tuple[list[int], Any] = [], None  # the latest Values from outside, and the function of them

    @abstractmethod
    def _have(self, parameters: Parameters) -> None:
        """Set the parameters, before anything is compiled."""

    def _on_values(self) -> Callable[..., Any]:
        if self._by_parameters or (self._options.sampled and not self._options.reduce):
            raise TypeError(
                "this derivative of samples, or with respect to params, takes only plain numbers: call the compiled "
                "function on Values, and use backward() or a transform"
            )
        return self._without_aux("first", lambda f: f)

    def _called_on_values(self, *args: Any) -> Any:
        """The value, if the arguments contain Values."""
        return self._without_aux("whole", lambda f: self.function)(*args)

    def _value_and_grad_on_values(self, args: Sequence[Any]) -> tuple[Any, Any]:
        """The value and its derivatives, which are Values too."""
        has_aux = self._options.has_aux
        if self._by_parameters:
            value = self._called_on_values(*args)
            slopes = gradients(value[0] if has_aux else value, self._parameters.leaves, Value(1.0))
            return value, arrays().array(slopes, dtype=object)
        if self._options.sampled and not self._options.reduce:
            return self._value_and_slopes_of_samples(args)
        by = self._options.by or len(args)
        argnums = 0 if by == 1 else tuple(range(by))
        return value_and_grad(self._called_on_values, argnums, has_aux=has_aux)(*args)

    def _value_and_slopes_of_samples(self, args: Sequence[Any]) -> tuple[Any, Any]:
        """The value of each sample and its own derivatives, also with respect to shared arguments."""
        value = self._called_on_values(*args)
        first = value[0] if self._options.has_aux else value
        if getattr(first, "ndim", 0) != 1:
            raise no_number(self.function)
        ones = (arrays().ones(len(first)),)
        slopes = self._pulling(len(args))._as_node(*args, ones)
        return value, one_or_all(slopes[: self._options.by or len(args)])

    def value_and_gradient_of_all(self, args: Sequence[Any], has_aux: bool) -> tuple[Any, Sequence[Any]] | None:
        """The value and the derivatives for each argument, for the transforms; None if they must find them themselves.

        >>> from autograd_mini.compiler import compile
        >>> compile(lambda x, y: x * y).value_and_gradient_of_all((3.0, 4.0), has_aux=False)
        (12.0, (4.0, 3.0))
        """
        options = self._options
        if self._by_parameters or options.sampled or options.static or options.by or has_aux != options.has_aux:
            return None
        value, slopes = self.value_and_grad(*args)
        return None if self._reads_values else (value, slopes if len(args) > 1 else (slopes,))

    @property
    def _reads_values(self) -> bool:
        """Whether there are programs that read Values from outside, which may be the caller's."""
        return any(outcomes.read_values for outcomes in list(self._plans.values()))

    def _without_aux(self, name: str, made: Callable[[Any], Any]) -> Callable[..., Any]:
        if self.function is None:
            raise TypeError("this was pickled without the function, so it takes only plain numbers, not Values")
        if not self._options.has_aux:
            return self._as_node
        other = self._beside((name, None), made, self._options._replace(has_aux=False), self._by_parameters)
        as_node: Callable[..., Any] = other._as_node
        return as_node

    def _as_node(self, *args: Any) -> Any:
        operands, rebuild = flatten(list(args))
        if watch.trace():  # the operations become part of the program that is being traced
            return self._itself(rebuild, operands)
        numbers = numbers_of(operands)
        plain = rebuild(numbers, derive=True)
        function = Programs(self, rebuild)
        if (z := function.at_once(plain, numbers)) is not None:
            return results_of(function, operands, [z])[0]
        key = self._signatures.read(plain).signature.key
        result = self(*plain)
        plan = self._plans[key].latest
        if plan is None:  # it can't be traced for these numbers
            return self._itself(rebuild, operands)
        zs, function.like = flatten(result)
        watched = [w.value for w in plan.watched]
        if outside := list(dict.fromkeys([*self._parameters.leaves, *watched])):
            self._parameters.require_synced()
            is_tiny = not self._options.sampled and plan.program.nodes <= TINY  # compiling would not make it faster
            again = (AgainWithOutside if is_tiny else WithOutside)(function, outside)
            return function.like(results_of(again, [*operands, *outside], zs))
        return function.like(results_of(function, operands, zs))

    def _itself(self, rebuild: Rebuild, operands: Sequence[Any]) -> Any:
        """The result of the function for these operands; with samples, it runs for one sample after the other."""
        f: Any = self.function
        if not self._options.sampled:
            return f(*rebuild(operands, derive=True))
        places = self._signatures.read(rebuild([float(i) for i in range(len(operands))]))
        found = []
        for sample in range(places.samples or 0):
            xs = [operands[int(place)] for place in places.numbers(sample)]
            found.append(flatten(f(*places.arguments(xs)), lambda leaf: leaf, arrays=False))
        columns = [list(column) for column in zip(*[leaves for leaves, _ in found])]
        return found[0][1]([self._together(column) for column in columns])

    def _together(self, parts: Sequence[Any]) -> Any:
        """A part of the result, combined from that of each sample."""
        stacked = arrays().array(parts, dtype=object)
        if self._options.reduce is None:
            return stacked
        total = stacked.sum(axis=0)
        return total / len(parts) if self._options.reduce == "mean" else total

    # ---- the pullback ----

    def _pulled_with(self, outside: Sequence[Value], xs: Sequence[Any], u: Any) -> list[float] | None:
        """The contributions to the arguments' numbers and to Values outside, for plain numbers; None if not compiled.

        It is not compiled if the function turns those Values into plain numbers.
        """
        known, compiled = self._lifted
        if known != [id(v) for v in outside]:
            compiled = self._made(self.function, self._options._replace(check=None), False)
            compiled._have(Parameters(list(outside), self._options.dtype))
            self._lifted = [id(v) for v in outside], compiled
        if compiled is None:
            return None
        try:
            of_outside = compiled._by("vjp", compiled._pullback, len(xs), has_aux=True)
            slopes = of_outside.value_and_grad(*xs, compiled._adjoint(xs, u))[1]
            if self._options.sampled:
                u = tuple([arrays().asarray(part, float) for part in self._weighted(xs, u)])
            received = compiled._received(compiled._pulling(len(xs), by_parameters=True)(*xs, u), True)
        except TraceError:
            self._lifted = self._lifted[0], None
            return None
        return [*received, *slopes.tolist()]

    def _pulled(self, xs: Sequence[Any], u: Any) -> list[float]:
        """The contribution to each number of the arguments, for plain numbers."""
        compiled = self._by("vjp", self._pullback, len(xs), has_aux=True)
        slopes = compiled.value_and_grad(*xs, self._adjoint(xs, u))[1]
        return self._received([slopes] if len(xs) == 1 else slopes, self._options.reduce is None)

    def _pulled_values(self, xs: Sequence[Any], u: Any) -> list[Any]:
        """The same as a node, if x or u contain Values."""
        u = self._weighted(xs, u) if self._options.sampled else u
        return self._received(self._pulling(len(xs))._as_node(*xs, u), True)

    def _pulling(self, count: int, by_parameters: bool = False) -> Any:
        """The compiled pullback for so many arguments."""
        options = self._options._replace(reduce=None, check=None, by=None, has_aux=False)
        made = PulledOfSamples if options.sampled else Pulled
        return self._beside(("pulled", count), made, options, by_parameters)

    def _weighted(self, xs: Sequence[Any], u: Any) -> tuple[Any, ...]:
        """The parts of an adjoint, for each sample."""
        parts = flatten(u, lambda leaf: leaf, arrays=False)[0]
        if self._options.reduce is None:
            return tuple(parts)
        np, n = arrays(), self._signatures.read(_plain(xs)).samples or 1
        share = 1.0 / n if self._options.reduce == "mean" else 1.0
        return tuple([np.array([part * share] * n, dtype=object) for part in parts])

    def _received(self, slopes: Sequence[Any], by_sample: bool) -> list[Any]:
        """The numbers; those of an argument that samples share are added up."""
        found: list[Any] = []
        for k, slope in enumerate(slopes):
            if by_sample and k in self._options.shared:
                parts, rebuild = flatten(slope, lambda leaf: leaf, arrays=False)
                slope = rebuild([part.sum(axis=0) for part in parts])
            found += flatten(slope)[0]
        return found


def _plain(xs: Sequence[Any]) -> Any:
    operands, rebuild = flatten(list(xs))
    return rebuild(numbers_of(operands))


class Programs(Function):
    """A compiled function as a function of the numbers in its arguments.

    Args:
        compiled: the compiled function.
        rebuild: makes its arguments from numbers.
    """

    def __init__(self, compiled: Any, rebuild: Rebuild) -> None:
        self.name = str(getattr(compiled.function, "__name__", "compiled"))
        self._compiled, self._rebuild = compiled, rebuild
        self.like: Any = one_or_all  # makes a result from numbers
        self._known: tuple[tuple[float, ...], Sequence[float]] = (), ()  # operands, and the slopes there

    def at_once(self, args: Sequence[Any], numbers: Sequence[float]) -> float | None:
        """The value, together with the slopes, which are usually needed next; None if there is no short way to both."""
        compiled = self._compiled
        options = compiled._options
        if watch.hooks or compiled._by_parameters or options.by or (options.sampled and not options.reduce):
            return None
        try:
            value, slopes = compiled._short[True](*args)
        except MISFITS:
            return None
        if compiled._reads_values:
            return None
        self._known = tuple(numbers), flatten(slopes)[0]
        return float(value)

    def value(self, xs: Sequence[float]) -> list[float]:
        return flatten(self._compiled(*self._rebuild(xs, derive=True)))[0]

    def pull(self, zs: Sequence[Any], xs: Sequence[Any], us: Sequence[Any]) -> Sequence[Any]:
        args, u = self._rebuild(xs, derive=True), self.like([0.0 if u is None else u for u in us])
        received: Sequence[Any]
        if any(isinstance(x, Value) for x in (*xs, *us)):
            received = self._compiled._pulled_values(args, u)
        elif self._known[1] and self._known[0] == xs:
            received = [us[0] * slope for slope in self._known[1]]
        else:
            received = self._compiled._pulled(args, u)
            if not all(map(isfinite, received)):  # 0 · inf, for a result that nobody uses, must not contribute
                return Rerun(self.name, self.inside, exact=False).pull(zs, xs, us)
        return received

    def pulled_with(self, outside: Sequence[Value], xs: Sequence[float], us: Sequence[Any]) -> list[float] | None:
        """The adjoints of the operands, Values from outside last; None if those have changed since."""
        inputs = len(xs) - len(outside)
        if [*xs[inputs:]] != numbers_of(outside):
            return None
        args, u = self._rebuild(xs[:inputs], derive=True), self.like([0.0 if u is None else u for u in us])
        received: list[float] | None = self._compiled._pulled_with(outside, args, u)
        return received

    def inside(self, xs: Sequence[Any]) -> list[Any]:
        return flatten(self._compiled._itself(self._rebuild, xs))[0]


class AgainWithOutside(Rerun):
    """The same for a compiled function that reads Values from outside, which follow its numbers as operands."""

    __slots__ = ("inner", "read")

    def __init__(self, inner: Programs, outside: Sequence[Value]) -> None:
        super().__init__(inner.name, inner.inside, outside, exact=False)
        self.inner, self.read = inner, outside


class WithOutside(AgainWithOutside):
    """The same, whose pullback is compiled too."""

    __slots__ = ()

    def pull(self, zs: Sequence[Any], xs: Sequence[Any], us: Sequence[Any]) -> Sequence[Any]:
        if not any(isinstance(x, Value) for x in (*xs, *us)):
            received = self.inner.pulled_with(self.read, xs, us)
            if received is not None and all(map(isfinite, received)):
                return received
        return super().pull(zs, xs, us)
