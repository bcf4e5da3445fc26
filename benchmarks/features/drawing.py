"""A drawing of the graph

exp(sin x · y) as a picture, or in Graphviz's language: with all its operations.
"""

from typing import Any

from benchmarks.features.common import Absent, Using


def autograd_mini() -> Any:
    from autograd_mini import Value, draw, exp, sin

    x, y = Value(0.5, label="x"), Value(2.0, label="y")
    return draw(exp(sin(x) * y)).svg


def micrograd() -> Any:
    raise Absent("a notebook next to the package has a function draw_dot to copy")


def hips() -> Any:
    raise Absent("an example next to the package has a function to copy")


def torch() -> Any:
    import torch
    from torchviz import make_dot

    x, y = torch.tensor(0.5, requires_grad=True), torch.tensor(2.0, requires_grad=True)
    return Using(make_dot(torch.exp(torch.sin(x) * y), {"x": x, "y": y}).source, "torchviz")


def jax() -> Any:
    import jax
    import jax.numpy as jnp

    lowered = jax.jit(lambda x, y: jnp.exp(jnp.sin(x) * y)).lower(0.5, 2.0)
    return lowered.compiler_ir("hlo").as_hlo_dot_graph()


def casadi() -> Any:
    import casadi as ca
    from casadi.tools.graph import dotgraph

    x, y = ca.SX.sym("x"), ca.SX.sym("y")
    return Using(dotgraph(ca.exp(ca.sin(x) * y)).to_string(), "pydot")


def mygrad() -> Any:
    import mygrad as mg
    from mygrad.computational_graph import build_graph

    x, y = mg.tensor(0.5), mg.tensor(2.0)
    return Using(build_graph(mg.exp(mg.sin(x) * y), names={"x": x, "y": y}).source, "graphviz")


def judge(got: Any) -> str:
    text = got.lower()
    return "yes" if ("digraph" in text or "<svg" in text) and "exp" in text and "sin" in text else "no"
