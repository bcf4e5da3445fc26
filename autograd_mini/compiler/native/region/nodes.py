"""Streams: groups with the same number of nodes that run in step, as one kernel that exchanges numbers in registers.

A stream consists of *pieces*: for one operation, as many nodes as the stream is long.  The operands of the j-th node of
a piece are the j-th nodes of earlier pieces or of runs of slots outside, or slots that are the same for all nodes.
Numbers that are not used elsewhere are never written to memory: the backward pass computes them again if that is cheap.
A piece that is only used by a sum is added up at once; its first slot has the total.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import numpy as np

from ....rule import Rule
from ...program import Adjoints, Group
from ...record.graph import differentiated
from ..callbacks import is_own
from ..kernels.access import CHEAP, HEADER, SIGNATURE, Access, Nodes, Rows, is_long, operands
from ..llvm.arithmetic import BAKED, LanesArithmetic
from ..llvm.code import Code, Kind
from ..llvm.lanes import Lanes, Place, across, splat
from .stretch import Stretch, digest

LEAST: Final = 64  # for pieces of so many nodes, compiling a separate kernel is worth its time
MOST: Final = 48  # with more pieces there are too few registers
FOLDS: Final = ("sum", "chain")
CONSTANT: Final = 3  # the class of constants


class Outside(NamedTuple):
    """Slots outside a stream: consecutive ones from the first on, or one that is the same for all nodes; or a constant.

    Or different constants, which are numbers in its instructions.
    """

    mode: str | float
    slot: int
    others: tuple[int, ...] = ()

    def slots(self, length: int) -> slice:
        """All of them."""
        return slice(self.slot, self.slot + (length if self.mode == "run" else 1))


class Stream(Stretch):
    """Consecutive groups of a program.

    Args:
        group: the first group.
        classes: for each slot a class; only slots of one class can be in the same run.
        constants: the numbers of constants by their slots.
        wide: whether each slot has a row of numbers.
    """

    def __init__(self, group: Group, classes: Any, constants: dict[int, float], wide: bool) -> None:
        super().__init__()
        self._wide = wide
        self.length, self.varying = _length(group), group.varying
        self._classes, self._constants = classes, constants
        self.results: list[range] = []  # the slots of each piece
        self._known: dict[int, int] = {}  # pieces by their first slots
        self.seen: set[int] = set()  # pieces that are used elsewhere
        self.folded: set[int] = set()  # pieces that are only used by a sum
        self.back: list[bool] = []  # for each piece, whether adjoints go through it

    def takes(self, group: Group) -> bool:
        """Add a group, if it is in step."""
        n = self.length
        count, rest = divmod(len(group.results), n)
        if rest or group.varying != self.varying or len(self.rules) + count > MOST:
            return False
        if is_long(group, self._wide) or is_own(group):
            return False
        columns = [np.array(slots).reshape(count, n) for slots in group.operands]
        found = [[self._operand(group.rule, i, slots[k]) for i, slots in enumerate(columns)] for k in range(count)]
        if any(x is None for line in found for x in line):
            return False
        for k, line in enumerate(found):
            results = group.results[k * n : (k + 1) * n]
            self._known[results.start] = len(self.rules)
            self.rules.append(group.rule)
            self.results.append(results)
            self.operands.append([self.port(x) if isinstance(x, Outside) else x for x in line])
        return True

    def _operand(self, rule: Rule, i: int, slots: Any) -> Any:
        """The kind of an operand of a piece; None if it is not in step."""
        first, last = int(slots[0]), int(slots[-1])
        if (self._classes[slots] == CONSTANT).all() and (slots != first).any():
            return Outside("numbers", first, tuple(slots.tolist()))
        mode = "same" if first == last else "run"
        if (slots != (first if mode == "same" else np.arange(first, first + self.length))).any():
            return None
        if mode == "run" and first in self._known:
            return self._known[first]
        if self.results and last >= self.results[0].start:  # partly in one piece, partly in another
            return None
        if mode == "same" and i == 1 and rule.name in BAKED and first in self._constants:
            return Outside(self._constants[first], first)
        return Outside(mode, first) if (self._classes[slots] == self._classes[first]).all() else None

    def settle(self, uses: Any, passed: Any, folds: Sequence[Group]) -> bool:
        """Find the users of each piece, including later sums; return whether it makes a stream."""
        inside = Counter(x for xs in self.operands for x in xs)
        terms = np.zeros(len(uses), np.int64)  # for a number that is a term once, the sum
        for number, fold in enumerate(folds, 1):
            terms[np.ravel(fold.operands)] = number
        for k, results in enumerate(self.results):
            part = slice(results.start, results.stop)
            if (passed[part] != passed[results.start]).any():
                return False
            self.back.append(bool(passed[results.start]))
            if (uses[part] == 1).all() and terms[part.start] and (terms[part] == terms[part.start]).all():
                self.folded.add(k)
            elif (uses[part] != inside[k]).any():
                self.seen.add(k)
        return len(self.rules) + len(self.folded) > 1

    def shorter(self, fold: Group) -> Group:
        """A sum with the totals of pieces that are added up here; any other group unchanged."""
        if fold.rule.name not in FOLDS:
            return fold
        added = {slot for k in self.folded for slot in self.results[k][1:]}
        return fold._replace(operands=[line for line in fold.operands if line[0] not in added])

    @property
    def written(self) -> list[int]:
        """The pieces whose numbers are in memory: those used elsewhere, and those that take long to compute."""
        costly = {k for k, rule in enumerate(self.rules) if rule.name not in CHEAP}
        return sorted(self.seen | (costly if any(self.back) else set()))

    def inner(self) -> Iterator[range]:
        """The slots that are not in memory."""
        for k in set(range(len(self.rules))) - set(self.written):
            yield self.results[k][int(k in self.folded) :]

    @property
    def tables(self) -> list[Any]:
        """The operands of pieces that are numbers in its instructions."""
        ports = [self.ports[~x] for xs in self.operands for x in xs if x < 0]
        return [np.array(x.others) for x in ports if x.others]

    def fields(self, place: Any, numbers: Any) -> list[Any]:
        """The numbers of its instructions: the length, and the places of everything that its kernels read and write.

        Args:
            place: the place of each slot.
            numbers: returns the numbers of constants.
        """
        ours = [self.results[k].start for k in [*self.written, *sorted(self.folded)]]
        ports = [numbers(x.others) if x.others else int(place[x.slot]) for x in self.ports]
        return [self.length, 0, *ports, *place[ours].tolist()]

    def wanted(self, active: Any) -> list[bool]:
        """Whether its inputs receive adjoints."""
        to = {x for k, xs in enumerate(self.operands) if self.back[k] for x in xs}
        slots = [x.slots(self.length) for x in self.ports]
        return [
            ~i in to and x.mode in ("run", "same") and bool(active[slots[i]].any()) for i, x in enumerate(self.ports)
        ]

    def clusters(self, wanted: Sequence[bool], starts: Sequence[int], width: int) -> list[list[tuple[int, int]]]:
        """The wanted runs outside, by their indices, with the distance of each from the first run that it overlaps."""
        runs = sorted((starts[i], i) for i, x in enumerate(self.ports) if wanted[i] and x.mode == "run")
        clusters: list[list[tuple[int, int]]] = []
        for start, i in runs:
            if not clusters or start - starts[clusters[-1][0][0]] > width:
                clusters.append([])
            clusters[-1].append((i, start - starts[clusters[-1][0][0] if clusters[-1] else i]))
        return clusters

    def digest(self, *more: Any) -> str:
        """A name for its kernels, which does not depend on the places of slots."""
        pieces = [(rule.name, list(xs)) for rule, xs in zip(self.rules, self.operands)]
        return digest(pieces, [x.mode for x in self.ports], sorted(self.seen), sorted(self.folded), self.back, more)


def _length(group: Group) -> int:
    """How many nodes each piece has: all, or those that share an operand, if others share another."""
    count = len(group.results)
    for slots in group.operands if count >= 2 * LEAST else ():
        if slots[0] == slots[LEAST - 1]:
            shared = int((np.array(slots) != slots[0]).argmax())
            if shared >= LEAST and not count % shared:
                return shared
    return count


def with_streams(
    groups: list[Group], classes: Any, constants: dict[int, float], uses: Any, passed: Any, wide: bool
) -> list[Group | Stream]:
    """Groups, with streams in the place of some.

    Args:
        groups: in order.
        classes, constants, wide: as `Stream` has them.
        uses: how often each slot is an operand of these or asked for.
        passed: for each slot, whether adjoints go through it from a result to a source.
    """
    made: list[Group | Stream] = []
    at = 0
    while at < len(groups):
        stream, end = Stream(groups[at], classes, constants, wide), at
        after: list[Group] = []  # single nodes between groups in step, which come after these
        while len(groups[at].results) >= LEAST and end < len(groups):
            if len(groups[end].results) == 1:
                after.append(groups[end])
            elif not stream.takes(groups[end]):
                break
            end += 1
        if end > at and stream.settle(uses, passed, [group for group in after if group.rule.name in FOLDS]):
            made += [stream, *map(stream.shorter, after)]
        else:
            end = max(end, at + 1)
            made += groups[at:end]
        at = end
    return made


def mark_operands(groups: Iterable[Group], reached: Any) -> None:
    """Mark the slots that receive adjoints: the operands of each group with a result that receives one."""
    for group in reversed(list(groups)):
        wanted = reached[group.results.start : group.results.stop]
        if wanted.any():
            to = np.array(differentiated(group.rule, group.operands), int).reshape(-1, len(wanted))
            reached[to[:, wanted]] = True


# ---- its kernels ----


class _Kernel:
    """Common parts of both directions: the places of everything, and the numbers of the pieces."""

    def __init__(self, stream: Stream, kind: Kind, wide: bool, needs: dict[str, str]) -> None:
        code = self.code = Code(needs)
        self.stream, self.kind, self.making = stream, kind, Rows if wide else Nodes
        self.nodes, count = code.field("%code", 1), len(stream.ports) + len(stream.written) + len(stream.folded)
        modes: list[Any] = [x.mode for x in stream.ports]
        self.outside = self.access(modes, operands(code, modes))
        places = iter([code.field("%code", HEADER + i) for i in range(len(modes), count)])
        self.written: dict[int, Access] = {k: self.access([], [], next(places)) for k in stream.written}
        one = kind if wide else kind.wide(1)
        self.totals = {k: Rows(code, one, [], "1", next(places), []) for k in sorted(stream.folded)}
        for total in self.totals.values():
            total.move("0")
        self.m = LanesArithmetic(code, kind)
        self._same = {i: self.outside.operand(i) for i, mode in enumerate(modes) if mode not in ("run", "numbers")}

    def access(self, modes: Sequence[Any], operands: Sequence[str], out: str = "", more: int = 0) -> Access:
        """Access to nodes, which may go beyond the last one."""
        nodes = self.code.add(self.nodes, more) if more else self.nodes
        return self.making(self.code, self.kind, modes, nodes, out, operands)

    @contextmanager
    def each(self, more: int = 0, others: Sequence[Access] = ()) -> Iterator[None]:
        """A loop over some nodes at a time, which may go beyond the last one."""
        with self.code.loop(self.code.add(self.nodes, more), step=self.outside.step) as j:
            for access in (self.outside, *self.written.values(), *others):
                access.move(j)
            yield

    def numbers(self, back: bool) -> list[Any]:
        """The numbers of pieces and ports; backward, pieces in memory have the numbers that were written."""
        same, stream = self._same, self.stream
        ports = [same[i] if i in same else self.outside.operand(i) for i in range(len(stream.ports))]
        known: list[Any] = [None] * len(stream.rules)
        for k, access in self.written.items() if back else ():
            known[k] = access.result("%v")
        numbers = stream.both(known, ports)
        stream.evaluate(self.m, numbers)
        return numbers

    def function(self, name: str) -> str:
        """The kernel."""
        return self.code.function(f"void @{name}{SIGNATURE}")


def stream_forward(name: str, stream: Stream, kind: Kind, wide: bool, needs: dict[str, str]) -> str:
    """The kernel that evaluates a stream."""
    at = _Kernel(stream, kind, wide, needs)
    sums = {k: Place(at.code, kind, -0.0) for k in at.totals}  # adding -0.0 to it gives -0.0
    with at.each():
        numbers = at.numbers(back=False)
        for k, access in at.written.items():
            access.put(numbers[k])
        for k, place in sums.items():
            place.add(at.outside.kept(numbers[k], -0.0))
    for k, total in at.totals.items():
        total.put(sums[k].get() if wide else Lanes(at.code, total.kind, across(sums[k].get())))
    return at.function(name)


def stream_backward(
    name: str,
    stream: Stream,
    kind: Kind,
    wide: bool,
    wanted: Sequence[bool],
    clusters: Sequence[Sequence[tuple[int, int]]],
    needs: dict[str, str],
) -> str:
    """The kernel that adds the contributions of a stream to the adjoints of its inputs."""
    at = _Kernel(stream, kind, wide, needs)
    single = [i for i, x in enumerate(stream.ports) if wanted[i] and x.mode == "same"]
    at.outside.begin_sums(single)
    shifted = [_Cluster(at, cluster) for cluster in clusters]
    seeds = {k: total.result("%g") for k, total in at.totals.items()}
    if not wide:
        seeds = {k: Lanes(at.code, kind, splat(at.code, kind, seed.name)) for k, seed in seeds.items()}
    with at.each(max([cluster.reach for cluster in shifted], default=0), [cluster.access for cluster in shifted]):
        numbers = at.numbers(back=True)
        seeds |= {k: at.written[k].result("%g") for k in sorted(stream.seen)}
        adjoints = Adjoints(at.m, numbers, stream.both(stream.back, wanted), seeds)
        for node in reversed(stream.nodes):
            adjoints.pull_node(node)
        for i in single:
            at.outside.add(i, adjoints.found[~i])
        for cluster in shifted:
            cluster.add([adjoints.found[~i] for i, _ in cluster.runs])
    at.outside.end_sums()
    return at.function(name)


class _Cluster:
    """Runs that overlap the first one: their adjoints are added up in step with it, and written once.

    A load that overlaps a recent store would have to wait until the store is in the cache.
    """

    def __init__(self, at: _Kernel, runs: Sequence[tuple[int, int]]) -> None:
        self.at, self.runs, self.reach = at, runs, runs[-1][1]
        self.access = at.access(["run"], [at.outside.operands[runs[0][0]]], more=self.reach)
        self._before = {i: Place(at.code, at.kind, 0.0) for i, far in runs if far}

    def add(self, contributions: Sequence[Lanes]) -> None:
        """Add the contributions to each run."""
        kind, total = self.at.kind, None
        for (i, far), c in zip(self.runs, contributions):
            c = self.at.outside.kept(c)
            if far:
                order = ", ".join([f"i32 {kind.width - far + k}" for k in range(kind.width)])
                before = self._before[i].get()
                self._before[i].set(c)
                both = f"{kind.text} {before.name}, {kind.text} {c.name}"
                c = c.like(f"shufflevector {both}, <{kind.width} x i32> <{order}>")
            total = c if total is None else total + c
        if total is not None:
            self.access.add(0, total)
