"""Ways for one form of arguments: functions that take numbers out, run a program, and put results in their places.

A way is generated as Python code for a known form, and reads only what it needs.  For arguments of another form it
raises a TypeError, or another of `shortcuts.MISFITS`; then the long way reads them.
"""

import builtins
import math
from collections.abc import Callable, Sequence
from types import BuiltinFunctionType
from typing import Any, Final

from ...watch import traces
from ..argument import NUMBER, arrays, floats, of_one_sample, summed
from ..python.straight import Straight
from ..record.results import all_finite
from .outcomes import Plan
from .structures import Unwritten, closed, is_leaf, known, opened, sequence

MOST: Final = 10  # arrays that may go straight to a program: the numbers of their axes must fit in one integer
LARGE: Final = 1000  # for a structure with more parts the text of a way would be too long


class WayText:
    """The text of a way while it is being written.

    Args:
        keys: the form of each argument.
        how: the settings for all forms (`Signatures`).
        plan: the program and its executor.
        derivatives: whether to return derivatives too.
        checks: whether the long way handles a number that is not finite.
    """

    def __init__(self, keys: Sequence[Any], how: Any, plan: Plan, derivatives: bool, checks: bool) -> None:
        self.keys, self.how, self.derivatives, self.checks = keys, how, derivatives, checks
        self.plan, self.results, self.params = plan, plan.results, how.parameters.numbers
        self.are_numbers = all(key == NUMBER for key in keys)
        self.places = [f"{'x' if self.are_numbers else 'a'}{k}" for k in range(len(keys))]
        self.wanted = list(zip(keys, self.places))[: how.by]  # arguments to differentiate with respect to
        self.names: dict[str, Any] = {"isfinite": math.isfinite, "all_finite": all_finite}
        self.lines: list[str] = []
        if self.params is not None:
            self.do(f"{self.named(how.parameters.adopt)}()")
        if plan.holds is not None:  # it reads Values: their numbers may have changed, and a running trace must be told
            self.require(f"not {self.named(traces)} and {self.named(plan.holds)}()")

    def named(self, x: Any) -> str:
        """A name for an object that the text refers to."""
        name = f"k{len(self.names)}"
        self.names[name] = x
        return name

    def do(self, line: str) -> None:
        """Add a line."""
        self.lines.append(line)

    def require(self, condition: str) -> None:
        """Let the long way handle a call that does not fit."""
        self.do(f"if not ({condition}): raise TypeError")

    def returned(self, value: str, gradients: Sequence[str]) -> str:
        """The line that returns the value, with derivatives if wanted: for one argument, or a tuple for several."""
        if not self.derivatives:
            return f"return {value}"
        return f"return {value}, {gradients[0] if len(gradients) == 1 else sequence(self, tuple, gradients)}"

    def made(self) -> Callable[..., Any]:
        """The way, once all of its lines are written."""
        if len(self.lines) > LARGE:
            raise Unwritten
        places, called = ["".join([f"{x}, " for x in xs]) for xs in (self.places, self.how.names[: len(self.places)])]
        first = f"def way({places}{'/' * bool(places)}):"
        if places.count(",") == called.count(",") > 0 and not {*self.names, *vars(builtins)} & {*self.how.names}:
            first = f"def way({called}):\n    {places}= {called}"
        exec("\n    ".join([first, *self.lines]), self.names)
        way: Callable[..., Any] = self.names.pop("way")
        return way


# ---- numbers ----


