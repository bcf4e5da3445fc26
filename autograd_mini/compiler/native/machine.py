"""The machine: it feeds samples to a program's instructions, some at a time, and takes results and derivatives out.

One call is an array of integers, the fields below.  The numbers of slots are in V, their adjoints in G.  Each slot has
a row with a number for each lane: first the slots that are the same for all samples (parameters, constants, and slots
that depend only on them), then the inputs and other slots that vary.
"""

from collections.abc import Callable
from enum import IntEnum, auto

from .llvm.code import Code, Kind
from .llvm.lanes import Lanes, Place, across, below, each_lane, splat, transposed


class Call(IntEnum):
    """The fields of a call.  `…_CODE` are addresses of lists of addresses of instructions; their lengths follow."""

    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last_values: list[int]) -> int:
        del name, start, last_values
        return count

    MACHINE = auto()  # the address of the function that runs it
    FIRST = auto()  # the first sample
    END = auto()
    SAMPLES = auto()  # how many samples the arrays have
    V = auto()
    G = auto()
    UNIFORM = auto()  # how many slots are the same for all samples
    VARYING = auto()  # how many slots are not
    ONCE_CODE = auto()  # instructions that run once
    ONCE_COUNT = auto()
    EACH_CODE = auto()  # instructions that run for each sample
    EACH_COUNT = auto()
    ONCE_BACK_CODE = auto()
    ONCE_BACK_COUNT = auto()
    EACH_BACK_CODE = auto()
    EACH_BACK_COUNT = auto()
    BACK = auto()  # 1 if derivatives are wanted
    ANEW = auto()  # 1 if the backward pass needs no forward pass before it, and nothing zeroed
    SEED = auto()  # the adjoint of the result, a number as bits
    RESULT = auto()  # the slot of the result
    PARAMETERS = auto()  # the address of their numbers
    PARAMETER_COUNT = auto()
    ROWS = auto()  # the address of a table: which parameters the first slots are
    ROWS_COUNT = auto()
    BY_PARAMETERS = auto()  # 1 if derivatives are with respect to them: then they are the only block of BLOCKS_BACK
    BLOCKS_IN = auto()  # the address of blocks of inputs
    BLOCKS_IN_COUNT = auto()
    BLOCKS_OUT = auto()  # the same for results and guards
    BLOCKS_OUT_COUNT = auto()
    BLOCKS_BACK = auto()  # the same for derivatives with respect to inputs
    BLOCKS_BACK_COUNT = auto()
    FORMAT = auto()  # the letter of the arrays' numbers


# A block is a matrix of numbers by samples: its address, the steps from row to row and from sample to sample in bytes,
# how many rows it has, the address of the slots of its rows, and the first slot if the others follow it, else −1.
BLOCK = 6
TILES = (8, 4, 2)  # adjacent numbers of a sample that are copied at once, for as many samples


def text(kind: Kind, needs: dict[str, str], name: str) -> str:
    """The whole machine, for rows of one kind."""
    functions = [_execute(needs, name), _feed(kind, needs, name), _take(kind, needs, name), _part(kind, needs, name)]
    return "\n".join([*functions, _run(kind, needs, name)])


def execute(code: Code, instructions: str, count: str) -> None:
    """Run the instructions whose addresses are in a list."""
    with code.loop(count) as i:
        instruction = code.load("ptr", code.at(instructions, i, "ptr"), 8)
        kernel = code.load("ptr", instruction, 8)
        code.do(f"call void {kernel}(ptr {instruction}, ptr %v, ptr %g, i64 %count, ptr %slopes)")


def _execute(needs: dict[str, str], name: str) -> str:
    """Run a list of instructions."""
    code = Code(needs)
    execute(code, "%list", "%n")
    return code.function(f"internal void @{name}_execute(ptr %list, i64 %n, ptr %v, ptr %g, i64 %count, ptr %slopes)")


