"""`formula` and `derivative_formula`: the computation of a graph, and its backward pass with terms as adjoints."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...engine import Value
from ...errors import AutogradError
from ...refuse import require_fresh, require_graph
from ...sweep import topological_order
from ..names import require_names
from .reading import Reading
from .terms import MANY, Term
from .writing import in_latex, in_python, write

MAX_TERMS: Final = 2_000


class FormulaTooLongError(AutogradError, ValueError):
    """A formula would have more terms than allowed."""


@dataclass(frozen=True, slots=True, repr=False)
class Formula:
    """A formula in both of its spellings.

    Args:
        text: an expression of Python, of the functions of this package; `str()` gives it.
        latex: the same for a page, in math mode.

    >>> Formula("x**2", "x^{2}")
    <formula x**2>
    """

    text: str
    latex: str

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<formula {self.text}>"

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle {self.latex}$"


def formula(
    root: Value, *, names: Mapping[str, Any] | None = None, numbers: bool = False, max_terms: int = MAX_TERMS
) -> Formula:
    """The expression that a graph computes, from its leaves to `root`.

    The formula has the same steps as the computation: if you evaluate it in Python with the functions of this package,
    it repeats them.  The exceptions are `sum`, `dot` and `mean`, which are written with + and so are rounded
    differently, and helpers of the rule table in the graph of a derivative.  Only steps that don't change a number,
    such as + 0, are left out.  A node that is used twice is written twice.

    Args:
        root: the result of a computation.
        names: names for leaves without a label, such as `locals()`, where `w[0]` in a list becomes w_0.  Other leaves
            become x1, x2 … in topological order.  A label that isn't a Python name is turned into one, and a name that
            is already used gets a number: w, w_2.
        numbers: write the numbers of the leaves instead of their names.
        max_terms: the largest number of names, numbers and operations to write.

    Returns:
        The formula.  Numbers are exact in the text and have six digits in LaTeX.

    Raises:
        TypeError: `root` is not a Value, or `names` is not a mapping of names.
        FormulaTooLongError: it has more than `max_terms` terms; they are counted before anything is written.
        NoGraphError: `root` was made under no_grad().

    >>> x, w, b = Value(2.0, label="x"), Value(3.0, label="w_1"), Value(-1.0, label="b")
    >>> y = (w * x + b).tanh() / x**2
    >>> print(formula(y))
    tanh(w_1*x + b)/x**2
    >>> formula(y).latex
    '\\\\frac{\\\\tanh{\\\\left(w_{1}\\\\,x + b\\\\right)}}{x^{2}}'
    >>> print(formula(y, numbers=True))
    tanh(3.0*2.0 + (-1.0))/2.0**2
    """
    _check("formula(root)", root, names, max_terms)
    return _written(Reading(topological_order(root), names, numbers, max_terms).of(root), max_terms)


def derivative_formula(
    root: Value,
    x: Value,
    *,
    names: Mapping[str, Any] | None = None,
    numbers: bool = False,
    max_terms: int = MAX_TERMS,
) -> Formula:
    """The derivative ∂root/∂x as a formula, by the chain rule as `backward()` applies it.

    If a slope depends on a choice (relu, max, |x|, a power at 0), the numbers in the graph decide, as they do in
    `backward()`: the formula is valid around these numbers, up to the next kink.

    Args:
        root: the result of a computation.
        x: the Value to differentiate with respect to, a leaf or not.
        names, numbers, max_terms: as for `formula`.

    Returns:
        The formula; 0 if root does not depend on x.

    Raises:
        TypeError: `root` or `x` is not a Value, or `names` is not a mapping of names.
        FormulaTooLongError: it has more than `max_terms` terms.
        NoGraphError: `root` was made under no_grad(), or this is called there.
        StaleGraphError: a Value was assigned new data after this graph was built from it.

    >>> x, y = Value(2.0, label="x"), Value(3.0, label="y")
    >>> print(derivative_formula((x * y).sin() + x**2, x))
    y*cos(x*y) + 2*x
    >>> derivative_formula(x.log(), x).latex
    '\\\\frac{1}{x}'
    >>> print(derivative_formula((x * y).sin(), x, numbers=True))
    3.0*cos(2.0*3.0)
    """
    _check("derivative_formula(root, x)", root, names, max_terms)
    if not isinstance(x, Value):
        raise TypeError(f"derivative_formula(root, x) needs a Value x, not {type(x).__name__} {x!r:.80}")
    order = topological_order(root)
    require_fresh(order)
    return _written(_adjoint(Reading(order, names, numbers, max_terms), root, x), max_terms)


def _check(call: str, root: Any, names: Any, max_terms: Any) -> None:
    if not isinstance(root, Value):
        raise TypeError(f"{call} takes a Value, the result of a computation, not {type(root).__name__} {root!r:.80}")
    require_names(names)
    if type(max_terms) is not int:
        raise TypeError(f"max_terms is a whole number, not {type(max_terms).__name__} {max_terms!r:.80}")
    require_graph(root)


def _adjoint(reading: Reading, root: Value, x: Value) -> Term:
    """The reverse sweep from root to x, over the nodes that depend on x."""
    tidied = reading.tidied
    moved = {id(x)}
    for v in reading.order:
        if any(id(p) in moved for p in v.parents):
            moved.add(id(v))
    adjoints: dict[int, list[Term]] = {id(root): [tidied.number(1)]}  # terms to be added up at once, last one first
    for v in reversed(reading.order):
        if v is x:
            break
        if id(v) in moved:
            adjoint = tidied.add(*reversed(adjoints.pop(id(v), [])))
            for p, slope in reversed(reading.slopes(v)):
                if id(p) in moved:
                    adjoints.setdefault(id(p), []).append(tidied.mul(adjoint, slope))
    return tidied.add(*reversed(adjoints.get(id(x), [])))


def _written(term: Term, max_terms: int) -> Formula:
    if term.size > max_terms:
        size = f"more than {MANY:,}" if term.size == MANY else f"{term.size:,}"
        raise FormulaTooLongError(
            f"the formula would have {size} terms, more than max_terms={max_terms:,}, because a node that is used "
            "twice is written twice: ask for that of an earlier node or of fewer operands, or pass a larger max_terms"
        )
    return Formula(write(term, in_python, "(", ")"), write(term, in_latex, r"\left(", r"\right)"))