def of_numbers(way: WayText, run: Callable[..., Any], written: Straight | None) -> Callable[..., Any]:
    """One for a program that is a function of numbers.

    Args:
        way: the way, with its checks.
        run: the function.  It returns the value or values, and with derivatives also those for all numbers; if each
            argument is one number, these have the form that is returned.
        written: the function as lines of Python, to put into the way itself; None if there would be too many.
    """
    numbers = [x for key, place in zip(way.keys, way.places) for x in opened(way, key, place, _numbers(way))]
    if way.params is not None:
        numbers.append(f"*{way.named(way.params)}.tolist()")
    if written is not None:
        return _inline(way, written, numbers)
    if isinstance(run, BuiltinFunctionType) and way.are_numbers and not (way.lines or way.checks):
        return run  # no code is needed in between
    call = f"{way.named(run)}({', '.join(numbers)})"
    if way.are_numbers and way.params is None and way.results.is_number and not way.checks:
        way.do(f"return {call}")
        return way.made()
    way.do(f"z{', s' * way.derivatives} = {call}")
    if way.checks:
        way.require(f"all_finite({'(z, s)' if way.derivatives else 'z'})")
    value = "z" if way.results.is_number else f"{way.named(way.results.build)}(z)"
    slopes = ["s"] if way.are_numbers and way.params is None else _slopes(way, _cut("s"))
    way.do(way.returned(value, slopes).format())
    return way.made()


def _inline(way: WayText, written: Straight, numbers: Sequence[str]) -> Callable[..., Any]:
    """A way that contains the program's lines."""
    lines, names = written.lines, written.inputs + written.parameters
    if names and names != list(numbers):
        alone = len(numbers) == 1 and numbers[0][0] == "*"
        way.do(f"{', '.join(names)}, = {numbers[0][1:] if alone else ', '.join(numbers)}")
    way.lines += written.first
    found = [*written.values, *written.slopes] if way.derivatives else written.values
    if way.checks:
        lines.do(f"if not ({' and '.join(['isfinite({})'] * len(found))}): raise TypeError", *found)
    value = "{}" if way.results.is_number else f"{way.named(way.results.build)}([{_places(len(written.values))}])"
    lines.do(way.returned(value, _slopes(way, _places)), *found)
    way.lines += lines.written()
    way.names |= written.names
    return way.made()


def _numbers(way: WayText) -> Callable[[Any, str], str]:
    """The expression for the numbers of a leaf; with a star if there are several."""

    def leaf(key: Any, place: str) -> str:
        if key == NUMBER:
            return place
        kind, shape = key
        if kind != "array":
            way.require(f"type({place}) is {way.named(known(kind))} and len({place}) == {shape}")
            return f"*{place}"
        ndarray = way.named(arrays().ndarray)
        way.require(f"type({place}) is {ndarray} and {place}.shape == {shape} and {place}.dtype.kind in 'fiubO'")
        return f"*{place}{'.ravel()' * (len(shape) > 1)}.tolist()"

    return leaf


def _slopes(way: WayText, take: Callable[[int], str]) -> list[str]:
    """The texts of the derivatives to return; `take` gives the next numbers, separated by commas."""
    if not way.derivatives:
        return []
    if way.params is not None:
        return [f"{way.named(arrays().array)}([{take(way.params.size)}], {way.named(way.params.dtype)})"]
    leaf = _numbers_in(way, take)
    return [closed(way, key, place, leaf) for key, place in way.wanted]


def _numbers_in(way: WayText, take: Callable[[int], str]) -> Callable[[Any], str]:
    """A function that writes the next numbers into a leaf."""

    def leaf(key: Any) -> str:
        if key == NUMBER:
            return take(1)
        kind, shape = key
        if kind != "array":
            return sequence(way, kind, [take(shape)] if shape else [])
        array = f"{way.named(arrays().array)}([{take(math.prod(shape))}])"
        return f"{array}.reshape({shape})" if len(shape) > 1 else array

    return leaf


def _places(count: int) -> str:
    return ", ".join(["{}"] * count)


def _cut(name: str) -> Callable[[int], str]:
    """A function that takes the next numbers out of the list with this name."""
    at = 0

    def take(count: int) -> str:
        nonlocal at
        at += count
        return f"{name}[{at - 1}]" if count == 1 else f"*{name}[{at - count}:{at}]"

    return take


# ---- arrays ----


