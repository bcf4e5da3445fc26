"""Kernels: the functions that instructions call, written by evaluating a row of the rule table on lanes.

A kernel evaluates a group of nodes, or adds their contributions to the adjoints of their operands.  It gets an
instruction, an array of integers: the kernel's own address, how many nodes there are, the slot of the first result (the
others follow), and for each operand a number that, with its mode, says where to find it.  It also gets V and G, how
many lanes are samples, and the array of derivatives with respect to parameters.  The modes are:

    run    consecutive slots from this one on         same    this slot for all nodes
    table  the slots are at this address              each    the same, with no slot twice
    a number: the operand is this constant
    numbers: the operands themselves are at this address, the same for all samples
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from ....rule import Rule
from ...program import Group
from ..llvm.arithmetic import LanesArithmetic
from ..llvm.code import Code, Kind
from ..llvm.lanes import Lanes, Place, across, splat

Mode = str | float
HEADER: Final = 3  # integers of an instruction before those of its operands
SIGNATURE: Final = "(ptr %code, ptr noalias %v, ptr noalias %g, i64 %count, ptr noalias %slopes)"
_ORDINARY: Final = 0.5  # used beyond the end: most functions are defined there

LONG = ("sum", "chain", "mean", "prod", "hypot", "dot", "sloped")
SHORT: Final = 4  # more operands are read in a loop
LESS_SHORT: Final = 8  # the same, if there are enough nodes to process several at once
ENOUGH: Final = 16

# Operations that take no longer than gathering their operands.
CHEAP = (
    *("add", "sub", "mul", "truediv", "neg", "abs", "sqrt", "powi", "copysign", "one_minus_square"),
    *("maximum", "minimum", "clamp", "where", "relu", "leaky_relu", "lt", "le", "gt", "ge", "eq", "ne", "and", "or"),
)


def is_long(group: Group, wide: bool) -> bool:
    """Whether it needs a kernel that takes any number of operands."""
    most = SHORT if wide or len(group.results) < ENOUGH else LESS_SHORT
    return group.rule.name in LONG and len(group.operands) > most


class _Access:
    """How a kernel reads and writes the numbers of its nodes, some at a time."""

    def __init__(
        self, code: Code, kind: Kind, modes: Sequence[Mode], nodes: str, out: str, operands: Sequence[str]
    ) -> None:
        self.code, self.kind, self.modes = code, kind, modes
        self.nodes, self.out, self.operands = nodes, out, operands
        self.sums: dict[int, Place] = {}  # the sums for operands that are the same for all nodes

    @property
    def step(self) -> int:
        """How many nodes are taken at once."""
        return 1

    def _lanes(self, name: str) -> Lanes:
        return Lanes(self.code, self.kind, name)

    def begin_sums(self, which: Sequence[int]) -> None:
        """Make places for sums of contributions to one slot."""
        self.sums = {i: Place(self.code, self.kind, 0.0) for i in which}


class Rows(_Access):
    """Each slot has a row of numbers, one for each lane; nodes are taken one by one."""

    def move(self, j: str) -> None:
        """Go to node j."""
        self.j = j

    def row(self, base: str, slot: str) -> Place:
        """The address of the numbers of a slot, or of their adjoints."""
        address = self.code.at(base, self.code.mul(slot, self.kind.width), self.kind.scalar)
        return Place(self.code, self.kind, address=address)

    def _slot(self, i: int) -> str:
        mode, operand, code = self.modes[i], self.operands[i], self.code
        if mode == "same":
            return operand
        if mode == "run":
            return code.add(operand, self.j)
        return code.let(f"sext i32 {code.load('i32', code.at(operand, self.j, 'i32'), 4)} to i64")

    def operand(self, i: int) -> Any:
        """The i-th operand."""
        if isinstance(self.modes[i], float):
            return self.modes[i]
        if self.modes[i] == "numbers":
            address = self.code.at(self.operands[i], self.j, self.kind.scalar)
            return self._lanes(splat(self.code, self.kind, self.code.load(self.kind.scalar, address, self.kind.size)))
        return self.row("%v", self._slot(i)).get()

    def result(self, base: str) -> Lanes:
        """The result, or its adjoint."""
        return self.row(base, self.code.add(self.out, self.j)).get()

    def put(self, z: Lanes) -> None:
        """Write the result."""
        self.row("%v", self.code.add(self.out, self.j)).set(z)

    def add(self, i: int, c: Lanes) -> None:
        """Add to the adjoint of the i-th operand."""
        if self.modes[i] == "same":
            self.sums[i].add(c)
        else:
            self.adjoint(i).add(c)

    def adjoint(self, i: int) -> Place:
        """The address of the i-th operand's adjoint."""
        return self.row("%g", self._slot(i))

    @staticmethod
    def kept(x: Lanes, otherwise: float = 0.0) -> Lanes:
        """x: here no lane is beyond the end."""
        del otherwise
        return x

    def end_sums(self) -> None:
        """Add what was added up."""
        for i, place in self.sums.items():
            self.row("%g", self.operands[i]).add(place.get())


