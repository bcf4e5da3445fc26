"""`Compiled`, the result of `compile`: a function written in scalars, run at the speed of arrays."""

import time
from collections.abc import Callable, Hashable
from types import BuiltinFunctionType
from typing import Any, Generic

from ..adjoints import adjoints_of
from ..engine import Value
from ..errors import AutogradError, TraceError
from ..hooks import without_hooks
from ..refuse import require_fresh, require_graph
from ..sweep import order_below
from ..transforms import P, R
from ..watch import never_raising
from .argument import HoldsValue, arrays, begins_with_value
from .c.exported import Exported
from .derivatives.matrices import WithMatrices
from .derivatives.on_values import OnValues
from .executors import LongWay, made
from .files.kept import Kept
from .forms.outcomes import Outcomes, Plan, twin
from .forms.shortcuts import MISFITS, Shortcuts
from .options import Options
from .parameters import Parameters, WithParameters
from .pauses import no_collector, one_at_a_time
from .plan.order import ordered
from .program import Flipped, Program
from .record.graph import Graph
from .record.named import Names
from .record.replay import replay
from .record.results import Results, no_number, returned
from .record.trace import Trace, note, run_only, trace
from .signature import Call, Signature, Signatures

EXPLAINED = 4  # programs of each form that `explain` describes
PATIENCE = 64  # programs that assignments may outdate, before none gets its own code, which takes long to make


class BranchChanged(AutogradError, ValueError):
    """Samples of one call would take different branches of the function."""


class RetraceError(AutogradError, RuntimeError):
    """A call needs a new trace, but there is no function to trace."""


