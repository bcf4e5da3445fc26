"""The expression that a graph computes, and its derivative, as a line of Python and as LaTeX.

`formula` writes down what was computed, operation by operation.  `derivative_formula` goes back over the graph as
`backward()` does, with terms for adjoints; the rows of the rule table are read on the graph's own Values, which builds
the graph of each slope, and that is read as a term in turn.

A term is shared wherever it occurs, so there are never more of them than nodes; only writing it out may take
exponentially more, and is refused beforehand by its size.  In the order of reading: terms, tidying, names, reading,
derivation, writing.
"""

from .derivation import MAX_TERMS, Formula, FormulaTooLongError, derivative_formula, formula

__all__ = ["MAX_TERMS", "Formula", "FormulaTooLongError", "derivative_formula", "formula"]
