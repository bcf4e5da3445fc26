"""The packages that are compared, and how each one's users have it take the gradient of a function.

A program in scalars is a Python function f(xs, m) of a list of numbers and of the module that has its functions; one in
arrays is f(x, m) of an array. It is the same for every package. What differs stands here, once for each.
"""

import importlib
import math
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from measure import Step

import autograd_mini as am
from autograd_mini import compiler

EAGER = ("eager",)
EXECUTORS = ("auto", "native", "numpy")  # what `compile` is told; "numpy" is straight-line Python where it is tiny
COMPILED = ("native", "numpy")
FORMS = {"n-ary": "eager", "paused": "eager", "list": "auto", "array": "auto"}  # other names of ours
TORCH = ("torch", "inductor")  # the second is `torch.compile`
Program = Callable[[Any, Any], Any]


def load(peer: str) -> None:
    """Import a package, and have it do what it does once in a process."""
    scalars(FORMS.get(peer, peer), lambda xs, m: m.exp(xs[0]), [0.0])()


def functions(peer: str) -> Any:
    """exp, log, sqrt, sin, tanh, relu and erf of a package, as far as it has them."""
    if peer in (*EAGER, "n-ary", *EXECUTORS):
        return am
    if peer in TORCH:
        import torch

        torch.set_num_threads(1)
        return torch
    if peer == "jax":
        import jax
        import jax.numpy as m

        return _named(m, erf=jax.scipy.special.erf, relu=jax.nn.relu)
    if peer == "casadi":
        import casadi as m

        return _named(m, erf=m.erf, relu=lambda x: m.fmax(x, 0))
    if peer == "ddx":
        import ddx as m

        return _named(m, erf=m.erf, relu=lambda x: m.max(x, 0.0))
    if peer == "sympy":
        import sympy as m

        return _named(m, erf=m.erf, relu=lambda x: m.Max(x, 0))
    if peer == "autograd":
        import autograd.numpy as m
        from autograd.scipy.special import erf

        return _named(m, erf=erf, relu=lambda x: m.maximum(x, 0.0))
    if peer == "mygrad":
        import mygrad as m

        m.turn_memory_guarding_off()  # as its documentation advises where speed counts
        return _named(m, relu=lambda x: m.maximum(x, 0.0))
    return micrograd_functions()


def _named(m: Any, **others: Any) -> SimpleNamespace:
    return SimpleNamespace(**{name: getattr(m, name) for name in ("exp", "log", "sqrt", "sin", "tanh")}, **others)


def micrograd_functions() -> SimpleNamespace:
    """What micrograd lacks, added as Karpathy adds tanh and exp in his lecture."""
    from micrograd.engine import Value

    def function(f: Callable[[float], float], slope: Callable[[float, float], float]) -> Callable[[Any], Any]:
        def apply(x: Any) -> Any:
            z = f(x.data)
            out = Value(z, (x,), f.__name__)

            def _backward() -> None:
                x.grad += slope(x.data, z) * out.grad

            out._backward = _backward
            return out

        return apply

    return SimpleNamespace(
        tanh=function(math.tanh, lambda x, z: 1 - z**2),
        exp=function(math.exp, lambda x, z: z),
        log=function(math.log, lambda x, z: 1 / x),
        sqrt=function(math.sqrt, lambda x, z: 0.5 / z),
        sin=function(math.sin, lambda x, z: math.cos(x)),
        relu=lambda x: x.relu(),
    )


def recorded(peer: str, f: Callable[..., Any]) -> Callable[..., Any]:
    """A function of tensors as PyTorch runs it: as it is, or compiled."""
    import torch

    return torch.compile(f) if peer == "inductor" else f


def leaf(peer: str) -> Any:
    """The class of numbers that remember."""
    return importlib.import_module("autograd_mini" if peer == "eager" else "micrograd.engine").Value


