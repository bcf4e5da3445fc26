"""Transforms: grad, jacobian, hessian and others turn a function of numbers into its derivatives.

The function may take floats, or nested lists, tuples, dicts, dataclasses and NumPy arrays of floats; derivatives have
the same structure.  Transforms nest to any order.  Each runs the function on its own leaves, so an outer variable is a
constant to an inner transform (no perturbation confusion).

Plain numbers in, plain numbers out: a result is a Value only if one of the caller's Values takes part, such as the
parameter of a model, or the variable of an outer transform that is still running.  A Value that is older than the run
counts as the caller's.
"""

import inspect
import operator
import reprlib
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from types import MethodType
from typing import TYPE_CHECKING, Any, Generic

from . import watch
from .adjoints import swept
from .engine import Value, leaf
from .numbers import as_constant, as_number
from .reading import grad_of, made_before, number_of, origin_of
from .refuse import require_fresh, require_graph
from .rule import VALUES
from .structures import Leaves, flatten, leaves_like
from .sweep import backward_from, contributions, order_below, pull_back
from .watch import never_raising

if TYPE_CHECKING:
    from typing_extensions import ParamSpec, TypeVar  # with defaults, which those of typing have since Python 3.13

    P = ParamSpec("P", default=...)
    R = TypeVar("R", default=Any)
else:
    from typing import ParamSpec, TypeVar

    P = ParamSpec("P")
    R = TypeVar("R")
Argnums = int | tuple[int, ...]


class _Derivative(Generic[P, R]):
    """A function made from another: it has the same signature, and can be pickled if the other one can."""

    def __init__(
        self, transform: str, derive: Callable[..., R], f: Callable[P, Any], argnums: Argnums, has_aux: bool
    ) -> None:
        if not callable(f):
            raise TypeError(f"{transform}() needs a function, got {type(f).__name__} {reprlib.repr(f)}")
        self.__wrapped__ = f  # where inspect.signature looks
        self.__name__ = self.__qualname__ = f"{transform}({_name(f)})"
        self.__doc__ = f"The {transform} of a function; see autograd_mini.{transform}."
        self.__module__ = getattr(f, "__module__", __name__)
        self._derive = derive
        self._argnums = tuple(map(_position, argnums)) if isinstance(argnums, tuple) else _position(argnums)
        self._has_aux = has_aux

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._derive(self.__wrapped__, args, kwargs, self._argnums, self._has_aux)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)  # like a function in a class body

    def __repr__(self) -> str:
        return f"<function {self.__name__}>"


def _position(argnum: Any) -> int:
    try:
        return operator.index(argnum)
    except TypeError:
        raise TypeError(f"argnums are positions of arguments, 0, 1, …, or a tuple of them, not {argnum!r}") from None


def _name(f: Any) -> str:
    return str(getattr(f, "__name__", None) or reprlib.repr(f))


# ---- the transforms ----


def grad(f: Callable[P, Any], argnums: Argnums = 0, *, has_aux: bool = False) -> Callable[P, Any]:
    """The gradient of a function with a scalar result: ∂f/∂x for each number x in the chosen arguments.

    Args:
        f: a function of numbers, or of structures of numbers, that returns one number.
        argnums: the position of the argument to differentiate with respect to; a tuple of positions gives a tuple of
            gradients.
        has_aux: True if f returns a pair, the number and a second result.  The gradient then returns a pair too.

    Returns:
        A function of the same arguments.  Its result has the structure of the chosen argument, with 0.0 for each number
        that f does not depend on.  The numbers are floats, or Values if one of the caller's Values takes part.

    Raises:
        TypeError: (when called) f returns something other than one number, or an argument holds something else.

    >>> grad(lambda x: x**3)(2.0)
    12.0
    >>> grad(grad(lambda x: x**3))(2.0)
    12.0
    >>> grad(lambda p: p["w"] * p["x"][0])({"w": 3.0, "x": [4.0, 5.0]})
    {'w': 4.0, 'x': [3.0, 0.0]}
    """
    return _Derivative("grad", _grad, f, argnums, has_aux)


