"""What `draw` promises: a true, safe, legible picture, the same bytes for the same graph, and files written whole."""

import math
import os
import re
import subprocess
import sys
from html import unescape
from xml.etree import ElementTree

import pytest

from autograd_mini.engine import Value
from autograd_mini.errors import AutogradError
from autograd_mini.nn import MLP
from autograd_mini.render import Drawing, GraphvizNotFoundError, RenderError, draw
from autograd_mini.render.cards import number
from autograd_mini.render.theme import DARK, LIGHT

SVG = "{http://www.w3.org/2000/svg}"

HOSTILE = [
    "</svg><script>",
    '"',
    "'",
    "\\",
    "\\N \\G",
    "ends in \\",
    "{a|b}",
    "<b>x</b>",
    "&lt;",
    "-->",
    "]]>",
    "🙂 👩‍👩‍👧",
    "重み",
    "∂L/∂w",
    "node",
    "<>",
]


@pytest.fixture(autouse=True)
def _no_choice_from_outside(monkeypatch):
    monkeypatch.delenv("AUTOGRAD_MINI_DOT", raising=False)


def neuron() -> Value:
    w, x, b = Value(-3.0, label="w"), Value(2.0, label="x"), Value(6.7, label="b")
    out = (w * x + b).tanh()
    out.label = "out"
    return out


def cards(drawing: Drawing) -> list[list[str]]:
    """The texts on each card, in the order of the file."""
    nodes = [g for g in ElementTree.fromstring(drawing.svg).iter(f"{SVG}g") if g.get("class") == "node"]
    return [[text.text or "" for text in node.iter(f"{SVG}text")] for node in nodes]


def tooltips(drawing: Drawing, kind: str) -> list[str]:
    groups = [g for g in ElementTree.fromstring(drawing.svg).iter(f"{SVG}g") if g.get("class") == kind]
    return [group.findtext(f"{SVG}title") or "" for group in groups]


# ---- what it shows ----


def test_a_card_shows_operation_label_number_and_gradient():
    out = neuron()
    out.backward()
    assert ["tanh", "out", "data", "0.6044", "grad", "1.0000"] in cards(draw(out))
    assert ["w", "data", "-3.0000", "grad", "1.2695"] in cards(draw(out))


def test_before_backward_a_gradient_is_a_dash_and_a_slope_of_zero_is_not():
    x = Value(3.0, label="x")
    y = x * 0.0
    assert ["x", "data", "3.0000", "grad", "—\N{NO-BREAK SPACE}"] in cards(draw(y))
    y.backward()
    assert ["x", "data", "3.0000", "grad", "0"] in cards(draw(y))


def test_x_times_x_draws_two_arrows_that_carry_their_slopes():
    x = Value(3.0, label="x")
    assert tooltips(draw(x * x), "edge") == ["x → the *: local slope 3.0"] * 2


def test_an_infinite_slope_is_drawn():
    assert tooltips(draw(Value(0.0, label="x").sqrt()), "edge") == ["x → the sqrt: local slope inf"]


def test_only_the_root_is_highlighted():
    assert draw(neuron()).svg.count(f'stroke="{LIGHT["root"]}"') == 1


def test_a_single_leaf_is_a_drawing():
    assert cards(draw(Value(2.0))) == [["data", "2.0000", "grad", "—\N{NO-BREAK SPACE}"]]


def test_colour_says_sign_and_size_of_a_gradient():
    big, small, minus, none = (Value(1.0, label=name) for name in ("big", "small", "minus", "none"))
    root = big * 8.0 + small + minus * -8.0 + none * 0.0
    root.backward()
    colours = {
        card[-5]: re.findall(r'BGCOLOR="(#\w+)"', line)[-1]
        for line in draw(root).dot.splitlines()
        for card in [re.findall(r">([^<>]+)<", line)]
        if card and card[0] in ("big", "small", "minus", "none")
    }
    assert colours == {
        "big": LIGHT["positive 3"],
        "small": LIGHT["positive 0"],
        "minus": LIGHT["negative 3"],
        "none": LIGHT["neutral"],
    }


@pytest.mark.parametrize("grad", [math.inf, -math.inf, math.nan, 5e-324, 1e308])
def test_any_gradient_can_be_drawn(grad):
    x = Value(1.0)
    x.grad = grad
    y = x + 1.0
    y.grad = 1e308
    ElementTree.fromstring(draw(y).svg)


def test_the_direction_turns_the_drawing():
    wide, tall = (ElementTree.fromstring(draw(neuron(), direction=d).svg) for d in ("LR", "TB"))
    assert float(wide.attrib["width"][:-2]) > float(tall.attrib["width"][:-2])
    assert float(wide.attrib["height"][:-2]) < float(tall.attrib["height"][:-2])


