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
from ..record.results import Results, all_finite

MOST: Final = 10  # arrays that may go straight to a program: their axes are to fit in the bits of one integer
LARGE: Final = 1000  # parts of a structure, from which on a way is too long to be written


class Unwritten(Exception):
    """There is no way for arguments of this form."""


class Way:
    """The text of a way, as it is written.

    Args:
        holds: whether what the program read of Values still holds; None if it read nothing.
        adopt: takes over what was assigned to the parameters; None without parameters.
        results: the form of the result.
        checks: whether a number that is not finite is for the long way.
    """

    def __init__(
        self,
        holds: Callable[[], bool] | None,
        adopt: Callable[[], None] | None,
        results: Results,
        checks: bool,
    ) -> None:
        self.results, self.checks = results, checks
        self.names: dict[str, Any] = {"isfinite": math.isfinite, "all_finite": all_finite}
        self.lines: list[str] = []
        if adopt is not None:
            self.lines.append(f"{self.named(adopt)}()")
        if holds is not None:  # a trace under way watches what this program reads
            self.require(f"not {self.named(traces)} and {self.named(holds)}()")

    def named(self, x: Any) -> str:
        """A name for a thing that the text refers to."""
        name = f"k{len(self.names)}"
        self.names[name] = x
        return name

    def require(self, condition: str) -> None:
        """Have what does not fit go the long way."""
        self.lines.append(f"if not ({condition}): raise TypeError")

    def finished(self, arity: int, value: str, gradient: str | None) -> Callable[..., Any]:
        """The way, which returns the value, with derivatives if there are any."""
        if self.checks:
            self.lines += [f"value = {value}", "slopes = " + (gradient or "None")]
            self.require("all_finite(value) and all_finite(slopes)")
            value, gradient = "value", gradient and "slopes"
        if len(self.lines) > LARGE:
            raise Unwritten
        head = f"def way({', '.join([f'a{k}' for k in range(arity)])}):"
        returned = f"return {value}" + (f", {gradient}" if gradient else "")
        exec("\n    ".join([head, *self.lines, returned]), self.names)
        way: Callable[..., Any] = self.names.pop("way")
        return way


def of_numbers(
    way: Way, keys: Sequence[Any], run: Callable[..., Any], params: Any, derivatives: bool
) -> Callable[..., Any]:
    """One for a program that is a function of numbers.

    Args:
        way: what is to be looked at before.
        keys: the form of each argument.
        run: the function: it gives the value or several, and with derivatives also those by all numbers, or if each
            argument is one number as they are returned.
        params: the array of parameters, or None.
        derivatives: whether it gives them.
    """
    scalars = all(key == NUMBER for key in keys)
    if scalars and params is None and not way.lines and not way.checks and way.results.is_number:
        return run
    numbers = [x for k, key in enumerate(keys) for x in _opened(way, key, f"a{k}")]
    if params is not None:
        numbers.append(f"*{way.named(params)}.tolist()")
    value, gradient = "z", None
    way.lines.append(f"z{', s' * derivatives} = {way.named(run)}({', '.join(numbers)})")
    if way.checks:
        one = scalars and len(keys) == 1 and params is None
        looked_at = [("z", way.results.is_number)] + [("s", one)] * derivatives
        way.lines += [f"if not {'isfinite' if is_one else 'all_are'}({x}): raise TypeError" for x, is_one in looked_at]
        way.names["all_are"], way.checks = lambda numbers: all(map(math.isfinite, numbers)), False
    if not way.results.is_number:
        value = f"{way.named(way.results.build)}(z)"
    if derivatives:
        if params is not None:
            gradient = f"{way.named(arrays().array)}(s, {way.named(params.dtype)})"
        else:
            gradient = "s" if scalars else _all_given(way, keys, 0, "s")
    return way.finished(len(keys), value, gradient)


