"""A drawing engine in another language: the Graphviz of the page."""

from collections.abc import Callable, Iterable

from ..graphviz import Engine, RenderError


def engine_of(render: Callable[[str, str], Iterable[str]]) -> Engine:
    """Make a drawing engine from a function that doesn't raise.

    Args:
        render: called with a graph and the format, it returns a complaint, or "", and the drawing.

    Returns:
        The engine, for `use_engine`.

    >>> engine_of(lambda source, output_format: ("", "<svg/>"))("digraph {}", "svg")
    '<svg/>'
    >>> engine_of(lambda source, output_format: ("syntax error", ""))("digraph", "svg")
    Traceback (most recent call last):
    autograd_mini.render.graphviz.RenderError: the drawing engine failed: syntax error
    """

    def engine(source: str, output_format: str) -> str:
        if output_format == "png":
            raise RenderError("the playground draws no PNG: save the drawing as .svg")
        complaint, drawn = render(source, output_format)
        if complaint:
            raise RenderError(f"the drawing engine failed: {complaint}")
        return drawn

    return engine
