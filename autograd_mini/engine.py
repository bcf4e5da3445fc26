"""Value, a number that remembers how it was made, and backward(), which asks of each one how it moves the result.

An operation on Values makes a node: its number, its rule, its operands' numbers and the parents that they came from.
The rule is code that all nodes of an operation share, the operands are its environment; so a node is a closure laid
open, which can be run on floats or on Values.  Nodes refer to their parents and never to themselves: reference counting
frees a graph.
"""

import operator
from _thread import RLock, _local
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from numbers import Real
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn

from .arrays import array_methods
from .ieee import IEEE, Ieee, total
from .rule import FLOATS, Rule
from .rules import RULES

Number = float  # an int, a bool or a real scalar of NumPy is taken where a float is


class AutogradError(Exception):
    """What every error of this package is."""


class StaleGraphError(AutogradError, RuntimeError):
    """A number that the graph was built from has been replaced: run the forward pass again."""


class ConcurrentSweepError(AutogradError, RuntimeError):
    """Two threads sweep graphs that share nodes."""


class NoGraphError(AutogradError, RuntimeError):
    """backward() was asked of a result that was made under no_grad()."""


_RAISED_BY_FLOATS = (ArithmeticError, ValueError)
NO_GRAPH = "made under no_grad()"  # stands in the slot _y of such a leaf