def value_and_grad(f: Callable[P, R], argnums: Argnums = 0, *, has_aux: bool = False) -> Callable[P, tuple[R, Any]]:
    """The value of a function and its gradient (see `grad`), with one forward and one backward pass.

    With `has_aux`, the value is the pair that f returns.

    >>> value_and_grad(lambda x, y: x * y, argnums=(0, 1))(3.0, 4.0)
    (12.0, (4.0, 3.0))
    """
    return _Derivative("value_and_grad", _value_and_grad, f, argnums, has_aux)


def jacobian(f: Callable[P, Any], argnums: Argnums = 0, *, has_aux: bool = False) -> Callable[P, Any]:
    """All partial derivatives ∂fᵢ/∂xⱼ: the structure of the result, with the structure of the argument in each place.

    From a NumPy array to a NumPy array, it is an array of shape (*result.shape, *argument.shape).

    >>> jacobian(lambda x: [x[0] * x[1], x[0] + x[1]])([3.0, 4.0])
    [[4.0, 3.0], [1.0, 1.0]]
    """
    return _Derivative("jacobian", _jacobian, f, argnums, has_aux)


def hessian(f: Callable[P, Any], argnums: Argnums = 0, *, has_aux: bool = False) -> Callable[P, Any]:
    """All second derivatives ∂²f/∂xᵢ∂xⱼ of a function with a scalar result: the Jacobian of its gradient.

    >>> hessian(lambda x: x[0] ** 2 * x[1])([3.0, 4.0])
    [[8.0, 6.0], [6.0, 0.0]]
    """
    return _Derivative("hessian", _hessian, f, argnums, has_aux)


def _value_and_grad(f: Callable[..., Any], args: Any, kwargs: Any, argnums: Argnums, has_aux: bool) -> tuple[Any, Any]:
    compiled: Any = getattr(f, "value_and_gradient_of_all", None)
    is_one = not kwargs and argnums in range(-len(args), len(args))
    if compiled and is_one and (found := compiled(args, has_aux)) is not None:
        value, slopes = found
        return value, slopes[argnums]
    run = Run(f, args, kwargs, argnums, has_aux)
    z = scalar(run.result, f)
    (value,), gradient = run.out([z]), run.rebuild(run.pull([z], [1.0]))
    return ((value, run.aux()) if has_aux else value), gradient


def _grad(f: Callable[..., Any], args: Any, kwargs: Any, argnums: Argnums, has_aux: bool) -> Any:
    value, gradient = _value_and_grad(f, args, kwargs, argnums, has_aux)
    return (gradient, value[1]) if has_aux else gradient


def _jacobian(f: Callable[..., Any], args: Any, kwargs: Any, argnums: Argnums, has_aux: bool) -> Any:
    run = Run(f, args, kwargs, argnums, has_aux)
    results, rebuild = flatten(run.result)
    rows = rebuild([run.rebuild(run.pull([z], [1.0])) for z in results])
    return (rows, run.aux()) if has_aux else rows


def _hessian(f: Callable[..., Any], args: Any, kwargs: Any, argnums: Argnums, has_aux: bool) -> Any:
    return _jacobian(grad(f, argnums, has_aux=has_aux), args, kwargs, argnums, has_aux)