class Nodes(_Access):
    """Each slot has one number; as many nodes as there are lanes are processed at once, the last ones with a mask."""

    @property
    def step(self) -> int:
        """How many nodes are taken at once."""
        return self.kind.width

    @property
    def index(self) -> str:
        """The type of as many indices."""
        return f"<{self.kind.width} x i64>"

    def move(self, j: str) -> None:
        """Go to node j and those that follow."""
        code, width = self.code, self.kind.width
        self.j, self.left = j, code.let(f"sub i64 {self.nodes}, {j}")
        first = code.let(f"insertelement {self.index} poison, i64 {self.left}, i64 0")
        all_ = code.let(f"shufflevector {self.index} {first}, {self.index} poison, <{width} x i32> zeroinitializer")
        lanes = f"<{', '.join([f'i64 {k}' for k in range(width)])}>"
        self.mask = code.let(f"icmp slt {self.index} {lanes}, {all_}")

    def _run(self, base: str, first: str) -> str:
        return self.code.at(base, self.code.add(first, self.j), self.kind.scalar)

    def _masked_load(self, address: str, type_: str, suffix: str, size: int, otherwise: str) -> str:
        given = [("ptr", address), ("i32", str(size)), (self.kind.mask, self.mask), (type_, otherwise)]
        return self.code.intrinsic(type_, f"masked.load.{suffix}.p0", *given)

    def _load_run(self, base: str, first: str) -> Lanes:
        kind = self.kind
        otherwise = kind.number(_ORDINARY)
        return self._lanes(self._masked_load(self._run(base, first), kind.text, kind.suffix, kind.size, otherwise))

    def _store_run(self, base: str, first: str, x: Lanes) -> None:
        kind, name = self.kind, f"llvm.masked.store.{self.kind.suffix}.p0"
        self.code.needs[name] = f"declare void @{name}({kind.text}, ptr, i32, {kind.mask})"
        address = self._run(base, first)
        self.code.do(
            f"call void @{name}({kind.text} {x.name}, ptr {address}, i32 {kind.size}, {kind.mask} {self.mask})"
        )

    def _addresses(self, i: int, base: str) -> str:
        code, width = self.code, self.kind.width
        at = code.at(self.operands[i], self.j, "i32")
        slots = self._masked_load(at, f"<{width} x i32>", f"v{width}i32", 4, "zeroinitializer")
        wide = code.let(f"sext <{width} x i32> {slots} to {self.index}")
        return code.let(f"getelementptr inbounds {self.kind.scalar}, ptr {base}, {self.index} {wide}")

    def _gather(self, addresses: str) -> Lanes:
        kind, pointers = self.kind, f"<{self.kind.width} x ptr>"
        name = f"masked.gather.{kind.suffix}.v{kind.width}p0"
        given = [(pointers, addresses), ("i32", str(kind.size)), (kind.mask, self.mask)]
        return self._lanes(self.code.intrinsic(kind.text, name, *given, (kind.text, kind.number(_ORDINARY))))

    def operand(self, i: int) -> Any:
        """The i-th operands."""
        mode, operand, code = self.modes[i], self.operands[i], self.code
        if isinstance(mode, float):
            return mode
        if mode in ("run", "numbers"):
            return self._load_run("%v" if mode == "run" else operand, operand if mode == "run" else "0")
        if mode == "same":
            alone = Place(code, self.kind.wide(1), address=code.at("%v", operand, self.kind.scalar)).get()
            return self._lanes(splat(code, self.kind, alone.name))
        return self._gather(self._addresses(i, "%v"))

    def result(self, base: str) -> Lanes:
        """The results, or their adjoints."""
        return self._load_run(base, self.out)

    def put(self, z: Lanes) -> None:
        """Write the results."""
        self._store_run("%v", self.out, z)

    def add(self, i: int, c: Lanes) -> None:
        """Add to the adjoints of the i-th operands."""
        mode = self.modes[i]
        if mode == "run":
            self._store_run("%g", self.operands[i], self._load_run("%g", self.operands[i]) + c)
        elif mode == "same":
            self.sums[i].add(self.kept(c))
        elif mode == "each":
            self._scatter(self._addresses(i, "%g"), c)
        else:
            self._one_by_one(i, c)

    def kept(self, x: Lanes, otherwise: float = 0.0) -> Lanes:
        """x, with another number in the lanes beyond the end."""
        kind = self.kind
        return x.like(f"select {kind.mask} {self.mask}, {kind.text} {x.name}, {kind.text} {kind.number(otherwise)}")

    def _scatter(self, addresses: str, c: Lanes) -> None:
        kind, pointers = self.kind, f"<{self.kind.width} x ptr>"
        total = self._gather(addresses) + c
        name = f"llvm.masked.scatter.{kind.suffix}.v{kind.width}p0"
        self.code.needs[name] = f"declare void @{name}({kind.text}, {pointers}, i32, {kind.mask})"
        given = f"{kind.text} {total.name}, {pointers} {addresses}, i32 {kind.size}, {kind.mask} {self.mask}"
        self.code.do(f"call void @{name}({given})")

    def _one_by_one(self, i: int, c: Lanes) -> None:
        code, kind = self.code, self.kind
        place, one = Place(code, kind, c), kind.wide(1)
        count = code.intrinsic("i64", "smin.i64", ("i64", self.left), ("i64", str(kind.width)))
        with code.loop(count) as lane:
            at = code.at(self.operands[i], code.add(self.j, lane), "i32")
            slot = code.let(f"sext i32 {code.load('i32', at, 4)} to i64")
            self._alone(slot).add(Place(code, one, address=code.at(place.name, lane, kind.scalar)).get())

    def _alone(self, slot: str) -> Place:
        """The adjoint of a slot."""
        return Place(self.code, self.kind.wide(1), address=self.code.at("%g", slot, self.kind.scalar))

    def end_sums(self) -> None:
        """Add what was added up."""
        for i, place in self.sums.items():
            self._alone(self.operands[i]).add(Lanes(self.code, self.kind.wide(1), across(place.get())))