class Value:
    """A number z = f(x, y) that remembers its rule f, its operands x, y and the parents they came from.

    Args:
        data: a real number; an int, a bool or a NumPy scalar becomes a float.
        label: a name to show in drawings and messages.

    Raises:
        TypeError: `data` is something else, a Value, a string or a complex number say.

    >>> x = Value(3.0, label="x")
    >>> y = x * x + 1
    >>> y.backward()
    >>> y.data, x.grad
    (10.0, 6.0)
    """

    # _a, _b are the parents, None where the operand is a constant, and _x, _y the numbers that the operation used.  A
    # node of many operands has their numbers in the tuple _x, their parents in _y.  _mark is the sweep at work on it.
    __slots__ = ("_a", "_b", "_data", "_grad", "_label", "_mark", "_rule", "_x", "_y")

    if TYPE_CHECKING:  # the operators and the methods are made from the table, at the end of this file
        _a: Any
        _b: Any
        _data: float
        _grad: Any
        _mark: object
        _rule: Any
        _x: Any
        _y: Any

        def _of_one(self) -> "Value": ...
        def _of_two(self, other: "Value | Number", /) -> "Value": ...

        __neg__ = __pos__ = __abs__ = __round__ = __floor__ = __ceil__ = __trunc__ = abs = _of_one
        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _of_two
        __truediv__ = __rtruediv__ = __pow__ = __rpow__ = _of_two
        exp = expm1 = exp2 = log = log1p = log2 = log10 = sqrt = cbrt = _of_one
        sin = cos = tan = asin = acos = atan = sinh = cosh = tanh = asinh = acosh = atanh = _of_one
        erf = erfc = floor = ceil = round = relu = softplus = sigmoid = silu = gelu = _of_one

        def __eq__(self, other: object, /) -> bool: ...
        def __lt__(self, other: object, /) -> bool: ...

        __le__ = __gt__ = __ge__ = __lt__

    def __init__(self, data: Number, _children: object = None, _op: object = None, *, label: str = "") -> None:
        if _children is not None or _op is not None:
            raise TypeError(
                "a Value is a leaf: make an operation of your own with @primitive, not by Value(data, children)"
            )
        self.__class__ = _Result  # noqa: PLE0237  (one class for all, or each attribute access would have to look)
        self._data = data if type(data) is float else as_number(data)
        if label:
            self.label = label
        self._rule = self._a = self._b = self._x = self._y = self._grad = self._mark = None

    def __init_subclass__(cls) -> None:
        if cls.__module__ != __name__:
            raise TypeError(
                "Value can't be subclassed, since operations would not give the subclass: hold a Value instead"
            )

    @property
    def data(self) -> float:
        """The number.  Assigning another makes every graph built on this one stale."""
        if _observer is not None:
            _observer.read(self, ".data")
        return self._data

    @data.setter
    def data(self, number: Number) -> None:
        self._data = as_number(number)
        if self._rule is not None:
            _disown(self)

    @property
    def grad(self) -> float:
        """∂root/∂self of the latest backward(), in a leaf summed over all calls; 0.0 until computed."""
        if _observer is not None:
            _observer.read(self, ".grad")
        return 0.0 if self._grad is None else self._grad

    @grad.setter
    def grad(self, number: Number) -> None:
        self._grad = as_number(number)

    @property
    def label(self) -> str:
        """The name to show."""
        return getattr(self, "_label", "")

    @label.setter
    def label(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f"a label is a string, not {type(text).__name__} {text!r}")
        self._label = text

    @property
    def is_leaf(self) -> bool:
        """Whether no operation made it."""
        return self._rule is None

    @property
    def op(self) -> str:
        """The symbol of the operation that made it, "" for a leaf."""
        return self._rule.symbol if self._rule else ""

    _op = op  # micrograd's names
    _prev = property(lambda self: set(self.parents))

    @property
    def parents(self) -> tuple["Value", ...]:
        """The Values it was made of, in the order of the operands; x * x has x twice."""
        return tuple([p for p in operands_of(self)[0] if p is not None])

    @property
    def pullback(self) -> Callable[[Any], tuple[Any, ...]]:
        """The local chain rule: a function from the adjoint of this node to its contribution to each of the parents.

        A float gives floats; a Value gives Values, which can be differentiated again.
        """
        return partial(pull_back, self)

    def backward(self, seed: Number = 1.0) -> None:
        """Compute ∂self/∂v · seed for every v below: added to the grad of a leaf, assigned to that of any other.

        Raises:
            StaleGraphError: a Value was assigned new data after this graph was built from it.
            NoGraphError: this result was made under no_grad().
        """
        require_graph(self)
        require_unobserved(self, "backward()")
        backward_from((self,), (seed if type(seed) is float else as_number(seed),))

    def __bool__(self) -> bool:
        return bool(self._data) if _observer is None else _observer.decide(self)

    def __repr__(self) -> str:
        grad = 0.0 if self._grad is None else self._grad  # not by the property: to print is no reading, in a trace
        label = f", label={self.label!r}" if self.label else ""
        return f"Value(data={self._data!r}, grad={grad!r}{label})"

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else repr(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return _leaf, (self.data, self._grad, self.label)

    def __float__(self) -> NoReturn:
        raise TypeError(
            f"float({self!r}), and the functions of math, would lose the gradient: "
            "use the functions of autograd_mini on a Value, or its .data for the plain number"
        )

    __int__ = __index__ = __complex__ = __float__

    def __mod__(self, other: object) -> NoReturn:
        raise TypeError(
            "a Value has no % and //, which hide a jump: write x - y * floor(x / y), or take .data for plain numbers"
        )

    __rmod__ = __floordiv__ = __rfloordiv__ = __divmod__ = __rdivmod__ = __mod__
    __hash__ = object.__hash__


class _Result(Value):
    """What every Value is of, leaf or not, and what operations make without the cost of a Python __init__."""

    __slots__ = ()
    __init__ = object.__init__


_Result.__name__ = _Result.__qualname__ = "Value"


class Condition(_Result):
    """A comparison that a trace records, 1.0 where it holds, else 0.0: see compiler/trace.py."""

    __slots__ = ()

    __and__: Callable[[Any, Any], Any]
    __or__: Callable[[Any, Any], Any]


def _leaf(data: float, grad: float | None, label: str) -> Value:
    leaf = Value(data, label=label)
    leaf._grad = grad
    return leaf


# ---- the order and the sweep ----

marking = RLock()


def backward_from(roots: Sequence[Value], seeds: Sequence[float]) -> None:
    """backward() of several roots at once, each with its seed."""
    order: list[Value] = []
    try:  # around a call, not a loop: CPython 3.12 and 3.13 miss an interrupt at the end of a loop's body
        _backward_over(order, roots, seeds)
    except BaseException:
        _release(order, order)
        raise


def _backward_over(order: list[Value], roots: Sequence[Value], seeds: Sequence[float]) -> None:
    for root in roots:
        _visit(root, order)
    require_fresh(order)
    for v in order:
        if v._rule is not None or v._grad is None:
            v._grad = 0.0
    for root, seed in zip(roots, seeds):
        root._grad += seed
    (_sweep_by_definition if this_thread.inspectors else _sweep)(order)


def topological_order(root: Value) -> list[Value]:
    """Every Value below `root` and itself, each once, parents before those made of them.

    >>> x = Value(2.0, label="x")
    >>> [v.op or v.label for v in topological_order((x * x + 1).exp())]
    ['x', '*', '+', 'exp']
    """
    return order_below((root,))


def order_below(roots: Iterable[Value], stops: Iterable[Value] = ()) -> list[Value]:
    """The topological order of all that is below several roots, as if there were nothing below the stops."""
    order = list(stops)
    with marking:  # those who only read take turns
        try:
            _visit_all(roots, order)
            _release(order, order)
        except BaseException:
            _release(order, order)
            raise
    return order


def _visit_all(roots: Iterable[Value], order: list[Value]) -> None:
    for v in order:
        v._mark = order
    for root in roots:
        _visit(root, order)


def _visit(root: Value, order: list[Value]) -> None:
    path: list[Value] = []
    with marking:
        try:
            _walk(root, order, path)
        except BaseException:  # an error or an interrupt leaves no half-marked node behind
            _release(path, order)
            raise


def _release(nodes: Iterable[Value], mark: object) -> None:
    for v in nodes:
        if v._mark is mark:
            v._mark = None


def _walk(root: Value, order: list[Value], path: list[Value]) -> None:
    """Append to `order`, depth first, all that is below `root` and not marked by it yet; `order` itself is the mark.

    `path` leads from the root to the node at hand.  A marked node is in the one or the other list at any moment.
    """
    if root._mark is order:
        return
    if root._mark is not None:
        raise _busy(root)
    pending: dict[Value, Iterator[Value | None]] = {}
    path.append(root)
    root._mark = order
    v = root
    while True:
        a, b = v._a, v._b
        if a is not None and a._mark is not order:
            parent = a
        elif b is not None and b._mark is not order:
            parent = b
        elif a is b is None and v._rule is not None and (other := _next_of_many(v, order, pending)) is not None:
            parent = other
        else:
            order.append(v)
            path.pop()
            if not path:
                return
            v = path[-1]
            continue
        if parent._mark is not None:
            raise _busy(parent)
        if parent._rule is None:  # a leaf is done with at once
            order.append(parent)
            parent._mark = order
            continue
        path.append(parent)
        parent._mark = order
        v = parent


def _next_of_many(v: Value, order: list[Value], pending: dict[Value, Iterator[Value | None]]) -> Value | None:
    """The next parent of a node of many operands that is still to be visited; its leaves are done with at once."""
    for parent in pending.setdefault(v, iter(v._y)):
        if parent is not None and parent._mark is not order:
            if parent._rule is not None:
                return parent
            if parent._mark is not None:
                raise _busy(parent)
            order.append(parent)
            parent._mark = order
    return None


def _busy(v: Value) -> ConcurrentSweepError:
    return ConcurrentSweepError(
        f"{v!r} is in the middle of another sweep, in another thread or around this one: let that one end first"
    )


def require_fresh(order: Iterable[Value]) -> None:
    """Each operation keeps the numbers that it used; they must still be the very objects that its parents hold."""
    for v in order:
        a, b = v._a, v._b
        if a is not None:
            if a._data is not v._x:
                raise _stale(v)
        elif b is None and v._rule is not None:
            for parent, x in zip(v._y, v._x, strict=True):
                if parent is not None and parent._data is not x:
                    raise _stale(v)
        if b is not None and b._data is not v._y:
            raise _stale(v)


def _disown(v: Value) -> None:
    """Make the graph of v itself stale, because v was assigned: copies of its operands' numbers are other objects."""
    if v._rule.many:
        v._x = tuple([x * 1.0 for x in v._x])
    else:
        v._x *= 1.0
        if v._rule.dy is not None:
            v._y *= 1.0


def _stale(v: Value) -> StaleGraphError:
    parents, xs = operands_of(v)
    changed, x = next((p, x) for p, x in zip(parents, xs, strict=True) if p is not None and p._data is not x)
    if repr(x) == repr(changed._data):  # the same number: see _disown
        return StaleGraphError(
            f"{v.label or 'a Value'}, made by {v.op!r}, was assigned {v._data!r}: assign to leaves, run forward again"
        )
    name = changed.label or "a Value"
    return StaleGraphError(
        f"{name} was {x!r} when {v.op!r} used it and is {changed._data!r} now: run the forward pass again"
    )


def _sweep(order: list[Value]) -> None:
    """Add each node's contributions to its parents, last node first: the loop of `pullback`s, laid flat for floats."""
    m = FLOATS
    nodes = reversed(order)
    while True:
        try:
            for v in nodes:
                v._mark = None
                rule = v._rule
                if rule is None:
                    continue
                g = v._grad
                a = v._a
                b = v._b
                dx = rule.dx
                if dx is None:
                    for parent, slope in zip(v._y, rule.many(m, v._data, *v._x), strict=True):
                        if parent is not None:
                            parent._grad += g * slope
                elif rule.dy is None:
                    a._grad += g * (dx if type(dx) is float else dx(m, v._data, v._x))
                elif b is None:
                    a._grad += g * (dx if type(dx) is float else dx(m, v._data, v._x, v._y))
                else:
                    dy = rule.dy
                    c = g * (dy if type(dy) is float else dy(m, v._data, v._x, v._y))
                    if a is not None:
                        a._grad += g * (dx if type(dx) is float else dx(m, v._data, v._x, v._y))
                    b._grad += c
            return
        except _RAISED_BY_FLOATS:  # a slope at 0, or an overflow on the way to it
            for parent, c in zip(v.parents, contributions(v, v._grad, IEEE), strict=True):
                parent._grad += c


def _sweep_by_definition(order: list[Value]) -> None:
    """The same, pullback by pullback, where each of them is to be seen."""
    for v in reversed(order):
        v._mark = None
        for parent, c in zip(v.parents, pull_back(v, v._grad), strict=True):
            parent._grad += c


def operands_of(v: Value) -> tuple[Sequence[Value | None], Sequence[Any]]:
    """The parents of a node, None for a constant, and the numbers of its operands beside them."""
    rule = v._rule
    if rule is None:
        return (), ()
    if rule.many:
        return v._y, v._x
    if rule.dy is None:
        return (v._a,), (v._x,)
    return (v._a, v._b), (v._x, v._y)


def contributions(v: Value, adjoint: Any, m: Any) -> tuple[Any, ...]:
    """The local chain rule: adjoint · ∂v/∂parent for each parent, with the row read in the arithmetic m."""
    cs = tuple([float(adjoint * slope) if m is IEEE else adjoint * slope for slope in slopes(v, m)])
    for inspect in this_thread.inspectors:
        inspect(v, adjoint, cs)
    return cs


def slopes(v: Value, m: Any) -> list[Any]:
    """∂v/∂parent for each parent, with the row read in the arithmetic m."""
    rule = v._rule
    if rule is None:
        return []
    z: Any = v._data
    parents, xs = operands_of(v)
    if m is VALUES:
        z, xs = v, [x if p is None else p for p, x in zip(parents, xs, strict=True)]
    elif m is IEEE:
        z, xs = Ieee(z), [Ieee(x) for x in xs]
    if rule.many:
        return [slope for slope, p in zip(rule.many(m, z, *xs), parents, strict=True) if p is not None]
    partials = zip((rule.dx, rule.dy), parents, strict=False)
    return [d if type(d) is float else d(m, z, *xs) for d, p in partials if p is not None]


def pull_back(v: Value, adjoint: Any) -> tuple[Any, ...]:
    """`contributions` in the arithmetic of the adjoint, and where floats refuse, in IEEE arithmetic."""
    if isinstance(adjoint, Value):
        with never_raising():
            return contributions(v, adjoint, VALUES)
    try:
        return contributions(v, adjoint, FLOATS)
    except _RAISED_BY_FLOATS:
        return contributions(v, adjoint, IEEE)


def require_graph(root: Value) -> None:
    """Refuse what was made under no_grad()."""
    if root._rule is None and root._y is NO_GRAPH:
        raise NoGraphError(f"{root!r} was made under no_grad(): there is no graph to go back through")


def require_unobserved(v: Value, what: str) -> None:
    """Let a trace refuse that plain numbers are taken from v."""
    if _observer is not None:
        _observer.read(v, what)


# ---- making nodes ----


_hook: Callable[[Value], Value] | None = None  # what is done to each new node: see hooks.py
_observer: Any = None  # a trace, told of what is decided by numbers, or read from them: see compiler/trace.py


class _PerThread(_local):
    never_raising = False
    inspectors: tuple[Callable[[Value, Any, tuple[Any, ...]], None], ...] = ()  # of contributions: see hooks.py


this_thread = _PerThread()


@contextmanager
def never_raising() -> Iterator[None]:
    """Inside, an operation of this thread has its IEEE value where Python's floats would raise."""
    before = this_thread.never_raising
    try:
        this_thread.never_raising = True
        yield
    finally:
        this_thread.never_raising = before


def refused(error: Exception, rule: Rule, operands: Sequence[Any]) -> float:
    """The value where floats raise `error`: raised on, with a note of where it came from."""
    if this_thread.never_raising:
        return float(total(rule, *[v._data if isinstance(v, Value) else v for v in operands]))
    error.add_note(f"in the operation {rule.symbol!r} of {', '.join(map(repr, operands))}")
    raise error


# Each of these fills in the slots itself: a call for every node would be a tenth of its cost.


def _unary(rule: Rule) -> Callable[[Any], Any]:
    f = rule.f

    def operation(a: Any) -> Any:
        if not isinstance(a, Value):
            return apply(rule, a)
        x = a._data
        try:
            z = f(x)
        except _RAISED_BY_FLOATS as error:
            z = refused(error, rule, (a,))
        v = _Result()
        v._rule = rule
        v._data = z
        v._x = x
        v._a = a
        v._b = v._grad = v._mark = None
        return v if _hook is None else _hook(v)

    return operation


def _binary(rule: Rule) -> tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]:
    """The operator a ∘ b of a Value a, and the reflected one, for a number a and a Value b."""
    f = rule.f

    def forward(a: Any, b: Any) -> Any:
        if isinstance(b, Value):
            y = b._data
            parent = b
        elif type(b) is float or type(b) is int:
            y = b
            parent = None
        else:
            number = as_constant(b)
            return NotImplemented if number is None else forward(a, number)
        x = a._data
        try:
            z = f(x, y)
        except _RAISED_BY_FLOATS as error:
            z = refused(error, rule, (a, b))
        v = _Result()
        v._rule = rule
        v._data = z
        v._x = x
        v._y = y
        v._a = a
        v._b = parent
        v._grad = v._mark = None
        return v if _hook is None else _hook(v)

    def reflected(b: Any, a: Any) -> Any:
        if type(a) is not float and type(a) is not int:
            number = as_constant(a)
            return NotImplemented if number is None else reflected(b, number)
        y = b._data
        try:
            z = f(a, y)
        except _RAISED_BY_FLOATS as error:
            z = refused(error, rule, (a, b))
        v = _Result()
        v._rule = rule
        v._data = z
        v._x = a
        v._y = y
        v._a = None
        v._b = b
        v._grad = v._mark = None
        return v if _hook is None else _hook(v)

    return forward, reflected


