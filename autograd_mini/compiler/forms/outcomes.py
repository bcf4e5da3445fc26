"""The programs of one form of arguments, found by the outcomes of their branches.

The outcomes of a function's branches so far decide which branch comes next.  So if the k-th guard of a program fails,
the right program has the same outcomes before, and the opposite outcome there.  The outcomes form a tree: each program
knows its own path through it, and each place in the tree knows the latest program that passed it.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, Final

from ..argument import floats
from ..pauses import one_at_a_time
from ..program import Flipped, Program
from ..python.decisions import decision
from ..record.results import Results
from ..record.watched import Watched, all_hold, holding

KEPT: Final = 1024  # programs of one form
UNUSED: Final = 10_000  # changes of the current program, after which an unused one is dropped
TRIED: Final = 64  # programs to try in turn if the tree knows none
COMPARED: Final = 64  # programs, beyond which it takes too long to compare the outcomes seen with those of all
VAIN: Final = 16  # failed tries per kept program, after which a function is generated that decides
LARGE: Final = 20_000  # operations of a program, beyond which generating it takes too long
DECIDED: Final = 100  # operations of that function on one path, if the programs are not functions of numbers
FEW: Final = 4  # programs that are always traced
ALLOWED: Final = 250_000  # operands of programs to trace, until programs are used again: running f costs less
RARE: Final = 64  # if no more programs are allowed, one in so many calls with unknown outcomes is traced


class Plan:
    """A program that is ready to run.

    Attributes:
        program, executor: the program and its executor.
        results: the form of the result.
        sources: the slots to differentiate with respect to.
        scalars: whether each argument is one number.
        watched: the numbers that the trace read from Values that are not arguments or parameters.
        holds: tells whether these Values still have the same numbers; None if none was read.
        is_doubtful: whether Values of the trace still exist, and the function has not run again since.
        seconds: the time of the trace, and of the rest.
        note: a text about loops that were not folded.
        ways: its short ways, with and without derivatives.
    """

    def __init__(
        self,
        program: Program,
        executor: Any,
        results: Results,
        sources: range,
        scalars: bool,
        watched: Sequence[Watched] = (),
        is_doubtful: bool = False,
    ) -> None:
        self.program, self.executor, self.results, self.watched = program, executor, results, watched
        self.sources, self.scalars, self.is_doubtful = sources, scalars, is_doubtful
        self.seconds, self.note = (0.0, 0.0), ""
        self.ways: dict[bool, Callable[..., Any] | None] = {}
        self.holds = holding(watched) if watched else None
        self.is_one_of_many = bool(
            executor.takes_numbers and program.guards and results.is_number and not watched and not is_doubtful
        )

    @property
    def is_decidable(self) -> bool:
        """Whether a function of the arguments' numbers may decide if this program fits."""
        program = self.program
        is_plain = not (program.sampled or program.parameters or program.own or self.is_one_of_many)
        return is_plain and program.nodes <= LARGE

    @property
    def kept(self) -> tuple[Program, Results, tuple[int, int], bool]:
        """The parts to pickle: the program, the form of the result, and the settings of its executor."""
        return self.program, self.results, (self.sources.start, self.sources.stop), self.scalars

    def function(self, derivatives: bool) -> Callable[..., Any] | None:
        """The program as a function of numbers, if it has that form."""
        made: Callable[..., Any] | None = self.executor.function(derivatives, self.scalars)
        return made

    def is_same(self, program: Program, sources: range, scalars: bool) -> bool:
        """Whether it can also run that program, from a trace with arguments of another form."""
        return (
            (self.sources, self.scalars) == (sources, scalars)
            and self.program == program
            and self.program.constants.tobytes() == program.constants.tobytes()  # −0.0 differs from 0.0
        )

    def is_refused(self, flip: Flipped) -> bool:
        """Whether all branches are the same, but the result of an operation that may raise is not finite."""
        if self.program.is_straight or self.program.sampled:
            return False
        return all(self.program.guards[int(k)].line is None for k, wrong in zip(*flip.args) if wrong)


