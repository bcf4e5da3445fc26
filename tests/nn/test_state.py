"""nn.state: each parameter has a path, and loading a file restores every bit or says why it can't."""

import json
import math
import os
import random
import stat
import struct
import subprocess
import sys
import threading
import zlib
from collections import ChainMap, OrderedDict, UserDict, UserList, defaultdict, deque, namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_mini
from autograd_mini import AutogradError, StaleGraphError, Value, no_grad
from autograd_mini.nn import MLP, Layer, Module, Neuron, fit
from autograd_mini.nn.perceptron import Perceptron
from autograd_mini.nn.state import StateError

FINITE = st.floats(allow_nan=False, allow_infinity=False)
# The least and the largest of each kind, what needs all 17 digits, and both zeros.
EDGES = [
    5e-324,
    -5e-324,
    2.2250738585072014e-308,
    2.225073858507201e-308,
    1.7976931348623157e308,
    0.1,
    1 / 3,
    0.0,
    -0.0,
]


def bits(model: Module) -> list[bytes]:
    return [struct.pack("<d", p.data) for p in model.parameters()]


def filled(model: Any, numbers: Any) -> Any:
    for p, number in zip(model.parameters(), numbers):
        p.data = number
    return model


def paths(model: Module) -> list[str]:
    return [name for name, _ in model.named_parameters()]


class Bag(Module):
    """A module with whatever attributes a test needs."""

    def __init__(self, **attributes: Any) -> None:
        vars(self).update(attributes)


# ---- names ----


def test_names_are_paths_of_attributes() -> None:
    assert paths(Neuron(2)) == ["w.0", "w.1", "b"]
    assert paths(Layer(1, 2)) == ["neurons.0.w.0", "neurons.0.b", "neurons.1.w.0", "neurons.1.b"]
    model = MLP(2, [4, 1])
    assert "layers.0.neurons.3.w.1" in paths(model)
    for name, p in model.named_parameters():
        thing: Any = model
        for step in name.split("."):
            thing = thing[int(step)] if step.isdigit() else getattr(thing, step)
        assert thing is p


@pytest.mark.parametrize("model", [Neuron(3), Layer(2, 3), MLP(2, [4, 3, 1]), MLP(1, []), Perceptron(2), Module()])
def test_names_are_in_the_order_of_the_parameters(model: Module) -> None:
    assert [id(p) for _, p in model.named_parameters()] == [id(p) for p in model.parameters()]


def test_values_lists_tuples_dicts_arrays_and_modules_in_the_order_of_definition() -> None:
    v = [Value(float(i)) for i in range(9)]
    array = np.array([[v[7], v[8]]])
    model = Bag(z=v[0], a=[v[1], (v[2],)], d={"right": v[3], 7: [v[4]]}, m=Bag(x=v[5], also=[Bag(y=v[6])]), w=array)
    names = ["z", "a.0", "a.1.0", "d.right", "d.7.0", "m.x", "m.also.0.y", "w.0.0", "w.0.1"]
    assert paths(model) == names
    assert list(map(id, model.parameters())) == list(map(id, v))
    assert model.state_dict() == dict(zip(names, range(9)))


def test_what_is_no_parameter() -> None:
    model = Bag(n=1, f=2.0, s="abc", none=None, c={1.0}, fun=math.sin, a=np.ones(3), o=np.array(None), p=Value(1.0))
    model.result, model.results = model.p * 2, [model.p * 3]
    assert paths(model) == ["p"]


@pytest.mark.parametrize("inside", [False, True])
def test_the_weighted_input_is_no_parameter(inside: bool) -> None:
    model = MLP(2, [2, 1])
    before = paths(model)
    if inside:
        with no_grad():
            model([1.0, 2.0])
    else:
        model([1.0, 2.0])
    assert model.layers[0].neurons[0].z is not None
    assert paths(model) == before
    assert list(model.state_dict()) == before
    assert len(Bag(model=model).parameters()) == len(before)


def test_a_shared_parameter_appears_once_under_its_first_path() -> None:
    p, layer = Value(1.0), Layer(1, 1)
    model = Bag(a=p, b=[p], first=layer, again=[layer], c={"p": p})
    model.whole = model  # a way back is no way on
    assert paths(model) == ["a", "first.neurons.0.w.0", "first.neurons.0.b"]
    assert len(model.parameters()) == 3


