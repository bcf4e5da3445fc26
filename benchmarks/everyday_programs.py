"""Sixteen programs of everyday use, each as the users of a package write it: what `everyday.py` measures.

In scalars with loops for autograd_mini and CasADi, in arrays with `scan` for JAX.  Each is a function of a package that
makes its step: the value and all derivatives for the same numbers.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
from measure import LeftOut, Step
from peers import casadi_step, jax_step

import autograd_mini as am
from autograd_mini import Value, compiler

PEERS = ("jax", "casadi")


def ours(f: Callable[..., Any], *given: Any, **options: Any) -> Step:
    """The step of `compile`."""
    both = compiler.compile(f, **options)
    return lambda: both.value_and_grad(*given)


def jaxs(f: Callable[..., Any], *given: Any, by: int = 0) -> Step:
    """The step of JAX, with derivatives by the first `by` arguments, or by all."""
    import jax

    both = jax.jit(jax.value_and_grad(f, tuple(range(by or len(given)))))
    return jax_step(both, *jax.tree.map(jax.numpy.asarray, given))


def casadis(f: Callable[..., Any], *given: Any) -> Step:
    """The step of CasADi, whose function is given matrices and vectors of symbols as nested lists."""
    import casadi

    flat = np.concatenate([np.ravel(x) for x in given])
    x = casadi.SX.sym("x", flat.size)
    rest = iter(casadi.vertsplit(x))
    z = f(*[_nested([next(rest) for _ in range(np.size(part))], np.shape(part)) for part in given])
    return casadi_step(casadi.Function("f", [x], [z, casadi.gradient(z, x)]), [flat])


def _nested(numbers: Sequence[Any], shape: Sequence[int]) -> Any:
    if len(shape) == 1:
        return list(numbers)
    size = len(numbers) // shape[0]
    return [_nested(numbers[k * size : (k + 1) * size], shape[1:]) for k in range(shape[0])]


def scalars(peer: str) -> Any:
    """The functions of a package that is written in scalars."""
    if peer == "auto":
        return am
    import casadi

    return SimpleNamespace(
        exp=casadi.exp,
        log=casadi.log,
        sqrt=casadi.sqrt,
        sum=sum,
        logsumexp=lambda xs: casadi.logsumexp(casadi.vertcat(*xs)),
        log_softmax=lambda xs: [x - casadi.logsumexp(casadi.vertcat(*xs)) for x in xs],
    )


def values(numbers: Any) -> Any:
    """Parameters: an array as nested lists of Values."""
    return [values(row) for row in numbers] if np.ndim(numbers) else Value(float(numbers))


def flat(nested: Any) -> list[Any]:
    """The Values in nested lists, in their order."""
    return [x for part in nested for x in flat(part)] if isinstance(nested, list) else [nested]


# ---- statistics ----


def gmm(peer: str) -> Step | None:
    """The likelihood of a mixture of 3 Gaussians, 1,000 points in the plane"""
    rng, constant = np.random.default_rng(0), 0.5 * math.log(2.0 * math.pi)
    means, logs, weights = rng.normal(size=(3, 2)), 0.1 * rng.normal(size=(3, 2)), 0.1 * rng.normal(size=3)
    X = rng.normal(size=(1000, 2))
    if peer == "auto":
        m, s, w = values(means), values(logs), values(weights)

        def loss(x: Any) -> Any:
            parts = [
                w[k] - am.sum([0.5 * ((x[d] - m[k][d]) * am.exp(-s[k][d])) ** 2 + s[k][d] + constant for d in (0, 1)])
                for k in range(3)
            ]
            return am.logsumexp(w) - am.logsumexp(parts)

        return ours(loss, X, params=flat([m, s, w]), reduce="sum")
    if peer != "jax":
        return None
    import jax.numpy as jnp
    from jax.nn import logsumexp

    def total(p: Any, X: Any) -> Any:
        m, s, w = p
        parts = w - (0.5 * ((X[:, None] - m) * jnp.exp(-s)) ** 2 + s + constant).sum(-1)
        return (logsumexp(w) - logsumexp(parts, 1)).sum()

    return jaxs(total, (means, logs, weights), X, by=1)


def logistic(peer: str, is_loop: bool) -> Step | None:
    """Logistic regression on 10,000 samples of 20 features: with a sample axis, or as a loop over rows of data."""
    rng = np.random.default_rng(0)
    X, w = rng.normal(size=(10_000, 20)), np.full(20, 0.1)
    Y = (X[:, 0] > 0.0).astype(float)
    if peer == "jax":
        import jax

        return jaxs(lambda w, X, Y: (jax.nn.softplus(X @ w) - Y * (X @ w)).mean(), w, X, Y, by=1)
    if peer != "auto":
        return None

    def loss(w: Any, x: Any, y: Any) -> Any:
        z = am.dot(w, x)
        return am.softplus(z) - y * z

    if is_loop:
        data = list(zip(X.tolist(), Y.tolist()))
        return ours(lambda w: sum(loss(w, x, y) for x, y in data) / len(data), w)
    p = values(w)
    return ours(lambda x, y: loss(p, x, y), X, Y, params=p, reduce="mean")


def kalman(peer: str) -> Step | None:
    """The likelihood of a Kalman filter of 4 states over 200 observations"""
    F = [[1.0, 0.0, 0.1, 0.0], [0.0, 1.0, 0.0, 0.1], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    ys, p = np.random.default_rng(0).normal(size=(200, 2)), np.array([-1.0, 0.2])
    if peer == "jax":
        return _kalman_in_arrays(np.array(F), ys, p)
    m = scalars(peer)

    def product(A: Any, B: Any) -> Any:
        return [[sum(a * b for a, b in zip(row, column)) for column in zip(*B)] for row in A]

    def likelihood(p: Any) -> Any:
        q, r = m.exp(p[0]), m.exp(p[1])
        x, P, found = [[0.0]] * 4, np.eye(4).tolist(), 0.0
        for y in ys.tolist():
            x, P = product(F, x), product(product(F, P), list(zip(*F)))
            P = [[P[i][j] + (q if i == j else 0.0) for j in range(4)] for i in range(4)]
            a, b, c = P[0][0] + r, P[0][1], P[1][1] + r
            det = a * c - b * b
            inverse = [[c / det, -b / det], [-b / det, a / det]]
            e = [[y[0] - x[0][0]], [y[1] - x[1][0]]]
            found = found - 0.5 * (m.log(det) + product(list(zip(*e)), product(inverse, e))[0][0])
            K = product([row[:2] for row in P], inverse)
            x = [[xi[0] + d[0]] for xi, d in zip(x, product(K, e))]
            P = [[P[i][j] - d for j, d in enumerate(row)] for i, row in enumerate(product(K, P[:2]))]
        return found

    return (ours if peer == "auto" else casadis)(likelihood, p)


def _kalman_in_arrays(F: Any, ys: Any, p: Any) -> Step:
    import jax.numpy as jnp
    from jax.lax import scan

    def likelihood(p: Any) -> Any:
        q, r = jnp.exp(p)

        def step(state: Any, y: Any) -> Any:
            x, P, found = state
            x, P = F @ x, F @ P @ F.T + q * jnp.eye(4)
            S, e = P[:2, :2] + r * jnp.eye(2), y - x[:2]
            inverse = jnp.linalg.inv(S)
            K = P[:, :2] @ inverse
            found = found - 0.5 * (jnp.log(jnp.linalg.det(S)) + e @ inverse @ e)
            return (x + K @ e, P - K @ P[:2], found), None

        return scan(step, (jnp.zeros(4), jnp.eye(4), 0.0), ys)[0][2]

    return jaxs(likelihood, p)


def hmm(peer: str) -> Step | None:
    """The likelihood of a hidden Markov model of 5 states over 200 observations"""
    rng = np.random.default_rng(0)
    seen, A, B = rng.integers(0, 4, 200), rng.normal(size=(5, 5)), rng.normal(size=(5, 4))
    if peer == "jax":
        import jax
        from jax.nn import log_softmax, logsumexp

        def in_arrays(A: Any, B: Any) -> Any:
            A, B = log_softmax(A, 1), log_softmax(B, 1)
            first = B[:, seen[0]] - math.log(5)
            return logsumexp(
                jax.lax.scan(lambda a, o: (logsumexp(a[:, None] + A, 0) + B[:, o], None), first, seen[1:])[0]
            )

        return jaxs(in_arrays, A, B)
    m = scalars(peer)

    def likelihood(A: Any, B: Any) -> Any:
        A, B = ([m.log_softmax(list(row)) for row in rows] for rows in (A, B))
        a = [row[seen[0]] - math.log(5) for row in B]
        for o in seen[1:].tolist():
            a = [m.logsumexp([x + row[k] for x, row in zip(a, A)]) + B[k][o] for k in range(5)]
        return m.logsumexp(a)

    return (ours if peer == "auto" else casadis)(likelihood, A, B)


# ---- geometry and finance ----


def bundle(peer: str) -> Step | None:
    """Bundle adjustment: the errors of 5,000 observations, each by its camera and its point"""
    rng, n = np.random.default_rng(0), 5000
    cameras = 0.1 * rng.normal(size=(n, 9))
    points, seen = rng.normal((0.0, 0.0, 5.0), size=(n, 3)), rng.normal(size=(n, 2))
    if peer == "auto":

        def error(camera: Any, point: Any, seen: Any) -> Any:
            w = list(camera[:3])
            angle = am.sqrt(am.dot(w, w) + 1e-20)
            k, c, s = [x / angle for x in w], am.cos(angle), am.sin(angle)
            across = [k[i - 2] * point[i - 1] - k[i - 1] * point[i - 2] for i in range(3)]
            along = am.dot(k, list(point)) * (1.0 - c)
            p = [point[i] * c + across[i] * s + k[i] * along + camera[3 + i] for i in range(3)]
            u, v = -p[0] / p[2], -p[1] / p[2]
            r = u * u + v * v
            d = camera[6] * (1.0 + r * (camera[7] + camera[8] * r))
            return (d * u - seen[0]) ** 2 + (d * v - seen[1]) ** 2

        return ours(error, cameras, points, seen, batch=True)
    if peer != "jax":
        return None
    import jax
    import jax.numpy as jnp

    def in_arrays(camera: Any, point: Any, seen: Any) -> Any:
        angle = jnp.sqrt(camera[:3] @ camera[:3] + 1e-20)
        k, c, s = camera[:3] / angle, jnp.cos(angle), jnp.sin(angle)
        p = point * c + jnp.cross(k, point) * s + k * (k @ point) * (1.0 - c) + camera[3:6]
        u = -p[:2] / p[2]
        r = u @ u
        return ((camera[6] * (1.0 + r * (camera[7] + camera[8] * r)) * u - seen) ** 2).sum()

    both = jax.jit(jax.vmap(jax.value_and_grad(in_arrays, (0, 1, 2))))
    return jax_step(both, *map(jnp.asarray, (cameras, points, seen)))


def paths(peer: str) -> Step | None:
    """An option on the average of a price: 1,000 paths of 1,000 steps"""
    n = 1000
    Z, p = np.random.default_rng(0).normal(size=(n, n)), np.array([100.0, 0.2, 0.05])
    if peer == "auto":
        start, volatility, rate = leaves = values(p)

        def payoff(z: Any) -> Any:
            s, average = am.log(start), 0.0
            drift, width = (rate - 0.5 * volatility**2) / n, volatility * n**-0.5
            for k in range(n):
                s = s + drift + width * z[k]
                average = average + am.exp(s)
            return am.exp(-rate) * am.relu(average / n - 100.0)

        return ours(payoff, Z, params=leaves, reduce="mean")
    if peer != "jax":
        return None
    import jax
    import jax.numpy as jnp

    def in_arrays(p: Any, Z: Any) -> Any:
        start, volatility, rate = p
        steps = (rate - 0.5 * volatility**2) / n + volatility * n**-0.5 * Z
        average = jnp.exp(jnp.log(start) + jnp.cumsum(steps, 1)).mean(1)
        return (jnp.exp(-rate) * jax.nn.relu(average - 100.0)).mean()

    return jaxs(in_arrays, p, Z, by=1)


# ---- networks ----


def lstm(peer: str) -> Step | None:
    """An LSTM of 8 units over 50 steps, 32 samples"""
    units, T = 8, 50
    rng = np.random.default_rng(0)
    W, out = 0.3 * rng.normal(size=(4 * units, units + 5)), 0.3 * rng.normal(size=units)
    X, Y = rng.normal(size=(32, T, 4)), rng.normal(size=(32, T))
    if peer == "auto":
        w, o = values(W), values(out)

        def loss(x: Any, y: Any) -> Any:
            h, c, total = [0.0] * units, [0.0] * units, 0.0
            for t in range(T):
                z = [am.dot(row[:-1], [*x[t], *h], row[-1]) for row in w]
                into, keep, give, new = (z[k * units : (k + 1) * units] for k in range(4))
                c = [am.sigmoid(k) * old + am.sigmoid(i) * am.tanh(n) for i, k, n, old in zip(into, keep, new, c)]
                h = [am.sigmoid(g) * am.tanh(x) for g, x in zip(give, c)]
                total = total + (am.dot(o, h) - y[t]) ** 2
            return total / T

        return ours(loss, X, Y, params=flat([w, o]), reduce="mean")
    if peer != "jax":
        return None
    import jax
    import jax.numpy as jnp

    def one(p: Any, x: Any, y: Any) -> Any:
        W, out = p

        def step(state: Any, xy: Any) -> Any:
            h, c = state
            into, keep, give, new = jnp.split(W[:, :-1] @ jnp.concatenate([xy[0], h]) + W[:, -1], 4)
            c = jax.nn.sigmoid(keep) * c + jax.nn.sigmoid(into) * jnp.tanh(new)
            h = jax.nn.sigmoid(give) * jnp.tanh(c)
            return (h, c), (out @ h - xy[1]) ** 2

        return jax.lax.scan(step, (jnp.zeros(units), jnp.zeros(units)), (x, y))[1].mean()

    return jaxs(lambda p, X, Y: jax.vmap(one, (None, 0, 0))(p, X, Y).mean(), (W, out), X, Y, by=1)


def convolution(peer: str) -> Step | None:
    """A convolutional network on 64 images of 8 × 8: 4 filters of 3 × 3, the largest of 2 × 2, 10 classes"""
    rng = np.random.default_rng(0)
    filters, shifts = 0.3 * rng.normal(size=(4, 9)), np.zeros(4)
    dense, more = 0.2 * rng.normal(size=(10, 36)), np.zeros(10)
    X, Y = rng.normal(size=(64, 8, 8)), np.eye(10)[rng.integers(0, 10, 64)]
    if peer == "auto":
        F, b, D, e = leaves = [values(x) for x in (filters, shifts, dense, more)]

        def loss(x: Any, y: Any) -> Any:
            found: list[Any] = []
            for row, shift in zip(F, b):
                at = [
                    [
                        am.relu(am.dot(row, [x[i + k][j + m] for k in range(3) for m in range(3)], shift))
                        for j in range(6)
                    ]
                    for i in range(6)
                ]
                for i in range(0, 6, 2):
                    above = [am.maximum(p, q) for p, q in zip(at[i], at[i + 1])]
                    found += [am.maximum(above[j], above[j + 1]) for j in range(0, 6, 2)]
            return -am.dot(list(y), am.log_softmax([am.dot(row, found, shift) for row, shift in zip(D, e)]))

        return ours(loss, X, Y, params=flat(leaves), reduce="mean")
    if peer != "jax":
        return None
    import jax
    import jax.numpy as jnp
    from jax import lax

    def in_arrays(p: Any, X: Any, Y: Any) -> Any:
        F, b, D, e = p
        at = lax.conv(X[:, None], F.reshape(4, 1, 3, 3), (1, 1), "VALID") + b[:, None, None]
        most = lax.reduce_window(jax.nn.relu(at), -jnp.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
        return -(Y * jax.nn.log_softmax(most.reshape(64, -1) @ D.T + e)).sum(1).mean()

    return jaxs(in_arrays, (filters, shifts, dense, more), X, Y, by=1)


# ---- mechanics and linear algebra ----


def bodies(peer: str, n: int, steps: int) -> Step | None:
    """Bodies that attract each other: where they are after some steps, by where they began."""
    if peer == "casadi" and n * n * steps > 100_000:
        raise LeftOut("takes over a minute")
    rng, masses = np.random.default_rng(0), 1.0 + 0.1 * np.arange(n)
    X, V = rng.normal(size=(n, 3)), 0.1 * rng.normal(size=(n, 3))
    if peer == "jax":
        import jax
        import jax.numpy as jnp

        def step(state: Any, _: Any) -> Any:
            x, v = state
            d = x[:, None] - x[None]
            r = (d * d).sum(-1) + 0.01
            v = v - 0.001 * ((masses / (r * jnp.sqrt(r)))[..., None] * d).sum(1)
            return (x + 0.001 * v, v), None

        return jaxs(lambda x, v: (jax.lax.scan(step, (x, v), None, steps)[0][0] ** 2).sum(), X, V)
    m, mass = scalars(peer), masses.tolist()

    def end(x: Any, v: Any) -> Any:
        x, v = [list(row) for row in x], [list(row) for row in v]
        for _ in range(steps):
            a = [[0.0] * 3 for _ in range(n)]
            for i in range(n):
                for j in range(i):
                    d = [p - q for p, q in zip(x[i], x[j])]
                    r = d[0] * d[0] + d[1] * d[1] + d[2] * d[2] + 0.01
                    w = 1.0 / (r * m.sqrt(r))
                    for k in range(3):
                        a[i][k] = a[i][k] - mass[j] * w * d[k]
                        a[j][k] = a[j][k] + mass[i] * w * d[k]
            for i in range(n):
                for k in range(3):
                    v[i][k] = v[i][k] + 0.001 * a[i][k]
                    x[i][k] = x[i][k] + 0.001 * v[i][k]
        return m.sum([q * q for row in x for q in row])

    return (ours if peer == "auto" else casadis)(end, X, V)


def runge_kutta(peer: str) -> Step | None:
    """Lorenz's equations, 10,000 steps of Runge and Kutta's method, by the start and the parameters"""
    n, h = 10_000, 0.001
    start, p = np.ones(3), np.array([10.0, 14.0, 8.0 / 3.0])
    if peer == "casadi":
        raise LeftOut("takes over a minute")

    def slopes(u: Any, p: Any) -> Any:
        return [p[0] * (u[1] - u[0]), u[0] * (p[1] - u[2]) - u[1], u[0] * u[1] - p[2] * u[2]]

    def step(u: Any, f: Callable[[Any], Any], each: Callable[..., Any]) -> Any:
        a = f(u)
        b = f(each(lambda x, k: x + h / 2 * k, u, a))
        c = f(each(lambda x, k: x + h / 2 * k, u, b))
        d = f(each(lambda x, k: x + h * k, u, c))
        return each(lambda x, a, b, c, d: x + h / 6 * (a + 2 * b + 2 * c + d), u, a, b, c, d)

    if peer == "jax":
        import jax
        import jax.numpy as jnp

        def in_arrays(u: Any, p: Any) -> Any:
            def one(u: Any, _: Any) -> Any:
                return step(u, lambda u: jnp.array(slopes(u, p)), lambda g, *xs: g(*xs)), None

            u, _ = jax.lax.scan(one, u, None, n)
            return u[0] ** 2 + u[1] ** 2

        return jaxs(in_arrays, start, p)

    def end(u: Any, p: Any) -> Any:
        for _ in range(n):
            u = step(u, lambda u: slopes(u, p), lambda g, *xs: [g(*x) for x in zip(*xs)])
        return u[0] ** 2 + u[1] ** 2

    return ours(end, start, p)


def tridiagonal(peer: str) -> Step | None:
    """A tridiagonal system of 2,000 equations"""
    n, rng = 2000, np.random.default_rng(0)
    given = [rng.uniform(-1.0, 1.0, n) + diagonal for diagonal in (0.0, 4.0, 0.0, 0.0)]
    if peer == "jax":
        from jax.lax import scan

        def forward(state: Any, row: Any) -> Any:
            a, b, c, d = row
            pivot = b - a * state[0]
            state = c / pivot, (d - a * state[1]) / pivot
            return state, state

        def backward(x: Any, row: Any) -> Any:
            x = row[1] - row[0] * x
            return x, x

        def in_arrays(*rows: Any) -> Any:
            x = scan(backward, 0.0, scan(forward, (0.0, 0.0), rows)[1], reverse=True)[1]
            return (x * x).sum()

        return jaxs(in_arrays, *given)
    m = scalars(peer)

    def solved(a: Any, b: Any, c: Any, d: Any) -> Any:
        above, right = [c[0] / b[0]], [d[0] / b[0]]
        for i in range(1, n):
            pivot = b[i] - a[i] * above[-1]
            above.append(c[i] / pivot)
            right.append((d[i] - a[i] * right[-1]) / pivot)
        x = [right[-1]]
        for i in range(n - 2, -1, -1):
            x.append(right[i] - above[i] * x[-1])
        return m.sum([q * q for q in x])

    return (ours if peer == "auto" else casadis)(solved, *given)


def cholesky(peer: str) -> Step | None:
    """The logarithm of a determinant by Cholesky's factors, 60 × 60"""
    n = 60
    A = np.random.default_rng(0).normal(size=(n, n))
    A = A @ A.T + n * np.eye(n)
    if peer == "jax":
        import jax.numpy as jnp

        def in_arrays(A: Any) -> Any:
            A = jnp.tril(A) + jnp.tril(A, -1).T  # as ours, it has no look at the upper half
            return 2.0 * jnp.log(jnp.diagonal(jnp.linalg.cholesky(A, symmetrize_input=False))).sum()

        return jaxs(in_arrays, A)
    m = scalars(peer)

    def logarithm(A: Any) -> Any:
        L = [[0.0] * n for _ in range(n)]
        for i in range(n):
            for j in range(i + 1):
                rest = A[i][j]
                for k in range(j):
                    rest = rest - L[i][k] * L[j][k]
                L[i][j] = m.sqrt(rest) if i == j else rest / L[j][j]
        return 2.0 * m.sum([m.log(L[i][i]) for i in range(n)])

    return (ours if peer == "auto" else casadis)(logarithm, A)


PROGRAMS: dict[str, tuple[str, Callable[[str], Step | None]]] = {
    **{f.__name__: (str(f.__doc__), f) for f in (gmm, bundle, lstm, convolution, paths, tridiagonal, kalman, hmm)},
    "cholesky": (str(cholesky.__doc__), cholesky),
    "logistic": ("Logistic regression on 10,000 samples of 20 features", partial(logistic, is_loop=False)),
    "logistic_loop": ("The same as a loop over rows of data", partial(logistic, is_loop=True)),
    **{
        f"bodies_{n}_{steps}": (f"{n} bodies that attract each other, {steps} steps", partial(bodies, n=n, steps=steps))
        for n, steps in ((10, 20), (20, 20), (50, 5), (50, 100))
    },
    "runge_kutta": (str(runge_kutta.__doc__), runge_kutta),
}
"""The title of each, and what makes its step for a package: None where its users would take another."""