def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """The value f(*primals) and its pullback u ↦ uᵀ·J, which takes one backward pass for any number of inputs.

    Args:
        f: a function of numbers, or of structures of numbers; its result is a number or a structure too.
        primals: its arguments.
        has_aux: True if f returns a pair; its second part is returned as a third result.

    Returns:
        The result, and the pullback.  It takes an adjoint with the structure of the result, and returns a tuple with
        one contribution for each primal, with the structure of the primal.

    >>> value, pullback = vjp(lambda x, y: [x * y, x + y], 3.0, 4.0)
    >>> value, pullback([1.0, 10.0])
    ([12.0, 7.0], (14.0, 13.0))
    """
    run = Run(f, primals, {}, tuple(range(len(primals))), has_aux)
    results, rebuild = flatten(run.result)
    like = rebuild(results)  # f may change its own result later

    def pullback(adjoint: Any) -> tuple[Any, ...]:
        seeds = leaves_like(like, adjoint, "adjoint", "result")
        return tuple(run.rebuild(run.pull(results, seeds)))

    return (rebuild(run.out(results)), pullback, *([run.aux()] if has_aux else []))


def jvp(
    f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], *, has_aux: bool = False
) -> tuple[Any, ...]:
    """The value f(*primals) and its pushforward J·v: how the result moves if the arguments move along `tangents`.

    Args:
        f: a function of numbers, or of structures of numbers; its result is a number or a structure too.
        primals: a tuple of its arguments.
        tangents: a tuple of the same structure.
        has_aux: True if f returns a pair; its second part is returned as a third result.

    >>> jvp(lambda x, y: x * y, (3.0, 4.0), (1.0, 0.0))
    (12.0, 4.0)
    """
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise TypeError("jvp(f, primals, tangents) takes tuples: the arguments of f, and how each of them moves")
    run = Run(f, primals, {}, tuple(range(len(primals))), has_aux)
    results, rebuild = flatten(run.result)
    moved = run.push(results, leaves_like(primals, tangents, "tangents", "primals"))
    return (rebuild(run.out(results)), rebuild(moved), *([run.aux()] if has_aux else []))


def hvp(f: Callable[..., Any], x: Any, v: Any) -> Any:
    """The Hessian of f at x times v, without building the Hessian, at a few times the cost of f.

    >>> hvp(lambda x: x[0] ** 2 * x[1], [3.0, 4.0], [1.0, 0.0])
    [8.0, 6.0]
    """
    return jvp(grad(f), (x,), (v,))[1]


def gradients(root: Value | Sequence[Value], leaves: Iterable[Value], seed: Any = 1.0) -> list[Any]:
    """∂root/∂v · seed for each v in `leaves`, which may be any Values of the graph; changes no `grad`.

    Several roots add up: Σ ∂rootᵢ/∂v · seedᵢ.

    Args:
        root: a Value, or a list of them.
        leaves: the Values to differentiate with respect to.
        seed: a float gives floats.  A Value gives Values, which you can differentiate again.  For several roots, a list
            with one for each, or one for all.

    Raises:
        StaleGraphError: a Value was assigned new data after this graph was built from it.
        NoGraphError: a root has no graph, because it was made under no_grad() or copied.
        ValueError: there are more seeds than roots, or fewer.

    >>> x, y = Value(3.0), Value(4.0)
    >>> gradients(x * y, [x, y])
    [4.0, 3.0]
    >>> gradients([x * y, x + y], [x, y], seed=[1.0, 10.0])
    [14.0, 13.0]
    """
    roots = [root] if isinstance(root, Value) else _listed(root, "root")
    leaves = _listed(leaves, "leaves")
    seeds = list(seed) if isinstance(seed, (list, tuple)) else [seed] * len(roots)
    if len(seeds) != len(roots):
        raise ValueError(f"gradients() got {len(seeds)} seeds for {len(roots)} roots: give one seed for each root")
    for v in (*roots, *leaves):
        if not isinstance(v, Value):
            raise TypeError(f"gradients(root, leaves) needs Values, got {type(v).__name__} {v!r}")
    for v in roots:
        require_graph(v)
    if not any(isinstance(seed, Value) for seed in seeds):
        seeds = [as_number(seed, "gradients()") for seed in seeds]
        for v in roots:
            watch.read(v, "gradients()")
    return _adjoints(order_below(roots), roots, seeds, leaves, pull_back)


