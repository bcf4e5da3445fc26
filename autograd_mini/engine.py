"""Value, a number that remembers how it was made, and the operations that make one.

An operation on Values makes a node: its number, its rule, its operands' numbers and the parents
that they came from.  All nodes of an operation share its rule, so a node stores what a closure
would: the operands.  It can be run on floats or on Values.  Nodes refer to their parents and never
to themselves, so reference counting frees a graph.

This file has the forward pass, from numbers to nodes.  The backward pass is in sweep.py.
"""

import operator
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from . import arrays, cores, handover, leftover, reading, refuse, watch, ways_back
from .errors import RAISED_BY_FLOATS
from .numbers import EXACT, Number, as_constant, as_number, as_operand
from .rule import FLOATS, VALUES, Rule
from .rules import RULES
from .sweep import backward_from, pull_back

Binary = Callable[["Value", "Value | Number"], "Value"]

# ---- how operations make nodes ----


def node(
    rule: Rule, z: float, a: Any, x: Any, b: Any = None, y: Any = None,
    many: Any = None, kind: type | None = None,
) -> Any:  # fmt: skip
    """The node of z = f(x) or f(x, y) for the parents a and b, None where the operand is constant.

    `many` has the parents and the numbers of an operation of any number of operands; `kind` is the
    class, if it is not Value itself.
    """
    # Without __init__, which makes leaves and checks their numbers: the slots are filled here.
    v: Any = _blank() if kind is None else object.__new__(kind)
    v._rule = rule
    v._data = z
    v._a = a
    v._b = b
    v._x = x
    v._y = y
    v._many = many
    v._made = watch.count
    v._grad = None
    return watch.made(v) if watch.hooks else v


def _unary(name: str) -> Callable[["Value"], "Value"]:
    """An operation of one operand."""
    rule = RULES[name]
    f = rule.f

    def operation(a: Any) -> Any:
        if not isinstance(a, Value):  # the same function is autograd_mini.sin, which takes numbers
            return apply(rule, a)
        try:
            z = f(a._data)
        except RAISED_BY_FLOATS as error:
            # This raises the error again, with a note, or returns the IEEE value if that is wanted.
            z = refuse.refused(error, rule, a)
        return node(rule, z, a, a._data)

    return operation


def _binary(name: str) -> tuple[Binary, Binary]:
    """The operator a ∘ b of a Value a, and the reflected one, of a number a and a Value b."""
    rule = RULES[name]
    f = rule.f

    def forward(a: Any, b: Any) -> Any:
        parent = b if isinstance(b, Value) else None
        if parent is not None:
            y: Any = b._data
        else:  # nearly always one of the first two; an int stays an int
            y = b if type(b) is float or (type(b) is int and -EXACT < b < EXACT) else as_operand(b)
            if y is None:
                return NotImplemented
        try:
            z = f(a._data, y)
        except RAISED_BY_FLOATS as error:
            z = refuse.refused(error, rule, a, b)
        return node(rule, z, a, a._data, parent, y)

    def reflected(b: Any, a: Any) -> Any:
        x = a if type(a) is float or (type(a) is int and -EXACT < a < EXACT) else as_operand(a)
        if x is None:
            return NotImplemented
        try:
            z = f(x, b._data)
        except RAISED_BY_FLOATS as error:
            z = refuse.refused(error, rule, a, b)
        return node(rule, z, None, x, b, b._data)

    return forward, reflected


def _power() -> tuple[Binary, Binary]:
    """x ** n, with a special rule for a constant n of 1, 2, 3 …"""
    by_count, _ = _binary("powi")
    by_any, reflected = _binary("pow")
    return (lambda x, n: by_count(x, n) if type(n) is int and n > 0 else by_any(x, n)), reflected


def _comparison(name: str) -> Callable[["Value", object], bool]:
    def comparison(a: Any, b: Any) -> Any:
        number = +b._data if isinstance(b, Value) else b
        number = number if isinstance(number, int) else as_constant(number)  # an int is exact
        if number is None:
            return NotImplemented
        truth = getattr(operator, name)(a._data, number)
        run = watch.trace()
        return run.compare(name, truth, a, b) if run else truth

    return comparison


def apply(rule: Rule, *operands: Any) -> Any:
    """The operation of any operands: a node, or a number if no operand is a Value."""
    parents = tuple([v if isinstance(v, Value) else None for v in operands])
    pairs = zip(operands, parents)
    xs = tuple([as_number(v, rule.symbol) if p is None else +p._data for v, p in pairs])
    try:
        z = rule.f(*xs)
    except RAISED_BY_FLOATS as error:
        z = refuse.refused(error, rule, *operands)
    if all(p is None for p in parents):
        return z
    if rule.many:
        return node(rule, z, None, None, many=(parents, xs))
    a, b = (*parents, None)[:2]
    x, y = (*xs, None)[:2]
    return node(rule, z, a, x, b, y, kind=rule.kind)


