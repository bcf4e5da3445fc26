"""From the graph of a trace to one that runs well on arrays: splits wide operations, and recovers sums and dots."""

from functools import lru_cache
from math import inf
from typing import Any, NamedTuple

import numpy as np

from ...primitives import Opaque
from ...rule import Rule
from ...rules import RULES
from ..record.graph import CHAIN, DECISIONS, SLOPED, Graph, Guard
from ..record.trace import expand as expanded
from .arrays import Edit, Flat, classed, hashes, turns
from .arrays import expand as ranges

WIDE = 4  # an operation with more operands is split
MANY = 64  # in a sum of so many products, each operation is a vector by itself
LONG = 8  # a sum of so many terms with minus signs is split into two
_ADDITIVE = ("sum", "mean", "dot", "chain", "sloped")  # any number of operands, and constants or operands for slopes


# ---- operations that may raise ----


def guarded(flat: Flat) -> None:
    """Add checks that unused operations that may raise are finite, because arrays never raise."""
    unused = flat.checks[flat.needed()[flat.checks] == 0]
    if len(unused):
        end = flat.constant(inf)
        unused = np.array(list(dict.fromkeys(flat.checks[flat.needed()[flat.checks] == 0].tolist())))
        edit, last = Edit(flat), np.array([len(flat) - 1])
        sizes = edit.put(RULES["abs"], last.repeat(len(unused)), unused[:, None])
        total = edit.put(RULES["sum"], last, sizes[None])  # a single number to check
        finite = edit.put(DECISIONS["lt"], last, np.array([[total[0], end]]))
        flat.guards.append(Guard(-1, True, None))
        flat.guarded = np.append(flat.guarded, finite)
        edit.done()


def pruned(flat: Flat) -> None:
    """Remove unneeded operations."""
    needed = np.flatnonzero(flat.needed()[flat.base :])
    if len(needed) < len(flat):
        flat.checks = flat.checks[:0]
        flat.ordered(needed)


# ---- wide operations ----


def spread(flat: Flat, sources: range) -> None:
    """Replace operations with many operands by simpler ones, so that they can be grouped.

    The slopes become nodes as well, from the row, if the operation depends on `sources`.
    """
    wide = np.flatnonzero((flat.counts > WIDE) & flat.each_rule(_is_put_together))
    if not len(wide):
        return
    active = flat.depends(sources, slopes=True)[flat.base + wide]
    kinds = np.stack([flat.code[wide], flat.counts[wide], active])
    classes = sorted(set(zip(*kinds.tolist())))
    for code, n, _ in classes:  # this may move the numbers
        for x in _expanded(flat.rules[code], n).constants:
            flat.constant(x)
    edit = Edit(flat)
    for code, n, is_active in classes:
        which = wide[(kinds == np.array([[code], [n], [is_active]])).all(0)]
        _spread(edit, flat.rules[code], which, n, bool(is_active))
    edit.done()
    flat.merged()


def _is_put_together(rule: Rule) -> bool:
    """Whether the slopes for any number of operands can be written as operations, and are not all 1."""
    return bool(rule.many) and rule.name not in _ADDITIVE and not isinstance(rule, Opaque)


def _spread(edit: Edit, rule: Rule, which: Any, n: int, active: bool) -> None:
    """Some operations of the same row with the same number of operands."""
    flat, part = edit.flat, _expanded(rule, n)
    xs = flat.operands[flat.first[which][:, None] + np.arange(n)]
    value, *slopes = part.results
    numbers: dict[int, Any] = {i: xs[:, i] for i in range(n)}
    numbers |= {n + 1 + i: np.full(len(which), flat.constant(x)) for i, x in enumerate(part.constants)}
    z = _put(edit, part, numbers, which, [value])[0] if rule.formula else edit.put(rule, which, xs)
    result = z
    if active:
        numbers[n] = z
        result = edit.put(SLOPED, which, np.stack([z, *xs.T, *_put(edit, part, numbers, which, slopes)], 1))
    edit.replace(flat.base + which, result)
    edit.leave_out(flat.base + which)


_expanded = lru_cache(maxsize=64)(expanded)


def _put(edit: Edit, part: Graph, numbers: dict[int, Any], which: Any, wanted: Any) -> list[Any]:
    """Insert the operations that the `wanted` nodes of a part need; no adjoints go through them."""
    needed, operations = set(wanted), list(enumerate(part.operations(), part.base))
    for at, (_, xs) in reversed(operations):
        if at in needed:
            needed.update(xs)
    for at, (rule, operands) in operations:
        if at in needed and at not in numbers:
            xs = [numbers[j] for j in operands]
            numbers[at] = xs[0] if rule.name == "stop_gradient" else edit.put(rule, which, np.stack(xs, 1))
    return [numbers[at] for at in wanted]


# ---- sums and dots written with operators ----


class _Terms(NamedTuple):
    """Terms of sums, in the order of the trace.

    Attributes:
        end: the number of the sum.
        number: the term.
        minus: whether it is subtracted.
    """

    end: Any
    number: Any
    minus: Any


