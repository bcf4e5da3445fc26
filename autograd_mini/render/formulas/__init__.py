"""The expression that a graph computes, and its derivative, as a line of Python and as LaTeX.

`formula` writes down the computation, operation by operation.  `derivative_formula` goes back over the graph as
`backward()` does, with terms for adjoints.  It evaluates the rows of the rule table on the graph's own Values: this
builds the graph of each slope, which becomes a term in turn.

Equal terms are shared, so there are never more terms than nodes.  Only the written formula may be exponentially longer;
its size is checked before writing.  Read the modules in this order: terms, tidying, names, reading, derivation,
writing.
"""

from .derivation import MAX_TERMS, Formula, FormulaTooLongError, derivative_formula, formula

__all__ = ["MAX_TERMS", "Formula", "FormulaTooLongError", "derivative_formula", "formula"]