class Compiled(OnValues, Exported, WithMatrices, Kept, WithParameters, Generic[P, R]):
    """The result of `compile`: call it like the function, and it runs the programs of its traces.

    Calls from several threads are safe, and each returns new arrays.  A pickle contains the programs and the
    parameters, but not the function, so a call of the unpickled one raises `RetraceError` if it needs a new trace.

    >>> from autograd_mini import compile
    >>> square = compile(lambda x: x * x)
    >>> square.value_and_grad(3.0)
    (9.0, 6.0)
    >>> print(square.source.splitlines()[2])
        return x0 * x0
    """

    def __init__(self, f: Callable[..., Any] | None, leaves: list[Value], options: Options) -> None:
        self.function, self._options = f, options
        self._names = Names(f)
        self._have(Parameters(leaves, options.dtype))
        self._plans: dict[Hashable, Outcomes] = {}  # by form
        self._derived: dict[tuple[str, Hashable], Compiled] = {}  # for derivatives other than the gradient
        self._arranged: dict[tuple[Any, ...], Any] = {}  # for arguments by name
        self._is_of_several = self._names.takes_several(options.static)
        self._at_hand = Shortcuts()
        self._short = self._at_hand.latest  # the list itself, in which `take` puts others
        self._lock = one_at_a_time()
        if options.sampled:
            arrays()

    def _have(self, parameters: Parameters) -> None:
        o, self._parameters = self._options, parameters
        names = () if o.static else self._names.free
        self._signatures = Signatures(o.sampled, o.reduce, o.dtype, parameters, o.shared, o.by, names)

    def __call__(self, *args: P.args, **named: P.kwargs) -> R:
        """The value only, for the arguments of `value_and_grad`."""
        value: R
        try:
            value = self._short[False](*args, **named)
            return value
        except MISFITS:
            pass
        if named or self._options.static:
            other, given = self._bound(args, named)
            value = other(*given)
            return value
        try:
            value = self._called_on_values(*args) if begins_with_value(args) else self._by_long_way(args, False)
        except HoldsValue:
            value = self._called_on_values(*args)
        return value

    def value_and_grad(self, *args: P.args, **named: P.kwargs) -> tuple[R, Any]:
        """The value, and its derivatives.

        Args:
            args: the arguments of the function; with batch or reduce each has a leading sample axis.
            named: some of them by their names.

        Returns:
            The value, with batch one for each sample, and the derivatives.  With parameters these are a flat array of
            derivatives with respect to them.  Otherwise they have the structure of the argument, or are a tuple for
            several arguments.

        Raises:
            BranchChanged: samples would take different branches.
            TraceError: the function turns a traced Value into a plain number, or does not return a number.
            TypeError, ValueError: an argument contains something other than numbers, or a different number of samples.
            ArithmeticError, ValueError: in a tiny program, the errors of floats.
        """
        both: tuple[R, Any]
        try:
            both = self._short[True](*args, **named)
            return both
        except MISFITS:
            pass
        if named or self._options.static:
            other, given = self._bound(args, named)
            both = other.value_and_grad(*given)
            return both
        try:
            both = self._by_long_way(args, True)
        except HoldsValue:
            both = self._value_and_grad_on_values(args)
        return both

    def _by_long_way(self, args: tuple[Any, ...], derivatives: bool) -> Any:
        if found := self._at_hand.other(derivatives, args):
            vars(self).pop("value_and_grad", None)
            return found[0]
        value, gradient = self._by_reading(args, derivatives)
        return (value, gradient) if derivatives else value

    def _by_reading(self, args: tuple[Any, ...], derivatives: bool) -> tuple[Any, Any]:
        options = self._options
        self._parameters.adopt()
        call = self._signatures.read(args)
        try:
            plan, value, gradient = self._by_program(call, derivatives) or self._eagerly(call, derivatives)
        except (ArithmeticError, ValueError) as error:
            if options.check and not options.sampled and hasattr(error, "__notes__"):  # an operation's
                self._replay(call, 0)
            raise
        if options.check and (i := call.first_bad(plan, value, gradient)) is not None:
            self._replay(call, i)
        return value, gradient

    def _by_program(self, call: Call, derivatives: bool) -> tuple[Plan, Any, Any] | None:
        """The result of the program that fits; None if the function itself must run for these numbers."""
        exact = self._options.sampled or self.function is None
        key = call.signature.key
        outcomes = self._plans.get(key) or self._plans.setdefault(key, Outcomes())
        plan, tried = outcomes.first(), list[Plan]()
        while True:
            is_new = plan is None
            if plan is None:
                plan = None if outcomes.are_too_many and not exact else self._traced(call)
            elif plan.is_doubtful:
                self._run_again(call)
                plan.is_doubtful = False
            if plan is None:
                return None
            note(plan.watched)
            if derivatives:
                self._require_number(plan.results)
            refusals = Exception if plan.program.own else (ArithmeticError, ValueError)  # a user's may raise anything
            try:
                value, gradient = call.run(plan.executor, plan.results, derivatives)
            except Flipped as flip:
                self._require_agreement(call, plan, flip)
                if not exact and plan.is_refused(flip):
                    return None
                if is_new and not (exact or plan.watched):  # two numbers are so close that machine code rounds past
                    outcomes.use(plan)
                    return None
                if is_new:
                    raise RetraceError(
                        "the function takes another branch at each run: it depends on more than its arguments"
                    ) from None
                plan = outcomes.after(plan, flip, tried)
            except refusals:
                if exact:
                    raise
                return None
            else:
                self._remember(call, outcomes, plan, derivatives)
                return (plan, value, gradient) if exact or call.is_final(plan.executor, value) else None

    def _run_again(self, call: Call) -> None:
        """Run the function again: it is an error if it uses a Value that is left over from its trace."""
        if self.function is not None:
            inputs = [Value(x) for x in call.numbers(0)]
            with self._lock, self._parameters.lent(), without_hooks():
                run_only(self.function, call.arguments(inputs), inputs, self._parameters.leaves)

    def _eagerly(self, call: Call, derivatives: bool) -> tuple[None, Any, Any]:
        """The result of the function on Values: it may catch the error of an operation, or raise another."""
        f: Any = self.function
        inputs = [Value(x) for x in call.numbers(0)]
        with self._lock, self._parameters.lent(), without_hooks():
            roots, results = returned(f, f(*call.arguments(inputs)), self._options.has_aux)
            slopes: list[Any] = []
            if derivatives:
                self._require_number(results)
                require_graph(roots[0])
                require_fresh(order_below(roots[:1]))
                slopes = adjoints_of(roots[:1], [1.0], self._parameters.leaves or inputs)
            return None, results.build([v.data for v in roots]), call.gradient(slopes) if derivatives else None

    def _require_number(self, results: Results) -> None:
        if not results.has_slopes:
            raise no_number(self.function)

    def _remember(self, call: Call, outcomes: Outcomes, plan: Plan, derivatives: bool) -> None:
        """Move a plan that fitted to the front, and remember its short way."""
        outcomes.use(plan)
        way = None
        if not plan.is_doubtful:
            ways = outcomes.ways if plan.is_one_of_many else plan.ways
            if derivatives not in ways:
                run = outcomes.running(derivatives) if plan.is_one_of_many else plan.function(derivatives)
                ways[derivatives] = call.signature.way(plan, derivatives, run, self._options.check is not None)
            way = ways[derivatives]
            if way and outcomes.are_several and not plan.is_one_of_many:
                way = outcomes.way(derivatives)
        self._at_hand.take(derivatives, call.types, way)
        if derivatives:
            vars(self).pop("value_and_grad", None)
            if isinstance(way, BuiltinFunctionType):  # call it directly, without a method in between
                vars(self)["value_and_grad"] = plan.executor.method(call.signature.scalars, LongWay(self))

    # ---- traces ----

    def _traced(self, call: Call) -> Plan | None:
        """A new trace; None if the function caught the error of an operation, which a program can't do."""
        start = time.perf_counter()
        with self._lock, no_collector():
            traced = self._trace(call)
            if traced.caught is not None:
                return None
            between = time.perf_counter()
            options, signature, results = self._options, call.signature, traced.results
            sources = self._sources(traced.graph, results, signature)
            how = options.executor, options.sampled, options.dtype, self._lasts
            program, on_loops = ordered(traced.graph, signature.sizes, sources, *how)
            form = sources, signature.scalars
            plan = self._planned(signature.key, program, results, form, traced.watched, traced.leaks)
        plan.note, plan.seconds = on_loops, (between - start, time.perf_counter() - between)
        return plan

    def _trace(self, call: Call) -> Trace:
        f = self.function
        if f is None:
            raise RetraceError("this call needs the function, which pickle and save do not keep: compile it again")
        for raising in (True, False):  # if it raises, trace without errors: the program also serves other numbers
            inputs = [Value(x) for x in call.numbers(0)]
            try:
                with self._parameters.lent(), without_hooks():
                    traced = trace(
                        f, call.arguments(inputs), inputs, self._parameters.leaves, raising, self._options.has_aux
                    )
            except (ArithmeticError, ValueError) as error:
                if raising and hasattr(error, "__notes__"):  # an operation's
                    continue
                raise
            if traced.caught is not None and self._options.sampled:
                raise TraceError(
                    f"an operation raised at {traced.caught}, {traced.caught.text!r}, and the function caught that. "
                    "With a sample axis nothing is raised: choose for each sample with where(condition, a, b), and "
                    "keep both branches safe"
                )
            break
        return traced

    def _sources(self, graph: Graph, results: Results, signature: Signature) -> range:
        """The slots to differentiate with respect to; none if the result is not a number."""
        if not results.has_slopes:
            return range(0)
        inputs, parameters = graph.inputs, self._parameters.numbers
        return range(signature.differentiated) if parameters is None else range(inputs, inputs + len(parameters))

    def _planned(self, key: Hashable, program: Program, results: Results, how: Any, *more: Any) -> Plan:
        """A program with an executor: that of another form of arguments, if it gave the same program."""
        if plan := twin(self._plans, key, program, *how):
            return Plan(plan.program, plan.executor, results, *how, *more)
        (sources, scalars), params, options = how, self._parameters.numbers, self._options
        executor = made(program, sources, params, options.dtype, options.executor, scalars, self._lasts)
        return Plan(program, executor, results, *how, *more)

    @property
    def _lasts(self) -> bool:
        """Whether a program is likely to last long enough to be worth its own code."""
        return sum([outcomes.outdated for outcomes in list(self._plans.values())]) <= PATIENCE

    def _made(self, f: Callable[..., Any] | None, options: Options, by_parameters: bool) -> "Compiled":
        made = Compiled(f, [], options)
        if by_parameters:
            made._have(self._parameters)
        return made

    def _latest(self, signature: Signature | None) -> Any:
        return (list(self._plans.values())[-1] if signature is None else self._plans[signature.key]).latest

    def _is_bare(self, plan: Plan) -> bool:
        return not (plan.watched or plan.program.own or self._options.check or plan.is_doubtful)

    # ---- errors ----

    def _require_agreement(self, call: Call, plan: Plan, flip: Flipped) -> None:
        """Raise if samples disagree, because no trace fits all of them: the function's own error, or BranchChanged."""
        found = call.disagreement(flip)
        if found is None:
            return
        sample, guard = found
        if self.function is not None:
            with self._lock, self._parameters.lent(), never_raising():
                self.function(*call.arguments([Value(x) for x in call.numbers(sample)]))
        _, outcome, line = plan.program.guards[guard]
        text = line.text if line else ""
        raise BranchChanged(
            f"the branch at {line}, {text!r}, is {outcome} for sample 0 and {not outcome} for sample {sample}: choose "
            "with where(condition, a, b), maximum or minimum, which decide for each sample"
        )

    def _replay(self, call: Call, sample: int) -> None:
        if self.function is None:
            raise RetraceError("a result is not finite; to find out where needs the function, which was not pickled")
        with self._lock, self._parameters.lent():
            replay(self.function, call.arguments, call.numbers(sample))

    # ---- inspection ----

    @property
    def programs(self) -> list[Program]:
        """The programs of all traces so far; for each form of the arguments, the latest one that fitted is first."""
        return list({id(plan.program): plan.program for plan in self._all_plans()}.values())

    def _all_plans(self) -> list[Plan]:
        return [plan for plans in list(self._plans.values()) for plan in plans]

    @property
    def source(self) -> str:
        """The Python code of the latest program; for machine code, the list of its operations."""
        plans = [outcomes.latest for outcomes in list(self._plans.values()) if outcomes.latest]
        return str(plans[-1].executor.source) if plans else "# nothing is compiled before the first call\n"

    def explain(self) -> str:
        """For each program: its executor and why, groups and matrix products, and the time of tracing and building.

        Of many programs for one form of arguments, it describes the latest four.
        """
        latest = [plan for plans in list(self._plans.values()) for plan in [*plans][:EXPLAINED]]
        plans = {id(plan.program): plan for plan in latest}.values()
        parts = [(plan.executor.explain(*plan.seconds) + "\n" + plan.note).strip() for plan in plans]
        if others := len(self.programs) - len(plans):
            parts.append(f"and {others} more, whose branches have other outcomes")
        parts += [f"for {name}: {it.explain()}" for (name, _), it in list(self._derived.items()) if it.programs]
        return "\n\n".join(parts) or "nothing is compiled before the first call"

    def __repr__(self) -> str:
        count, name = len(self.programs), getattr(self.function, "__name__", "a pickled function")
        return f"<compiled {name}: {count} program{'s' * (count != 1)}>"

    def __getstate__(self) -> dict[str, Any]:
        kept, others = list(self._plans.items()), list(self._derived.items())
        return {
            "options": self._options,
            "params": self._parameters.numbers,
            "names": self._names.__getstate__(),
            "several": self._is_of_several,
            "plans": {key: [plan.kept for plan in plans] for key, plans in kept},
            "derived": {name: (it.__getstate__(), it._parameters is self._parameters) for name, it in others},
        }

    def __setstate__(self, state: dict[str, Any], parameters: Parameters | None = None) -> None:
        Compiled.__init__(self, None, [], state["options"])
        self._have(parameters or Parameters([], state["options"].dtype, state["params"]))
        self._names.__setstate__(state["names"])
        self._is_of_several = state["several"]
        for key, plans in state["plans"].items():
            self._plans[key] = Outcomes([self._planned(key, p, r, (range(*by), s)) for p, r, by, s in plans])
        for name, (inner, shared) in state["derived"].items():
            self._derived[name] = other = Compiled.__new__(Compiled)
            other.__setstate__(inner, self._parameters if shared else None)