def recovered(flat: Flat, dots: bool = True) -> None:
    """Turn each chain of additions into one node, in the same order, and the products in it into a dot.

    A sum with many subtractions becomes the difference of two.  Operations that are used elsewhere stay.  Dots and
    differences are added up in another order; without them the bits are the same as in the trace.
    """
    _require_two(flat)
    uses = flat.uses()
    is_product = _products(flat, uses) if dots else np.zeros(flat.slots, bool)
    terms, links = _chains(flat, uses, is_product, LONG if dots else len(flat) + 2)
    edit = Edit(flat)
    _written(edit, terms, links, is_product, uses)
    edit.done()
    oriented(flat)


def _require_two(flat: Flat) -> None:
    """A dot with only a start is the start itself; NumPy's hypot needs two operands."""
    alone = flat.counts == 1
    hypots = np.flatnonzero(alone & flat.each_rule(lambda rule: rule is RULES["hypot"]))
    zero = flat.constant(0.0) if len(hypots) else 0
    dots = np.flatnonzero(alone & flat.each_rule(lambda rule: rule is RULES["dot"]))
    if len(dots) or len(hypots):
        edit = Edit(flat)
        edit.replace(flat.base + dots, flat.operands[flat.first[dots]])
        operands = np.stack([flat.operands[flat.first[hypots]], np.full(len(hypots), zero)], 1)
        edit.replace(flat.base + hypots, edit.put(RULES["hypot"], hypots, operands))
        edit.leave_out(flat.base + np.concatenate([dots, hypots]))
        edit.done()


