"""A program as NumPy source: for each group a few lines forward, and a few lines backward."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import numpy as np

from ...arithmetic import ATOM, CHOICE, SIGN, SUM, Expression, Form, Lines
from ...rule import Rule
from ..program import Group, Program
from ..python.expressions import FORMS, PYTHON, PythonArithmetic
from ..python.expressions import power as operator_power
from .layout import Layout, Rows, flat
from .ufuncs import NAMESPACE

_REDUCTIONS = {"sum": "add", "chain": "add", "mean": "add", "prod": "multiply", "hypot": "hypot"}
_UFUNCS = {"{} + {}": "add", "{} - {}": "subtract", "{} * {}": "multiply", "{} / {}": "divide", "-{}": "negative"}
_UFUNCS |= {"{} < {}": "less", "{} <= {}": "less_equal", "{} > {}": "greater", "{} >= {}": "greater_equal"}
_UFUNCS |= {"{} == {}": "equal", "{} != {}": "not_equal", "abs({})": "absolute"}


def _power(lines: Lines, x: Any, n: Any) -> Any:
    """A power; a small one by multiplication."""
    if n == 2.0:
        return x * x
    return x * x * x if n == 3.0 else operator_power(lines, x, n)


_NUMPY = replace(PYTHON, forms=FORMS | {"where": Form("where({}, {}, {})", ATOM, (CHOICE,) * 3)}, power=_power)


class _VectorLines(Lines):
    def __init__(self) -> None:
        super().__init__(_NUMPY)

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        """The choice, with faster calls if one of the two is a number."""
        if not isinstance(condition, Expression):
            return a if condition else b
        if isinstance(a, float) and isinstance(b, float) and {a, b} == {0.0, 1.0} and condition.form.binds < SUM:
            truth = condition if a else self.make(Form("~{}", SIGN, (SIGN,)), (condition,))
            return self.of(truth, "{}.astype(dtype)")
        if isinstance(a, float) and len(condition.args) == 2 and condition.args[0] is b and condition.args[1:] == (a,):
            bound = {"{} < {}": "maximum", "{} > {}": "minimum"}.get(condition.form.template)
            if bound and a and a == a:  # of two zeros NumPy may return either, and nan replaces any number
                return self.call(bound, b, a)
        return super().where(condition, a, b)

    def of(self, x: Any, template: str, needs: int = ATOM) -> Expression:
        """An expression around another: a part of it, or the result of a method."""
        return self.make(Form(template, ATOM, (needs,)), (x,))

    def store(self, out: str, value: Any) -> None:
        """Write a value into a part of an array, directly from the function that computes it if possible."""
        template = value.form.template if isinstance(value, Expression) else ""
        name = _UFUNCS.get(template) or template.partition("(")[0]
        if template == "add.reduce({}, {})":
            self.do(f"add.reduce({{}}, {{}}, None, {out})", *value.args)
        elif template and value.args and isinstance(NAMESPACE.get(name), np.ufunc):
            self.do(f"{name}({', '.join(['{}'] * len(value.args))}, out={out})", *value.args)
        else:
            self.do(f"{out}[...] = {{}}", value)


class Writer:
    """The source of a program on arrays.

    Args:
        program: the program to write.
        sources: the slots to differentiate with respect to.
        called: receives the operations that the source calls.
    """

    def __init__(self, program: Program, sources: Sequence[int], called: dict[str, Rule]) -> None:
        self.program, self.sources, self.called = program, list(sources), called
        self.layout = Layout(program)
        self.active = program.active(sources)
        self.touched: set[int] = set()  # slots whose adjoints are written
        self._back: list[str] = []
        self.products: list[tuple[int, int]] = []  # the matrices of dots

    def source(self) -> str:
        """The whole text: the arrays and their parts, the two functions, and the list of arrays of derivatives."""
        layout = self.layout
        groups = list(self.program)
        forward = [line for group in groups for line in self._forward(group)] + self._guards()
        forward.append(f"return {self._results()}")
        forward = _assigned(layout.heads) + forward
        if self.sources:
            self._seed()
            self.program.sweep(self)
        lines = _VectorLines()
        self._zero(lines, [slot for slot in self.sources if slot not in self.touched])
        self._back += lines.written()
        names = ", ".join([f"X{a}" for a in range(len(self.program.arguments))])
        both = [f"z = value({names})", *_assigned(layout.heads), *self._back, "return z"]
        gradients = ", ".join(dict.fromkeys("d" + layout.array[slot] for slot in self.sources))
        parts = [
            *self._arrays(),
            *_assigned(layout.views),
            f"gradients = [{gradients}]",
            *_function(f"value({names})", forward),
            *_function(f"value_and_gradient({names}, seed)" if names else "value_and_gradient(seed)", both),
        ]
        return "\n".join(parts) + "\n"

    def _arrays(self) -> list[str]:
        """The lines that make the permanent arrays."""
        lines = []
        gradients = {self.layout.array[slot] for slot in self.sources}
        for name, rows in self.layout.counts.items():
            wide = name == "V" or (name.startswith("X") and self.program.sampled)
            made = f"empty(({rows}, N), dtype)" if wide else f"empty({rows}, dtype)"
            if name in ("U", "V"):
                lines.append(f"{name} = {made}")
            if name in ("U", "V") or name in gradients:
                lines.append(f"d{name} = {made}")
        return lines

    def _results(self) -> str:
        """The text of the result; for several results, a matrix with a row for each."""
        layout, slots = self.layout, self.program.results
        if len(slots) == 1:
            result = layout.read([list(slots)], layout.varying[slots[0]])
            return f"{result}[0]" if isinstance(result, str) else repr(result)
        rows = f"({len(slots)}, N)"
        if not slots:
            return f"empty({rows}, dtype)"
        wide = self.program.sampled
        text = layout.stack([list(slots)], wide)
        return f"broadcast_to({text if wide else text + '[:, None]'}, {rows})"

    # ---- forward ----

    def _forward(self, group: Group) -> list[str]:
        lines, rule, rows = _VectorLines(), group.rule, group.operands
        out = self._out("", group)
        if rule.name == "dot":
            self._dot(lines, group, out)
        elif rule.name == "sloped":
            lines.store(out, self._text(lines, rows[:1], group.varying))
        elif rule.name in _REDUCTIONS and len(rows) > 2:
            self._reduce(lines, group, out)
            if rule.name == "mean":
                lines.do(f"divide({out}, {len(rows)}, {out})")
        else:
            m = PythonArithmetic(lines, self.called)
            lines.store(out, m.value(rule, *[self._text(lines, [line], group.varying) for line in rows]))
        return lines.written()

    def _out(self, prefix: str, group: Group) -> str:
        return self.layout.view(prefix, [list(group.results)]) or ""

    def _text(self, lines: _VectorLines, rows: Rows, varying: bool) -> Any:
        code = self.layout.read(rows, varying)
        return lines.atom(code) if isinstance(code, str) else code

    def _stack(self, lines: _VectorLines, rows: Rows, varying: bool) -> Expression:
        return lines.atom(self.layout.stack(rows, varying))

    def _terms(self, lines: _VectorLines, rows: Rows, varying: bool) -> Expression:
        """Rows to reduce along an axis; the axis is kept even for a single row."""
        alone = len(rows) == 1 < len(rows[0])
        return lines.atom(self.layout.stack(rows, varying) + "[None]" * alone)

    def _reduce(self, lines: _VectorLines, group: Group, out: str) -> None:
        """A sum, a product or a length of many numbers, which may begin with a constant."""
        name, first = group.rule.name, self.layout.read(group.operands[:1], group.varying)
        ufunc, begins = _REDUCTIONS[name], name != "hypot" and isinstance(first, float)
        stack = self._terms(lines, group.operands[begins:], group.varying)
        start = "-0.0" if name == "chain" else ""  # adding -0.0 to it gives -0.0
        if begins:
            start = repr(first + 0.0 if name in ("sum", "mean") else first)
        if start:
            start = (", " if _keep(group) else ", False, ") + start
        lines.do(f"{ufunc}.reduce({{}}, 0, None, {out}{_keep(group)}{start})", stack)

    def _dot(self, lines: _VectorLines, group: Group, out: str) -> None:
        ws, xs, start = _halves(group)
        if self._is_matrix(group):
            matrix = lines.atom(self.layout.matrix(_transposed(ws)))
            lines.do(f"matmul({{}}, {{}}, {out})", matrix, self._vector(lines, xs))
            self.products.append((len(ws[0]), len(ws)))
        else:
            product = self._terms(lines, ws, group.varying) * self._terms(lines, xs, group.varying)
            if group.varying and not any(self.layout.varying[line[0]] for line in [*ws, *xs]):  # only the start varies
                lines.do(f"{out}[...] = add.reduce({{}}, 0, None, None{_keep(group)})", product)
            else:
                lines.do(f"add.reduce({{}}, 0, None, {out}{_keep(group)})", product)
        if start:
            lines.do(f"add({out}, {{}}, {out})", self._text(lines, start, group.varying))

    def _is_matrix(self, group: Group) -> bool:
        """Whether dots are the product of a matrix that doesn't vary with one list of inputs."""
        array, varying = self.layout.array, self.layout.varying
        ws, xs, _ = _halves(group)
        return (
            all(len(set(line)) == 1 for line in xs)
            and len({array[slot] for line in ws for slot in line}) == 1
            and array[ws[0][0]] in "PUC"
            and any(array[line[0]] != "C" for line in xs)
            and any(varying[line[0]] for line in xs) == group.varying  # not only the start
        )

    def _vector(self, lines: _VectorLines, xs: Rows) -> Any:
        return self._stack(lines, [[line[0] for line in xs]], any(self.layout.varying[line[0]] for line in xs))

    def _guards(self) -> list[str]:
        """Lines that raise if a guard doesn't hold.  They come last, because a wrong branch does no harm before."""
        source = []
        for wide in (False, True):
            known = [k for k, guard in enumerate(self.program.guards) if self.layout.varying[guard.node] == wide]
            if known:
                outcomes = np.array([float(self.program.guards[k].outcome) for k in known])
                asked = self.layout.read([[self.program.guards[k].node for k in known]], wide)
                test = f"{asked} != {self.layout.table(outcomes[:, None] if wide else outcomes)}"
                source.append(f"if ({test}).any(): raise Flipped({self.layout.table(known)}, {test})")
        return source

    # ---- backward ----

    def _seed(self) -> None:
        slot, lines = self.program.result, _VectorLines()
        if self.active[slot]:
            once = self.program.sampled and not self.layout.varying[slot]
            self._add(lines, [[slot]], lines.atom("seed * N" if once else "seed"), self.layout.varying[slot])
        self._back += lines.written()

    def pull(self, group: Group) -> None:
        """Write the lines that take adjoints from the results of a group to its operands."""
        rule, rows, lines = group.rule, group.operands, _VectorLines()
        untouched = [slot for slot in group.results if slot not in self.touched]
        if len(untouched) == len(group.results):
            return
        self._zero(lines, untouched)
        g = lines.atom(self._out("d", group))
        if rule.name == "dot":
            self._dot_back(lines, group, g)
        elif rule.name in ("sum", "chain", "mean"):
            self._add_runs(lines, rows, g / float(len(rows)) if rule.name == "mean" else g, True, group.varying)
        elif rule.name == "sloped":
            n = len(rows) // 2
            slopes = self._stack(lines, rows[1 + n :], group.varying)
            self._add_runs(lines, rows[1 : 1 + n], g * slopes, False, group.varying)
        else:
            m = PythonArithmetic(lines, self.called)
            xs = [self._text(lines, [line], group.varying) for line in rows]
            z = self._text(lines, [list(group.results)], group.varying)
            for line, slope in zip(rows, m.partials(rule, z, xs, [self._any_active([line]) for line in rows])):
                if self._any_active([line]):
                    self._add(lines, [line], g * slope, group.varying)
        self._back += lines.written()

    def _dot_back(self, lines: _VectorLines, group: Group, g: Expression) -> None:
        ws, xs, start = _halves(group)
        if self._is_matrix(group):
            x, matrix = self._vector(lines, xs), lines.atom(self.layout.matrix(_transposed(ws)))
            wide = any(self.layout.varying[line[0]] for line in xs)
            turned = lines.of(x, "{}.T") if wide else None
            outer = lines.call("matmul", g, turned) if wide else lines.of(g, "{}[:, None]") * x
            self._add_matrix(lines, _transposed(ws), outer)
            if self._any_active(xs):
                back = self._through(lines, matrix, g, len(ws[0]), wide)
                self._add_runs(lines, [line[:1] for line in xs], back, False, group.varying)
        else:
            w, x = self._stack(lines, ws, group.varying), self._stack(lines, xs, group.varying)
            self._add_runs(lines, ws, g * x, False, group.varying)
            self._add_runs(lines, xs, g * w, False, group.varying)
        if start:
            self._add(lines, start, g, group.varying)

    def _through(self, lines: _VectorLines, matrix: Expression, g: Expression, rows: int, wide: bool) -> Any:
        """Adjoints of the inputs of dots, by the transpose of their matrix; a single row is faster without BLAS."""
        if rows == 1 and not wide:
            return lines.of(matrix, "{}[0]") * g
        turned = lines.of(matrix, "{}.T")
        return turned * g if rows == 1 else lines.call("matmul", turned, g)

    def _any_active(self, rows: Rows) -> bool:
        return any(self.active[slot] for line in rows for slot in line)

    def _add_matrix(self, lines: _VectorLines, rows: Rows, c: Expression) -> None:
        """Add a matrix of contributions, summed over the samples, to the adjoints of a matrix of slots."""
        if not self._any_active(rows):
            return
        slots = {slot for line in rows for slot in line}
        view = self.layout.matrix_view("d", rows)
        if view is None or len(slots) < len(rows) * len(rows[0]):
            c = lines.of(c, "{}.ravel()")
            self._add(lines, [[slot for line in rows for slot in line]], c, False)
        elif slots & self.touched:
            self._zero(lines, sorted(slots - self.touched))
            lines.do(f"add({view}, {{}}, {view})", c)
        else:
            lines.store(view, c)
            self.touched |= slots

    def _add_runs(self, lines: _VectorLines, rows: Rows, c: Any, same: bool, varying: bool) -> None:
        """Add contributions to lines of slots, which may be in several arrays: the same to each line, or its own."""
        runs = [list(run) for _, run in groupby(rows, key=lambda line: self.layout.array[line[0]])]
        at, k = 0, len(rows[0])
        for part in runs:
            piece = c
            if len(runs) > 1 and not same:
                index = str(at) if len(part) == 1 and k > 1 else f"{at}:{at + len(part)}"
                piece = lines.of(c, f"{{}}[{index}]")
            if same and varying and not self.layout.varying[part[0][0]]:  # summed before it is repeated
                piece = lines.of(c, "add.reduce({}, axis=-1)", CHOICE)
                self._add(lines, flat(part), piece, False)
            else:
                self._add(lines, flat(part), piece, varying)
            at += len(part)

    def _add(self, lines: _VectorLines, rows: Rows, c: Any, varying: bool) -> None:
        """Add contributions to the adjoints of slots of one array; the first contribution is assigned instead."""
        if not self._any_active(rows):
            return
        wide = self.layout.varying[rows[0][0]]
        if varying and not wide:
            c = lines.call("add.reduce", c, -1)
        slots = [slot for line in rows for slot in line]
        if len(set(slots)) < len(slots):
            c, slots = self._merged(lines, rows, c, wide)
            rows = [slots]
        fresh = [slot for slot in slots if slot not in self.touched]
        view = self.layout.view("d", rows)
        target = view or f"d{self.layout.array[slots[0]]}[{self.layout.index(rows)}]"
        if len(fresh) == len(slots):
            self.touched.update(slots)
            if view:
                lines.store(view, c)
            else:
                lines.do(f"{target} = {{}}", c)
            return
        self._zero(lines, fresh)
        lines.do(f"add({view}, {{}}, {view})" if view else f"{target} += {{}}", c)

    def _merged(self, lines: _VectorLines, rows: Rows, c: Any, wide: bool) -> tuple[Any, list[int]]:
        """Contributions summed for each slot that occurs more than once, and the slots, each once."""
        shape = ([len(rows)] if len(rows) > 1 else []) + [len(rows[0])]
        full = ", ".join([*map(str, shape), *["N"] * wide])
        c = lines.of(c, f"broadcast_to({{}}, ({full},))", CHOICE)  # what NumPy would repeat
        slots = [slot for line in rows for slot in line]
        if len(rows) == 1 and len(set(slots)) == 1:
            return lines.of(c, "add.reduce({}, 0, None, None, True)", CHOICE), slots[:1]
        if len(rows) > 1:
            if all(len(set(line)) == 1 for line in rows) and len({line[0] for line in rows}) == len(rows):
                return lines.call("add.reduce", c, 1), [line[0] for line in rows]
            c = lines.of(c, f"{{}}.reshape({len(slots)}{', N' * wide})")
        ordered = np.sort(slots)
        starts = np.flatnonzero(np.diff(ordered, prepend=-1))
        order = self.layout.table(np.argsort(slots, kind="stable"))
        c = lines.of(c, f"add.reduceat({{}}.take({order}, 0), {self.layout.table(starts)}, 0)")
        return c, ordered[starts].tolist()

    def _zero(self, lines: _VectorLines, slots: Iterable[int]) -> None:
        """Begin adjoints with 0."""
        for array, run in groupby(slots, key=lambda slot: self.layout.array[slot]):
            rows = [list(run)]
            view = self.layout.view("d", rows)
            lines.do(f"{view}[...] = 0.0" if view else f"d{array}[{self.layout.index(rows)}] = 0.0")
            self.touched.update(rows[0])


def _keep(group: Group) -> str:
    """The argument of a reduction that writes one row."""
    return ", True" * (len(group.results) == 1)


def _halves(group: Group) -> tuple[Rows, Rows, Rows]:
    """The two lists of a group of dots, and their starts."""
    n = len(group.operands) // 2
    return group.operands[:n], group.operands[n : 2 * n], group.operands[2 * n :]


def _transposed(rows: Rows) -> Rows:
    return [list(line) for line in zip(*rows)]


def _function(head: str, body: Sequence[str]) -> list[str]:
    return ["", "", f"def {head}:", *[f"    {line}" for line in body]]


def _assigned(names: dict[str, str]) -> list[str]:
    return [f"{name} = {code}" for code, name in names.items()]
