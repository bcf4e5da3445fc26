"""A page that plays the backward pass

A self-contained HTML file in which readers step forward and backward through their own calculation and see at each
step which gradient is added where.
"""

import re
from typing import Any

from benchmarks.features.common import Absent


def autograd_mini() -> Any:
    from autograd_mini import Value, explore, tanh

    w, x = Value(0.8, label="w"), Value(2.0, label="x")
    html = explore(tanh(w * x)).html
    loaded = re.findall(r"""(?:src|href)=["']https?:|@import|fetch\(""", html)
    return {"characters": len(html), "steps": "slider" in html or 'type="range"' in html, "loaded": loaded}


def micrograd() -> Any:
    raise Absent("a notebook next to the package makes a drawing")


def hips() -> Any:
    raise Absent("nothing is drawn")


def torch() -> Any:
    raise Absent("TensorBoard shows a model's graph, of the forward pass, on a server")


def jax() -> Any:
    raise Absent("its programs are drawn, not played")


def casadi() -> Any:
    raise Absent("expressions are drawn, not played")


def mygrad() -> Any:
    raise Absent("graphs are drawn, not played")


def judge(got: Any) -> str:
    return "yes" if got["steps"] and not got["loaded"] else "no"