def _listed(values: Any, what: str) -> list[Any]:
    try:
        return list(values)
    except TypeError:
        raise TypeError(
            f"gradients(root, leaves) needs Values, got {type(values).__name__} {values!r} as {what}"
        ) from None


def _adjoints(
    order: Sequence[Value],
    roots: Sequence[Value],
    seeds: Sequence[Any],
    sources: Sequence[Value],
    pullback: Callable[[Value, Any], tuple[Any, ...]],
) -> list[Any]:
    """The adjoints of the sources, by a sweep over only the nodes that depend on them."""
    require_fresh(order)
    given: dict[Value, Any] = {}
    for root, seed in zip(roots, seeds, strict=True):
        given[root] = given[root] + seed if root in given else seed
    needed = set(sources)
    for v in order:
        if not needed.isdisjoint(v.parents):
            needed.add(v)
    adjoints = swept(order, given, pullback, needed)
    return [adjoints.get(v, 0.0) for v in sources]


# ---- a run of the function, and the passes through its graph ----


class _Variables:
    """Shared by the leaves of one run: whether the run has ended.  After that they are constants to other runs."""

    ended = False


def _is_ended(v: Value) -> bool:
    origin = origin_of(v)
    return isinstance(origin, _Variables) and origin.ended


class Run:
    """One run of f, on new nodes in place of the numbers to differentiate with respect to."""

    def __init__(
        self,
        f: Callable[..., Any],
        args: Sequence[Any],
        kwargs: dict[str, Any],
        argnums: Argnums,
        has_aux: bool = False,
    ) -> None:
        positions = argnums if isinstance(argnums, tuple) else (argnums,)
        args, kwargs = _with_positions(f, args, kwargs, positions)
        if len({i % len(args) for i in positions}) < len(positions):
            raise TypeError(f"argnums={argnums!r} names an argument twice")
        numbers, rebuild = flatten([args[i] for i in positions])
        several = isinstance(argnums, tuple)
        self.rebuild: Callable[[Leaves], Any] = lambda xs: tuple(rebuild(xs)) if several else rebuild(xs)[0]
        self._began = watch.advance()
        variables = _Variables()
        self.own = [+x if isinstance(x, Value) else leaf(x, origin=variables) for x in numbers]
        inside = list(args)
        for i, x in zip(positions, rebuild(self.own, derive=True), strict=True):
            inside[i] = x
        nested = watch.transforms.set(watch.transforms.get() + 1)
        try:
            result = f(*inside, **kwargs)
        finally:
            variables.ended = True
            watch.transforms.reset(nested)
        self.result: Any
        self._aux: Any
        self.result, self._aux = _pair(result, f) if has_aux else (result, None)
        roots = [z for z in flatten(self.result)[0] if isinstance(z, Value)]
        self.order = order_below(roots, self.own, since=self._began)
        # If a Value of the caller takes part, derivatives are Values that depend on it.
        self._open = bool(self._taking_part(self.order, ()))

    def _taking_part(self, order: Sequence[Value], known: Iterable[Value]) -> set[Value]:
        """The nodes that depend on a Value of the caller: one older than the run, or one in `known`."""
        live = {*known, *[v for v in order if made_before(v, self._began) and not _is_ended(v)]}
        live.update([v for v in self.own if not v.is_leaf and not _is_ended(v.parents[0])])
        if live:
            for v in order:
                if not live.isdisjoint(v.parents):
                    live.add(v)
        return live

    def out(self, results: Sequence[Any], callers: Sequence[Value] = ()) -> Leaves:
        """Results for the caller: numbers, except those that depend on a Value of the caller."""
        if not self._open and not callers:
            return [number_of(z) for z in results]
        stops = [*self.order, *callers]
        order = order_below([z for z in results if isinstance(z, Value)], stops, since=self._began)
        live = self._taking_part(order, callers)
        return [z if z in live else number_of(z) for z in results]

    def aux(self) -> Any:
        """The second result of f, with a number in place of each Value that existed only inside."""
        leaves, rebuild = flatten(self._aux, lambda leaf: leaf)
        return rebuild(self.out(leaves))

    def pull(self, results: Sequence[Any], seeds: Sequence[Any]) -> Leaves:
        """Backward: the adjoints of our own nodes."""
        pairs = [(z, seed) for z, seed in zip(results, seeds, strict=True) if isinstance(z, Value)]
        roots, seeds = [z for z, _ in pairs], [seed for _, seed in pairs]
        for z in roots:
            require_graph(z)
        callers = [seed for seed in seeds if isinstance(seed, Value)]
        if not self._open and not callers:
            return self._pull_numbers(roots, seeds)
        with never_raising():
            local = _in_values if self._open else _by_numbers
            return self.out(_adjoints(self.order, roots, seeds, self.own, local), callers)

    def _pull_numbers(self, roots: Sequence[Value], seeds: Sequence[float]) -> Leaves:
        with watch.lock:  # other threads may call the same pullback
            for v in self.own:
                v.grad = 0.0
            backward_from(roots, seeds)
            return [grad_of(v) for v in self.own]

    def push(self, results: Sequence[Any], tangents: Sequence[Any]) -> Leaves:
        """Forward: the tangents of the results, through only the nodes that move."""
        moved = dict(zip(self.own, tangents, strict=True))
        for z in results:
            if isinstance(z, Value):
                require_graph(z)
        require_fresh(self.order)
        local = _in_values if self._open else pull_back
        with never_raising():
            for v in self.order[len(self.own) :]:
                if not moved.keys().isdisjoint(v.parents):
                    slopes = zip(v.parents, local(v, 1.0), strict=True)
                    moved[v] = reduce(operator.add, [slope * moved[p] for p, slope in slopes if p in moved])
        callers = [t for t in tangents if isinstance(t, Value)]
        return self.out([moved.get(z, 0.0) if isinstance(z, Value) else 0.0 for z in results], callers)