Access = Rows | Nodes


def operands(code: Code, modes: Sequence[Mode], first: int = HEADER) -> list[str]:
    """The numbers of an instruction that locate its operands."""
    return [
        code.pointer("%code", first + i)
        if mode in ("table", "each", "numbers", "runs")
        else code.field("%code", first + i)
        for i, mode in enumerate(modes)
    ]


def one_number(code: Code, kind: Kind, modes: Sequence[Mode], nodes: str, out: str, operands_: Sequence[str]) -> Rows:
    """Access to slots with one number, for nodes that are processed one by one."""
    return Rows(code, kind.wide(1), modes, nodes, out, operands_)


Making = Callable[[Code, Kind, Sequence[Mode], str, str, Sequence[str]], Access]


def _access(making: Making, code: Code, kind: Kind, modes: Sequence[Mode]) -> Access:
    return making(code, kind, modes, code.field("%code", 1), code.field("%code", 2), operands(code, modes))


def forward(name: str, rule: Rule, kind: Kind, making: Making, modes: Sequence[Mode], needs: dict[str, str]) -> str:
    """The kernel that evaluates a group."""
    code = Code(needs)
    at = _access(making, code, kind, modes)
    m = LanesArithmetic(code, at.kind)
    with code.loop(at.nodes, step=at.step) as j:
        at.move(j)
        at.put(m.lift(m.value(rule, *[at.operand(i) for i in range(len(modes))])))
    return code.function(f"void @{name}{SIGNATURE}")


def backward(
    name: str,
    rule: Rule,
    kind: Kind,
    making: Making,
    modes: Sequence[Mode],
    active: Sequence[bool],
    needs: dict[str, str],
) -> str:
    """The kernel that adds adjoint · slope to the adjoints of the operands that are active."""
    code = Code(needs)
    at = _access(making, code, kind, modes)
    m = LanesArithmetic(code, at.kind)
    at.begin_sums([i for i, mode in enumerate(modes) if mode == "same" and active[i]])
    with code.loop(at.nodes, step=at.step) as j:
        at.move(j)
        xs = [at.operand(i) for i in range(len(modes))]
        adjoint = at.result("%g")
        for i, slope in enumerate(m.partials(rule, at.result("%v"), xs)):
            if active[i]:
                at.add(i, adjoint * slope)
    at.end_sums()
    return code.function(f"void @{name}{SIGNATURE}")