def _each_number(
    code: Code, kind: Kind, blocks: str, count_: str, is_given: bool, body: Callable[[str, str, str], None]
) -> None:
    """Visit the numbers of blocks, and copy at once those that have the same layout in both places.

    For the others, the body gets the address of the first sample's number, the step to the next, and our address.
    """

    def copy(ours: str, theirs: str) -> tuple[str, str]:
        return (ours, theirs) if is_given else (theirs, ours)

    with code.loop(count_) as b:
        block = code.at(blocks, code.mul(b, BLOCK), "i64")
        base, slots = code.pointer(block, 0), code.pointer(block, 4)
        down, across_, rows = (code.field(block, i) for i in (1, 2, 3))
        first = code.at(base, code.mul("%sample", across_), "i8")
        near = code.let(f"icmp eq i64 {down if kind.width == 1 else across_}, {kind.size}")
        if kind.width == 1:  # all rows at once, if they follow each other
            start = code.field(block, 5)
            alike = code.let(f"and i1 {near}, {code.let(f'icmp sge i64 {start}, 0')}")
            with code.when(alike):
                to, from_ = copy(code.at("%v", start, kind.scalar), first)
                _copy_all(code, kind, to, from_, rows)
            rows = code.let(f"select i1 {alike}, i64 0, i64 {rows}")
            begin = "0"
        else:  # or a row, if it has a sample for each lane; or some rows, if a sample has their numbers side by side
            full = code.let(f"icmp eq i64 %count, {kind.width}")
            alike = code.let(f"and i1 {near}, {full}")
            begin = code.let(f"select i1 {alike}, i64 {rows}, i64 0")
            with code.loop(begin) as i:
                _copy(code, kind, *copy(_place_of(code, kind, slots, i), code.at(first, code.mul(i, down), "i8")))
            turned = code.let(f"and i1 {full}, {code.let(f'icmp eq i64 {down}, {kind.size}')}")
            for size in TILES:
                whole = code.let(f"and i64 {code.let(f'sub i64 {rows}, {begin}')}, -{size}")
                end = code.add(begin, code.let(f"select i1 {turned}, i64 {whole}, i64 0"))
                with code.loop(end, begin, size) as i:
                    _turn(code, kind, size, code.at(first, code.mul(i, down), "i8"), across_, slots, i, is_given)
                begin = end
        with code.loop(rows, begin) as i:
            theirs, ours = code.at(first, code.mul(i, down), "i8"), _place_of(code, kind, slots, i)
            if kind.width == 1:
                _copy(code, kind, *copy(ours, theirs))
            else:
                body(theirs, across_, ours)


def _copy(code: Code, kind: Kind, to: str, from_: str) -> None:
    code.store(kind.text, code.load(kind.text, from_, kind.size), to, kind.size)


def _copy_all(code: Code, kind: Kind, to: str, from_: str, count_: str) -> None:
    code.needs["llvm.memcpy.p0.p0.i64"] = "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)"
    bytes_ = code.mul(count_, kind.size)
    code.do(f"call void @llvm.memcpy.p0.p0.i64(ptr {to}, ptr {from_}, i64 {bytes_}, i1 false)")


def _place_of(code: Code, kind: Kind, slots: str, i: str) -> str:
    """Our address of the i-th slot in a table."""
    slot = code.let(f"sext i32 {code.load('i32', code.at(slots, i, 'i32'), 4)} to i64")
    return code.at("%v", code.mul(slot, kind.width), kind.scalar)


def _turn(code: Code, kind: Kind, size: int, theirs: str, step: str, slots: str, i: str, is_given: bool) -> None:
    """Copy some rows from the i-th on, for as many samples at a time, transposed."""
    tile = kind.wide(size)
    rows = [_place_of(code, kind, slots, code.add(i, k)) for k in range(size)]
    with code.loop(str(kind.width), step=size) as lane:
        ours = [code.at(row, lane, kind.scalar) for row in rows]
        samples = [code.at(theirs, code.mul(code.add(lane, k), step), "i8") for k in range(size)]
        from_, to = (samples, ours) if is_given else (ours, samples)
        lines = [code.load(tile.text, address, kind.size) for address in from_]
        for line, address in zip(transposed(code, tile, lines), to):
            code.store(tile.text, line, address, kind.size)