def _chains(flat: Flat, uses: Any, is_product: Any, long: int) -> tuple[_Terms, Any]:
    """Sums of three or more terms that are worth one operation, and the sums inside them."""
    base, n = flat.base, len(flat)
    minus = flat.each_rule(lambda rule: rule is RULES["sub"])
    linear = minus | flat.each_rule(lambda rule: rule is RULES["add"])
    i = np.flatnonzero(linear)
    a, b = flat.operands[flat.first[i]], flat.operands[flat.first[i] + 1]
    inner = np.concatenate([np.zeros(base, bool), linear]) & (uses == 1)
    on_a = inner[a]
    on_b = inner[b] & ~on_a & ~minus[i] & ~_is_zero(flat, a)  # not the first term of sum(), which is like the others
    before = np.where(on_a, a, b) - base
    linked = on_a | on_b
    end = np.arange(n)
    end[before[linked]] = i[linked]
    while (end[end] != end).any():
        end = end[end]
    other = np.where(on_a, b, a)[linked]
    number = np.concatenate([a[~linked], b[~linked], other])
    sign = np.concatenate([np.zeros((~linked).sum(), bool), minus[i[~linked]], (minus[i] & on_a)[linked]])
    turn = np.concatenate([2 * i[~linked], 2 * i[~linked] + 1, 2 * i[linked] + 1])
    ends = end[turn // 2]
    wide = np.flatnonzero(flat.each_rule(lambda rule: rule is RULES["sum"]))
    at = ranges(flat.first[wide], flat.counts[wide])
    number, sign = np.concatenate([number, flat.operands[at]]), np.concatenate([sign, np.zeros(len(at), bool)])
    turn = np.concatenate([turn, at])
    ends = np.concatenate([ends, np.repeat(wide, flat.counts[wide])])
    order = np.lexsort((turn, ends))
    terms = _Terms(ends[order] + base, number[order], sign[order])
    kept = _worth(flat, terms, is_product, long)
    return _Terms(*[x[kept[terms.end]] for x in terms]), before[linked][kept[base + end[before[linked]]]] + base


def _worth(flat: Flat, terms: _Terms, is_product: Any, long: int) -> Any:
    """For each number, whether it is a sum that is worth one operation."""
    count = np.bincount(terms.end, minlength=flat.slots)
    minus = np.bincount(terms.end[terms.minus], minlength=flat.slots)
    products = np.bincount(terms.end[is_product[terms.number]], minlength=flat.slots)
    return (count > 2) & ((minus == 0) | (count >= long) | (products >= 2))


def _products(flat: Flat, uses: Any) -> Any:
    """Which numbers are products of two nodes that are not constant, and are used once."""
    is_product = np.zeros(flat.slots, bool)
    of = np.flatnonzero(flat.each_rule(lambda rule: rule is RULES["mul"]))
    xs = flat.operands[flat.first[of][:, None] + np.arange(2)]
    is_product[flat.base + of] = ~flat.is_constant(xs).any(1)
    return is_product & (uses == 1)


def _better_alone(flat: Flat, terms: _Terms, is_product: Any, uses: Any) -> Any:
    """Which numbers are terms of a sum of many products whose factors are operations without other uses.

    These are better multiplied where they are made.
    """
    product = is_product[terms.number]
    ends, of = terms.end[product], terms.number[product] - flat.base
    factors = flat.operands[flat.first[of][:, None] + np.arange(2)]
    shared = np.bincount(ends[((uses[factors] > 1) | (factors < flat.base)).any(1)], minlength=flat.slots)
    return ((np.bincount(ends, minlength=flat.slots) >= MANY) & (shared == 0))[terms.end]


def _written(edit: Edit, terms: _Terms, links: Any, is_product: Any, uses: Any) -> None:
    """Insert the sums, of added terms and of subtracted terms."""
    flat = edit.flat
    product = is_product[terms.number] & ~_better_alone(flat, terms, is_product, uses)
    mixed = np.zeros(flat.slots, bool)
    mixed[terms.end[product & ~terms.minus]] = True
    negated = product & terms.minus & mixed[terms.end]
    part = 2 * terms.end + (terms.minus & ~negated)  # the terms that become one sum
    product &= np.bincount(part[product], minlength=2 * flat.slots)[part] >= 2
    many = np.bincount(part[product], minlength=2 * flat.slots) > 0
    kept = product | ~many[part] | ~_is_zero(flat, terms.number)
    order = np.flatnonzero(kept)[np.argsort(part[kept], kind="stable")]
    part, number, product, negated = part[order], terms.number[order], product[order], negated[order]
    result = np.full(2 * flat.slots, -1)
    _summed(edit, part[~product], number[~product], many, result)
    of = number[product] - flat.base
    ws, xs = flat.operands[flat.first[of]], flat.operands[flat.first[of] + 1]
    _negate(edit, ws, of, negated[product])
    _dotted(edit, part[product], ws, xs, result)
    ends = terms.end[classed(terms.end)[0]]
    both = ends[result[2 * ends + 1] >= 0]
    result[2 * both] = edit.put(RULES["sub"], both - flat.base, np.stack([result[2 * both], result[2 * both + 1]], 1))
    edit.replace(ends, result[2 * ends])
    edit.leave_out(np.concatenate([ends, links, number[product]]))


def _negate(edit: Edit, factors: Any, positions: Any, which: Any) -> None:
    """Insert the negatives of some factors in their place, each where it is first needed."""
    _, again, count = classed(factors[which])
    first = np.full(len(count), len(edit.flat))
    np.minimum.at(first, again, positions[which])
    distinct = np.empty(len(count), np.int64)
    distinct[again] = factors[which]
    factors[which] = edit.put(RULES["neg"], first, distinct[:, None])[again]


def _is_zero(flat: Flat, numbers: Any) -> Any:
    zero = np.zeros(flat.slots, bool)
    zero[flat.leaves : flat.base] = flat.constants == 0.0
    return zero[numbers]


def _summed(edit: Edit, part: Any, number: Any, many: Any, result: Any) -> None:
    """The terms that are not products, as one number for each part: the start of a dot, or the sum itself."""
    flat = edit.flat
    begin, _, count = classed(part)
    parts = part[begin]
    result[parts[count == 1]] = number[begin[count == 1]]
    is_sum = np.zeros(flat.slots, bool)
    is_sum[flat.base :] = flat.each_rule(lambda rule: rule is RULES["sum"])
    for rule, which in ((RULES["sum"], is_sum[parts // 2] & ~many[parts]), (CHAIN, ~is_sum[parts // 2] | many[parts])):
        which &= count > 1
        operands = number[ranges(begin[which], count[which])]
        result[parts[which]] = edit.put(rule, parts[which] // 2 - flat.base, operands, count[which])


def _dotted(edit: Edit, part: Any, ws: Any, xs: Any, result: Any) -> None:
    """The products, as one dot for each part, which starts with the number that exists already."""
    head, _, count = classed(part)
    parts = part[head]
    started = result[parts] >= 0
    counts = 2 * count + started
    begin = np.cumsum(counts) - counts
    operands = np.empty(int(counts.sum()), np.int64)
    at = np.repeat(begin, count) + turns(count)
    operands[at], operands[at + np.repeat(count, count)] = ws, xs
    operands[(begin + 2 * count)[started]] = result[parts[started]]
    result[parts] = edit.put(RULES["dot"], parts // 2 - edit.flat.base, operands, counts)


def oriented(flat: Flat) -> None:
    """Swap the lists of dots, so that a list shared by many, such as a layer's inputs, is second, and parameters first.

    A shared list counts more than parameters, if the other list is constants.
    """
    dots = np.flatnonzero(flat.each_rule(lambda rule: rule is RULES["dot"]))
    half = flat.counts[dots] // 2
    lists = [ranges(flat.first[dots] + k * half, half) for k in (0, 1)]
    first = np.concatenate([[0], np.cumsum(half)])
    halves = [hashes(first, [flat.operands[at]]) for at in lists]
    _, which, shared = classed(np.concatenate(halves))
    shared = shared[which].reshape(2, -1)
    heads = flat.operands[flat.first[dots] + np.array([[0], [1]]) * half]
    is_other = (heads < flat.inputs) | (heads >= flat.leaves)
    is_other |= flat.is_constant(heads).any(0)
    turn = (is_other[0] & ~is_other[1]) | ((is_other[0] == is_other[1]) & (shared[0] > shared[1]))
    turn = np.repeat(turn, half)
    a, b = lists[0][turn], lists[1][turn]
    flat.operands[a], flat.operands[b] = flat.operands[b], flat.operands[a]