def of_arrays(way: WayText) -> Callable[..., Any]:
    """One for a program on arrays without a sample axis; arguments that are not arrays are converted here."""
    np, d = arrays(), way.named(way.plan.executor.dtype)
    way.names |= {"empty": np.empty, "ndarray": np.ndarray, "real": _real, "array": np.array, "floats": floats}
    blocks = [_block(way, key, place, d) for key, place in zip(way.keys, way.places)]
    sizes = [_size(key) for key, _ in way.wanted] if way.params is None else [way.params.size]
    out = [f"g{k}" for k in range(len(sizes) * way.derivatives)]
    for g, size in zip(out, sizes):
        way.do(f"{g} = empty({size}, {d})")
    into = [(g, int(way.params is None)) for g in out]
    one = way.named(way.plan.executor.bound(1))
    _call(way, one, "1", "1.0", [(block, 1) for block in blocks], into, not way.results.is_number)
    value = "total"
    if not way.results.is_number:
        way.do(f"z = rows[:{way.results.size}, 0]")
        value = f"{way.named(way.results.build)}(z)"
    way.require("isfinite(total)" if way.results.is_number else "all_finite(z)")  # floats might raise
    _check(way, out)
    if way.params is None:
        out = [_unblocked(way, *argument, g) for argument, g in zip(way.wanted, out)]
    way.do(way.returned(value, out).format())
    return way.made()


def _block(way: WayText, key: Any, place: str, dtype: str) -> str:
    """The numbers of an argument in an array with one axis."""
    if key[0] != "array":
        return f"array([*floats({', '.join(opened(way, key, place, _numbers(way)))})], {dtype})"
    way.require(f"type({place}) is ndarray and {place}.shape == {key[1]}")
    way.do(f"if {place}.dtype is not {dtype}: {place} = real({place}, {len(key[1])}, {dtype})")
    return f"{place}.reshape(-1)" if len(key[1]) > 1 else place


def _unblocked(way: WayText, key: Any, place: str, gradient: str) -> str:
    """Derivatives in the structure of an argument, out of an array with one axis."""
    if key[0] == "array":
        return f"{gradient}.reshape({key[1]})" if len(key[1]) > 1 else gradient
    way.do(f"{gradient} = {gradient}.tolist()")
    return closed(way, key, place, _numbers_in(way, _cut(gradient)))


def _size(key: Any) -> int:
    """How many numbers an argument of this form has."""
    if key == NUMBER:
        return 1
    if is_leaf(key):
        return math.prod(key[1]) if key[0] == "array" else key[1]
    return sum(map(_size, key[2]))


def _call(
    way: WayText,
    bound: str,
    n: str,
    seed: str,
    blocks: Sequence[tuple[str, int]],
    out: Sequence[tuple[str, int]],
    given: bool,
) -> None:
    """The line that runs a program on arrays, given with the number of their axes."""
    if not 0 < len(blocks) <= MOST:
        raise Unwritten
    axes = sum([count << 2 * k for k, (_, count) in enumerate([*blocks, ("", 0), *out])])
    inside, results = [f"({''.join([f'{x}, ' for x, _ in arrays])})" for arrays in (blocks, out)]
    seed = seed if way.derivatives else "None"
    way.do(f"total, rows = {bound}.at_once({n}, {seed}, {axes}, {inside}, {results}, {given})")


def _check(way: WayText, out: Sequence[str]) -> None:
    if way.checks:
        for g in out:
            way.require(f"all_finite({g})")


# ---- samples ----


