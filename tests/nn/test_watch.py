"""`Watch`: it shows the model at each moment, always including the last, and changes nothing in the training."""

import base64
import random
import re
import struct
import xml.etree.ElementTree as ET
import zlib
from pathlib import Path
from typing import Any

import pytest

from autograd_mini import sigmoid, stop_gradient
from autograd_mini.errors import AutogradError
from autograd_mini.nn import (
    MLP,
    Adam,
    History,
    Neuron,
    Watch,
    binary_cross_entropy_with_logits,
    cross_entropy,
    fit,
    mse,
)
from autograd_mini.nn.saturation import Layers
from autograd_mini.nn.sight import Sight
from autograd_mini.render import live
from autograd_mini.render.training import Answers, Region

random.seed(3)
X = [[random.uniform(-1, 1), random.uniform(-1, 1)] for _ in range(30)]
Y = [int(x + y > 0) for x, y in X]


def network(*widths: int, seed: int = 0, **options: Any) -> MLP:
    return MLP(2, [*widths], activation="tanh", seed=seed, **options)


def pixels(svg: str) -> tuple[int, list[list[tuple[int, ...]]]]:
    """The side of the region and its colours."""
    found = re.search(r'href="data:image/png;base64,([^"]+)"', svg)
    assert found
    png = base64.b64decode(found[1])
    width, height = struct.unpack(">II", png[16:24])
    start = png.index(b"IDAT")
    (length,) = struct.unpack(">I", png[start - 4 : start])
    rows = zlib.decompress(png[start + 4 : start + 4 + length])
    stride = 4 * width + 1
    lines = [rows[k * stride + 1 : (k + 1) * stride] for k in range(height)]
    return width, [[tuple(line[i : i + 3]) for i in range(0, len(line), 4)] for line in lines]


def test_training_is_the_same_to_the_bit_with_and_without_it() -> None:
    ends = []
    for watched in (False, True):
        model = network(4, 1)
        watch = Watch(model, X, Y) if watched else None
        fit(model, X, Y, loss=binary_cross_entropy_with_logits, epochs=12, batch_size=7, seed=1, callback=watch)
        ends.append((model.state_dict(), [n.z.data for n in model.layers[0].neurons if n.z is not None]))
    assert ends[0] == ends[1]


@pytest.mark.parametrize("loss, threshold", [(binary_cross_entropy_with_logits, 0.0), (mse, 0.5)])
def test_the_region_is_where_the_model_answers_so(loss: Any, threshold: float) -> None:
    model = network(4, 1, seed=2)
    watch = Watch(model, X, Y)
    fit(model, X, Y, loss=loss, optimizer=Adam(model.parameters(), lr=0.1), epochs=40, callback=watch)
    side, colours = pixels(watch.svg)
    blue = {(37, 99, 235): True, (234, 88, 12): False}
    across, up = watch._sight.data.across, watch._sight.data.up  # type: ignore[union-attr]
    for j, row in enumerate(colours):
        for i, colour in enumerate(row):
            x = across[0] + (across[1] - across[0]) * (i + 0.5) / side
            y = up[1] - (up[1] - up[0]) * (j + 0.5) / side
            assert blue[colour] == (model([x, y]).data > threshold)


def test_the_last_moment_is_that_of_the_end_whatever_ended_it() -> None:
    model = network(3, 1)
    watch = Watch(model, X, Y)
    history = fit(model, X, Y, epochs=5, callback=watch)
    assert f"epoch 5: cost {history.cost[-1]:.4g}" in watch.svg
    stopped = Watch(model, X, Y, callback=lambda epoch, history: epoch == 2)
    history = fit(model, X, Y, epochs=50, callback=stopped)
    assert history.reason == "stopped by the callback"
    assert "epoch 3: cost" in stopped.svg
    with pytest.warns(RuntimeWarning, match="diverged"):
        history = fit(model, X, Y, optimizer=Adam(model.parameters(), lr=1e300), epochs=50, callback=watch)
    assert f"epoch {history.epochs}: cost" in watch.svg or "before the first epoch" in watch.svg


def test_an_interrupt_still_shows_the_last_whole_epoch() -> None:
    def interrupt(epoch: int, history: History) -> None:
        if epoch == 3:
            raise KeyboardInterrupt

    model = network(3, 1)
    watch = Watch(model, X, Y, callback=interrupt)
    history = fit(model, X, Y, epochs=50, callback=watch)
    assert "interrupted" in history.reason
    assert f"epoch {history.epochs}: cost" in watch.svg


def test_several_classes_are_told_apart_and_one_input_is_a_line() -> None:
    model = network(4, 3)
    sight = Sight(model, X, [k % 3 for k in range(len(X))])
    region = sight.answers(9)
    assert isinstance(region, Region)
    assert {len(row) for row in region.classes} == {len(region.classes)} == {9}
    across, up = sight.data.across, sight.data.up  # type: ignore[union-attr]
    corner = [across[0] + (across[1] - across[0]) / 18, up[1] - (up[1] - up[0]) / 18]
    scores = [z.data for z in model(corner)]
    assert region.classes[0][0] == scores.index(max(scores))
    assert all(0.0 <= sure <= 1.0 for row in region.sure for sure in row)
    line = MLP(1, [3, 1], activation="tanh", seed=0)
    answers = Sight(line, [0.0, 1.0, 2.0], [1.0, 2.0, 3.0]).answers(8)
    assert isinstance(answers, Answers)
    assert all(y == line(x).data for x, y in answers.line)
    assert answers.line[0][0] < 0.0 < 2.0 < answers.line[-1][0]