def test_equal_values_are_two() -> None:
    assert paths(Bag(a=Value(1.0), b=Value(1.0))) == ["a", "b"]


def test_slots() -> None:
    @dataclass(slots=True, eq=False)
    class Slotted(Module):
        slope: Value
        __height: Value
        depth: Any = None

    class More(Slotted):
        __slots__ = "one", "unset"

    model = More(Value(1.0), Value(2.0))
    model.one, model.another = Value(3.0), Value(4.0)
    assert paths(model) == ["slope", "_Slotted__height", "one", "another"]


@pytest.mark.parametrize("base, args", [(Neuron, (1,)), (Layer, (1, 1)), (MLP, (1, [1]))])
def test_a_subclass_may_add_parameters(base: Any, args: Any) -> None:
    class Scaled(base):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(*args)
            self.scale = Value(2.0)

    model = Scaled()
    assert paths(model)[-1] == "scale"
    assert [id(p) for _, p in model.named_parameters()] == [id(p) for p in model.parameters()]


def test_a_class_may_have_fewer_of_its_own_trained() -> None:
    class Frozen(Bag):
        def parameters(self) -> list[Value]:
            return []

    model = Bag(old=Frozen(layer=Layer(1, 1)), new=Neuron(1))
    assert [id(p) for p in model.parameters()] == [id(p) for p in model.new.parameters()]
    assert paths(model) == ["old.layer.neurons.0.w.0", "old.layer.neurons.0.b", "new.w.0", "new.b"]


def test_parameters_without_a_path_raise(tmp_path: Path) -> None:
    class Hidden(Module):
        def __init__(self) -> None:
            hidden = [Value(1.0)]
            self.get = lambda: hidden

        def parameters(self) -> list[Value]:
            return self.get()

    for what in (Hidden().state_dict, lambda: Hidden().save(tmp_path / "m.json")):
        with pytest.raises(StateError, match=r"^1 of the parameters of the Hidden have no path: "):
            what()
    assert not list(tmp_path.iterdir())


Pair = namedtuple("Pair", "left, right")


@dataclass
class Config:
    gain: Value
    name: str
    more: Any = None


@dataclass(frozen=True, slots=True)
class Frozen:
    gain: Value
    more: Any = None


CONTAINERS: dict[str, tuple[Callable[[Any, Any], Any], list[str]]] = {
    "deque": (lambda v, w: deque([v, w]), ["0", "1"]),
    "UserList": (lambda v, w: UserList([v, w]), ["0", "1"]),
    "named tuple": (Pair, ["0", "1"]),
    "OrderedDict": (lambda v, w: OrderedDict(a=v, b=w), ["a", "b"]),
    "defaultdict": (lambda v, w: defaultdict(list, a=v, b=w), ["a", "b"]),
    "UserDict": (lambda v, w: UserDict(a=v, b=w), ["a", "b"]),
    "ChainMap": (lambda v, w: ChainMap({"a": v, "b": w}), ["a", "b"]),
    "read-only dict": (lambda v, w: MappingProxyType({"a": v, "b": w}), ["a", "b"]),
    "namespace": (lambda v, w: SimpleNamespace(a=v, b=w), ["a", "b"]),
    "dataclass": (lambda v, w: Config(v, "x", w), ["gain", "more"]),
    "frozen dataclass": (lambda v, w: Frozen(v, [w]), ["gain", "more.0"]),
    "array": (lambda v, w: np.array([v, w]), ["0", "1"]),
    "nested": (lambda v, w: deque([UserDict(a=Config(v, "x")), (SimpleNamespace(b=[w]),)]), ["0.a.gain", "1.0.b.0"]),
    "modules": (lambda v, w: deque([Bag(w=v), Config(w, "x", Bag())]), ["0.w", "1.gain"]),
}


@pytest.mark.parametrize("kind", CONTAINERS)
def test_parameters_in_a_container_are_trained_and_saved(kind: str, file: Path) -> None:
    make, names = CONTAINERS[kind]
    model = Bag(inside=make(Value(1.0), Value(2.0)))
    assert paths(model) == [f"inside.{name}" for name in names]
    fit(Training(model), [1.0, 2.0], [5.0, 6.0], epochs=1, progress=False)
    assert [p.data for p in model.parameters()] != [1.0, 2.0]
    model.save(file)
    again = Bag(inside=make(Value(0.0), Value(0.0)))
    again.load(file)
    assert bits(again) == bits(model)


