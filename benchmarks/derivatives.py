"""Second derivatives, Jacobians and products beside JAX with `jit` and CasADi, dense and sparse.

Each is written as a package's users would: in scalars for autograd_mini and CasADi, in arrays for JAX.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from measure import Options, Step, compare
from peers import casadi_step, functions, jax_step

from autograd_mini import compiler

OURS = ("auto",)
PEERS = ("jax", "casadi")


def rosenbrock(x: Any) -> Any:
    """Rosenbrock's function, in scalars."""
    total = 0.0
    for i in range(x.shape[0] - 1):
        total = total + 100.0 * (x[i + 1] - x[i] * x[i]) ** 2 + (1.0 - x[i]) ** 2
    return total


def rosenbrock_in_arrays(x: Any) -> Any:
    """The same in arrays."""
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum()


def casadi_call(
    f: Callable[[Any, Any], Any], n: int, derive: Callable[[Any, Any, Any], list[Any]], *given: Any
) -> Step:
    """A function of CasADi: `derive(casadi, z, x)` makes its results of f(x); further symbols are its directions."""
    import casadi

    x = casadi.SX.sym("x", n)
    directions = [casadi.SX.sym(f"v{k}", n) for k in range(len(given) - 1)]
    results = derive(casadi, f(x, functions("casadi")), x, *directions)
    function = casadi.Function("f", [x, *directions], results)
    return casadi_step(function, [np.array(a, float) for a in given])


def dense_hessian(peer: str) -> Step | None:
    """The dense Hessian of Rosenbrock's function of 100 variables"""
    x = np.linspace(-1.0, 1.0, 100)
    if peer == "auto":
        f = compiler.compile(rosenbrock)
        return lambda: f.hessian(x)
    if peer == "jax":
        import jax

        return jax_step(jax.jit(jax.hessian(rosenbrock_in_arrays)), jax.numpy.asarray(x))
    return casadi_call(
        lambda x, m: rosenbrock(x), 100, lambda casadi, z, x: [casadi.densify(casadi.hessian(z, x)[0])], x
    )


def product(peer: str, n: int) -> Step | None:
    """The Hessian of Rosenbrock's function times a vector."""
    x, v = np.linspace(-1.0, 1.0, n), np.cos(np.arange(n))
    if peer == "auto":
        f = compiler.compile(rosenbrock)
        return lambda: f.hvp(x, v)
    if peer == "jax":
        import jax

        both = jax.jit(lambda x, v: jax.jvp(jax.grad(rosenbrock_in_arrays), (x,), (v,))[1])
        return jax_step(both, jax.numpy.asarray(x), jax.numpy.asarray(v))
    return casadi_call(
        lambda x, m: rosenbrock(x),
        n,
        lambda casadi, z, x, v: [casadi.jtimes(casadi.gradient(z, x), x, v)],
        x,
        v,
    )


def product_100(peer: str) -> Step | None:
    """The Hessian of Rosenbrock's function of 100 variables times a vector"""
    return product(peer, 100)


def product_10000(peer: str) -> Step | None:
    """The Hessian of Rosenbrock's function of 10,000 variables times a vector"""
    return product(peer, 10_000)


def jacobian_elementwise(peer: str) -> Step | None:
    """The Jacobian, 50 × 50, of a map in which each result depends on two variables"""
    x = np.linspace(-1.0, 1.0, 50)

    def in_scalars(x: Any, m: Any) -> Any:
        return [m.sin(x[i]) * m.exp(x[(i + 1) % 50]) for i in range(50)]

    return jacobian(peer, in_scalars, lambda x, m: m.sin(x) * m.exp(m.roll(x, -1)), x)


def jacobian_dense(peer: str) -> Step | None:
    """The Jacobian, 50 × 50, of tanh(W·x)"""
    x, W = np.linspace(-1.0, 1.0, 50), np.random.default_rng(0).normal(size=(50, 50)) / 7.0
    rows = W.tolist()

    def in_scalars(x: Any, m: Any) -> Any:
        return [m.tanh(sum(row[j] * x[j] for j in range(50))) for row in rows]

    return jacobian(peer, in_scalars, lambda x, m: m.tanh(W @ x), x)


def jacobian(
    peer: str, in_scalars: Callable[[Any, Any], Any], in_arrays: Callable[[Any, Any], Any], x: Any
) -> Step | None:
    """The Jacobian of a map."""
    if peer == "auto":
        m = functions(peer)
        f = compiler.compile(lambda x: np.array(in_scalars(x, m)))
        return lambda: f.jacobian(x)
    if peer == "jax":
        import jax

        return jax_step(jax.jit(jax.jacobian(lambda x: in_arrays(x, jax.numpy))), jax.numpy.asarray(x))

    def dense(casadi: Any, z: Any, x: Any) -> list[Any]:
        return [casadi.densify(casadi.jacobian(casadi.vertcat(*z), x)).T]

    return casadi_call(in_scalars, len(x), dense, x)


