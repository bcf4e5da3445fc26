"""Functions of functions: grad, jacobian, hessian and their kin turn a function of numbers into its derivatives.

The function may take floats, or (nested) lists, tuples, dicts and NumPy arrays of floats; derivatives have the same
structure.  They nest to any order: what a transform differentiates by are nodes of its own, so an outer variable is a
constant to it (no perturbation confusion), and a derivative that depends on a Value from outside is a Value, through
which the outer transform, or `backward()`, goes on.
"""

import reprlib
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from itertools import islice
from operator import add, index
from typing import Any

from . import watch
from .engine import Value
from .numbers import as_constant, as_number
from .reading import grad_of
from .refuse import require_fresh, require_graph
from .rule import VALUES
from .sweep import backward_from, contributions, order_below, pull_back
from .watch import never_raising, read

Argnums = int | tuple[int, ...]
Leaves = list[Any]
Rebuild = Callable[[Leaves], Any]


def grad(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The gradient of a function with a scalar result: ∂f/∂x by each number in the arguments chosen.

    Args:
        f: a function of numbers, or of structures of numbers, that returns one number.
        argnums: the position of the argument to differentiate by; a tuple of positions gives a tuple of gradients.

    Returns:
        A function of the same arguments, whose result has the structure of the argument chosen; 0.0 where f does not
        depend on a number of it.  The numbers are floats, or Values where f calculates with Values of its own.

    Raises:
        TypeError: (when called) f returns something other than one number, or an argument holds something else.

    >>> grad(lambda x: x**3)(2.0)
    12.0
    >>> grad(grad(lambda x: x**3))(2.0)
    12.0
    >>> grad(lambda p: p["w"] * p["x"][0])({"w": 3.0, "x": [4.0, 5.0]})
    {'w': 4.0, 'x': [3.0, 0.0]}
    """
    both = value_and_grad(f, argnums)
    return _named("grad", f, lambda *args, **constants: both(*args, **constants)[1])


def value_and_grad(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The value of a function and its gradient, as `grad`, for the price of one forward and one backward pass.

    >>> value_and_grad(lambda x, y: x * y, argnums=(0, 1))(3.0, 4.0)
    (12.0, (4.0, 3.0))
    """

    def derivative(*args: Any, **constants: Any) -> tuple[Any, Any]:
        run = Run(f, args, constants, argnums)
        z = scalar(run.result, f)
        return run.out(z), run.rebuild(run.pull([z], [1.0]))

    return _named("value_and_grad", f, derivative)


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value f(*primals), and its pullback u ↦ uᵀ·J: one backward pass for any number of inputs.

    Args:
        f: a function of numbers, or of structures of numbers; its result is a number or a structure too.
        primals: its arguments.

    Returns:
        The result, and a function from an adjoint (of the structure of the result) to the tuple of contributions, one
        for each primal and of its structure.

    >>> value, pullback = vjp(lambda x, y: [x * y, x + y], 3.0, 4.0)
    >>> value, pullback([1.0, 10.0])
    ([12.0, 7.0], (14.0, 13.0))
    """
    run = Run(f, primals, {}, tuple(range(len(primals))))
    results, rebuild = flatten(run.result)

    def pullback(adjoint: Any) -> tuple[Any, ...]:
        seeds = _like(run.result, adjoint, "adjoint", "result")
        return tuple(run.rebuild(run.pull(results, seeds)))

    return rebuild([run.out(z) for z in results]), pullback


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """The value f(*primals), and its pushforward J·v: how the result moves when the arguments move along `tangents`.

    Args:
        f: a function of numbers, or of structures of numbers; its result is a number or a structure too.
        primals: a tuple of its arguments.
        tangents: a tuple of the same structure.

    >>> jvp(lambda x, y: x * y, (3.0, 4.0), (1.0, 0.0))
    (12.0, 4.0)
    """
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise TypeError("jvp(f, primals, tangents) takes tuples: the arguments of f, and how each of them moves")
    run = Run(f, primals, {}, tuple(range(len(primals))))
    results, rebuild = flatten(run.result)
    moved = run.push(results, _like(primals, tangents, "tangents", "primals"))
    return rebuild([run.out(z) for z in results]), rebuild(moved)


def jacobian(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """All partial derivatives ∂fᵢ/∂xⱼ: the structure of the result, with the structure of the argument in each place.

    Between NumPy arrays it is an array of shape (*result.shape, *argument.shape).

    >>> jacobian(lambda x: [x[0] * x[1], x[0] + x[1]])([3.0, 4.0])
    [[4.0, 3.0], [1.0, 1.0]]
    """

    def derivative(*args: Any, **constants: Any) -> Any:
        run = Run(f, args, constants, argnums)
        results, rebuild = flatten(run.result)
        return rebuild([run.rebuild(run.pull([z], [1.0])) for z in results])

    return _named("jacobian", f, derivative)


def hessian(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """All second derivatives ∂²f/∂xᵢ∂xⱼ of a function with a scalar result: the Jacobian of its gradient.

    >>> hessian(lambda x: x[0] ** 2 * x[1])([3.0, 4.0])
    [[8.0, 6.0], [6.0, 0.0]]
    """
    return _named("hessian", f, jacobian(grad(f, argnums), argnums))


def hvp(f: Callable[..., Any], x: Any, v: Any) -> Any:
    """The Hessian of f at x times v, without the Hessian: the pushforward of the gradient, at some times the cost of f.

    >>> hvp(lambda x: x[0] ** 2 * x[1], [3.0, 4.0], [1.0, 0.0])
    [8.0, 6.0]
    """
    return jvp(grad(f), (x,), (v,))[1]


def gradients(root: Value, leaves: Iterable[Value], seed: Any = 1.0) -> list[Any]:
    """∂root/∂v · seed for each v of `leaves`, of which none need be a leaf; touches no grad.

    A float as `seed` gives floats.  A Value gives Values, of which derivatives can be taken in turn.

    Raises:
        StaleGraphError: a Value was assigned new data after this graph was built from it.
        NoGraphError: `root` was made under no_grad().

    >>> x, y = Value(3.0), Value(4.0)
    >>> gradients(x * y, [x, y])
    [4.0, 3.0]
    """
    leaves = list(leaves)
    for v in (root, *leaves):
        if not isinstance(v, Value):
            raise TypeError(f"gradients(root, leaves) are those of Values, not of {type(v).__name__} {v!r}")
    require_graph(root)
    if not isinstance(seed, Value):
        read(root, "gradients()")
    return _adjoints(order_below([root]), [root], [seed], leaves, pull_back)


def _adjoints(
    order: Sequence[Value],
    roots: Sequence[Value],
    seeds: Sequence[Any],
    sources: Sequence[Value],
    pullback: Callable[[Value, Any], tuple[Any, ...]],
) -> list[Any]:
    """The sweep with the adjoints in a dictionary instead of `grad`, and only over what depends on the sources."""
    require_fresh(order)
    adjoints: dict[Value, Any] = {}
    for root, seed in zip(roots, seeds, strict=True):
        adjoints[root] = adjoints[root] + seed if root in adjoints else seed
    needed = set(sources)
    for v in order:
        if not needed.isdisjoint(v.parents):
            needed.add(v)
    for v in reversed(order):
        if v in needed and v in adjoints:
            for parent, c in zip(v.parents, pullback(v, adjoints[v]), strict=True):
                if parent in needed:
                    adjoints[parent] = adjoints[parent] + c if parent in adjoints else c
    return [adjoints.get(v, 0.0) for v in sources]


class Run:
    """One run of f, on nodes of our own in the place of the numbers to differentiate by."""

    def __init__(self, f: Callable[..., Any], args: Sequence[Any], constants: dict[str, Any], argnums: Argnums) -> None:
        positions = argnums if isinstance(argnums, tuple) else (index(argnums),)
        numbers, rebuild = flatten([_argument(args, i, f) for i in positions])
        if len({i % len(args) for i in positions}) < len(positions):
            raise TypeError(f"argnums={argnums!r} names an argument twice")
        self.own = [+x if isinstance(x, Value) else Value(x) for x in numbers]
        several = isinstance(argnums, tuple)
        self.rebuild: Rebuild = lambda xs: tuple(rebuild(xs)) if several else rebuild(xs)[0]
        inside = list(args)
        for i, x in zip(positions, rebuild(self.own), strict=True):
            inside[i] = x
        self.result = f(*inside, **constants)
        self.order = order_below([z for z in flatten(self.result)[0] if isinstance(z, Value)], stops=self.own)
        # Where Values from outside take part, in the arguments or by way of f, derivatives are Values that depend on
        # them.
        beside = self.order[len(self.own) :]
        self.open = not all(v.is_leaf for v in self.own) or any(v.is_leaf for v in beside)

    def out(self, z: Any) -> Any:
        """A result of f: a number, unless it depends on Values from outside."""
        return z if not isinstance(z, Value) or self.open else z.data

    def pull(self, results: Sequence[Any], seeds: Sequence[Any]) -> Leaves:
        """Backward: the adjoints of our own nodes."""
        pairs = [(z, seed) for z, seed in zip(results, seeds, strict=True) if isinstance(z, Value)]
        roots, seeds = [z for z, _ in pairs], [seed for _, seed in pairs]
        for z in roots:
            require_graph(z)
        if self.open or any(isinstance(seed, Value) for seed in seeds):
            with never_raising():
                return _adjoints(self.order, roots, seeds, self.own, _in_values if self.open else _by_numbers)
        with watch.lock:  # our nodes are known to a pullback that other threads may call
            for v in self.own:
                v.grad = 0.0
            backward_from(roots, seeds)
            return [grad_of(v) for v in self.own]

    def push(self, results: Sequence[Any], tangents: Sequence[Any]) -> Leaves:
        """Forward: the tangents of the results, of those nodes only that move."""
        moved = dict(zip(self.own, tangents, strict=True))
        for z in results:
            if isinstance(z, Value):
                require_graph(z)
        require_fresh(self.order)
        local = _in_values if self.open else pull_back
        with never_raising():
            for v in self.order[len(self.own) :]:
                if not moved.keys().isdisjoint(v.parents):
                    slopes = zip(v.parents, local(v, 1.0), strict=True)
                    moved[v] = reduce(add, [slope * moved[p] for p, slope in slopes if p in moved])
        return [moved.get(z, 0.0) if isinstance(z, Value) else 0.0 for z in results]


def _in_values(v: Value, adjoint: Any) -> tuple[Any, ...]:
    return contributions(v, adjoint, VALUES)


def _by_numbers(v: Value, adjoint: Any) -> tuple[Any, ...]:
    # What comes in is a Value, of a seed from outside; the slopes of our own run depend on nothing there.
    return tuple([adjoint * slope for slope in pull_back(v, 1.0)])


def _named(transform: str, f: Callable[..., Any], derivative: Callable[..., Any]) -> Callable[..., Any]:
    derivative.__name__ = derivative.__qualname__ = f"{transform}({getattr(f, '__name__', repr(f))})"
    derivative.__doc__ = f"The {transform} of a function; see autograd_mini.{transform}."
    return derivative


def _argument(args: Sequence[Any], i: int, f: Callable[..., Any]) -> Any:
    if not -len(args) <= i < len(args):
        raise TypeError(
            f"{getattr(f, '__name__', f)} was called with {len(args)} positional arguments; argnums names number {i}"
        )
    return args[i]


def scalar(result: Any, f: Callable[..., Any]) -> Any:
    if isinstance(result, Value) or as_constant(result) is not None:
        return result
    raise TypeError(
        f"{getattr(f, '__name__', f)} returned {type(result).__name__} {result!r} where one number must be: "
        "return a number, or use jacobian or vjp"
    )


# ---- structures: nested lists, tuples, dicts and arrays of numbers ----


def flatten(tree: Any) -> tuple[Leaves, Rebuild]:
    """The numbers in a structure, in order, and the function that builds the structure from others in their places."""
    if isinstance(tree, Value):
        return [tree], _only
    if isinstance(tree, dict):
        leaves, rebuild = flatten(list(tree.values()))
        return leaves, lambda xs: dict(zip(tree, rebuild(xs), strict=True))
    if isinstance(tree, (list, tuple)):
        parts = [flatten(part) for part in tree]
        kind = tree._make if hasattr(tree, "_make") else type(tree)  # a named tuple
        return [x for leaves, _ in parts for x in leaves], lambda xs: kind(_portions(parts, xs))
    if hasattr(tree, "__array_interface__"):
        if tree.shape == ():
            return flatten(tree.item())
        return tree.ravel().tolist(), lambda xs: _array(xs, tree.shape)
    return [as_number(tree, "a transform")], _only


def _only(xs: Leaves) -> Any:
    return xs[0]


def _portions(parts: Sequence[tuple[Leaves, Rebuild]], xs: Leaves) -> list[Any]:
    xs_left = iter(xs)
    return [rebuild(list(islice(xs_left, len(leaves)))) for leaves, rebuild in parts]


def _array(xs: Leaves, shape: tuple[int, ...]) -> Any:
    array = sys.modules["numpy"].array(xs)  # loaded, since there was an array to flatten
    return array.reshape(shape + array.shape[1:])


def _like(tree: Any, other: Any, name: str, tree_name: str) -> Leaves:
    """The numbers of `other`, which has the structure of `tree`."""
    tree, other = [x.tolist() if hasattr(x, "tolist") else x for x in (tree, other)]
    if isinstance(tree, dict) and isinstance(other, dict) and tree.keys() == other.keys():
        pairs = [(tree[key], other[key]) for key in tree]
    elif isinstance(tree, (list, tuple)) and isinstance(other, (list, tuple)) and len(tree) == len(other):
        pairs = list(zip(tree, other, strict=True))
    elif isinstance(tree, (dict, list, tuple)) or isinstance(other, (dict, list, tuple)):
        raise ValueError(
            f"the {name} must have the structure of the {tree_name}: {reprlib.repr(other)} has not that of "
            f"{reprlib.repr(tree)}"
        )
    else:
        return flatten(other)[0]
    return [x for part, other_part in pairs for x in _like(part, other_part, name, tree_name)]