class Training(Module):
    """A model whose output is the sum of all its parameters times its input."""

    def __init__(self, inner: Module) -> None:
        self.inner = inner

    def __call__(self, x: float) -> Any:
        return sum([p * x for p in self.inner.parameters()])


def test_an_array_without_dimensions_holds_one_parameter() -> None:
    whole = np.array(None)
    whole[()] = Value(1.0)
    assert paths(Bag(w=whole)) == ["w.0"]


@pytest.mark.parametrize(
    "make",
    [
        lambda v: {v},
        lambda v: frozenset([v]),
        lambda v: {(1, v)},
        lambda v: {Bag(w=v)},
        lambda v: {"deep": [{v}]},
        lambda v: Config({v}, "x"),  # type: ignore[arg-type]
    ],
)
def test_parameters_in_a_set_are_refused(make: Callable[[Value], Any]) -> None:
    model = Bag(inside=make(Value(1.0)))
    for what in (model.parameters, model.named_parameters, model.zero_grad, model.state_dict):
        with pytest.raises(
            StateError, match=r"^inside\S* is a (frozen)?set with parameters in it, .* a list or a dict$"
        ):
            what()


def test_a_set_of_parameters_that_have_another_path_is_no_error() -> None:
    model = Bag(chosen=set(), seen={1, "a"}, layers=[Neuron(1), Neuron(2)])
    model.chosen = {model.layers[1], model.layers[0].b, model.layers[0].b * 2.0}
    assert len(model.parameters()) == len(paths(model)) == 5


def test_modules_may_be_nested_deeper_than_python_recurses() -> None:
    model = Bag()
    for i in range(5000):
        model = Bag(n=model, w=Value(float(i)))
    assert len(model.parameters()) == 5000


def test_two_parameters_of_one_path() -> None:
    with pytest.raises(StateError, match=r"^two parameters of the Bag have one path: d\.a\.b; rename one$"):
        Bag(d={"a.b": Value(1.0), "a": {"b": Value(2.0)}}).state_dict()


# ---- dictionaries ----


@given(st.lists(FINITE, min_size=9, max_size=9))
def test_a_state_goes_from_one_model_to_another(numbers: list[float]) -> None:
    model, other = filled(MLP(1, [2, 1, 1]), numbers), MLP(1, [2, 1, 1])
    other.load_state_dict(model.state_dict())
    assert bits(other) == bits(model)
    other.load_state_dict(dict(reversed(model.state_dict().items())))  # whatever the order
    assert bits(other) == bits(model)


@given(st.lists(st.floats(), min_size=9, max_size=9))
def test_the_state_goes_through_json_for_any_numbers(numbers: list[float]) -> None:
    model, other = filled(MLP(1, [2, 1, 1]), numbers), MLP(1, [2, 1, 1])
    other.load_state_dict(json.loads(json.dumps(model.state_dict())))
    assert repr(other.state_dict()) == repr(model.state_dict())  # zeros by their signs, nan like nan


def test_a_state_is_a_copy() -> None:
    model = Neuron(1, init=0.5)
    state = model.state_dict()
    state["b"] = 7.0
    model.w[0].data = 9.0
    assert (model.b.data, state["w.0"]) == (0.0, 0.5)


def test_numbers_of_numpy_and_ints_are_numbers() -> None:
    model = Neuron(2)
    model.load_state_dict({"w.0": np.float32(0.5), "w.1": np.int64(2), "b": 3})
    assert model.state_dict() == {"w.0": 0.5, "w.1": 2.0, "b": 3.0}
    assert all(type(p.data) is float for p in model.parameters())


