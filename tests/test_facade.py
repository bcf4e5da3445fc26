"""The package as a user meets it: every public name, none hiding a builtin, and nothing imported before its time."""

import ast
import builtins
import importlib
import inspect
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import autograd_mini

# fmt: off
HOMES = {
    "errors": ["AutogradError", "StaleGraphError", "ConcurrentSweepError", "NoGraphError"],
    "engine": ["Value"],
    "sweep": ["topological_order"],
    "hooks": ["no_grad"],
    "functions": [
        "exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "sqrt", "cbrt", "pow",
        "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
        "hypot", "erf", "erfc", "abs", "maximum", "minimum", "clamp", "copysign", "floor", "ceil", "round",
        "degrees", "radians", "sinc", "xlogy", "xlog1py", "fma", "ldexp", "fabs", "norm", "cumsum",
        "erfcx", "ndtr", "log_ndtr", "gamma", "lgamma", "digamma", "polygamma", "hurwitz", "log_sigmoid", "logaddexp",
        "sum", "prod", "dot", "mean",
        "relu", "leaky_relu", "elu", "softplus", "sigmoid", "silu", "gelu", "hardtanh",
        "logsumexp", "softmax", "log_softmax", "where", "stop_gradient", "primitive",
    ],
    "objects": ["elementwise"],
    "function_nodes": ["RerunError"],
    "checkpoints": ["checkpoint"],
    "linear": ["solve", "logdet", "condition"],
    "implicit": ["root", "fixed_point", "ConvergenceError"],
    "transforms": ["gradients", "grad", "value_and_grad", "vjp", "jvp", "jacobian", "hessian", "hvp"],
    "diagnose": ["AnomalyError", "detect_anomaly", "explain"],
    "render": ["draw", "explore", "formula", "derivative_formula"],
    "check": ["gradcheck", "numerical_gradient"],
    "compiler": ["compile", "Compiled", "BranchChanged", "RetraceError", "TraceError", "NonFiniteError"],
}
# fmt: on
PUBLIC = [(home, name) for home, names in HOMES.items() for name in names]
SUBMODULES = {"nn", "check", "compiler"}
HIDING = {"abs", "compile", "pow", "round", "sum"}