def _feed(kind: Kind, needs: dict[str, str], name: str) -> str:
    """Inputs from blocks to rows of V; lanes after the last sample repeat it."""
    code, size = Code(needs), kind.size
    integers = Kind("i64", kind.width)
    index, pointers = integers.text, f"<{kind.width} x ptr>"
    if kind.width > 1:  # the samples of all lanes
        last = splat(code, integers, code.let("sub i64 %count, 1"))
        samples = code.intrinsic(index, f"smin.v{kind.width}i64", (index, each_lane(kind)), (index, last))

    def body(theirs: str, step: str, ours: str) -> None:
        far = code.let(f"mul {index} {samples}, {splat(code, integers, step)}")
        from_ = code.let(f"getelementptr i8, ptr {theirs}, {index} {far}")
        all_ = f"<{', '.join(['i1 true'] * kind.width)}>"
        given = [(pointers, from_), ("i32", str(size)), (kind.mask, all_)]
        name = f"masked.gather.{kind.suffix}.v{kind.width}p0"
        x = code.intrinsic(kind.text, name, *given, (kind.text, "poison"))
        code.store(kind.text, x, ours, size)

    _each_number(code, kind, "%blocks", "%n", True, body)
    return code.function(f"internal void @{name}_feed(ptr %blocks, i64 %n, ptr %v, i64 %sample, i64 %count)")


def _take(kind: Kind, needs: dict[str, str], name: str) -> str:
    """Results or derivatives from rows to blocks."""
    code, scalar, size = Code(needs), kind.scalar, kind.size

    def body(theirs: str, step: str, ours: str) -> None:
        with code.loop("%count") as lane:
            x = code.load(scalar, code.at(ours, lane, scalar), size)
            code.store(scalar, x, code.at(theirs, code.mul(lane, step), "i8"), size)

    _each_number(code, kind, "%blocks", "%n", False, body)
    return code.function(f"internal void @{name}_take(ptr %blocks, i64 %n, ptr %v, i64 %sample, i64 %count)")


def _zero(code: Code, kind: Kind, base: str, slots: str) -> None:
    code.needs["llvm.memset.p0.i64"] = "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)"
    code.do(f"call void @llvm.memset.p0.i64(ptr {base}, i8 0, i64 {code.mul(slots, kind.width * kind.size)}, i1 false)")


def _execute_call(code: Code, name: str, fields: int, v: str, g: str, count_: str = "%count") -> None:
    list_, length = code.pointer("%call", fields), code.field("%call", fields + 1)
    given = f"ptr {list_}, i64 {length}, ptr {v}, ptr {g}, i64 {count_}, ptr {_slopes(code)}"
    code.do(f"call void @{name}_execute({given})")


def _slopes(code: Code) -> str:
    """The array of derivatives with respect to parameters, if there are any."""
    return code.pointer(code.pointer("%call", Call.BLOCKS_BACK), 0)


def _blocks_call(code: Code, name: str, fields: int, base: str) -> None:
    blocks, n = code.pointer("%call", fields), code.field("%call", fields + 1)
    code.do(f"call void @{name}(ptr {blocks}, i64 {n}, ptr {base}, i64 %sample, i64 %count)")


def _part(kind: Kind, needs: dict[str, str], name: str) -> str:
    """As many samples as there are lanes, or fewer."""
    code = Code(needs)
    v, g = code.pointer("%call", Call.V), code.pointer("%call", Call.G)
    _blocks_call(code, f"{name}_feed", Call.BLOCKS_IN, v)
    back, anew = code.field("%call", Call.BACK), code.field("%call", Call.ANEW)
    with code.when(code.let(f"icmp eq i64 {code.mul(back, anew)}, 0")):
        _execute_call(code, name, Call.EACH_CODE, v, g)
    with code.when(code.let(f"icmp ne i64 {back}, 0")):
        uniform = code.field("%call", Call.UNIFORM)
        with code.when(code.let(f"icmp eq i64 {anew}, 0")):
            _zero(code, kind, code.at(g, code.mul(uniform, kind.width), kind.scalar), code.field("%call", Call.VARYING))
        result = code.field("%call", Call.RESULT)
        with code.when(code.let(f"icmp sge i64 {result}, {uniform}")):
            _row(code, kind, g, result).set(Lanes(code, kind, _seed(code, kind)))
        _execute_call(code, name, Call.EACH_BACK_CODE, v, g)
        _blocks_call(code, f"{name}_take", Call.BLOCKS_BACK, g)
    _blocks_call(code, f"{name}_take", Call.BLOCKS_OUT, v)
    return code.function(f"internal void @{name}_part(ptr %call, i64 %sample, i64 %count)")