@pytest.mark.parametrize(
    "change, text",
    [
        ({"b": ...}, "missing: b"),
        ({"w.1": ..., "b": ...}, "missing: w.1, b"),
        ({"v": 1.0}, "unexpected: v"),
        ({7: 1.0}, "unexpected: 7"),
        ({"b": 10**400}, "not a number: b = 1000"),
        ({"b": "1.0"}, "not a number: b = '1.0'"),
        ({"b": None}, "not a number: b = None"),
        ({"b": True}, "not a number: b = True"),
        ({"b": [1.0]}, r"not a number: b = \[1.0\]"),
        ({"b": 1j}, "not a number: b = 1j"),
        ({"b": Value(1.0)}, r"not a number: b = Value\(data=1.0, grad=0.0\)"),
        ({"w.0": ..., "u": 1.0, "b": "x"}, "missing: w.0; unexpected: u; not a number: b = 'x'"),
    ],
)
def test_a_state_that_does_not_fit_is_an_error_that_names_all_of_it(change: dict[str, Any], text: str) -> None:
    model = Neuron(2)
    before = bits(model)
    state = {name: v for name, v in ({"w.0": 5.0, "w.1": 6.0, "b": 7.0} | change).items() if v is not ...}
    with pytest.raises(StateError, match=f"^this state does not fit the Neuron: {text}"):
        model.load_state_dict(state)
    assert bits(model) == before


def test_long_complaints_are_cut_short() -> None:
    with pytest.raises(StateError, match=r"missing: w\.0, .*, w\.7 and 93 more$") as caught:
        Neuron(100).load_state_dict({})
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize("state", [None, 3, [1.0], "w"])
def test_a_state_is_a_dictionary(state: Any) -> None:
    for strict in (True, False):
        with pytest.raises(StateError, match=r"^a state is a dictionary of names and numbers, not "):
            Neuron(2).load_state_dict(state, strict=strict)


def test_names_without_a_counterpart_are_ignored_unless_strict() -> None:
    model = Neuron(2, init=0.5)
    model.load_state_dict({"w.1": 3.0, "v": "anything"}, strict=False)
    assert model.state_dict() == {"w.0": 0.5, "w.1": 3.0, "b": 0.0}
    with pytest.raises(StateError, match=r"not a number: w\.1 = 'nan'"):
        model.load_state_dict({"w.0": 1.0, "w.1": "nan"}, strict=False)
    assert model.state_dict() == {"w.0": 0.5, "w.1": 3.0, "b": 0.0}


def test_a_graph_from_before_is_stale() -> None:
    model = Neuron(1)
    a = model([1.0])
    model.load_state_dict({"w.0": 3.0, "b": 1.0})
    with pytest.raises(StaleGraphError):
        a.backward()


def test_the_error_is_one_of_the_package_and_a_value_error() -> None:
    assert issubclass(StateError, AutogradError)
    assert issubclass(StateError, ValueError)


# ---- files ----


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "model.json"