def python(program: str, *flags: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a Python of its own that finds this very package."""
    source = str(Path(autograd_mini.__file__).parent.parent)
    program = f"import sys; sys.path.insert(0, {source!r})\n{program}"
    return subprocess.run([sys.executable, *flags, "-c", program], capture_output=True, text=True, check=False)


# ---- the names ----


@pytest.mark.parametrize("home, name", PUBLIC)
def test_each_name_is_that_of_its_module(home: str, name: str) -> None:
    module = importlib.import_module(f"autograd_mini.{home}")
    assert getattr(autograd_mini, name) is getattr(module, name)
    assert name in dir(autograd_mini)


def test_all_is_every_name_but_those_that_hide_a_builtin() -> None:
    names = {name for _, name in PUBLIC} | SUBMODULES
    assert set(autograd_mini.__all__) == names - HIDING
    assert len(set(autograd_mini.__all__)) == len(autograd_mini.__all__)
    assert names & set(dir(builtins)) == HIDING


def test_import_star_hides_no_builtin() -> None:
    namespace: dict[str, object] = {}
    exec("from autograd_mini import *", namespace)
    del namespace["__builtins__"]
    assert not namespace.keys() & set(dir(builtins))
    assert namespace.keys() == set(autograd_mini.__all__)


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(inspect.getsource(autograd_mini))
    (block,) = [s for s in tree.body if isinstance(s, ast.If) and ast.unparse(s.test) == "TYPE_CHECKING"]
    seen = set()
    for statement in block.body:
        assert isinstance(statement, ast.ImportFrom)
        names = {alias.asname or alias.name for alias in statement.names}
        seen |= set(autograd_mini.functions.__all__) if names == {"*"} else names
    assert seen == {name for _, name in PUBLIC} | SUBMODULES | {"core"}


def test_no_module_has_the_name_of_a_public_function() -> None:
    modules = {module.name for module in pkgutil.iter_modules(autograd_mini.__path__)}
    assert modules & {name for _, name in PUBLIC} == set()


@pytest.mark.parametrize("name", sorted(SUBMODULES))
def test_submodules_are_imported_when_they_are_asked_for(name: str) -> None:
    assert python(f"import autograd_mini\nprint('autograd_mini.{name}' in sys.modules)").stdout == "False\n"
    assert python(f"import autograd_mini\nprint(autograd_mini.{name}.__name__)").stdout == f"autograd_mini.{name}\n"


def test_a_name_is_found_once() -> None:
    assert python("import autograd_mini as a\nf = a.exp\nprint('exp' in vars(a), a.exp is f)").stdout == "True True\n"


# ---- a name that is not there ----


@pytest.mark.parametrize("name", ["rellu", "no_such_name", "_private", "__no_such_dunder__"])
def test_an_unknown_name_is_an_attribute_error(name: str) -> None:
    with pytest.raises(AttributeError, match=f"^module 'autograd_mini' has no attribute '{name}'$"):
        getattr(autograd_mini, name)
    assert not hasattr(autograd_mini, name)
    with pytest.raises(ImportError, match=name):
        exec(f"from autograd_mini import {name}")


def test_an_unknown_name_is_told_the_nearest() -> None:
    for wrong, right in (
        ("rellu", "relu"),
        ("Vale", "Value"),
        ("value_and_gradient", "value_and_grad"),
        ("sume", "sum"),
    ):
        stderr = python(f"import autograd_mini\nautograd_mini.{wrong}").stderr
        assert f"module 'autograd_mini' has no attribute '{wrong}'. Did you mean: '{right}'?" in stderr


# ---- what is imported ----

NEW_MODULES = """
before = set(sys.modules)
{}
new = {{name.partition(".")[0] for name in set(sys.modules) - before}} - {{"autograd_mini"}}
print(sorted(name for name in new if name not in sys.stdlib_module_names))
"""


@pytest.mark.parametrize(
    "statement",
    [
        "import autograd_mini",
        "from autograd_mini import Value\nValue(1.0).backward()",
        "from autograd_mini import exp, dot, primitive",
        "from autograd_mini import grad\ngrad(lambda xs: xs[0] * xs[1])([1.0, 2.0])",
    ],
)
def test_only_the_standard_library_is_imported(statement: str) -> None:
    done = python(NEW_MODULES.format(statement))
    assert done.stdout == "[]\n", done.stderr


def test_works_without_site_packages() -> None:
    program = "from autograd_mini import Value, grad, sigmoid\nprint(grad(sigmoid)(0.0), Value(2.0).relu().data)"
    assert python(program, "-S", "-I").stdout == "0.25 2.0\n"


def test_importing_the_package_imports_none_of_its_modules() -> None:
    done = python("import autograd_mini\nprint([name for name in sys.modules if name.startswith('autograd_mini.')])")
    assert done.stdout == "[]\n"


LAYERS = [  # each imports those before it
    {"extras", "files", "lazy", "printing", "cores"},
    {"compat", "rule", "errors", "watch", "tables"}, {"numbers", "partials", "powers", "reading", "polynomials"},
    {"gammas", "covectors"}, {"special"},
    {"rules"}, {"ieee"},
    {"arithmetic"}, {"refuse", "leftover", "c_rows"}, {"arrays", "sweep"}, {"adjoints"}, {"ways_back"}, {"handover"},
    {"engine"}, {"hooks", "structures"}, {"function_nodes"}, {"primitives", "checkpoints"}, {"functions", "objects"},
    {"linear"}, {"searches"}, {"implicit"},
    {"transforms"},
    {"render", "check", "compiler", "diagnose"}, {"nn"}, {"cli"},
]  # fmt: skip


PACKAGE = Path(autograd_mini.__file__).parent


@cache
def sources() -> dict[tuple[str, ...], ast.Module]:
    """Every file of the package."""
    return {
        path.relative_to(PACKAGE).with_suffix("").parts: ast.parse(path.read_text(encoding="utf-8"))
        for path in PACKAGE.rglob("*.py")
        if path.relative_to(PACKAGE).parts[0] not in ("__init__.py", "__main__.py", "_demos")
    }


def imported(place: tuple[str, ...], tree: ast.Module) -> Iterator[tuple[str, ...]]:
    """What a file imports of the package, inside functions too; not what type checkers alone read."""
    for_types = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and ast.unparse(branch.test) == "TYPE_CHECKING"
        for statement in branch.body
        for node in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level and id(node) not in for_types:
            base = (*place[: len(place) - node.level], *(node.module.split(".") if node.module else []))
            yield from (home(base, alias.name) for alias in node.names)


def home(base: tuple[str, ...], name: str) -> tuple[str, ...]:
    """The file that `from base import name` reads."""
    for place in ((*base, name), (*base, name, "__init__"), base):
        if place in sources():
            return place
    return (*base, "__init__")


def test_imports_run_one_way_inside_functions_too() -> None:
    rank = {name: i for i, layer in enumerate(LAYERS) for name in layer}
    for place, tree in sources().items():
        for other in imported(place, tree):
            allowed = other[0] in (place[0], "__init__") or rank[other[0]] < rank[place[0]]
            assert allowed, f"{'/'.join(place)} imports {'/'.join(other)}"


def test_no_file_imports_itself_by_way_of_others() -> None:
    reached = {
        place: {other for other in imported(place, tree) if other in sources()} for place, tree in sources().items()
    }
    for _ in sources():
        grown = {place: others.union(*[reached[other] for other in others]) for place, others in reached.items()}
        if grown == reached:
            break
        reached = grown
    round_trips = {"/".join(place) for place, others in reached.items() if place in others}
    assert round_trips == set()


HIDE_WHAT_THEY_ARE = {"calls", "choice", "flat", "folded", "fused", "lane", "quick", "streams", "text", "total"}


def test_the_compiler_has_its_rooms() -> None:
    files = [path for path in (PACKAGE / "compiler").rglob("*.py") if path.name != "__init__.py"]
    names = [path.stem for path in files]
    assert HIDE_WHAT_THEY_ARE.isdisjoint(names)
    assert len(set(names)) == len(names), "two files of one name"
    assert len([path for path in files if path.parent.name == "compiler"]) < 9  # with __init__.py
    assert all(path.read_text(encoding="utf-8").count("\n") <= 420 for path in files)


def test_the_lesson_fits_one_sitting() -> None:
    code = 0
    for name in ("rules", "engine", "sweep"):
        text = (PACKAGE / f"{name}.py").read_text(encoding="utf-8")
        assert max(map(len, text.splitlines())) <= 100
        lines: set[int] = set()
        for node in ast.walk(ast.parse(text)):
            is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            if isinstance(node, ast.stmt) and not is_text:
                body = getattr(node, "body", None)
                end = body[0].lineno - 1 if body else node.end_lineno or node.lineno
                lines.update(range(node.lineno, end + 1))
        docs = {
            n
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            for n in range(node.lineno, (node.end_lineno or 0) + 1)
        }
        code += len(
            [n for n in lines - docs if (line := text.splitlines()[n - 1].strip()) and not line.startswith("#")]
        )
    assert code <= 400


ENGINE = {"engine", "sweep", "refuse", "reading", "leftover"}
PRIVATE = {"_a", "_b", "_data", "_grad", "_label", "_made", "_many", "_origin", "_rule", "_x", "_y"}


def test_only_the_rooms_of_the_engine_read_private_slots() -> None:
    def is_self(node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and node.id in ("self", "cls")

    for place, tree in sources().items():
        if place[0] in ENGINE:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in PRIVATE:
                assert is_self(node.value), f"{'/'.join(place)}:{node.lineno} reads {ast.unparse(node)}"


# ---- the documentation ----


@pytest.mark.parametrize("home, name", PUBLIC)
def test_every_public_name_has_documentation_with_an_example(home: str, name: str) -> None:
    thing = getattr(autograd_mini, name)
    assert inspect.getdoc(thing)
    if not (isinstance(thing, type) and issubclass(thing, Exception)):
        assert ">>> " in inspect.getdoc(thing), f"{home}.{name} has no doctest"


def test_the_package_has_a_version() -> None:
    assert autograd_mini.__version__.count(".") == 2