def _with_positions(
    f: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any], positions: Iterable[int]
) -> tuple[Sequence[Any], dict[str, Any]]:
    """The arguments, with those of `positions` by position even if the call gave them by keyword."""
    missing = [i for i in positions if not -len(args) <= i < len(args)]
    if missing and kwargs:
        try:
            bound = inspect.signature(f).bind(*args, **kwargs)
        except (TypeError, ValueError):  # f itself will say what is wrong, or has no signature
            pass
        else:
            args, kwargs = bound.args, bound.kwargs
            missing = [i for i in positions if not -len(args) <= i < len(args)]
    if missing:
        raise TypeError(
            f"{_name(f)} was called with {len(args)} positional arguments; argnums names number {missing[0]}"
        )
    return args, kwargs


def _pair(result: Any, f: Callable[..., Any]) -> tuple[Any, Any]:
    if isinstance(result, (tuple, list)) and len(result) == 2:
        return result[0], result[1]
    raise TypeError(
        f"{_name(f)} returned {type(result).__name__} {reprlib.repr(result)}: with has_aux=True it must return a pair, "
        "the result to differentiate and another"
    )


def scalar(result: Any, f: Callable[..., Any]) -> Any:
    """The result of f, which must be one number."""
    if isinstance(result, Value) or as_constant(result) is not None:
        return result
    raise TypeError(
        f"{_name(f)} returned {type(result).__name__} {reprlib.repr(result)} instead of one number: "
        "return a number, or use jacobian or vjp"
    )


def _in_values(v: Value, adjoint: Any) -> tuple[Any, ...]:
    return contributions(v, adjoint, VALUES)


def _by_numbers(v: Value, adjoint: Any) -> tuple[Any, ...]:
    # The adjoint is a Value because of a seed from outside; the slopes of our own run don't depend on it.
    return tuple([adjoint * slope for slope in pull_back(v, 1.0)])
