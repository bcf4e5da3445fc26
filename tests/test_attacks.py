"""Attacks, seeded and bounded: whatever is typed, damaged or called in whatever order, the answer is right or an error.

Damaged state files are tried in nn/test_state.py, hostile names and labels in test_hostile_text.py.
"""

import copy
import math
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import autograd_mini as am
from autograd_mini import NoGraphError, StaleGraphError, Value, dot, gradients, hypot, maximum, no_grad, relu, sin, tanh
from autograd_mini.cli.expression import CONSTANTS, FUNCTIONS, ExpressionError, parse
from autograd_mini.nn import MLP
from autograd_mini.nn.state import StateError

# ---- expressions ----

TOKENS = [
    *FUNCTIONS, *CONSTANTS, *"xyzw", *"+-*/()[],=<>", "**", "==", "!=", "0", "2", "3.5", "1e308", "1e-320", "0x1F",
    "1_000", "10**400", "9**9**9**9", "1e400", "...", "lambda", "if", "else", "for", "in", "and", "not", "is", "yield",
    "__import__", "os", "__class__", "'a'", 'b"c"', "f'{x}'", "{", "}", ":", ":=", "@", "%", "//", "^", "~", "&", "|",
    "\\", "\n", "\t", "\0", "#", "٣", "x́", "ｘ", "𝓍", "∞", "²", "−", "\u202e", "\ud800", "\U0001f600", "True", "1j",
    ";", "`", "$", "?", "!", "axis=1", "*xs", "**k",
]  # fmt: skip
SEEDS = [
    "x*y + sin(x)", "sum([x,y,1])/3", "where(x>0,x,y)", "dot([w,2],[x,y])+relu(z)", "x**2**y", "-x**-2",
    "dot(softmax([x,y]),[1,2])", "clamp(x,0,1)", "prod([x,y,x])", "atan2(y,x)", "leaky_relu(x, 0.1)", "maximum(x,y,z)",
]  # fmt: skip
NUMBERS = [0.0, -0.0, 1.0, 2.5, -3.0, 1e308, 5e-324, math.nan, math.inf]


def strange_text(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.4:
        return "".join(rng.choice(TOKENS) + rng.choice(["", "", " "]) for _ in range(rng.randrange(1, 14)))
    if kind < 0.85:
        text = list(rng.choice(SEEDS))
        for _ in range(rng.randrange(1, 5)):
            i = rng.randrange(len(text) + 1)
            text[i : i + rng.randrange(3)] = rng.choice([rng.choice(TOKENS), "", rng.choice(SEEDS)[: rng.randrange(8)]])
        return "".join(text)
    if kind < 0.98:
        return "".join(chr(rng.randrange(rng.choice([128, 0x250, 0x110000]))) for _ in range(rng.randrange(1, 12)))
    n = rng.choice([10, 200, 1000, 9990])
    return rng.choice(
        ["(" * n + "x" + ")" * n, "-" * n + "x", "x" + "**x" * (n // 3), "[" * n, "9" * n, "x<" * (n // 2)]
    )


class Watch:
    """What Python tells of programs that are run, files that are opened and so on, while it is armed."""

    def __init__(self) -> None:
        self.armed, self.events = False, list[str]()
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if self.armed and event in ("exec", "open", "import", "os.system", "subprocess.Popen", "socket.connect"):
            self.events.append(f"{event} {args!r:.80}")

    @contextmanager
    def listening(self) -> Iterator[None]:
        self.armed = True
        try:
            yield
        finally:
            self.armed = False


@pytest.fixture(scope="module")
def watch() -> Watch:
    return Watch()  # a hook can't be taken away again: one for all tests


@pytest.mark.parametrize("seed", range(4))
def test_strange_expressions_are_calculated_or_refused_and_nothing_runs(seed: int, watch: Watch) -> None:
    rng = random.Random(seed)
    read, said = 0, list[str]()
    for _ in range(1000):
        text = strange_text(rng)
        try:
            with watch.listening():
                expression = parse(text)
                numbers = {name: rng.choice(NUMBERS) for name in expression.names}
                assert isinstance(expression(**numbers), float)
            node = expression(**{name: Value(x) for name, x in numbers.items()})
        except ExpressionError as error:
            said.append(str(error))
            continue
        read += 1
        if isinstance(node, Value):
            node.backward()
    assert watch.events == []
    assert read > 50
    assert all(said)


# ---- state files ----


@pytest.mark.parametrize("seed", range(4))
def test_damaged_state_files_are_refused_or_give_what_was_saved(seed: int, tmp_path: Any) -> None:
    rng = random.Random(seed)
    saved, path = MLP(2, [3, 1], seed=1), tmp_path / "model.json"
    saved.save(path)
    whole = path.read_bytes()
    for _ in range(250):
        damaged = bytearray(whole)
        for _ in range(rng.randrange(1, 6)):
            i = rng.randrange(len(damaged))
            match rng.randrange(3):
                case 0:
                    damaged[i] = rng.randrange(256)
                case 1:
                    del damaged[i : i + rng.randrange(20)]
                case _:
                    damaged[i:i] = bytes(
                        rng.choice(b'0123456789eE+-.,:{}[]"\\ \nNaInfty') for _ in range(rng.randrange(1, 8))
                    )
        path.write_bytes(damaged)
        model = MLP(2, [3, 1], seed=2)
        before = model.state_dict()
        try:
            model.load(path)
        except StateError:
            assert model.state_dict() == before
        else:
            assert model.state_dict() == saved.state_dict()


# ---- calls in any order ----

UNARY = [sin, tanh, lambda v: v * v, lambda v: -v, lambda v: v**3, am.abs, relu, lambda v: v / 2, lambda v: 2**v]
BINARY = [
    lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, maximum, lambda a, b: dot([a, b], [b, 1.0]), hypot,
]  # fmt: skip


@pytest.mark.parametrize("seed", range(150))
def test_calls_in_any_order_agree_with_what_each_promises(seed: int) -> None:
    rng = random.Random(seed)
    leaves = [Value(rng.uniform(-2, 2)) for _ in range(3)]
    nodes: list[Value] = []
    for _ in range(40):
        kind = rng.random()
        if kind < 0.5 or not nodes:
            a, b = rng.choices(leaves + nodes, k=2)
            try:
                nodes.append(rng.choice(UNARY)(a) if rng.random() < 0.5 else rng.choice(BINARY)(a, b))
            except (ArithmeticError, ValueError):
                continue
        elif kind < 0.65:
            rng.choice(leaves).data = rng.uniform(-2, 2)
        elif kind < 0.95:
            sweep(rng.choice(nodes), leaves)
        elif kind < 0.97:
            for leaf in leaves:
                leaf.grad = 0.0
        else:
            with no_grad():
                cut = rng.choice(nodes) * 2
            with pytest.raises(NoGraphError):
                cut.backward()
            assert copy.copy(leaves[0]).data == leaves[0].data


def sweep(node: Value, leaves: list[Value]) -> None:
    """backward() adds what gradients() finds, or both say that the graph is stale and nothing changes."""
    before = [leaf.grad for leaf in leaves]
    try:
        found = gradients(node, leaves)
    except StaleGraphError:
        with pytest.raises(StaleGraphError):
            node.backward()
        assert [leaf.grad for leaf in leaves] == before
        return
    node.backward()
    for leaf, grad, added in zip(leaves, before, found):
        if math.isfinite(added):
            assert math.isclose(leaf.grad, grad + added, rel_tol=1e-9, abs_tol=1e-12 * (1.0 + abs(grad)))
