"""Pictures of computation graphs: values as cards, operations as badges, gradients as colour."""

from .drawing import Drawing, draw
from .explorer import Page, explore
from .formulas import Formula, FormulaTooLongError, derivative_formula, formula
from .graphviz import GraphvizNotFoundError, RenderError, use_engine

__all__ = [
    "Drawing",
    "Formula",
    "FormulaTooLongError",
    "GraphvizNotFoundError",
    "Page",
    "RenderError",
    "derivative_formula",
    "draw",
    "explore",
    "formula",
    "use_engine",
]