def _seed(code: Code, kind: Kind) -> str:
    seed = code.load("double", code.at("%call", str(int(Call.SEED)), "i64"), 8)
    if kind.scalar == "float":
        seed = code.let(f"fptrunc double {seed} to float")
    return splat(code, kind, seed)


def _run(kind: Kind, needs: dict[str, str], name: str) -> str:
    """A whole call.  The incomplete part comes first: what its idle lanes left in shared adjoints is erased."""
    code, width = Code(needs), kind.width
    v, g = code.pointer("%call", Call.V), code.pointer("%call", Call.G)
    uniform, back = code.field("%call", Call.UNIFORM), code.field("%call", Call.BACK)
    wanted = code.let(f"icmp ne i64 {back}, 0")
    with code.when(wanted):
        _zero(code, kind, g, uniform)
        _zero(code, kind.wide(1), _slopes(code), code.field("%call", Call.PARAMETER_COUNT))
    numbers = code.pointer("%call", Call.PARAMETERS)
    with code.loop(code.field("%call", Call.ROWS_COUNT)) as i:
        x = code.load(kind.scalar, code.at(numbers, _parameter(code, i), kind.scalar), kind.size)
        _row(code, kind, v, i).set(Lanes(code, kind, splat(code, kind, x)))
    _execute_call(code, name, Call.ONCE_CODE, v, g, str(width))
    first, end = code.field("%call", Call.FIRST), code.field("%call", Call.END)
    rest = code.let(f"srem i64 {code.let(f'sub i64 {end}, {first}')}, {width}")
    whole = code.let(f"sub i64 {end}, {rest}")
    with code.when(code.let(f"icmp sgt i64 {rest}, 0")):
        code.do(f"call void @{name}_part(ptr %call, i64 {whole}, i64 {rest})")
        with code.when(code.let(f"icmp ugt i64 {back}, {code.field('%call', Call.ANEW)}")):
            _erase(code, kind, g, uniform, rest)
    with code.loop(whole, first, width) as sample:
        code.do(f"call void @{name}_part(ptr %call, i64 {sample}, i64 {width})")
    with code.when(wanted):
        result = code.field("%call", Call.RESULT)
        with code.when(code.let(f"icmp slt i64 {result}, {uniform}")):
            samples = code.let(f"sitofp i64 {code.let(f'sub i64 {end}, {first}')} to {kind.scalar}")
            share = Lanes(code, kind, _seed(code, kind)) * Lanes(code, kind, splat(code, kind, samples)) * (1.0 / width)
            _row(code, kind, g, result).set(share)
        _execute_call(code, name, Call.ONCE_BACK_CODE, v, g, str(width))
        _give_slopes(code, kind, g)
    return code.function(f"void @{name}(ptr %call)")


def _erase(code: Code, kind: Kind, g: str, rows: str, lanes: str) -> None:
    """Set the other lanes to 0."""
    kept = below(code, kind, lanes)
    with code.loop(rows) as i:
        row = _row(code, kind, g, i)
        row.set(kept.chosen(row.get(), 0.0))


def _row(code: Code, kind: Kind, base: str, i: str) -> Place:
    return Place(code, kind, address=code.at(base, code.mul(i, kind.width), kind.scalar))


def _parameter(code: Code, i: str) -> str:
    """Which parameter the i-th slot is."""
    address = code.at(code.pointer("%call", Call.ROWS), i, "i32")
    return code.let(f"sext i32 {code.load('i32', address, 4)} to i64")


def _give_slopes(code: Code, kind: Kind, g: str) -> None:
    """Add the numbers of rows to the derivatives with respect to parameters."""
    with code.when(code.let(f"icmp ne i64 {code.field('%call', Call.BY_PARAMETERS)}, 0")):
        one, slopes = kind.wide(1), _slopes(code)
        with code.loop(code.field("%call", Call.ROWS_COUNT)) as i:
            total = Lanes(code, one, across(_row(code, kind, g, i).get()))
            Place(code, one, address=code.at(slopes, _parameter(code, i), kind.scalar)).add(total)