class Value:
    """A number z = f(x, y) that remembers its rule f, its operands x, y and their parents.

    Args:
        data: a real number; an int, a bool or a NumPy scalar becomes a float.
        label: a name to show in drawings and messages.

    Raises:
        TypeError: `data` is something else: a Value, a string or a complex number, for example.

    >>> x = Value(3.0, label="x")
    >>> y = x * x + 1
    >>> y.backward()
    >>> y.data, x.grad
    (10.0, 6.0)
    """

    # _a, _b are the parents, None for a constant, and _x, _y the numbers that the operation used;
    # _many has both for an operation of any number of operands.  _grad is None until a sweep
    # computes it, and reads as 0; _label is set only if one is given.  _made is the value of
    # watch.count when this node was made or this leaf assigned; a negative one marks what must not
    # be used: a result that was assigned, or a Value whose trace has ended.
    #
    # The + in +v._data does not change a float.  A number left over from a trace (leftover.py)
    # raises, as it does in any operation; so + is not needed if an operation follows at once.
    __slots__ = ("_a", "_b", "_data", "_grad", "_label", "_made", "_many", "_rule", "_x", "_y")
    _rule: Rule | None
    _grad: float | None
    _origin: Any = None  # see Given

    def __init__(self, data: Number, *_children: object, label: str = "") -> None:
        if _children:
            refuse.made_again(self, *_children)
        self._data = data if type(data) is float else as_number(data, "Value()")
        if label:
            self.label = label
        self._rule = self._a = self._b = self._x = self._y = self._many = self._grad = None
        self._made = watch.count

    def __init_subclass__(cls) -> None:
        refuse.subclass(cls)

    @property
    def data(self) -> float:
        """The number.  Assigning another makes every graph built on this one stale."""
        watch.read(self, ".data")
        return +self._data

    @data.setter
    def data(self, number: Number) -> None:
        reading.number_of(self)
        number = as_number(number, "Value.data")
        self._made = watch.assign(self._rule is None)
        self._data = number

    @property
    def grad(self) -> float:
        """The gradient from the latest `backward()`.  Leaves add up: `x.grad = 0.0` begins anew."""
        watch.read(self, ".grad")
        return 0.0 if self._grad is None else +self._grad

    @grad.setter
    def grad(self, number: Number) -> None:
        self._grad = refuse.as_grad(self, number)

    @property
    def label(self) -> str:
        """The name to show."""
        return getattr(self, "_label", "")

    @label.setter
    def label(self, text: str) -> None:
        self._label = refuse.as_label(self, text)

    @property
    def is_leaf(self) -> bool:
        """Whether no operation made it."""
        return self._rule is None and not leftover.is_left_over(self)

    @property
    def op(self) -> str:
        """The symbol of the operation that made it, "" for a leaf."""
        return self._rule.symbol if self._rule else ""

    @property
    def parents(self) -> tuple["Value", ...]:
        """The Values it was made of, in the order of the operands; x * x has x twice."""
        return tuple([p for p in reading.operands_of(self)[0] if p is not None])

    @property
    def pullback(self) -> Callable[[Any], tuple[Any, ...]]:
        """The local chain rule: from the adjoint of this node to its contribution to each parent.

        A float gives floats; a Value gives Values, which can be differentiated again.
        """
        return partial(pull_back, self)

    def backward(self, seed: Number = 1.0, inputs: "Iterable[Value] | None" = None) -> None:
        """Compute ∂self/∂v · seed for every v below: leaves add it up, others hold the latest.

        If you pass `inputs`, only these Values get gradients.

        Ended by an exception or by Ctrl-C, it leaves the gradients of leaves as they were, and
        those of other nodes at 0.

        Raises:
            StaleGraphError: a Value was assigned new data after this graph was built from it.
            NoGraphError: this result was made under no_grad(), or is a copy.
            ConcurrentSweepError: another sweep is using the same nodes.
        """
        if self._origin or watch.traces:
            refuse.require_way_back(self)
        is_special = inputs is not None or ways_back.hooked
        back = ways_back.backward_to(inputs) if is_special else backward_from
        back((self,), (seed if type(seed) is float else as_number(seed, "backward()"),))

    def register_hook(self, hook: Callable[[float], Any]) -> ways_back.GradientHook:
        """Call `hook(gradient)` in each `backward()`, once the gradient of this Value is known.

        If the hook returns a number, that takes the place of the gradient, here and further back.
        Transforms and `gradients` call no hooks.

        Returns:
            A handle, whose `remove()` ends the hook.

        >>> x = Value(3.0)
        >>> y = x * x
        >>> handle = y.register_hook(lambda g: max(min(g, 0.5), -0.5))
        >>> y.backward()
        >>> x.grad
        3.0
        """
        return ways_back.GradientHook(self, hook)

    def __bool__(self) -> bool:
        return run.decide(self) if (run := watch.trace()) else bool(self._data)

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        # Without the properties: printing a Value in a trace does not count as reading it.
        grad = 0.0 if self._grad is None else self._grad
        return f"Value(data={self._data!r}, grad={grad!r}{label})"

    def __format__(self, spec: str) -> str:
        return refuse.formatted(self, spec) if spec else repr(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return leftover.reduced(self, leaf)

    __float__ = __int__ = __complex__ = refuse.conversion
    __mod__ = __rmod__ = __floordiv__ = __rfloordiv__ = __divmod__ = __rdivmod__ = refuse.remainder
    # == compares numbers.  A hash by identity keeps two equal Values apart in sets and dicts.
    __hash__ = object.__hash__

    __add__, __radd__ = _binary("add")
    __sub__, __rsub__ = _binary("sub")
    __mul__, __rmul__ = _binary("mul")
    __truediv__, __rtruediv__ = _binary("truediv")
    __pow__, __rpow__ = _power()
    __neg__, __pos__, __abs__ = map(_unary, ("neg", "pos", "abs"))

    __eq__, __ne__ = map(_comparison, ("eq", "ne"))
    __lt__, __le__, __gt__, __ge__ = map(_comparison, ("lt", "le", "gt", "ge"))

    exp, expm1, exp2, sqrt, cbrt = map(_unary, ("exp", "expm1", "exp2", "sqrt", "cbrt"))
    log, log1p, log2, log10, log_ndtr = map(_unary, ("log", "log1p", "log2", "log10", "log_ndtr"))
    sin, cos, tan, asin, acos, atan = map(_unary, ("sin", "cos", "tan", "asin", "acos", "atan"))
    sinh, cosh, tanh, asinh, acosh = map(_unary, ("sinh", "cosh", "tanh", "asinh", "acosh"))
    atanh, erf, erfc, erfcx, ndtr = map(_unary, ("atanh", "erf", "erfc", "erfcx", "ndtr"))
    gamma, lgamma, digamma, sinc = map(_unary, ("gamma", "lgamma", "digamma", "sinc"))
    abs, floor, ceil, round, relu = map(_unary, ("abs", "floor", "ceil", "round", "relu"))
    softplus, sigmoid, silu, gelu = map(_unary, ("softplus", "sigmoid", "silu", "gelu"))

    # The names that NumPy, Python's rounding and micrograd ask for: _prev and _op are among them.
    vars().update(arrays.METHODS)


_blank = partial(object.__new__, Value)  # a Value whose slots are still to be filled


class Given(Value):
    """A Value that the package made; `_origin` is its run, or says why it has no graph."""

    __slots__ = ("_origin",)


def leaf(data: Number, grad: float | None = None, label: str = "", origin: Any = None) -> Value:
    """A leaf, and its origin: the run it belongs to, or a text that says why it has no graph."""
    v: Value = Given(data) if origin else Value(data)
    if label:
        v.label = label
    v._grad = grad
    if origin:
        v._origin = origin
    return v


if cores.c is not None:  # from here on these names are C's, for the functions above as well
    Value, Given, apply, node = handover.to_c(Value, apply)  # type: ignore[misc]
Given.__name__ = "Value"  # in messages


# ---- the arithmetic of Values: every operation of the table, and the two that choose ----


def _choice(c: Any, a: Any, b: Any) -> Any:
    """One of the two; a node if the condition c is a node, as a comparison is in a trace."""
    return apply(RULES["where"], c, a, b) if isinstance(c, Value) else FLOATS.where(c, a, b)


def held(v: Any) -> Any:
    """The number of a Value, held constant."""
    run = watch.trace() if isinstance(v, Value) else None
    return run.hold(v) if run else reading.number_of(v)


for _name, _rule in RULES.items():  # of one operand: the method itself, which is faster
    _method = handover.of_one(_rule) if cores.c else getattr(Value, _name, None)
    setattr(VALUES, _name, _method if _rule.arity == 1 and _method else partial(apply, _rule))
# A comparison that a trace recorded gets the gradient 0; inf · 0 would be nan.
VALUES.product = lambda g, slope, p: 0.0 if reading.is_decision(p) else g * slope
VALUES.where = _choice
VALUES.stop_gradient = held