class _Kept:
    """A program that is kept.

    Attributes:
        plan: the plan of the program.
        path: the place in the tree before each of its guards.
        outcomes: the outcomes of all of its guards, as the bytes of an integer.
        used: when it was last used.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.path: list[int] = []
        self.outcomes = int.from_bytes([guard.outcome for guard in plan.program.guards], "little")
        self.used = 0


class Outcomes:
    """The programs of one form.

    Attributes:
        latest: the plan that was used last, or None.
        ways: the short ways for all plans that are `is_one_of_many`, with and without derivatives.
        outdated: how many plans were dropped because a Value was assigned.
        read_values: whether any plan reads Values that are not arguments or parameters.
    """

    def __init__(self, plans: Sequence[Plan] = ()) -> None:
        self.latest: Plan | None = None
        self.ways: dict[bool, Callable[..., Any] | None] = {}
        self._kept: dict[int, _Kept] = {}  # by the id of the plan
        self.outdated, self.read_values = 0, False
        self._clock = self._missed = 0
        self._allowed = ALLOWED
        self._lock = one_at_a_time()
        self._places: dict[tuple[int, bool], int] = {}  # by a place in the tree and an outcome: the next place
        self._through: dict[int, Plan] = {}  # for each place, the latest program that passed it
        self._whose: dict[int, Plan] = {}  # programs by the outcomes of all of their guards
        self._decide: Callable[..., Plan] | None = None
        self._vain = 0
        for plan in reversed(plans):
            self.use(plan)

    def __iter__(self) -> Iterator[Plan]:
        """The programs, the latest first."""
        return iter([kept.plan for kept in self._oldest_first()][::-1])

    @property
    def are_several(self) -> bool:
        """Whether there is more than one program."""
        return len(self._kept) > 1

    @property
    def are_too_many(self) -> bool:
        """Whether not to trace another program, because a limit is reached; one call in RARE is still traced."""
        if len(self._kept) < (KEPT if self._allowed > 0 else FEW):
            return False
        self._missed += 1
        return self._missed % RARE > 0

    def first(self) -> Plan | None:
        """The latest plan for which the Values that were read still have the same numbers."""
        while (plan := self.latest) is not None and not all_hold(plan.watched):
            self._drop(plan)
        return plan

    def use(self, plan: Plan) -> None:
        """Move a plan to the front; a new one may push out others."""
        kept = self._kept.get(id(plan))
        if kept is None:
            kept = self._added(plan)
            self._allowed -= len(plan.program.operands)
        elif plan is not self.latest:
            self._allowed = min(self._allowed + len(plan.program.operands) // 8, ALLOWED)
        self._clock += 1
        kept.used, self.latest = self._clock, plan

    def _added(self, plan: Plan) -> _Kept:
        with self._lock:
            kept = _Kept(plan)
            self._make_room()
            self._place(kept)
            return self._kept.setdefault(id(plan), kept)

    def _drop(self, plan: Plan) -> None:
        with self._lock:
            if self._kept.pop(id(plan), None):
                self.outdated += 1
                self._allowed = min(self._allowed + len(plan.program.operands), ALLOWED)
                self._grow()
            self.latest = next(iter(self), None)

    def after(self, plan: Plan, flip: Flipped, tried: list[Plan]) -> Plan | None:
        """The program to run if the guards of this one don't hold; None if none is known."""
        tried.append(plan)
        found = self._beyond(plan, flip)
        if found is not None and found not in tried and all_hold(found.watched):
            return found
        if not (plan.program.sampled or self.read_values) or len(tried) > TRIED:
            return None
        return next((other for other in self if other not in tried and all_hold(other.watched)), None)

    def _beyond(self, plan: Plan, flip: Flipped) -> Plan | None:
        """A program that agrees with this one up to the first guard that does not hold, and not there."""
        kept = self._kept.get(id(plan))
        if kept is None:
            return None
        k, guards = first_wrong(flip), plan.program.guards
        if len(flip.args) == 2 and flip.args[1].shape == (len(guards),) and k + 1 < len(guards):
            seen = kept.outcomes ^ int.from_bytes(flip.args[1].tobytes(), "little")
            if alike := self._most_alike(seen, k):
                return alike
        place = self._places.get((kept.path[k], not guards[k].outcome))
        return self._through.get(place) if place else None

    def _most_alike(self, seen: int, k: int) -> Plan | None:
        """The program that agrees with the first k + 1 outcomes seen, and with most of the others."""
        if seen in self._whose or len(self._whose) > COMPARED:
            return self._whose.get(seen)
        first = (256 << 8 * k) - 1
        differences = [outcomes ^ seen for outcomes in self._whose]
        least = min([x for x in differences if not x & first], key=int.bit_count, default=None)
        return None if least is None else self._whose[least ^ seen]

    def way(self, derivatives: bool) -> Callable[..., Any]:
        """A way for arguments of the form: it uses the program whose branches have the right outcomes."""

        def way(*args: Any, **named: Any) -> Any:
            plan, tried = self._proposed(args) or self.latest, list[Plan]()
            while plan is not None and (its := plan.ways.get(derivatives)):
                try:
                    result = its(*args, **named)
                except Flipped as flip:
                    if plan.is_refused(flip):
                        break
                    plan = self.after(plan, flip, tried)
                else:
                    if plan is not self.latest:
                        self.use(plan)
                        self._note(len(tried))
                    return result
            raise TypeError

        return way

    def _proposed(self, args: Sequence[Any]) -> Plan | None:
        """The program that the function chooses for these arguments; None if there is no such function."""
        if self._decide is None:
            return None
        try:
            return self._decide(*[x for arg in args for x in _flat(arg)])
        except (ArithmeticError, LookupError, TypeError, ValueError):
            return None

    def running(self, derivatives: bool) -> Callable[..., Any]:
        """A function of numbers: it uses the program whose branches have the right outcomes."""

        def run(*numbers: Any) -> Any:
            numbers = (*floats(*numbers),)
            plan = self.latest if self._decide is None else self._decide(*numbers)
            tried = list[Plan]()
            while plan is not None and plan.is_one_of_many:
                try:
                    result = plan.executor.function(derivatives, True)(*numbers)
                except Flipped as flip:
                    plan = self.after(plan, flip, tried)
                else:
                    if plan is not self.latest:
                        self.use(plan)
                        self._note(len(tried))
                    return result
            raise TypeError

        return run

    def _note(self, tried: int) -> None:
        """Generate a function that decides, once failed tries have cost as much as generating it."""
        self._vain += tried
        if self._vain > VAIN * (4 + len(self._kept)):
            with self._lock:
                plans, decide = [kept.plan for kept in self._kept.values()], None
                if all(plan.is_one_of_many for plan in plans):
                    decide = decision(self._places, self._through)
                elif all(plan.is_decidable for plan in plans):
                    decide = decision(self._places, self._through, DECIDED)
                self._decide, self._vain = decide, 0 if decide else -UNUSED * VAIN  # another attempt would fail too

    # ---- the tree ----

    def _oldest_first(self) -> list[_Kept]:
        return sorted(self._kept.values(), key=lambda kept: kept.used)

    def _grow(self) -> None:
        self._places, self._through, self._whose = {}, {}, {}
        self._decide, self._vain, self.read_values = None, 0, False
        for kept in self._oldest_first():
            self._place(kept)

    def _place(self, kept: _Kept) -> None:
        path, place = [], 0
        self.read_values = self.read_values or bool(kept.plan.watched)
        self._through[0] = kept.plan
        for guard in kept.plan.program.guards:
            path.append(place)
            place = self._places.setdefault((place, guard.outcome), len(self._places) + 1)
            self._through[place] = kept.plan
        kept.path = path
        self._whose[kept.outcomes] = kept.plan

    def _make_room(self) -> None:
        """Drop plans that were not used for long, or a quarter of all if there are too many."""
        is_full = len(self._kept) >= KEPT
        if self._clock < UNUSED and not is_full:
            return
        kept = self._oldest_first()
        old = sum([one.used < self._clock - UNUSED for one in kept])
        gone = kept[: max(old, max(1, KEPT // 4) if is_full else 0)]
        for one in gone:
            del self._kept[id(one.plan)]
        if gone:
            self._grow()


def twin(forms: Mapping[Hashable, Outcomes], key: Hashable, program: Program, sources: range, scalars: bool) -> Any:
    """A plan of another form of arguments that runs the same program; None if there is none."""
    others = [outcomes for other, outcomes in list(forms.items()) if other != key]
    return next((plan for plans in others for plan in plans if plan.is_same(program, sources, scalars)), None)


def _flat(arg: Any) -> Sequence[float]:
    """The numbers of an argument: one, an array, or a list."""
    if isinstance(arg, float):
        return (arg,)
    numbers: Sequence[float] = arg.ravel().tolist() if hasattr(arg, "ravel") else floats(*arg)
    return numbers


def first_wrong(flip: Flipped) -> int:
    """The first guard that does not hold; with samples, for the first sample."""
    if len(flip.args) == 1:
        k: int = flip.args[0]
        return k
    guards, wrong = flip.args
    column = wrong[:, 0] if wrong.ndim > 1 else wrong
    return int(guards[int(column.argmax())])