def apply(rule: Rule, *operands: Any) -> Any:
    """The operation of any operands, Values or plain numbers: a node, or a number if no operand is a Value."""
    parents = tuple([v if isinstance(v, Value) else None for v in operands])
    xs = tuple([v._data if isinstance(v, Value) else v if type(v) is float else as_number(v) for v in operands])
    try:
        z = rule.f(*xs)
    except _RAISED_BY_FLOATS as error:
        z = refused(error, rule, operands)
    for parent in parents:
        if parent is not None:
            break
    else:
        return z
    v = _Result()
    v._rule = rule
    v._data = z
    if rule.many:
        v._a = v._b = None
        v._x, v._y = xs, parents
    else:
        v._a, v._b = (*parents, None)[:2]
        v._x, v._y = (*xs, None)[:2]
    v._grad = v._mark = None
    return v if _hook is None else _hook(v)


def as_number(x: Any) -> float:
    """x as a float, if it is a real number that converts without loss of meaning."""
    number = as_constant(x)
    if number is None:
        hint = "; take its .data, or combine it with operators" if isinstance(x, Value) else ""
        raise TypeError(f"a real number is needed, not {type(x).__name__} {x!r}{hint}")
    return number


def as_constant(x: Any) -> float | None:
    """x as a float, or None where it is no real number."""
    if isinstance(x, (float, int)):
        return float(x)
    if hasattr(x, "dtype") and (isinstance(x, Real) or (x.dtype == bool and x.shape == ())):  # a scalar of NumPy
        return float(x)
    return None