def test_options_leave_out_labels_values_and_gradients():
    out = neuron()
    out.backward()
    assert cards(draw(out, labels=False))[-1] == ["tanh", "data", "0.6044", "grad", "1.0000"]
    assert cards(draw(out, values=False))[-1] == ["tanh", "out", "grad", "1.0000"]
    assert cards(draw(out, gradients=False))[-1] == ["tanh", "out", "data", "0.6044"]
    bare = draw(out, labels=False, values=False, gradients=False)
    assert sorted(cards(bare)) == [[], [], [], ["*"], ["+"], ["tanh"]]
    assert tooltips(bare, "node")[0].startswith("w: data -3.0, grad 1.269")


def test_partials_stand_on_the_arrows_when_wanted():
    x, y = Value(3.0), Value(-0.25)
    z = x * y
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", unescape("".join(edges(draw(z, partials=True)))))
    assert texts == ["-0.2500", "3.0000"]
    assert "<text" not in "".join(edges(draw(z)))


def test_the_tooltip_of_an_arrow_is_that_of_its_label_and_of_the_space_around():
    (edge,) = edges(draw(2.0 * Value(3.0, label="x"), partials=True))
    assert edge.count("<title>") == 1
    assert edge.index("<title>") < edge.index('class="reach"') < edge.index("<text")
    assert "xlink" not in edge


def edges(drawing: Drawing) -> list[str]:
    return re.findall(r'<g id="[^"]*" class="edge">.*?</g>', drawing.svg, re.DOTALL)


def test_a_drawing_is_a_snapshot():
    x = Value(3.0)
    drawing = draw(x)
    x.data = 4.0
    assert ["data", "3.0000", "grad", "—\N{NO-BREAK SPACE}"] in cards(drawing)


@pytest.mark.parametrize(
    "x,precision,text",
    [
        (0.0, 4, "0"),
        (-0.0, 4, "0"),
        (1.0, 4, "1.0000"),
        (-12345.678, 4, "-12345.6780"),
        (123456.0, 4, "1.235e+5"),
        (0.001, 4, "0.0010"),
        (0.000999, 4, "9.990e-4"),
        (5e-324, 4, "4.941e-324"),
        (0.5, 1, "0.5"),
        (2 / 3, 8, "0.66666667"),
        (math.inf, 4, "inf"),
        (-math.inf, 4, "-inf"),
        (math.nan, 4, "nan"),
    ],
)
def test_numbers_are_readable(x, precision, text):
    assert number(x, precision) == text


# ---- what it withstands ----


@pytest.mark.parametrize("label", HOSTILE)
def test_a_label_is_shown_as_it_is(label):
    drawing = draw(Value(1.0, label=label) * 2.0)
    assert label in cards(drawing)[0]
    assert tooltips(drawing, "node")[0] == f"{label}: data 1.0, grad not computed yet"
    assert tooltips(drawing, "edge") == [f"{label} → the * 2: local slope 2.0"]


@pytest.mark.parametrize("label", ["\x00", "\x1b[31m", "\ud800", "\ufffe", "\x85\x9f", "a\nb\tc"])
def test_characters_that_xml_forbids_are_replaced(label):
    root = Value(1.0, label=label)
    ElementTree.fromstring(draw(root).svg)
    draw(root).dot.encode()


def test_a_very_long_label_is_cut():
    (card,) = cards(draw(Value(1.0, label="x" * 10_000)))
    assert card[0] == "x" * 23 + "…"
    assert len(draw(Value(1.0, label="x" * 10_000)).dot) < 2_000


def test_wide_letters_get_a_wide_card():
    width = ElementTree.fromstring(draw(Value(1.0, label="重" * 20)).svg).attrib["width"]
    assert float(width[:-2]) > 20 * 11


def test_too_many_values_are_refused_with_what_to_do():
    root = Value(1.0)
    for _ in range(500):
        root = root + 1.0
    with pytest.raises(AutogradError, match=r"501 values.*max_nodes=500.*collapse=.*depth=.*max_nodes=501"):
        draw(root)
    assert len(draw(root, max_nodes=501).scene.boxes) == 501


@pytest.mark.parametrize("root", [3.0, None, "x", int])
def test_another_root_is_a_type_error_that_names_it(root):
    with pytest.raises(TypeError, match=re.escape(f"not {type(root).__name__}: {root!r}")):
        draw(root)