def test_more_than_two_inputs_have_curves_and_layers_alone() -> None:
    model = MLP(3, [2, 1], activation="sigmoid", seed=0)
    rows = [[0.0, 1.0, 2.0], [1.0, 0.0, 1.0]]
    watch = Watch(model, rows, [0.0, 1.0])
    fit(model, rows, [0.0, 1.0], epochs=3, callback=watch)
    assert "<image" not in watch.svg
    assert "layer 1" in watch.svg
    assert "length of the gradient" in watch.svg


@pytest.mark.parametrize(
    "activation, at, expected",
    [("tanh", 3.0, 1.0), ("tanh", 0.5, 0.0), ("sigmoid", 5.0, 1.0), ("sigmoid", 1.0, 0.0), ("relu", -1.0, 1.0),
     ("relu", 1.0, 0.0), (lambda z: sigmoid(z) * 2.0, 5.0, 1.0), (stop_gradient, 1.0, 0.0)],
)  # fmt: skip
def test_a_layer_is_saturated_where_its_activation_is_flat(activation: Any, at: float, expected: float) -> None:
    neuron = Neuron(1, activation, init=1.0)
    assert [*Layers(neuron).saturation([at]).values()] == [expected]


def test_a_layer_without_activation_is_not_measured() -> None:
    assert Layers(MLP(2, [2, 1], "relu", seed=0)).saturation(X).keys() == {"layer 1"}
    assert Layers(lambda x: x).saturation(X) == {}


# ---- where it is seen ----


def test_it_shows_itself_in_place_where_there_is_a_screen() -> None:
    shown: list[dict[str, str]] = []
    opened: list[int] = []

    def screen() -> live.Show:
        opened.append(1)
        return shown.append

    model = network(3, 1)
    watch = Watch(model, X, Y)
    before = live.use_screen(screen)
    try:
        fit(model, X, Y, epochs=5, callback=watch)
    finally:
        live.use_screen(before)
    assert len(opened) == 1
    assert shown[-1] == {"image/svg+xml": watch.svg, "text/plain": "Watch(epochs=5)"}


def test_elsewhere_it_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    model = network(3, 1)
    fit(model, X, Y, epochs=3, progress=False, callback=Watch(model, X, Y))
    assert capsys.readouterr() == ("", "")


def test_a_saved_training_moves_and_rests_on_its_last_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograd_mini.nn.watch.APART", 0.0)
    monkeypatch.setattr("autograd_mini.nn.watch.SHARE", 1e9)
    monkeypatch.setattr("autograd_mini.nn.watch.MOST", 8)
    model = network(3, 1)
    watch = Watch(model, X, Y)
    fit(model, X, Y, epochs=90, callback=watch)
    root = ET.parse(watch.save(tmp_path / "training.svg")).getroot()
    frames = [g for g in root.iter("{http://www.w3.org/2000/svg}g") if g.get("class") == "frame"]
    assert 20 < len(frames) <= 61  # of many, some that are evenly apart
    assert [frame.get("visibility") for frame in frames] == ["hidden"] * (len(frames) - 1) + [None]
    epochs = [int(re.findall(r"epoch (\d+): cost", "".join(frame.itertext()))[0]) for frame in frames]
    assert epochs == sorted(set(epochs))
    assert (epochs[0], epochs[-1]) == (1, 90)
    assert "prefers-reduced-motion" in (tmp_path / "training.svg").read_text()
    assert (tmp_path / "training.svg").stat().st_size < 400_000


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    model = network(2, 1)
    watch = Watch(model, X, Y)
    with pytest.raises(AutogradError, match="pass this to fit, as its callback"):
        watch.save(tmp_path / "a.svg")
    with pytest.raises(AutogradError, match="nothing was watched"):
        _ = watch.svg
    fit(model, X, Y, epochs=1, callback=watch)
    with pytest.raises(ValueError, match=r"cannot save a training as '\.gif': use \.svg"):
        watch.save(tmp_path / "a.gif")
    with pytest.raises(ValueError, match="X has 30 rows and Y has 1"):
        Watch(model, X, [1.0])
    with pytest.raises(ValueError, match="X is empty"):
        Watch(model, [], [])
    assert list(tmp_path.iterdir()) == []


def test_a_compiled_training_is_watched_as_well() -> None:
    pytest.importorskip("numpy")
    model = network(4, 3)
    targets = [k % 3 for k in range(len(X))]
    watch = Watch(model, X, targets)
    history = fit(model, X, targets, loss=cross_entropy, epochs=4, compile=True, callback=watch)
    assert f"epoch 4: cost {history.cost[-1]:.4g}" in watch.svg
    assert pixels(watch.svg)[0] >= 8
