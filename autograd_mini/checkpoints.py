"""`checkpoint`: a function whose nodes are forgotten, and made again on the way back."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from . import watch
from .engine import Value, leaf
from .function_nodes import Rerun, results_of
from .reading import number_of, those_before
from .structures import flatten
from .sweep import order_below

P = ParamSpec("P")
R = TypeVar("R")


def checkpoint(f: Callable[P, R]) -> Callable[P, R]:
    """A function whose nodes are forgotten when it returns, and made again when `backward()` reaches it.

    It costs one more run of f and saves the memory of its nodes: a chain of n steps in √n parts, each of them
    checkpointed, needs memory for about 2·√n steps instead of n.  Values that f reads from outside, such as the
    parameters of a model, get their gradients as usual.

    f must do the same when it is run again: it must not draw random numbers, or depend on anything that changes
    in between.  A Value that f keeps for later no longer depends on the arguments.  If you ask for a second derivative,
    the nodes of the first one are kept.

    Args:
        f: a function of numbers, or of structures of numbers; other arguments are passed on as they are.

    Returns:
        A function that takes and returns the same.  Each call is one node with the name of f.

    Raises:
        RerunError: (from `backward()`) f gave other numbers when it was run again.

    >>> x = Value(2.0)
    >>> y = checkpoint(lambda x: (x * x + 1.0) * x)(x)
    >>> y.parents == (x,)
    True
    >>> y.backward()
    >>> y.data, x.grad
    (10.0, 13.0)
    """
    if not callable(f):
        raise TypeError(f"checkpoint() needs a function, got {type(f).__name__} {f!r:.80}")
    name = str(getattr(f, "__name__", type(f).__name__))

    @wraps(f)
    def checkpointed(*args: P.args, **kwargs: P.kwargs) -> R:
        if watch.trace():  # a compiled program decides itself which numbers to keep
            return f(*args, **kwargs)
        result: R = _Call(f, args, kwargs).result(name)
        return result

    return checkpointed


class _Call:
    """A call that can be repeated, with other numbers in place of its Values."""

    __slots__ = ("_f", "_has_names", "_operands", "_places", "_rebuild")

    def __init__(self, f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._f, self._has_names = f, bool(kwargs)
        self._operands, self._rebuild = flatten((args, kwargs) if kwargs else args, lambda x: x, arrays=False)
        self._places = [i for i, x in enumerate(self._operands) if isinstance(x, Value)]

    def result(self, name: str) -> Any:
        """The result of f, with new nodes in place of its Values."""
        given = [self._operands[i] for i in self._places]
        labels = [x.label for x in given]
        began = watch.advance()
        inputs = [leaf(number_of(x), label=label) for x, label in zip(given, labels)]
        result = self._run(inputs)
        results, rebuild = flatten(result, lambda z: z)
        roots = [z for z in results if isinstance(z, Value)]
        outside = those_before(order_below(roots, inputs, since=began), began)
        if not given and not outside:
            return result
        again = Rerun(name, self._values, outside, labels=labels)
        nodes = iter(results_of(again, [*given, *outside], list(map(number_of, roots))))
        return rebuild([next(nodes) if isinstance(z, Value) else z for z in results])

    def _run(self, xs: Sequence[Any]) -> Any:
        inside = list(self._operands)
        for i, x in zip(self._places, xs, strict=True):
            inside[i] = x
        args, kwargs = (
            self._rebuild(inside, derive=True) if self._has_names else (self._rebuild(inside, derive=True), {})
        )
        return self._f(*args, **kwargs)

    def _values(self, xs: Sequence[Any]) -> list[Value]:
        return [z for z in flatten(self._run(xs), lambda z: z)[0] if isinstance(z, Value)]
