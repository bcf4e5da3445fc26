"""The order of a program: which nodes are evaluated together, and where their numbers stand."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ...rule import Rule
from ...rules import RULES
from ..program import Loop, Program
from ..record.graph import OPERATIONS, Graph, Guard

if TYPE_CHECKING:  # it needs NumPy
    from .loops import Found

_BY_EXPONENT = ("powi", "pow", "gaussian", "hurwitz")  # one constant for a whole group is far faster in these
Key = tuple[Any, ...]


def straight(graph: Graph, arguments: Sequence[int]) -> Program:
    """The nodes one by one, in the order of the trace, with all that may raise."""
    graph.keep_checks()
    groups = [((graph.rules[i], False), [i]) for i in graph.interior()]
    return _program(graph, arguments, False, groups, "trace")


def grouped(graph: Graph, arguments: Sequence[int], sampled: bool, found: "Found | None" = None) -> Program:
    """The nodes in groups, those of loops one by one.

    What depends on parameters alone is not evaluated for each sample.

    Args:
        graph: what is to be calculated.
        arguments: how many inputs belong to each argument.
        sampled: whether there is a sample axis.
        found: the loops, if there may be some.
    """
    nodes, loops = (found.nodes, found.loops) if found else (list(graph.interior()), [])
    varying = _varying(graph, nodes, loops) if sampled else [False] * len(graph)
    keys = _keys(graph, arguments, varying)
    groups: list[tuple[Key, list[int]]] = []
    placed, at = [], 0
    for loop in loops:
        groups += _greedy(graph, {i: keys[i] for i in nodes[at : loop.first]})
        placed.append(loop._replace(first=len(groups)))
        groups += [(keys[i], [i]) for i in nodes[loop.first : loop.end]]
        at = loop.end
    groups += _greedy(graph, {i: keys[i] for i in nodes[at:]})
    return _program(graph, arguments, sampled, groups, "groups", placed)


def _varying(graph: Graph, nodes: Sequence[int], loops: Sequence[Loop]) -> list[bool]:
    """Which nodes have a number for each sample: of a loop all, or none."""
    inputs = list(range(graph.inputs))
    varying = graph.depends(inputs)
    for loop in loops:
        members = nodes[loop.first : loop.end]
        if any(map(varying.__getitem__, members)):
            inputs += members
            varying = graph.depends(inputs)
    return varying


def _greedy(graph: Graph, keys: dict[int, Key]) -> list[tuple[Key, list[int]]]:
    """Nodes in groups, made greedily: an operation's turn comes when all its nodes are ready, or most of any."""
    waiting = dict.fromkeys(keys, 0)  # for how many operands
    users: dict[int, list[int]] = {i: [] for i in keys}
    ready: defaultdict[Key, list[int]] = defaultdict(list)
    for i, key in keys.items():
        for j in graph.operands[i]:
            if j in keys:
                waiting[i] += 1
                users[j].append(i)
        if not waiting[i]:
            ready[key].append(i)
    groups = []
    left = Counter(keys.values())
    while ready:
        key = max(ready, key=lambda key: (len(ready[key]) == left[key], len(ready[key])))
        members = ready.pop(key)
        left[key] -= len(members)
        groups.append((key, members))
        for i in members:
            for j in users[i]:
                waiting[j] -= 1
                if not waiting[j]:
                    ready[keys[j]].append(j)
    return groups


def _keys(graph: Graph, arguments: Sequence[int], varying: Sequence[bool]) -> dict[int, Key]:
    """What the members of a group have in common: operation, where each operand comes from, a dot's list of inputs."""
    kinds: list[Any] = [a for a, n in enumerate(arguments) for _ in range(n)]
    kinds += ["parameter"] * graph.parameters
    for i in range(len(kinds), len(graph)):
        kinds.append("constant" if graph.rules[i] is None else "varying" if varying[i] else "uniform")
    shared = Counter([_inputs(graph, i) for i, rule in enumerate(graph.rules) if rule is RULES["dot"]])
    keys: dict[int, Key] = {}
    for i in graph.interior():
        rule, xs = graph.rules[i], graph.operands[i]
        key: Key = (rule, varying[i], tuple([kinds[j] for j in xs]))
        if rule is RULES["dot"]:
            inputs = _inputs(graph, i)
            if shared[inputs] > 1 or (varying[inputs[0]] and not varying[xs[0]]):
                key = (*key, inputs)
        elif rule is not None and rule.name in _BY_EXPONENT and xs[1] in graph.constants:
            key = (*key, xs[1])
        keys[i] = key
    return keys


def _inputs(graph: Graph, i: int) -> tuple[int, ...]:
    xs = graph.operands[i]
    return xs[len(xs) // 2 : len(xs) // 2 * 2]


def _program(
    graph: Graph,
    arguments: Sequence[int],
    sampled: bool,
    groups: Iterable[tuple[Key, list[int]]],
    order: str,
    loops: Iterable[Loop] = (),
) -> Program:
    leaves = [*range(graph.inputs + graph.parameters), *_constants(graph)]
    slot = {i: at for at, i in enumerate(leaves)}
    codes: dict[Rule, int] = {}
    code, start, arity, first, operands = (array("q") for _ in range(5))
    varying = bytearray()
    for (rule, varies, *_), members in groups:
        placed = sorted([([slot[j] for j in graph.operands[i]], i) for i in members])
        code.append(codes.setdefault(rule, len(codes)))
        start.append(len(slot))
        arity.append(len(placed[0][0]))
        first.append(len(operands))
        varying.append(varies)
        for column in zip(*[slots for slots, _ in placed]):
            operands.extend(column)
        for _, i in placed:
            slot[i] = len(slot)
    start.append(len(slot))
    first.append(len(operands))
    names = _names(codes)
    return Program(
        arguments=tuple(arguments),
        parameters=graph.parameters,
        constants=array("d", [graph.constants[i] for i in leaves[graph.inputs + graph.parameters :]]),
        operations=names,
        code=code,
        start=start,
        arity=arity,
        first=first,
        operands=operands,
        varying=bytes(varying),
        sampled=sampled,
        order=order,
        guards=tuple([Guard(slot[i], outcome, line) for i, outcome, line in graph.guards]),
        results=tuple([slot[i] for i in graph.results]),
        own={name: rule for name, rule in zip(names, codes) if OPERATIONS.get(name) is not rule},
        loops=tuple(loops),
    )


def _names(rules: Iterable[Rule]) -> tuple[str, ...]:
    """The names of operations, each its own: two primitives may be called the same."""
    names: list[str] = []
    for rule in rules:
        names.append(f"{rule.name} {len(names)}" if rule.name in names else rule.name)
    return tuple(names)


def _constants(graph: Graph) -> list[int]:
    alive = graph.live
    return [i for i in graph.constants if alive[i]]