def product_loop(peer: str) -> Step | None:
    """The Hessian, times a vector, of 1,000 steps of a pendulum by its four parameters"""
    p, v = np.array([0.5, 1.2, 0.1, 0.3]), np.array([1.0, -1.0, 0.5, 2.0])

    def step(q: Any, w: Any, p: Any, sin: Any) -> Any:
        w = w + 0.01 * (p[3] - p[1] * sin(q) - p[2] * w)
        return q + 0.01 * w, w

    def in_scalars(p: Any, m: Any) -> Any:
        q, w = p[0], 0.0
        for _ in range(1000):
            q, w = step(q, w, p, m.sin)
        return q * q + w * w

    def by_scan(p: Any) -> Any:
        import jax

        (q, w), _ = jax.lax.scan(
            lambda s, _: (step(*s, p, jax.numpy.sin), None), (p[0], jax.numpy.zeros(())), None, 1000
        )
        return q * q + w * w

    if peer == "auto":
        f = compiler.compile(lambda p: in_scalars(p, functions(peer)))
        return lambda: f.hvp(p, v)
    if peer == "jax":
        import jax

        both = jax.jit(lambda p, v: jax.jvp(jax.grad(by_scan), (p,), (v,))[1])
        return jax_step(both, jax.numpy.asarray(p), jax.numpy.asarray(v))
    return casadi_call(in_scalars, 4, lambda casadi, z, x, v: [casadi.jtimes(casadi.gradient(z, x), x, v)], p, v)


def sparse_hessian(peer: str) -> Step | None:
    """The value, the gradient and the sparse Hessian of Rosenbrock's function of 1,000 variables"""
    x = np.linspace(-1.0, 1.0, 1000)
    if peer == "auto":
        f = compiler.compile(rosenbrock)

        def call() -> Any:
            return *f.value_and_grad(x), f.hessian(x, sparse=True)

        return call
    if peer == "jax":
        return None

    def derive(casadi: Any, z: Any, x: Any) -> list[Any]:
        H, g = casadi.hessian(z, x)
        return [z, g, H]

    return with_array(lambda x, m: rosenbrock(x), derive, x)


def sparse_jacobian(peer: str) -> Step | None:
    """The value and the sparse Jacobian of a stencil of three points on 1,000"""
    x = np.linspace(0.0, 1.0, 1000)

    def stencil(x: Any, m: Any) -> Any:
        n = x.shape[0]
        left, right = [0.0, *(x[i] for i in range(n - 1))], [*(x[i] for i in range(1, n)), 1.0]
        return [a - 2.0 * x[i] + b + m.exp(x[i]) * (b - a) for i, (a, b) in enumerate(zip(left, right))]

    if peer == "auto":
        f = compiler.compile(lambda x: np.array(stencil(x, functions(peer))))

        def call() -> Any:
            value, J = f.value_and_jacobian(x, sparse=True)
            return value, J

        return call
    if peer == "jax":
        return None

    def derive(casadi: Any, z: Any, x: Any) -> list[Any]:
        z = casadi.vertcat(*z)
        return [z, casadi.jacobian(z, x)]

    return with_array(stencil, derive, x)


def with_array(f: Callable[[Any, Any], Any], derive: Callable[[Any, Any, Any], list[Any]], x: Any) -> Step:
    """A function of CasADi whose last result is a sparse matrix, made an array of SciPy."""
    import casadi
    from scipy.sparse import csc_array

    symbols = casadi.SX.sym("x", len(x))
    results = derive(casadi, f(symbols, functions("casadi")), symbols)
    pattern = results[-1].sparsity()
    indptr, indices = np.array(pattern.colind(), np.int32), np.array(pattern.row(), np.int32)
    run = casadi_step(casadi.Function("f", [symbols], results), [x])

    def call() -> Any:
        *others, entries = run()
        A = csc_array((entries.copy(), indices, indptr), pattern.shape)
        return *others, A

    return call


WORKLOADS = {
    f.__name__: f
    for f in (
        dense_hessian,
        product_100,
        product_10000,
        jacobian_elementwise,
        jacobian_dense,
        product_loop,
        sparse_hessian,
        sparse_jacobian,
    )
}


def measure(name: str, options: Options) -> dict[str, Any]:
    """The entries of one workload."""
    return {"title": WORKLOADS[name].__doc__, "entries": compare(WORKLOADS[name], OURS, PEERS, options)}
