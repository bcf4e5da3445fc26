"""Pictures of computation graphs: values as cards, operations as badges, gradients as colour."""

from .drawing import Drawing, draw
from .graphviz import GraphvizNotFoundError, RenderError

__all__ = ["Drawing", "GraphvizNotFoundError", "RenderError", "draw"]
