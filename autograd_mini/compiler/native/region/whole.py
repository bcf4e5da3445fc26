"""Small programs as one function of machine code, straight through, for samples side by side or for one call.

Nothing is written to memory on the way but the results: what a program of the machine keeps in V and G is in registers.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

from ...program import Program
from ..llvm.arithmetic import LanesArithmetic
from ..llvm.code import Code, Kind
from ..llvm.lanes import Lanes, across, splat
from ..machine import BLOCK, Call

SMALL: Final = 300  # operands, up to which a program is made one function
MANY: Final = 4096  # samples, from which on that is worth the time to compile it


def size(program: Program) -> int:
    """How many operands its operations have together."""
    return len(program.operands)


def name_of(program: Program, sources: Sequence[int], kind: Kind) -> str:
    """A name that no other program has."""
    digest = hashlib.sha256(repr((kind, list(sources), program.arguments, program.parameters)).encode())
    digest.update(repr((program.operations, program.result, [tuple(guard[:2]) for guard in program.guards])).encode())
    for part in (program.code, program.start, program.arity, program.first, program.operands, program.constants):
        digest.update(part.tobytes() + b"/")
    return "fused_" + digest.hexdigest()[:24]


# ---- many samples ----


def over_samples(name: str, program: Program, sources: Sequence[int], kind: Kind, needs: dict[str, str]) -> str:
    """The function of a call, as the machine has it, that does all of it."""
    texts = [_part(f"{name}_{way}", program, sources, kind, needs, bool(way)) for way in (0, 1)]
    return "\n".join([*texts, _samples(name, program, sources, kind, needs)])


def _by_parameters(program: Program, sources: Sequence[int]) -> bool:
    return bool(sources) and sources[0] >= program.inputs


def _part(name: str, program: Program, sources: Sequence[int], kind: Kind, needs: dict[str, str], back: bool) -> str:
    """As many samples as there are lanes: %rows has the addresses of inputs, results and derivatives."""
    code = Code(needs)
    m = LanesArithmetic(code, kind)

    def row(k: int) -> str:
        return code.load("ptr", code.at("%rows", str(k), "ptr"), 8)

    leaves = [Lanes(code, kind, code.load(kind.text, row(k), kind.size)) for k in range(program.inputs)]
    for k in range(program.parameters):
        x = code.load(kind.scalar, code.at("%parameters", str(k), kind.scalar), kind.size)
        leaves.append(Lanes(code, kind, splat(code, kind, x)))
    numbers = program.evaluated(m, leaves)
    results = [program.result, *[guard.node for guard in program.guards]]
    for k, slot in enumerate(results, program.inputs):
        code.store(kind.text, m.lift(numbers[slot]).name, row(k), kind.size)
    if back:
        seed = Lanes(code, kind, splat(code, kind, "%seed"))
        adjoints = program.swept(m, numbers, sources, {program.result: seed})
        for k, slot in enumerate(sources):
            adjoint = m.lift(adjoints.get(slot, 0.0))
            if _by_parameters(program, sources):
                at = code.at("%sums", str(k * kind.width), kind.scalar)
                adjoint = Lanes(code, kind, code.load(kind.text, at, kind.size)) + adjoint
                code.store(kind.text, adjoint.name, at, kind.size)
            else:
                code.store(kind.text, adjoint.name, row(program.inputs + len(results) + k), kind.size)
    head = f"internal void @{name}(ptr noalias %rows, ptr noalias %parameters, ptr noalias %sums, {kind.scalar} %seed)"
    return code.function(head)


def _samples(name: str, program: Program, sources: Sequence[int], kind: Kind, needs: dict[str, str]) -> str:
    """Go through the samples; the last, incomplete part comes first, and what its idle lanes left is erased."""
    code, width = Code(needs), kind.width
    results = 1 + len(program.guards)
    rows = 2 * program.inputs + results
    table, spare = code.place(f"[{rows} x ptr]"), code.place(f"[{rows} x {kind.text}]")
    count = code.place("i64")
    sums = code.pointer("%call", Call.G)
    first, end = code.field("%call", Call.FIRST), code.field("%call", Call.END)
    rest = code.let(f"srem i64 {code.let(f'sub i64 {end}, {first}')}, {width}")
    whole = code.let(f"sub i64 {end}, {rest}")
    seed = code.load("double", code.at("%call", str(int(Call.SEED)), "i64"), 8)
    if kind.scalar == "float":
        seed = code.let(f"fptrunc double {seed} to float")
    back = code.let(f"icmp ne i64 {code.field('%call', Call.BACK)}, 0")
    totals = len(sources) if _by_parameters(program, sources) else 0
    code.needs["llvm.memset.p0.i64"] = "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)"
    bytes_ = totals * width * kind.size
    code.do(f"call void @llvm.memset.p0.i64(ptr {sums}, i8 0, i64 {bytes_}, i1 false)")
    begin = code.let(f"select i1 {code.let(f'icmp sgt i64 {rest}, 0')}, i64 -{width}, i64 0")
    reach = code.let(f"sub i64 {whole}, {first}")
    with code.loop(reach, begin, width) as at:
        tail = code.let(f"icmp slt i64 {at}, 0")
        sample = code.let(f"select i1 {tail}, i64 {whole}, i64 {code.add(first, at)}")
        code.store("i64", code.let(f"select i1 {tail}, i64 {rest}, i64 {width}"), count, 8)
        n = code.load("i64", count, 8)
        places = _Rows(code, kind, table, spare, sample, n)
        places.point(Call.BLOCKS_IN, 0, True, False)
        places.point(Call.BLOCKS_OUT, program.inputs, False, False)
        places.point(Call.BLOCKS_BACK, program.inputs + results, False, False)
        given = f"(ptr {table}, ptr {code.pointer('%call', Call.PARAMETERS)}, ptr {sums}, {kind.scalar} {seed})"
        with code.when(back):
            code.do(f"call void @{name}_1{given}")
        with code.when(code.let(f"xor i1 {back}, true")):
            code.do(f"call void @{name}_0{given}")
        places.point(Call.BLOCKS_OUT, program.inputs, False, True)
        places.point(Call.BLOCKS_BACK, program.inputs + results, False, True)
        with code.when(tail), code.loop(str(totals)) as i, code.loop(str(width), rest) as lane:
            idle = code.at(sums, code.add(code.mul(i, width), lane), kind.scalar)
            code.store(kind.scalar, kind.wide(1).number(0.0), idle, kind.size)
    if totals:
        with code.when(back):
            slopes = code.pointer(code.pointer("%call", Call.BLOCKS_BACK), 0)
            with code.loop(str(totals)) as i:
                total = Lanes(
                    code, kind, code.load(kind.text, code.at(sums, code.mul(i, width), kind.scalar), kind.size)
                )
                code.store(kind.scalar, across(total), code.at(slopes, i, kind.scalar), kind.size)
    return code.function(f"void @{name}(ptr %call)")


class _Rows:
    """The rows of blocks for some samples: in place where these lie side by side, else in a spare row."""

    def __init__(self, code: Code, kind: Kind, table: str, spare: str, sample: str, count: str) -> None:
        self.code, self.kind, self.table, self.spare, self.sample, self.count = code, kind, table, spare, sample, count

    def point(self, field: int, first: int, read: bool, give: bool) -> None:
        """Enter where each row of these blocks is; fill the spare ones, or give back what is in them."""
        code, kind = self.code, self.kind
        at = code.place("i64")
        code.store("i64", str(first), at, 8)
        blocks, number = code.pointer("%call", field), code.field("%call", field + 1)
        if field == Call.BLOCKS_BACK:
            number = code.mul(number, code.field("%call", Call.BACK))
        with code.loop(number) as b:
            block = code.at(blocks, code.mul(b, BLOCK), "i64")
            base, down, step, rows = code.pointer(block, 0), *[code.field(block, i) for i in (1, 2, 3)]
            start = code.at(base, code.mul(self.sample, step), "i8")
            dense = code.let(f"icmp eq i64 {step}, {kind.size}")
            full = code.let(f"icmp eq i64 {self.count}, {kind.width}")
            direct = code.let(f"and i1 {dense}, {full}")
            with code.loop(rows) as i:
                k = code.load("i64", at, 8)
                row = code.at(start, code.mul(i, down), "i8")
                own = code.at(self.spare, code.mul(k, kind.width), kind.scalar)
                if not give:
                    chosen = code.let(f"select i1 {direct}, ptr {row}, ptr {own}")
                    code.store("ptr", chosen, code.at(self.table, k, "ptr"), 8)
                if read or give:
                    with code.when(code.let(f"xor i1 {direct}, true")):
                        self._copy(row, step, own, read)
                code.store("i64", code.add(k, 1), at, 8)

    def _copy(self, row: str, step: str, own: str, read: bool) -> None:
        code, kind = self.code, self.kind
        last = code.let(f"sub i64 {self.count}, 1")
        with code.loop(str(kind.width) if read else self.count) as lane:
            sample = code.intrinsic("i64", "smin.i64", ("i64", lane), ("i64", last))
            theirs, ours = code.at(row, code.mul(sample, step), "i8"), code.at(own, lane, kind.scalar)
            source, target = (theirs, ours) if read else (ours, theirs)
            code.store(kind.scalar, code.load(kind.scalar, source, kind.size), target, kind.size)