def test_a_file_gives_every_bit_back_to_a_model_of_another_process(file: Path) -> None:
    rng = random.Random(5)
    numbers = EDGES + [struct.unpack("<d", rng.randbytes(8))[0] for _ in range(3000)]
    numbers = [x for x in numbers if math.isfinite(x)][:2000]
    model = filled(Neuron(1999), numbers)
    model.save(file)
    program = f"""
import struct, sys
sys.path.insert(0, {str(Path(autograd_mini.__file__).parent.parent)!r})
from autograd_mini.nn import Neuron
model = Neuron(1999)
model.load({str(file)!r})
sys.stdout.write("".join(struct.pack("<d", p.data).hex() for p in model.parameters()))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout == b"".join(bits(model)).hex(), done.stderr


@given(st.lists(FINITE, min_size=4, max_size=4))
def test_a_file_gives_every_bit_back(tmp_path_factory: pytest.TempPathFactory, numbers: list[float]) -> None:
    path = tmp_path_factory.getbasetemp() / "bits.json"
    model, other = filled(Neuron(3), numbers), Neuron(3)
    model.save(path)
    other.load(path)
    assert bits(other) == bits(model)


def test_the_file_is_strict_json_that_one_can_read(file: Path) -> None:
    filled(Neuron(2), [0.1, -0.0, 5e-324]).save(str(file))

    def refuse(token: str) -> None:
        raise AssertionError(token)

    content = json.loads(file.read_text(encoding="ascii"), parse_constant=refuse)
    assert content == {
        "format": "autograd_mini parameters",
        "version": 1,
        "crc32": content["crc32"],
        "parameters": {"w.0": 0.1, "w.1": -0.0, "b": 5e-324},
    }
    assert '"w.0": 0.1' in file.read_text(encoding="ascii").split("\n")[5]


def test_the_same_numbers_are_the_same_bytes(file: Path) -> None:
    model = MLP(2, [3, 1], seed=1)
    model.save(file)
    first = file.read_bytes()
    model([1.0, 2.0]).backward()
    model.save(file)
    assert file.read_bytes() == first


def test_names_that_are_not_ascii(file: Path) -> None:
    model = Bag(größe=Value(1.5), d={'"\\\n\ud800': Value(2.5)})
    model.save(file)
    again = Bag(größe=Value(0.0), d={'"\\\n\ud800': Value(0.0)})
    again.load(file)
    assert again.state_dict() == model.state_dict()


def test_a_model_without_parameters(file: Path) -> None:
    Module().save(file)
    Module().load(file)


# ---- files that are none ----


def rejected(file: Path, text: str | None = None) -> None:
    """Assert that a model refuses to load the file, and is not changed."""
    model = Neuron(2, seed=3)
    before = bits(model)
    with pytest.raises(StateError, match=text) as caught:
        model.load(file)
    assert str(file) in str(caught.value)
    assert bits(model) == before


def test_a_file_cut_short_at_any_byte(file: Path) -> None:
    filled(Neuron(2), [0.1, 0.2, 0.3]).save(file)
    whole = file.read_bytes()
    for n in range(len(whole)):
        file.write_bytes(whole[:n])
        rejected(file, "is not a whole JSON file")


def test_a_file_with_any_byte_changed_gives_an_error_or_what_was_saved(file: Path) -> None:
    saved = filled(Neuron(2), [0.125, -2.5e-7, 3e300])
    saved.save(file)
    whole = file.read_bytes()
    harmless = 0
    for i, byte in enumerate(whole):
        for other in {byte ^ 1, byte ^ 128, ord("1"), ord("9"), ord(" "), ord('"')} - {byte}:
            file.write_bytes(whole[:i] + bytes([other]) + whole[i + 1 :])
            model = Neuron(2, seed=3)
            before = bits(model)
            try:
                model.load(file)
                assert bits(model) == bits(saved)
                harmless += 1
            except StateError:
                assert bits(model) == before
    assert harmless < len(whole)  # white space


@given(junk=st.binary(max_size=60))
def test_any_bytes_at_all(tmp_path_factory: pytest.TempPathFactory, junk: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "junk.json"
    path.write_bytes(junk)
    rejected(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(
    whole=JSON,
    entries=st.fixed_dictionaries(
        {}, optional={"format": JSON, "version": JSON | st.just(1), "crc32": JSON, "parameters": JSON}
    ),
    ours=st.booleans(),
)
def test_any_json_at_all(tmp_path_factory: pytest.TempPathFactory, whole: Any, entries: Any, ours: bool) -> None:
    path = tmp_path_factory.getbasetemp() / "foreign.json"
    for content in (whole, {"format": "autograd_mini parameters"} | entries if ours else entries):
        path.write_text(json.dumps(content), encoding="utf-8")
        rejected(path)


def edited(file: Path, **entries: Any) -> None:
    Neuron(2).save(file)
    file.write_text(json.dumps(json.loads(file.read_text(encoding="ascii")) | entries), encoding="ascii")


@pytest.mark.parametrize(
    "entries, text",
    [
        ({"format": "safetensors"}, "is not a model saved by autograd_mini"),
        ({"version": 2}, "is in version 2 of the format, and this autograd_mini knows version 1: upgrade it"),
        ({"version": 2, "parameters": [], "crc32": "?"}, "is in version 2 of the format"),
        ({"version": 0}, "is damaged: its version is 0"),
        ({"version": "1"}, "is damaged: its version is '1'"),
        ({"version": True}, "is damaged: its version is True"),
        ({"crc32": 1}, "is damaged: its checksum does not match its numbers"),
        ({"parameters": {"w.0": 1.0, "w.1": 1.0, "b": 1.0}}, "is damaged: its checksum"),
        ({"parameters": None}, "is damaged"),
    ],
)
def test_a_file_that_is_foreign_newer_or_damaged(file: Path, entries: dict[str, Any], text: str) -> None:
    edited(file, **entries)
    rejected(file, text)


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "[" * 100_000, "9" * 5000, '{"format": 1e999}', "\ufeff{}", "null", "{} {}", "\x00"]
)
def test_odd_texts(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    rejected(file)


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
def test_words_for_numbers_that_json_does_not_have(file: Path, token: str) -> None:
    Neuron(2, init=0.5).save(file)
    file.write_text(file.read_text(encoding="ascii").replace("0.5", token, 1), encoding="ascii")
    rejected(file, f"is not a whole JSON file, .*: {token} is not valid JSON$")


def test_a_number_beyond_the_floats_in_a_file(file: Path) -> None:
    parameters = '{"w.0": 1e999, "w.1": 0.5, "b": 0.0}'
    checksum = zlib.crc32(json.dumps(json.loads(parameters)).encode())
    file.write_text(
        f'{{"format": "autograd_mini parameters", "version": 1, "crc32": {checksum}, "parameters": {parameters}}}'
    )
    rejected(file, "1e999 is too large for a float$")


def test_the_file_of_another_model(file: Path) -> None:
    Neuron(3).save(file)
    rejected(file, r"model\.json: this state does not fit the Neuron: unexpected: w\.2$")
    Neuron(1).save(file)
    rejected(file, r"this state does not fit the Neuron: missing: w\.1$")


def test_no_file(file: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Neuron(2).load(file)


def test_a_file_of_pickle_is_not_run(file: Path) -> None:
    file.write_bytes(b"cos\nsystem\n(S'touch " + str(file.with_name("owned")).encode() + b"'\ntR.")
    rejected(file, "is not a whole JSON file")
    assert not file.with_name("owned").exists()


# ---- saving ----


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_not_saved(file: Path, number: float) -> None:
    model = Neuron(2, seed=1)
    model.save(file)
    before = file.read_bytes()
    model.w[1].data = number
    with pytest.raises(StateError, match=rf"^nothing was saved, .*: w\.1 = {number}$"):
        model.save(file)
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_a_reader_never_meets_half_a_file(file: Path) -> None:
    model, errors = Neuron(300, init=0.0), []
    model.save(file)
    done = threading.Event()

    def write() -> None:
        try:
            for i in range(40):
                filled(model, [float(i)] * 301).save(file)
        finally:
            done.set()

    thread = threading.Thread(target=write)
    thread.start()
    reader = Neuron(300)
    while not done.is_set():
        try:
            reader.load(file)
        except StateError as error:
            errors.append(error)
        assert len(set(bits(reader)[1:])) == 1
    thread.join()
    assert errors == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Neuron(2).save(tmp_path / "none" / "model.json")


def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        Neuron(2).save(tmp_path / "folder")
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize("length", [1, 255])
def test_names_short_and_long(tmp_path: Path, length: int) -> None:
    file = tmp_path / ("m" * length)
    Neuron(2).save(file)
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.skipif(os.name == "nt", reason="needs links and modes")
def test_a_link_is_followed_and_the_mode_is_that_of_any_new_file(file: Path) -> None:
    link, plain = file.with_name("latest.json"), file.with_name("plain")
    link.symlink_to(file)
    plain.touch()
    Neuron(2).save(link)
    assert link.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


# ---- training goes on ----


@pytest.mark.parametrize("carry", ["file", "dictionary"])
def test_training_goes_on_as_if_never_interrupted(file: Path, carry: str) -> None:
    def train(model: MLP, steps: int) -> MLP:
        for _ in range(steps):
            model.zero_grad()
            sum((model(x) - y) ** 2 for x, y in [([0, 1], 1), ([1, 1], 0), ([0.3, 0.7], 0.5)]).backward()
            for p in model.parameters():
                p.data -= 0.05 * p.grad
        return model

    def carried(model: MLP) -> MLP:
        other = MLP(2, [3, 1], "tanh")
        ways: dict[str, Callable[[], None]] = {
            "file": lambda: (model.save(file), other.load(file))[1],
            "dictionary": lambda: other.load_state_dict(json.loads(json.dumps(model.state_dict()))),
        }
        ways[carry]()
        return other

    whole = train(MLP(2, [3, 1], "tanh", seed=1), 20)
    parts = train(carried(train(MLP(2, [3, 1], "tanh", seed=1), 9)), 11)
    assert bits(parts) == bits(whole)