def test_wrong_options_are_refused():
    with pytest.raises(ValueError, match="'LR' or 'TB', not 'up'"):
        draw(Value(1.0), direction="up")
    with pytest.raises(ValueError, match="from 1 to 17, not 0"):
        draw(Value(1.0), precision=0)
    with pytest.raises(ValueError, match="'neuron', 'layer' or None, not 'all'"):
        draw(Value(1.0), collapse="all")
    with pytest.raises(ValueError, match="at least 0, not -1"):
        draw(Value(1.0), depth=-1)
    with pytest.raises(ValueError, match="got none"):
        draw([])
    with pytest.raises(TypeError, match="model is a Module, not str: 'mlp'"):
        draw(Value(1.0), model="mlp")


def test_five_hundred_boxes_take_less_than_two_seconds():
    resource = pytest.importorskip("resource")

    def seconds() -> float:  # of this process and its children, whatever else the machine does
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(use.ru_utime + use.ru_stime for use in used)

    rows = [[Value(1.0) for _ in range(10)]]
    while len(rows) < 50:
        rows.append([a + b for a, b in zip(rows[-1], rows[-1][1:] + rows[-1][:1], strict=True)])
    before = seconds()
    assert draw(rows[-1]).svg.count('class="node"') == 500
    assert seconds() - before < 2


def test_refusing_is_quick_whatever_the_size():
    root = Value(1.0)
    for _ in range(100_000):
        root = root + 1.0
    with pytest.raises(RenderError, match="100001 values"):
        draw(root)


def test_a_graph_can_be_drawn_after_the_optimiser_has_moved_its_leaves():
    x = Value(1.0, label="x")
    y = x * x
    y.backward()
    x.data = 3.0
    assert "3.0000" in draw(y).dot
    assert "1.0000" in draw(y).dot


# ---- the page ----

SCRIPT = """
from autograd_mini.engine import Value
from autograd_mini.render import draw
from autograd_mini.nn import MLP
x, y = Value(2.0, label="x"), Value(0.5)
z = (x * y + x).tanh() * x * x
z.backward()
print(draw(z, names=locals()).dot, draw(z, partials=True).svg)
model = MLP(2, [3, 1], lambda v: v * v + 1.0, seed=0)
cost = sum((model([Value(i / 4), 1.0]) - 1.0) ** 2 for i in range(5))
print(*[draw(cost, model=model, collapse=level).svg for level in (None, "neuron", "layer")], draw(model).svg)
"""


def test_the_same_graph_gives_the_same_bytes_in_any_process():
    runs = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1
    assert b"<svg" in runs.pop()


def test_two_drawings_on_a_page_share_no_id():
    ids = [re.findall(r' id="([^"]+)"', draw(root).svg) for root in (neuron(), Value(1.0))]
    assert len(ids[0] + ids[1]) == len({*ids[0], *ids[1]})


def test_the_svg_is_one_element_that_describes_itself():
    out = neuron()
    out.backward()
    svg = draw(out).svg
    assert svg.startswith("<svg ")
    assert svg == draw(out)._repr_svg_()
    root = ElementTree.fromstring(svg)
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"].split() == [title.attrib["id"], description.attrib["id"]]
    assert title.text == "Computation graph of out"
    assert description.text == (
        f"Boxes: 6. Arrows from operands to results: 5. Root: out: data {out.data!r}, grad 1.0. "
        f"Leaves: w: data -3.0, grad {out.parents[0].parents[0].parents[0].grad!r}; x: data 2.0, "
        f"grad {out.parents[0].parents[0].parents[1].grad!r}; b: data 6.7, grad {out.parents[0].parents[1].grad!r}."
    )


def test_a_notebook_gets_svg_and_text():
    drawing = draw(neuron())
    assert drawing._repr_mimebundle_(include=None, exclude=None) == {
        "image/svg+xml": drawing.svg,
        "text/plain": "Drawing(boxes=6, arrows=5)",
    }


def test_the_description_names_the_first_leaves_and_counts_the_rest():
    svg = draw([Value(float(i), label=f"x{i}") * 2.0 for i in range(15)]).svg
    words = ElementTree.fromstring(svg).findtext(f"{SVG}desc")
    assert "Leaves: x0: data 0.0, grad not computed yet; x1: " in words
    assert words.endswith("x11: data 11.0, grad not computed yet; and 3 more leaves.")


def test_on_a_page_an_svg_is_never_wider_than_its_place():
    assert 'style="max-width:100%;height:auto"' in draw(neuron()).svg.splitlines()[0]


def test_every_colour_has_one_dark_counterpart():
    pairs = {(LIGHT[name], DARK[name]) for name in LIGHT if name != "page"}
    assert len(pairs) == len({light for light, _ in pairs})
    for drawing in (draw(neuron(), partials=True), draw(MLP(2, [2, 1], seed=0))):
        assert set(re.findall(r"#[0-9a-f]{6}", drawing.dot)) <= {light for light, _ in pairs}
        assert set(re.findall(r'"(#[0-9a-f]{6})"', drawing._dot(DARK))) <= set(DARK.values())


def luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return sum(
        weight * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
        for weight, c in zip((0.2126, 0.7152, 0.0722), channels, strict=True)
    )


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read_on_every_ground(theme):
    grounds = [
        theme[name] for name in theme if re.match(r"page|ground|layer$|neuron$|neutral|(posi|nega)tive \d", name)
    ]
    assert len(grounds) == 13
    pairs = [(theme[text], ground) for text in ("ink", "quiet") for ground in grounds]
    assert min(contrast(*pair) for pair in [*pairs, (theme["badge ink"], theme["badge"])]) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_lines_can_be_seen_on_the_page(theme):
    assert min(contrast(theme[f"{sign}line"], theme["page"]) for sign in ("", "positive ", "negative ")) >= 3
    assert contrast(theme["line"], theme["layer"]) >= 3


# ---- files ----


@pytest.mark.parametrize("name,start", [("g.svg", b"<svg "), ("g.PNG", b"\x89PNG"), ("g.dot", b"digraph ")])
def test_save_writes_what_the_suffix_says(tmp_path, name, start):
    assert draw(neuron()).save(tmp_path / name) == tmp_path / name
    assert (tmp_path / name).read_bytes().startswith(start)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("suffix", [".svg", ".png", ".dot"])
def test_a_drawing_can_be_saved_for_dark_slides(tmp_path, suffix):
    light = draw(neuron()).save(tmp_path / f"light{suffix}").read_bytes()
    dark = draw(neuron()).save(tmp_path / f"dark{suffix}", dark=True).read_bytes()
    assert light != dark
    if suffix != ".png":
        assert DARK["page"] in dark.decode()
        assert LIGHT["badge"] not in dark.decode()


def test_a_png_has_a_ground_of_its_own_and_is_sharp(tmp_path):
    png = draw(neuron()).save(tmp_path / "g.png").read_bytes()
    svg = ElementTree.fromstring(draw(neuron()).svg)
    width = int.from_bytes(png[16:20])
    assert width == pytest.approx(float(svg.attrib["width"][:-2]) * 192 / 72, rel=0.01)
    assert draw(neuron())._dot(LIGHT).count(f'bgcolor="{LIGHT["page"]}"') == 1


@pytest.mark.parametrize("name", ["g.pdf", "g"])
def test_another_suffix_is_an_error_that_names_the_three(tmp_path, name):
    with pytest.raises(ValueError, match=r"\.svg, \.png or \.dot"):
        draw(neuron()).save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_saving_into_no_folder_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere"):
        draw(neuron()).save(tmp_path / "nowhere" / "g.dot")


def test_dot_needs_no_engine(tmp_path):
    drawing = draw(neuron(), engine=tmp_path / "no-such-dot")
    assert drawing.save(tmp_path / "g.dot").read_text() == draw(neuron()).dot
    with pytest.raises(GraphvizNotFoundError):
        drawing.save(tmp_path / "g.png")
    assert [path.name for path in tmp_path.iterdir()] == ["g.dot"]


def test_importing_the_package_loads_no_other(tmp_path):
    program = "import sys, autograd_mini.render; print('graphviz' in sys.modules or 'tqdm' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    "option,wrong,error",
    [
        ("precision", "3", "precision is a whole number from 1 to 17, not '3'"),
        ("precision", 2.5, "precision is a whole number from 1 to 17, not 2.5"),
        ("precision", 18, "precision is a whole number from 1 to 17, not 18"),
        ("depth", 1.5, "depth is a whole number, at least 0, not 1.5"),
        ("max_nodes", "5", "max_nodes is a whole number, at least 1, not '5'"),
        ("max_nodes", 0, "max_nodes is a whole number, at least 1, not 0"),
        ("names", ["x"], "names is a mapping from names to Values, such as locals(), not list"),
        ("engine", 5, "engine is 'embedded', 'system', a path or a function, not 5"),
    ],
)
def test_an_option_of_a_wrong_type_is_refused_at_once(option, wrong, error):
    with pytest.raises((TypeError, ValueError), match=re.escape(error)):
        draw(Value(1.0), **{option: wrong})


def test_a_gradient_alone_is_no_taller_than_the_operation():
    root = neuron()
    root.label = ""
    root.backward()
    node = ElementTree.fromstring(draw(root, values=False).svg).findall(f".//{SVG}g[@class='node']")[-1]
    badge, pill = (path.get("d") for path in node.findall(f"{SVG}path")[1:])
    heights = [{float(y) for y in re.findall(r",(-?[\d.]+)", d)} for d in (badge, pill)]
    assert max(heights[0]) - min(heights[0]) == pytest.approx(max(heights[1]) - min(heights[1]), abs=2.0)