def of_arrays(
    way: Way, keys: Sequence[Any], one: Any, dtype: Any, params: Any, derivatives: bool
) -> Callable[..., Any]:
    """One for a program on arrays without a sample axis: those of other arguments are made here."""
    np = arrays()
    if not 0 < len(keys) <= MOST:
        raise Unwritten
    d, axes, made = way.named(dtype), 0, []
    way.names |= {"empty": np.empty, "ndarray": np.ndarray, "real": _real, "array": np.array, "floats": floats}
    for k, key in enumerate(keys):
        place, inside = f"a{k}", _opened(way, key, f"a{k}")
        axes |= 1 << 2 * k
        if key[0] == "array":
            way.lines.append(f"if {place}.dtype is not {d}: {place} = real({place}, {len(key[1])}, {d})")
            made.append(f"{place}.reshape(-1)" if len(key[1]) > 1 else place)
        else:
            made.append(f"array(floats({', '.join(inside)}), {d})")
    sizes = [size_of(key) for key in keys] if params is None else [params.size]
    if derivatives:
        axes |= sum([1 << 2 * (len(keys) + 1 + k) for k in range(len(sizes) if params is None else 0)])
        way.lines += [f"g{k} = empty({size}, {d})" for k, size in enumerate(sizes)]
    out = ", ".join([f"g{k}" for k in range(len(sizes))]) if derivatives else ""
    given = f"({', '.join(made)},), ({out}{',' * bool(out)})"
    call = f"{way.named(one.at_once)}(1, {1.0 if derivatives else None}, {axes}, {given}"
    way.lines.append(f"total, rows = {call}, {not way.results.is_number})")
    if way.results.is_number:
        value = "total"
        way.require("isfinite(total)")  # floats may raise there, and the function catch it
    else:
        way.lines.append(f"z = rows[:{way.results.size}, 0].tolist()")
        if dtype == np.float64:
            way.require("all_finite(z)")
        value = f"{way.named(way.results.build)}(z)"
    if not derivatives:
        return way.finished(len(keys), value, None)
    if params is not None:
        return way.finished(len(keys), value, "g0")
    parts = []
    for k, key in enumerate(keys):
        if key[0] == "array":
            parts.append(f"g{k}" + (f".reshape({key[1]})" if len(key[1]) > 1 else ""))
        else:
            way.lines.append(f"s{k} = g{k}.tolist()")
            parts.append(_given(way, key, f"a{k}", 0, f"s{k}")[0])
    return way.finished(len(keys), value, parts[0] if len(parts) == 1 else f"({', '.join(parts)})")


def of_samples(
    way: Way,
    keys: Sequence[Any],
    bound: Callable[[int], Any],
    dtype: Any,
    params: Any,
    derivatives: bool,
    reduce: str | None,
) -> Callable[..., Any]:
    """One for a program whose arguments have a sample axis."""
    np = arrays()
    way.names |= {"empty": np.empty, "ndarray": np.ndarray, "real": _real}
    d = way.named(dtype)
    leaves: list[tuple[Any, str]] = []
    for k, key in enumerate(keys):
        _open_samples(way, key, f"a{k}", leaves)
    if not 0 < len(leaves) <= MOST:
        raise Unwritten
    axes, made = 0, []
    for k, ((kind, shape), place) in enumerate(leaves):
        count = 1 + len(shape)
        fits = f"type({place}) is ndarray and {place}.dtype is {d}"
        if shape:
            way.require(f"type({place}) is {'ndarray' if kind == 'array' else 'list'}")
        way.lines.append(f"if not ({fits}): {place} = real({place}, {count}, {d})")
        if count > 2:
            way.require(f"{place}.shape[1:] == {shape}")
        made.append(f"{place}.reshape(n, {math.prod(shape)})" if count > 2 else place)
        axes |= min(count, 2) << 2 * k
    way.lines.append(f"n = len({leaves[0][1]})")
    way.require("n")
    shapes = [shape for (_, shape), _ in leaves] if params is None else []
    out = [f"g{k}.reshape(n, {math.prod(shape)})" if len(shape) > 1 else f"g{k}" for k, shape in enumerate(shapes)]
    if derivatives:
        for k, shape in enumerate(shapes):
            way.lines.append(f"g{k} = empty({f'(n, {str(list(shape))[1:-1]})' if shape else 'n'}, {d})")
            axes |= min(1 + len(shape), 2) << 2 * (len(leaves) + 1 + k)
        if params is not None:
            way.lines.append(f"g0 = empty({params.size}, {d})")
            out = ["g0"]
    seed = "None" if not derivatives else "1.0 / n" if reduce == "mean" else "1.0"
    given = f"({', '.join(out)},)" if derivatives else "()"
    call = f"{way.named(bound)}(n).at_once(n, {seed}, {axes}, ({', '.join(made)},), {given}, {reduce is None})"
    way.lines.append(f"total, rows = {call}")
    if reduce is not None:
        value = "total * (1.0 / n)" if reduce == "mean" else "total"
    elif way.results.is_number:
        value = "rows[0]"
    else:
        value = f"{way.named(way.results.build)}(rows[:{way.results.size}])"
    gradient = None
    if derivatives:
        names = iter([f"g{k}" for k in range(len(shapes))])
        parts = ["g0"] if params is not None else [_put_samples(way, key, names) for key in keys]
        gradient = parts[0] if len(parts) == 1 else f"({', '.join(parts)})"
    return way.finished(len(keys), value, gradient)


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
    way.require(f"type({place}) is {way.named(_known(kind))}")
    inside = [f"{place}_{k}" for k in range(len(parts))]
    if is_dataclass(kind):
        way.lines += [f"{at} = {place}.{name}" for at, name in zip(inside, names)]
        return inside
    way.require(f"[*{place}] == {way.named(list(names))}" if names is not None else f"len({place}) == {len(parts)}")
    if inside:
        way.lines.append(f"{', '.join(inside)}, = {place}{'.values()' * (names is not None)}")
    return inside


def _all_given(way: Way, keys: Sequence[Any], at: int, slopes: str) -> str:
    """Derivatives by all arguments, out of a list of them."""
    given = []
    for k, key in enumerate(keys):
        text, at = _given(way, key, f"a{k}", at, slopes)
        given.append(text)
    return given[0] if len(given) == 1 else f"({', '.join(given)},)"


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
