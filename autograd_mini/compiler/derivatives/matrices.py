"""Jacobians and Hessians of a compiled function: dense in the structures of eager, or sparse arrays of SciPy.

There are three ways, and the first call of a form chooses one.  For a small function the eager transform is compiled
unchanged.  Otherwise each entry that can differ from 0 is computed by its own operations.  If these would be too many,
whole columns are computed: in one call, with the directions as samples, where columns that share no row share a
direction.  If there are samples already, the eager transform is used instead.

If a result is not finite, the derivatives are those of the eager transform, in which 0 · inf may give nan elsewhere.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any, NamedTuple

from ...extras import require
from ...lazy import cached_property
from ...structures import flatten
from ...transforms import hessian, jacobian
from ..argument import HoldsValue, arrays
from ..executors import TINY, require_native
from ..forms.shortcuts import MISFITS
from ..record.results import Results, all_finite
from ..signature import one_or_all
from ..sparse.colouring import Columns
from ..sparse.entries import Entries, OfColumns, OfHessian, OfJacobian, gradient_of
from ..sparse.pattern import pattern
from .direct import to_entries
from .methods import Differentiable
from .traced import FlatTransformed, Transformed, by_all

_EAGER = {"jacobian": jacobian, "hessian": hessian}
_ENTRIES = {"jacobian": OfJacobian, "hessian": OfHessian}
_RESULTS: Mapping[str, Callable[[Any], Any]] = {"jacobian": lambda f: f, "hessian": gradient_of}


class Found(NamedTuple):
    """Entries of a matrix.

    Attributes:
        value: the value of the function.
        data: their numbers, a row for each sample if there are samples.
        places: their places in the matrix.
        is_final: whether all is finite, for each sample if there are samples.
    """

    value: Any
    data: Any
    places: Any
    is_final: Any


class WithMatrices(Differentiable):
    """The methods of a compiled function that return matrices of derivatives."""

    @cached_property
    def _ways(self) -> dict[Hashable, str]:
        """The chosen way, for each form of arguments."""
        return {}

    @cached_property
    def _columns(self) -> dict[Hashable, Columns]:
        return {}

    @cached_property
    def _forms(self) -> dict[Hashable, Results]:
        """The structure of a matrix of a sample, for each form of arguments."""
        return {}

    @cached_property
    def _shortcuts(self) -> dict[str, Callable[[Any], Found]]:
        """For each kind of matrix, the short way to its entries for arguments like the latest."""
        return {}

    def jacobian(self, *args: Any, sparse: bool = False, **named: Any) -> Any:
        """All derivatives: the structure of the value, with the structure of the argument, or a tuple, in each place.

        Args:
            args: the arguments of the function.
            sparse: True for a SciPy array that contains only the entries that can differ from 0, with a row for each
                number of the value and a column for each number of the arguments.
            named: some arguments by their names.

        Raises:
            MissingExtraError: sparse is True, and SciPy is not installed.

        >>> from autograd_mini.compiler import compile
        >>> compile(lambda x: [x[0] * x[1], x[0] + x[1]]).jacobian([3.0, 4.0])
        [[4.0, 3.0], [1.0, 1.0]]
        """
        if not (named or sparse) and (found := self._transformed_at_once("jacobian", args)):
            return found[0]
        return self.value_and_jacobian(*args, sparse=sparse, **named)[1]

    def value_and_jacobian(self, *args: Any, sparse: bool = False, **named: Any) -> tuple[Any, Any]:
        """The value and all its derivatives, with the arguments of `jacobian`.

        >>> from autograd_mini.compiler import compile
        >>> compile(lambda x: [x[0] * x[1], x[0] + x[1]]).value_and_jacobian([3.0, 4.0])
        ([12.0, 7.0], [[4.0, 3.0], [1.0, 1.0]])
        """
        if not (named or sparse) and (transformed := self._transformed_at_once("jacobian", args)):
            return self(*args), transformed[0]
        if not named and (found := self._entries_at_once("jacobian", args)) is not None:
            value, data, places, _ = found
            return value, places.sparse(data) if sparse else places.dense(data).reshape(value.shape + args[0].shape)
        if named or self._options.static:
            other, args = self._bound(args, named)
            value, slopes = other.value_and_jacobian(*args, sparse=sparse)
            return value, slopes
        if sparse:
            value, data, places, _ = self._of_sparse("jacobian", args)
            return value, places.sparse(data)
        if self._by_parameters:
            return self._by_rows(args)
        if self._options.reduce:
            return self(*args), by_all(_EAGER["jacobian"], self._on_values(), args)
        try:
            found = self._found("jacobian", args)
            if found is None:
                return self(*args), self._as_eager("jacobian", args)
        except HoldsValue:
            return self(*args), self._of_values("jacobian", args)
        value = found[0]
        return value, self._dense("jacobian", found, value[0] if self._options.has_aux else value, args)

    def hessian(self, *args: Any, sparse: bool = False, **named: Any) -> Any:
        """All second derivatives, the Jacobian of the gradient; with respect to parameters, a square array.

        Args:
            args: the arguments of the function.
            sparse: True for a SciPy array that contains only the entries that can differ from 0.
            named: some arguments by their names.

        Raises:
            MissingExtraError: sparse is True, and SciPy is not installed.

        >>> from autograd_mini.compiler import compile
        >>> compile(lambda x: x[0] ** 2 * x[1]).hessian([3.0, 4.0])
        [[8.0, 6.0], [6.0, 0.0]]
        """
        if not (named or sparse) and (transformed := self._transformed_at_once("hessian", args)):
            return transformed[0]
        if not named and (found := self._entries_at_once("hessian", args)) is not None:
            _, data, places, _ = found
            return places.sparse(data) if sparse else places.dense(data).reshape(args[0].shape * 2)
        if named or self._options.static:
            other, args = self._bound(args, named)
            return other.hessian(*args, sparse=sparse)
        if sparse:
            _, data, places, _ = self._of_sparse("hessian", args)
            return places.sparse(data)
        if self._by_parameters:
            x = args if self._is_of_several else args[0] if args else ()
            return arrays().array([self.hvp(x, v) for v in arrays().eye(len(self._parameters.numbers))])
        if self._options.reduce:  # the numbers of all samples together are what to differentiate by
            return by_all(_EAGER["hessian"], self._on_values(), args)
        try:
            found = self._found("hessian", args)
            if found is None:
                return self._as_eager("hessian", args)
        except HoldsValue:
            return self._of_values("hessian", args)
        return self._dense("hessian", found, one_or_all(args), args)

    def sparsity(self, what: str, *example: Any) -> Any:
        """Where a Jacobian or Hessian can have entries other than 0: a SciPy array with True in these places.

        Args:
            what: "jacobian" or "hessian".
            example: arguments with the wanted form; their numbers don't matter.  By default it is the form of the
                latest call.

        Raises:
            ValueError: `what` is neither, or there was no call yet.
            MissingExtraError: SciPy is not installed.

        >>> from autograd_mini.compiler import compile
        >>> compile(lambda x: x[0] * x[1] + x[2] ** 2).sparsity("hessian", [1.0, 1.0, 1.0]).toarray().astype(int)
        array([[0, 1, 0],
               [1, 0, 0],
               [0, 0, 1]])
        """
        if what not in _EAGER:
            raise ValueError(f"sparsity() needs 'jacobian' or 'hessian', not {what!r}")
        if example:
            self(*example)
        elif not self.programs:
            raise ValueError(f"nothing is compiled yet: pass an example, as in sparsity({what!r}, x)")
        plan = self._latest(self._signatures.read(example).signature if example else None)
        found = pattern(plan.program, plan.results.main, what)
        return found.sparse(arrays().ones(len(found), bool))

    # ---- the three ways ----

    def _found(self, what: str, args: Sequence[Any]) -> Found | None:
        """The entries; None if the eager transform is compiled unchanged."""
        if self._options.executor == "source" or not _has_arrays():
            return None
        signature = self._signatures.read(args).signature
        key = what, signature.key
        if key not in self._ways:
            self._ways[key] = "eager" if self._is_tiny(what, signature, args) else "entries"
        return None if self._ways[key] == "eager" else self._of_entries(what, args, key)

    def _is_tiny(self, what: str, signature: Any, args: Sequence[Any]) -> bool:
        """Whether all rows together take so few operations that plain Python is fast enough."""
        if self._options.sampled or sum(signature.sizes) > TINY:
            return False
        self(*args)
        plan = self._latest(signature)
        rows = plan.results.main if what == "jacobian" else plan.program.inputs
        return bool(rows * plan.program.nodes <= TINY)

    def _of_sparse(self, what: str, args: Sequence[Any]) -> Found:
        require("scipy.sparse", what="sparse=True", extra="sparse")
        if self._options.sampled or self._by_parameters:
            raise ValueError("sparse=True needs a function without a sample axis, and without params")
        key = what, self._signatures.read(args).signature.key
        if self._ways.get(key) != "columns":
            self._ways[key] = "entries"
        found = self._of_entries(what, args, key)
        assert found
        if self.function is None or found.is_final:
            return found
        places = found.places
        matrix = arrays().array(flatten(by_all(_EAGER[what], self._on_values(), args))[0]).reshape(places.shape)
        return found._replace(data=matrix[places.rows, places.indices])

    def _of_entries(self, what: str, args: Sequence[Any], key: Hashable) -> Found | None:
        if self._ways[key] == "entries":
            executor, is_of_samples = self._options.executor, self._options.sampled
            if executor == "auto" and not is_of_samples and _has_native():
                executor = "native"
            options = self._options._replace(has_aux=False, executor=executor)
            compiled = self._beside((f"{what} by entries", None), _ENTRIES[what], options, False)
            found: Entries = compiled(*args)
            if found.pattern is not None:
                is_final = (found.doubt == 0.0) & arrays().isfinite(found.data).all(-1)
                value = self(*args) if self._options.has_aux else found.value
                if is_of_samples:
                    return Found(value, found.data, found.pattern, is_final)
                if not is_final:
                    return self._not_final(value, compiled, args)
                self._take_shortcut(what, compiled, found, args)
                return Found(value, found.data, found.pattern, True)
            self._ways[key] = "eager" if is_of_samples else "columns"
        return self._of_columns(what, args, key) if self._ways[key] == "columns" else None

    def _not_final(self, value: Any, compiled: Any, args: Sequence[Any]) -> Found:
        """The entries from a program; a run of the function itself would have other entries for other numbers."""
        results = compiled._latest(compiled._signatures.read(args).signature).results
        form: Entries = results.build([arrays().nan] * results.size)
        return Found(value, form.data, form.pattern, False)

    def _entries_at_once(self, what: str, args: Sequence[Any]) -> Found | None:
        """The entries for an array like the latest; None for anything else."""
        if len(args) != 1 or what not in self._shortcuts:
            return None
        try:
            return self._shortcuts[what](args[0])
        except MISFITS:
            return None

    def _take_shortcut(self, what: str, compiled: Any, found: Entries, args: Sequence[Any]) -> None:
        self._shortcuts.pop(what, None)
        is_array = [bool(getattr(x, "shape", ())) for x in (*args, found.value)]
        if is_array != [True, what == "jacobian"] or self._options.has_aux:
            return
        if bound := compiled._machine(args):
            at_once = to_entries(bound.at_once, args[0].shape, found)
            self._shortcuts[what] = lambda x: Found(*at_once(x), True)

    def _of_columns(self, what: str, args: Sequence[Any], key: Hashable) -> Found:
        """The entries from whole columns, or from rows if there are fewer of them."""
        np, value, call = arrays(), self(*args), self._signatures.read(args)
        name = f"{what} by columns", key
        columns = self._columns.get(name)
        if columns is None:
            plan = self._latest(call.signature)
            columns = Columns(pattern(plan.program, plan.results.main, what), what == "hessian")
            self._columns[name] = columns
        options = self._options._replace(sampled=True, reduce=None, check=None, has_aux=False)
        compiled = self._beside(
            name, lambda f: OfColumns(_RESULTS[what](f), call.arguments, columns.are_rows), options, False
        )
        numbers = call.numbers(0)
        x = np.broadcast_to(np.array(numbers, options.dtype), (len(columns.seeds), len(numbers)))
        seeds = columns.seeds.astype(options.dtype, copy=False)
        products = compiled.value_and_grad(x, seeds)[1][0] if columns.are_rows else compiled(x, seeds)
        data = columns.entries(products)
        return Found(value, data, columns.pattern, np.isfinite(data).all())

    def _by_rows(self, args: Sequence[Any]) -> tuple[Any, Any]:
        """The value, and the derivatives of each of its numbers with respect to the parameters."""
        value = self(*args)
        numbers, rebuild = flatten(value[0] if self._options.has_aux else value)
        x = args if self._is_of_several else args[0] if args else ()
        adjoints = [rebuild([float(i == k) for i in range(len(numbers))]) for k in range(len(numbers))]
        return value, rebuild([self.vjp(x, adjoint)[1] for adjoint in adjoints])

    def _as_eager(self, what: str, args: Sequence[Any]) -> Any:
        """The result of the compiled eager transform; if it is not finite, of the eager transform itself."""
        matrix = self._transformed(what)(*args)
        if self._is_plain and not all_finite(matrix):
            return by_all(_EAGER[what], self._first, args)
        return matrix

    def _of_values(self, what: str, args: Sequence[Any]) -> Any:
        """The result of the transform, if the arguments contain Values."""
        if self._options.sampled:
            return self._transformed(what)(*args)
        return self._eager(lambda f: by_all(_EAGER[what], f, args))

    def _transformed(self, what: str) -> Any:
        """The eager transform, compiled."""
        options = self._options._replace(has_aux=False)
        return self._derived.get((what, None)) or self._beside(
            (what, None), lambda f: Transformed(f, _EAGER[what]), options, False
        )

    def _transformed_at_once(self, what: str, args: Sequence[Any]) -> tuple[Any] | None:
        """The result of the short way of the compiled transform; None if no way fits these arguments."""
        if (compiled := self._derived.get((what, None))) is None:
            return None
        try:
            matrix = compiled._short[False](*args)
        except MISFITS:
            return None
        return (matrix,) if not self._is_plain or all_finite(matrix) else None

    def _dense(self, what: str, found: Found, like: Any, args: Sequence[Any]) -> Any:
        """The entries as a matrix: for each differentiated number, a part in the structure of the arguments."""
        if self._options.sampled:
            return self._of_samples(what, found, args)
        if (f := self._first) is not None and not found.is_final:
            return by_all(_EAGER[what], f, args)  # it raises the errors of floats
        matrix = found.places.dense(found.data)
        if len(args) == 1 and all(getattr(x, "shape", ()) for x in (like, args[0])):
            return matrix.reshape(*like.shape, *args[0].shape)
        call = self._signatures.read(args)
        return flatten(like)[1]([one_or_all(call.arguments(row)) for row in matrix.tolist()])

    def _of_samples(self, what: str, found: Found, args: Sequence[Any]) -> Any:
        """The same with a matrix for each sample."""
        matrices = found.places.dense(found.data)
        flat = matrices.reshape(len(matrices), -1)
        if self.function is not None and not found.is_final.all():
            options = self._options._replace(has_aux=False, executor="numpy")  # NumPy's program is made the fastest
            eager = self._beside((f"{what} as eager", None), lambda f: FlatTransformed(f, _EAGER[what]), options, False)
            flat[~found.is_final] = eager(*args)[~found.is_final]
        return self._form(what, args).build(flat.T)

    def _form(self, what: str, args: Sequence[Any]) -> Results:
        """The structure of a matrix, for one sample."""
        call = self._signatures.read(args)
        key = what, call.signature.key
        if key not in self._forms:
            x = one_or_all(call.arguments(call.numbers(0)))
            like = x
            if what == "jacobian":
                results = self._derived[f"{what} by entries", None]._latest(call.signature).results
                like = results.build([0.0] * results.size).value
            rows = len(flatten(like)[0])
            self._forms[key] = Results(flatten(like)[1]([x] * rows))
        return self._forms[key]


@cache
def _has_native() -> bool:
    try:
        require_native()
    except (ImportError, RuntimeError):
        return False
    return True


@cache
def _has_arrays() -> bool:
    return find_spec("numpy") is not None