def _compare(name: str) -> Callable[[Value, Any], Any]:
    compare = getattr(operator, name)

    def comparison(self: Value, other: Any) -> Any:
        number: float | None
        if isinstance(other, Value):
            number = other._data
        else:
            number = other if isinstance(other, int) else as_constant(other)  # float(2**53 + 1) would be 2**53
            if number is None:
                return NotImplemented
        truth = compare(self._data, number)
        return truth if _observer is None else _observer.compare(name, truth, self, other)

    return comparison


def _power_of(self: Value, n: Any) -> Any:
    return _powi(self, n) if type(n) is int and n > 0 else _pow(self, n)


def _choice(condition: Any, a: Any, b: Any) -> Any:
    """One of the two; a node where the condition is one, which in a trace a comparison is."""
    return apply(RULES["where"], condition, a, b) if isinstance(condition, Value) else FLOATS.where(condition, a, b)


def held(v: Any) -> Any:
    """The number of a Value, held constant."""
    if not isinstance(v, Value):
        return v
    return v._data if _observer is None else _observer.hold(v)


def operation(rule: Rule) -> Callable[..., Any]:
    """`rule` as a function of Values and plain numbers."""
    if rule.many is None and rule.dy is None:
        return _unary(rule)
    return lambda *operands: apply(rule, *operands)


# The arithmetic of Values: every operation of the table, and the two that choose.
VALUES = SimpleNamespace(**{name: operation(rule) for name, rule in RULES.items()})
VALUES.where = _choice
VALUES.stop_gradient = held

for _name in ("neg", "pos", "abs"):
    setattr(Value, f"__{_name}__", getattr(VALUES, _name))
for _name in ("add", "sub", "mul", "truediv", "pow"):
    _forward, _reflected = _binary(RULES[_name])
    setattr(Value, f"__{_name}__", _forward)
    setattr(Value, f"__r{_name}__", _reflected)
_pow, _powi = Value.__pow__, _binary(RULES["powi"])[0]
Value.__pow__ = _power_of
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(Value, f"__{_name}__", _compare(_name))
for _name, _rule in RULES.items():
    if _rule.many is None and _rule.dy is None:
        setattr(Value, _name, getattr(VALUES, _name))
for _name, _method in array_methods(VALUES).items():
    setattr(Value, _name, _method)
