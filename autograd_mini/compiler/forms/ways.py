"""Ways made for one form of arguments: functions that take numbers out, run a program, and put results in their places.

A way is written as Python once its form is known, and reads no more than it must.  Arguments of another form are a
TypeError there, or what else Python raises on meeting them: then the long way says what they are.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Final

from ...watch import traces
from ..argument import NUMBER, arrays, floats, put
from ..parameters import Parameters
from ..record.results import Results, all_finite

MOST: Final = 10  # arrays that may go straight to a program: their axes are to fit in the bits of one integer
DEEP: Final = 30  # structures in structures, from which on there is no way
LARGE: Final = 1000  # parts of a structure, from which on a way is too long to be written


class Unwritten(Exception):
    """There is no way for arguments of this form."""


class Way:
    """The text of a way, as it is written.

    Args:
        keys: the form of each argument.
        results: the form of the result.
        derivatives: whether they are wanted beside the value.
        by: how many arguments come first by which they are taken; None if all are such.
        parameters: those by which they are taken, perhaps none.
        holds: whether what the program read of Values still holds; None if it read nothing.
        checks: whether a number that is not finite is for the long way.
    """

    def __init__(
        self,
        keys: Sequence[Any],
        results: Results,
        derivatives: bool,
        by: int | None,
        parameters: Parameters,
        holds: Callable[[], bool] | None,
        checks: bool,
    ) -> None:
        self.keys, self.results, self.derivatives, self.checks = keys, results, derivatives, checks
        self.params = parameters.numbers
        self.places = [f"a{k}" for k in range(len(keys))]
        self.wanted = list(zip(keys, self.places))[:by]  # arguments that derivatives are taken by
        self.names: dict[str, Any] = {"isfinite": math.isfinite, "all_finite": all_finite}
        self.lines: list[str] = []
        if self.params is not None:
            self.do(f"{self.named(parameters.adopt)}()")
        if holds is not None:  # a trace under way watches what this program reads
            self.require(f"not {self.named(traces)} and {self.named(holds)}()")

    def named(self, x: Any) -> str:
        """A name for a thing that the text refers to."""
        name = f"k{len(self.names)}"
        self.names[name] = x
        return name

    def do(self, line: str) -> None:
        """Add a line."""
        self.lines.append(line)

    def require(self, condition: str) -> None:
        """Have what does not fit go the long way."""
        self.do(f"if not ({condition}): raise TypeError")

    def built(self, numbers: str) -> str:
        """The result of its numbers."""
        return f"{self.named(self.results.build)}({numbers})"

    def finished(self, value: str, gradients: Sequence[str]) -> Callable[..., Any]:
        """The way, which returns the value, with derivatives if there are any: those by one argument, or by each."""
        returned = f"return {value}"
        if self.derivatives:
            returned += f", {gradients[0]}" if len(gradients) == 1 else f", ({', '.join(gradients)})"
        if self.checks:
            self.do(returned.replace("return", "found =", 1))
            self.require("all_finite(found)")
            returned = "return found"
        if len(self.lines) > LARGE:
            raise Unwritten
        exec("\n    ".join([f"def way({', '.join(self.places)}):", *self.lines, returned]), self.names)
        way: Callable[..., Any] = self.names.pop("way")
        return way


def of_numbers(way: Way, run: Callable[..., Any]) -> Callable[..., Any]:
    """One for a program that is a function of numbers.

    Args:
        way: what is to be looked at before.
        run: the function: it gives the value or several, and with derivatives also those by all numbers, or if each
            argument is one number as they are returned.
    """
    keys, params = way.keys, way.params
    scalars = all(key == NUMBER for key in keys)
    if scalars and params is None and not way.lines and not way.checks and way.results.is_number:
        return run
    numbers = [x for key, place in zip(keys, way.places) for x in _opened(way, key, place)]
    if params is not None:
        numbers.append(f"*{way.named(params)}.tolist()")
    way.do(f"z{', s' * way.derivatives} = {way.named(run)}({', '.join(numbers)})")
    if way.checks:
        is_one = scalars and len(way.wanted) == 1 and params is None
        for numbers_, alone in [("z", way.results.is_number), ("s", is_one)][: 1 + way.derivatives]:
            way.require(f"isfinite({numbers_})" if alone else f"all(map(isfinite, {numbers_}))")
        way.checks = False
    value = "z" if way.results.is_number else way.built("z")
    if params is not None:
        return way.finished(value, [f"{way.named(arrays().array)}(s, {way.named(params.dtype)})"])
    return way.finished(value, ["s"] if scalars else _all_given(way, "s"))


def of_arrays(way: Way, one: Any, dtype: Any) -> Callable[..., Any]:
    """One for a program on arrays without a sample axis: those of other arguments are made here.

    Args:
        way: what is to be looked at before.
        one: what has `at_once` for such arrays.
        dtype: of these.
    """
    np, d = arrays(), way.named(dtype)
    way.names |= {"empty": np.empty, "real": _real, "array": np.array, "floats": floats}
    blocks = [_block(way, key, place, d) for key, place in zip(way.keys, way.places)]
    sizes = [size_of(key) for key, _ in way.wanted] if way.params is None else [way.params.size]
    for k, size in enumerate(sizes * way.derivatives):
        way.do(f"g{k} = empty({size}, {d})")
    out = [f"g{k}" for k in range(len(sizes))]
    _run(way, way.named(one), "1", "1.0", _axes(blocks, 1), _axes(out, way.params is None), not way.results.is_number)
    if way.results.is_number:
        value = "total"
        way.require("isfinite(total)")  # floats may raise there, and the function catch it
    else:
        value = way.built("z")
        way.do(f"z = rows[:{way.results.size}, 0]")
        way.require("all_finite(z)")
    if way.params is None and way.derivatives:
        out = [_unblocked(way, *argument, g) for argument, g in zip(way.wanted, out)]
    return way.finished(value, out)


def of_samples(way: Way, bound: Callable[[int], Any], dtype: Any, reduce: str | None) -> Callable[..., Any]:
    """One for a program whose arguments have a sample axis.

    Args:
        way: what is to be looked at before.
        bound: has `at_once` for a number of samples.
        dtype: of the arrays.
        reduce: "mean" or "sum" of the value, or None.
    """
    np, d = arrays(), way.named(dtype)
    way.names |= {"empty": np.empty, "ndarray": np.ndarray, "real": _real}
    leaves, count = list[tuple[Any, str]](), 0
    for k, (key, place) in enumerate(zip(way.keys, way.places)):
        _open_samples(way, key, place, leaves)
        count = len(leaves) if k < len(way.wanted) else count
    blocks = [_samples(way, *leaf, d) for leaf in leaves]
    way.do(f"n = len({leaves[0][1]})" if leaves else "n = 0")
    way.require("n")
    out = [("g0", 0)]
    if not way.derivatives:
        out = []
    elif way.params is None:
        out = [_room(way, f"g{k}", shape, d) for k, ((_, shape), _) in enumerate(leaves[:count])]
    else:
        way.do(f"g0 = empty({way.params.size}, {d})")
    _run(way, f"{way.named(bound)}(n)", "n", "1.0 / n" if reduce == "mean" else "1.0", blocks, out, reduce is None)
    if reduce is not None:
        value = "total * (1.0 / n)" if reduce == "mean" else "total"
    else:
        value = "rows[0]" if way.results.is_number else way.built(f"rows[:{way.results.size}]")
    names = iter([f"g{k}" for k in range(len(out))])
    return way.finished(value, ["g0"] if way.params is not None else _all_of_samples(way, names))


def _run(
    way: Way,
    bound: str,
    n: str,
    seed: str,
    blocks: Sequence[tuple[str, int]],
    out: Sequence[tuple[str, int]],
    given: bool,
) -> None:
    """The line that runs a program on arrays, each with the number of its axes."""
    if not 0 < len(blocks) <= MOST:
        raise Unwritten
    out = out if way.derivatives else []
    axes = sum([count << 2 * k for k, (_, count) in enumerate([*blocks, ("", 0), *out])])
    inside, results = [f"({''.join([f'{x}, ' for x, _ in arrays])})" for arrays in (blocks, out)]
    seed = seed if way.derivatives else "None"
    way.do(f"total, rows = {bound}.at_once({n}, {seed}, {axes}, {inside}, {results}, {given})")


def _axes(names: Sequence[str], count: int) -> list[tuple[str, int]]:
    return [(name, count) for name in names]


# ---- structures ----


def size_of(key: Any) -> int:
    """How many numbers there are in an argument of this form."""
    if key == NUMBER:
        return 1
    if key[0] == "array":
        return math.prod(key[1])
    return key[1] if len(key) == 2 else sum(map(size_of, key[2]))


def _opened(way: Way, key: Any, place: str) -> list[str]:
    """The numbers of an argument in order, each an expression, or several with a star."""
    if key == NUMBER:
        return [place]
    if key[0] == "array":
        ndarray, shape = way.named(arrays().ndarray), key[1]
        way.require(f"type({place}) is {ndarray} and {place}.shape == {shape} and {place}.dtype.kind in 'fiubO'")
        return [f"*{place}{'.ravel()' * (len(shape) > 1)}.tolist()"]
    if len(key) == 2:
        way.require(f"type({place}) is {way.named(_known(key[0]))} and len({place}) == {key[1]}")
        return [f"*{place}"]
    inside = _inside(way, key, place)
    return [x for part, at in zip(key[2], inside) for x in _opened(way, part, at)]


def _inside(way: Way, key: Any, place: str) -> list[str]:
    """What is in a structure, each part under a name of its own."""
    kind, names, parts = key
    if place.count("_") > DEEP:
        raise Unwritten
    way.require(f"type({place}) is {way.named(_known(kind))}")
    inside = [f"{place}_{k}" for k in range(len(parts))]
    if is_dataclass(kind):
        way.lines += [f"{at} = {place}.{name}" for at, name in zip(inside, names)]
        return inside
    way.require(f"[*{place}] == {way.named(list(names))}" if names is not None else f"len({place}) == {len(parts)}")
    if inside:
        way.lines.append(f"{', '.join(inside)}, = {place}{'.values()' * (names is not None)}")
    return inside


def _all_given(way: Way, slopes: str) -> list[str]:
    """Derivatives by all arguments, out of a list of them."""
    at, given = 0, []
    for key, place in way.wanted:
        text, at = _given(way, key, place, at, slopes)
        given.append(text)
    return given


def _block(way: Way, key: Any, place: str, dtype: str) -> str:
    """The numbers of an argument in an array with one axis."""
    numbers = _opened(way, key, place)
    if key[0] != "array":
        return f"array([*floats({', '.join(numbers)})], {dtype})"
    way.do(f"if {place}.dtype is not {dtype}: {place} = real({place}, {len(key[1])}, {dtype})")
    return f"{place}.reshape(-1)" if len(key[1]) > 1 else place


def _unblocked(way: Way, key: Any, place: str, gradient: str) -> str:
    """Derivatives in the structure of an argument, out of such an array of them."""
    if key[0] == "array":
        return f"{gradient}.reshape({key[1]})" if len(key[1]) > 1 else gradient
    way.do(f"{gradient} = {gradient}.tolist()")
    return _given(way, key, place, 0, gradient)[0]


def _given(way: Way, key: Any, place: str, at: int, slopes: str) -> tuple[str, int]:
    """Derivatives in the structure of an argument, of a list of them from one on; and the next one."""
    if key == NUMBER:
        return f"{slopes}[{at}]", at + 1
    if key[0] == "array" or len(key) == 2:
        end = at + size_of(key)
        part = f"{slopes}[{at}:{end}]"
        if key[0] != "array":
            return _made(way, key[0], [f"*{part}"]), end
        shaped = f".reshape({key[1]})" if len(key[1]) > 1 else ""
        return f"{way.named(arrays().array)}({part}){shaped}", end
    kind, names, parts = key
    given = []
    for k, part in enumerate(parts):
        text, at = _given(way, part, f"{place}_{k}", at, slopes)
        given.append(text)
    return _put(way, kind, names, given, place), at


def _put(way: Way, kind: Any, names: Any, parts: Sequence[str], place: str) -> str:
    """A structure around other parts."""
    if names is None:
        return _made(way, kind, parts)
    if kind is dict:
        return f"{{{', '.join([f'{way.named(name)}: {part}' for name, part in zip(names, parts)])}}}"
    inside = ", ".join([f"{name!r}: {part}" for name, part in zip(names, parts)])
    return f"{way.named(_record)}({place}, {{{inside}}})"


def _made(way: Way, kind: Any, parts: Sequence[str]) -> str:
    inside = ", ".join(parts)
    if kind is list:
        return f"[{inside}]"
    inside = f"({inside}{',' * bool(parts)})"
    return inside if kind is tuple else f"{way.named(tuple.__new__)}({way.named(kind)}, {inside})"


def _known(kind: Any) -> Any:
    """A kind of structure whose parts can be had, and put in another of it, without a look at this one."""
    if kind in (list, tuple, dict):
        return kind
    if is_dataclass(kind):
        copied = all(getattr(kind, name, None) is getattr(object, name, None) for name in _COPYING)
        stored = not any(hasattr(getattr(kind, field.name, None), "__set__") for field in fields(kind))
        has_dict: Any = getattr(kind, "__dictoffset__", None)
        if copied and stored and has_dict:
            return kind
    elif issubclass(kind, tuple) and hasattr(kind, "_make") and kind.__iter__ is tuple.__iter__:
        return kind
    raise Unwritten


_COPYING: Final = ("__copy__", "__reduce_ex__", "__reduce__", "__getstate__", "__setstate__", "__getattribute__")


def _record(like: Any, parts: dict[str, Any]) -> Any:
    """A copy of a dataclass with other parts: not by __init__, which may refuse the numbers of a gradient."""
    new = object.__new__(type(like))
    inside = new.__dict__
    inside.update(like.__dict__)
    inside.update(parts)
    return new


# ---- samples ----


def _open_samples(way: Way, key: Any, place: str, leaves: list[tuple[Any, str]]) -> None:
    """The leaves of an argument: the form of each, and where it is."""
    if len(key) == 2:
        leaves.append((key, place))
        return
    for part, at in zip(key[2], _inside(way, key, place)):
        _open_samples(way, part, at, leaves)


def _samples(way: Way, leaf: Any, place: str, dtype: str) -> tuple[str, int]:
    """The array of a leaf, which has the samples first, and the number of its axes, two at most."""
    kind, shape = leaf
    if shape:
        way.require(f"type({place}) is {'ndarray' if kind == 'array' else 'list'}")
    fits = f"type({place}) is ndarray and {place}.dtype is {dtype}"
    way.do(f"if not ({fits}): {place} = real({place}, {1 + len(shape)}, {dtype})")
    if len(shape) < 2:
        return place, 1 + len(shape)
    way.require(f"{place}.shape[1:] == {shape}")
    return f"{place}.reshape(n, {math.prod(shape)})", 2


def _room(way: Way, name: str, shape: tuple[int, ...], dtype: str) -> tuple[str, int]:
    """An array for derivatives by such a leaf, in the same way."""
    way.do(f"{name} = empty((n, {''.join([f'{size}, ' for size in shape])}), {dtype})")
    return (f"{name}.reshape(n, {math.prod(shape)})", 2) if len(shape) > 1 else (name, 1 + len(shape))


def _all_of_samples(way: Way, leaves: Iterator[str]) -> list[str]:
    """Derivatives by all arguments, out of those by their leaves."""
    return [_put_samples(way, key, leaves) for key, _ in way.wanted] if way.derivatives else []


def _put_samples(way: Way, key: Any, leaves: Iterator[str]) -> str:
    """Derivatives in the structure of an argument, of the next leaves."""
    if len(key) == 2:
        return next(leaves)
    kind, names, parts = key
    inside = [_put_samples(way, part, leaves) for part in parts]
    if is_dataclass(kind):
        return f"{way.named(put)}({way.named(kind)}, {way.named(names)}, [{', '.join(inside)}])"
    return _put(way, kind, names, inside, "")


def _real(x: Any, axes: int, dtype: Any) -> Any:
    """An array of real numbers with so many axes, of a list or of another array."""
    np = arrays()
    array = np.asarray(x) if type(x) in (list, tuple, np.ndarray) else None
    if array is None or array.ndim != axes or array.dtype.kind not in "fiub":
        raise TypeError
    return array.astype(dtype, copy=False)