def scalars(peer: str, f: Program, given: Sequence[float], *, jit: bool = True) -> Step:
    """The value and the gradient of a program in scalars."""
    m, n = functions(peer), len(given)
    if peer in ("eager", "micrograd"):
        Value = leaf(peer)

        def record() -> Any:
            xs = [Value(x) for x in given]
            z = f(xs, m)
            z.backward()
            return z.data, [x.grad for x in xs]

        return record
    if peer in EXECUTORS:
        both = compiler.compile(lambda xs: f(xs, m), executor=peer)
        at = np.array(given)
        return lambda: both.value_and_grad(at)
    if peer in TORCH:
        import torch

        forward = recorded(peer, lambda x: f(x.unbind(), m))

        def record() -> Any:
            x = torch.tensor(given, dtype=torch.float64, requires_grad=True)
            z = forward(x)
            z.backward()
            return z.item(), x.grad

        return record
    if peer == "mygrad":
        import mygrad

        def record() -> Any:
            xs = [mygrad.tensor(x) for x in given]
            z = f(xs, m)
            z.backward()
            return z.item(), [0.0 if x.grad is None else x.grad for x in xs]

        return record
    if peer == "autograd":
        import autograd

        both = autograd.value_and_grad(lambda x: f([x[i] for i in range(n)], m))
        return lambda: both(np.array(given))
    if peer == "jax":
        import jax

        both = jax.value_and_grad(lambda x: f([x[i] for i in range(n)], m))
        return jax_step(jax.jit(both) if jit else both, jax.numpy.array(given))
    if peer == "ddx":
        import ddx

        return ddx_step(lambda: f([ddx.var(f"x{i}") for i in range(n)], m), np.array(given))
    if peer == "sympy":
        import sympy

        symbols = sympy.symbols(f"x:{n}", real=True)
        formula = f(symbols, m)
        slopes = [formula.diff(x) for x in symbols]
        run = sympy.lambdify(symbols, [formula, slopes], modules="math", cse=True)
        return lambda: run(*given)
    import casadi

    x = casadi.SX.sym("x", n)
    z = f([x[i] for i in range(n)], m)
    at, inputs = np.array(given), np.zeros(n)
    run = casadi_step(casadi.Function("f", [x], [z, casadi.gradient(z, x)]), [inputs])

    def call() -> Any:
        inputs[:] = at
        return run()

    return call


def arrays(peer: str, f: Program, given: Any, *, jit: bool = True) -> Step | None:
    """The value and the gradient of a program in arrays; None of those that have only scalars."""
    m = functions(peer)
    if peer in TORCH:
        import torch

        forward = recorded(peer, lambda x: f(x, m))

        def record() -> Any:
            x = torch.tensor(given, requires_grad=True)
            z = forward(x)
            z.backward()
            return z.item(), x.grad

        return record
    if peer == "mygrad":
        import mygrad

        def record() -> Any:
            x = mygrad.tensor(given)
            z = f(x, m)
            z.backward()
            return z.item(), x.grad

        return record
    if peer == "autograd":
        import autograd

        both = autograd.value_and_grad(lambda x: f(x, m))
        return lambda: both(given)
    if peer == "jax":
        import jax

        both = jax.value_and_grad(lambda x: f(x, m))
        return jax_step(jax.jit(both) if jit else both, jax.numpy.asarray(given))
    return None


def jax_step(f: Any, *given: Any) -> Step:
    """A call from its own arrays to its own arrays, when they are there: it returns before that."""
    import jax

    return lambda: jax.block_until_ready(f(*given))


def casadi_step(function: Any, given: Sequence[Any]) -> Step:
    """A call of its `Function` by buffers, which is its fastest way: the results are in their arrays."""
    buffer, run = function.buffer()
    results: list[Any] = [np.zeros(function.nnz_out(i)) for i in range(function.n_out())]
    for i, array in enumerate(given):
        buffer.set_arg(i, memoryview(array))
    for i, array in enumerate(results):
        buffer.set_res(i, memoryview(array))

    def call() -> Any:
        run()
        assert all(own is not None for own in (buffer, given))  # what run() works on
        return results

    return call


def ddx_step(model: Callable[[], Any], given: Any) -> Step:
    """A call of its compiled code by buffers, which is its fastest way; a row for each input and a column a sample."""
    import ddx

    run = ddx.equation(model).compile(points=given.shape[1] if given.ndim > 1 else 1).buffer(given)

    def call() -> Any:
        run.x[:] = given
        run()
        return run.value, run.jacobian

    return call