def of_samples(way: WayText) -> Callable[..., Any]:
    """One for a program whose arguments have a sample axis, except those that all samples share."""
    np, executor, reduce, shared = arrays(), way.plan.executor, way.how.reduce, way.how.shared
    d = way.named(executor.dtype)
    way.names |= {"empty": np.empty, "ndarray": np.ndarray, "real": _real, "spread": _spread}
    each = [opened(way, key, place, lambda leaf, at: (leaf, at)) for key, place in zip(way.keys, way.places)]
    way.do(f"n = len({next((at for k, found in enumerate(each) if k not in shared for _, at in found), '()')})")
    way.require("n")
    blocks = [_samples(way, *leaf, k in shared, d) for k, found in enumerate(each) for leaf in found]
    if way.params is None:
        wanted = [leaf for found in each[: len(way.wanted)] for leaf, _ in found]
        out = [_room(way, f"g{k}", leaf, d) for k, leaf in enumerate(wanted)]
    else:
        way.do(f"g0 = empty({way.params.size}, {d})")
        out = [("g0", 0)]
    out = out if way.derivatives else []
    seed = "1.0 / n" if reduce == "mean" else "1.0"
    _call(way, f"{way.named(executor.bound)}(n)", "n", seed, blocks, out, reduce is None)
    slopes = [f"g{k}" for k in range(len(out))]
    if way.checks:
        way.require("isfinite(total)" if reduce or way.results.is_number else "all_finite(rows)")
        _check(way, slopes)
    if way.params is None and way.derivatives:
        rest = iter(slopes)
        slopes = [
            (_of_all if reduce and k in shared else _by_sample)(way, key, [next(rest) for _ in each[k]])
            for k, (key, _) in enumerate(way.wanted)
        ]
    if reduce is not None:
        value = "total * (1.0 / n)" if reduce == "mean" else "total"
    else:
        value = "rows[0]" if way.results.is_number else f"{way.named(way.results.build)}(rows[:{way.results.size}])"
    way.do(way.returned(value, slopes).format())
    return way.made()


def _samples(way: WayText, leaf: Any, place: str, is_shared: bool, dtype: str) -> tuple[str, int]:
    """The array of a leaf, with the sample axis first, and the number of its axes, at most two."""
    kind, shape = leaf
    if shape:
        way.require(f"type({place}) is {'ndarray' if kind == 'array' else 'list'}")
    if is_shared:
        return f"spread({place}, {shape}, n, {dtype})", 1 + bool(shape)
    fits = f"type({place}) is ndarray and {place}.dtype is {dtype}"
    way.do(f"if not ({fits}): {place} = real({place}, {1 + len(shape)}, {dtype})")
    if len(shape) < 2:
        return place, 1 + len(shape)
    way.require(f"{place}.shape[1:] == {shape}")
    return f"{place}.reshape(n, {math.prod(shape)})", 2


def _room(way: WayText, name: str, leaf: Any, dtype: str) -> tuple[str, int]:
    """An array for the derivatives with respect to a leaf, with the number of its axes."""
    _, shape = leaf
    way.do(f"{name} = empty((n, {''.join([f'{size}, ' for size in shape])}), {dtype})")
    return (f"{name}.reshape(n, {math.prod(shape)})", 2) if len(shape) > 1 else (name, 1 + len(shape))


def _by_sample(way: WayText, key: Any, slopes: Sequence[str]) -> str:
    """Derivatives in the structure of an argument, from arrays with the sample axis first."""
    rest = iter(slopes)
    return closed(way, key, "", lambda _: next(rest))


def _of_all(way: WayText, key: Any, slopes: Sequence[str]) -> str:
    """Derivatives summed over the samples, in the structure of an argument without a sample axis."""
    if is_leaf(key) and not key[1]:
        return f"{way.named(summed)}({slopes[0]}).item()"
    numbers = ", ".join([f"*{way.named(summed)}({g}.reshape(n, -1), 0).tolist()" for g in slopes])
    return f"{way.named(of_one_sample)}({way.named(key)}, iter([{numbers}]))"


def _spread(x: Any, shape: tuple[int, ...], n: int, dtype: Any) -> Any:
    """An array in which n samples have the same numbers."""
    np = arrays()
    one = np.asarray(x)
    if one.shape != shape or one.dtype.kind not in "fiub":
        raise TypeError
    one = np.ascontiguousarray(one, dtype)
    return np.ndarray((n, one.size) if shape else (n,), dtype, one, 0, (0, one.itemsize) if shape else (0,))


def _real(x: Any, axes: int, dtype: Any) -> Any:
    """An array of real numbers with so many axes, from a list or from another array."""
    np = arrays()
    array = np.asarray(x) if type(x) in (list, tuple, np.ndarray) else None
    if array is None or array.ndim != axes or array.dtype.kind not in "fiub":
        raise TypeError
    return array.astype(dtype, copy=False)
