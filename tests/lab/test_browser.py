"""The lab as a person meets it: a real Chromium, a real run of the whole of MNIST."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.neighbors import NearestNeighbors
from tests.lab.browsing import AXE, CHROMIUM, DRAWN_HERE, Lab, browser, serving
from tests.lab.browsing import inscape as command

import inscape
from inscape.data import load

pytestmark = pytest.mark.proof

SIZES = {"desk": (1440, 900), "small": (1024, 768), "phone": (360, 780)}
HOSTS = ["page", "file"]
# A link tells seven digits of a number.
STATE = (
    "JSON.stringify(lab.store.state,"
    " (_, value) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value))"
)


@pytest.fixture(scope="module")
def chromium():
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def run(tmp_path_factory, chromium) -> Path:
    """One epoch on the whole of MNIST, in two components."""
    folder = tmp_path_factory.mktemp("lab")
    command("fit", "mnist", "--epochs", "1", "--run", "digits", cwd=folder)
    return folder / "digits"


@pytest.fixture(scope="module")
def addresses(run):
    """The run as a page and as a file."""
    file = run.parent / "digits.html"
    command("export", str(run), "--html", str(file), cwd=run.parent)
    assert file.stat().st_size < 15e6
    with serving(run) as (address, _):
        yield {"page": address, "file": file.as_uri()}


@pytest.fixture
def lab(request, chromium, addresses):
    host, options = getattr(request, "param", ("page", {}))
    opened = Lab(chromium, addresses[host], **options)
    yield opened
    opened.close()
    assert opened.complaints == []
    # Nothing is asked of anybody else: of no host at all where there is a file.
    hosts = {
        urlsplit(url).hostname for url in opened.asked if not url.startswith(("blob:", "data:"))
    }
    assert hosts == ({"127.0.0.1"} if host == "page" else {None, ""} & hosts)


def on(*hosts: str, **options):
    return pytest.mark.parametrize("lab", [(host, options) for host in hosts], indirect=True)


@on(*HOSTS)
def test_the_page_shows_pythons_numbers(lab, run):
    data, model = load("mnist"), inscape.load(run)
    metrics = json.loads((run / "metrics.json").read_text())["test"]
    assert f"{metrics['Autoencoder']['squared_error']:.4f}" in lab.text("header")
    assert f"PCA’s {metrics['PCA']['squared_error']:.4f}" in lab.text("header")
    rows = [0, 9, 4321, 9999]
    codes = np.array([lab.ask("Array.from(lab.document.code(given))", row) for row in rows])
    np.testing.assert_allclose(codes, model.transform(data.test.X[rows]), atol=1e-5)
    decoded = lab.ask(
        "given.map((code) => Array.from(lab.decodeNow(Float64Array.from(code))))", codes.tolist()
    )
    np.testing.assert_allclose(decoded, model.inverse_transform(codes), atol=1e-5)
    shown = np.array([lab.ask("Array.from(lab.document.row(given))", row) for row in rows])
    np.testing.assert_allclose(shown, data.test.X[rows], atol=1e-7)
    away = data.test.X[9] - model.inverse_transform(model.transform(data.test.X[9:10]))[0]
    lab.ask("lab.pin(given)", 9)
    assert lab.text(".inspector .error .number") == f"{np.mean(away**2):.4f}"
    assert lab.text(".inspector h2").startswith("Test digit 9, ")


@on("file")
def test_neighbours_are_those_of_another_library(lab, run):
    data, model = load("mnist"), inscape.load(run)
    lab.ask("lab.pin(given)", 123)
    pixels = NearestNeighbors(n_neighbors=7).fit(data.test.X)
    found = pixels.kneighbors(data.test.X[123:124], return_distance=False)[0, 1:]
    assert lab.ask("lab.lookAlikes") == found.tolist()
    codes = model.transform(data.test.X)
    near = NearestNeighbors(n_neighbors=7).fit(codes)
    wanted = near.kneighbors(codes[123:124], return_distance=False)[0, 1:]
    told = lab.page.locator(".rows").first.locator("button").all()
    names = [re.search(r"digit ([\d,]+)", one.get_attribute("aria-label"))[1] for one in told]
    assert [int(name.replace(",", "")) for name in names] == wanted.tolist()


@on(*HOSTS)
def test_a_place_goes_to_a_code_and_back_on_both_scales(lab):
    for scale in ("spread", "true"):
        lab.ask("lab.store.set({ scale: given })", scale)
        codes = [[0.3, -1.2], [0.0, 0.0], [40.0, 7.0]]
        back = lab.ask(
            "given.map((code) => Array.from(lab.plane.code(...lab.plane.place(code), [0, 0])))",
            codes,
        )
        np.testing.assert_allclose(back, codes, rtol=1e-9, atol=1e-9)


@on(*HOSTS)
def test_pointing_pinning_and_letting_go(lab):
    x, y = lab.place_of(77)
    lab.page.mouse.move(x + 3, y)
    lab.page.mouse.move(x, y)
    assert lab.page.locator(".card canvas").count() == 2
    lab.page.mouse.click(x, y)
    assert "Test digit" in lab.text(".inspector h2")
    lab.page.keyboard.press("Escape")
    assert lab.text(".inspector h2") == "What this is"


POINTS = """(() => {
  lab.map.drawPoints();
  const { points } = lab.map.layers;
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [points.width, points.height];
  const context = copy.getContext("2d");
  context.drawImage(points, 0, 0);
  const { data } = context.getImageData(0, 0, copy.width, copy.height);
  return { shape: [copy.height, copy.width, 4], values: Array.from(data) };
})()"""


def drawn_points(lab):
    """Return the layer of points on white paper."""
    told = lab.ask(POINTS)
    pixels = np.array(told["values"], dtype=np.float64).reshape(told["shape"])
    opacity = pixels[:, :, 3:] / 255
    return pixels[:, :, :3] * opacity + 255 * (1 - opacity)


def test_a_browser_without_webgl_draws_the_same_points(addresses, chromium):
    with_it = Lab(chromium, addresses["file"])
    wanted = drawn_points(with_it)
    assert with_it.ask("lab.map.layers.points.getContext('webgl2') !== null")
    with_it.close()
    plain = chromium.browser_type.launch(
        executable_path=CHROMIUM, args=[*DRAWN_HERE, "--disable-3d-apis"]
    )
    without = Lab(plain, addresses["file"])
    assert without.ask("lab.map.layers.points.getContext('2d') !== null")
    without.ask("lab.pin(3)")
    assert "Test digit 3" in without.text(".inspector h2")
    found = drawn_points(without)
    assert without.complaints == []
    plain.close()
    # Discs at the same places: a shift by one pixel is three times as far from them.
    away = np.abs(found - wanted).mean()
    assert away < 0.34 * np.abs(np.roll(wanted, 1, axis=1) - wanted).mean()


@on(*HOSTS)
def test_dragging_in_decode_draws_a_path_that_can_be_kept(lab):
    lab.page.get_by_role("button", name="Decode").click()
    box = lab.page.locator(".map").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    lab.page.mouse.move(*middle)
    lab.page.mouse.down()
    for step in range(1, 12):
        lab.page.mouse.move(middle[0] + 18 * step, middle[1] - 6 * step)
    lab.page.mouse.up()
    picture = (
        "document.querySelector('.card canvas').getContext('2d').getImageData(0, 0, 28, 28).data"
    )
    row = lab.ask("Array.from(lab.decodeNow(Float64Array.from(lab.store.state.code)))")
    shown = np.array(lab.ask(f"Array.from({picture})")).reshape(784, 4)[:, 0]
    expected = 255 + (32 - 255) * np.clip(row, 0, 1)
    assert np.abs(shown - expected).max() <= 1
    with lab.page.expect_download() as kept:
        lab.page.get_by_role("button", name="Save GIF").click()
    film = Path(kept.value.path()).read_bytes()
    assert film[:6] == b"GIF89a"
    image = pytest.importorskip("PIL.Image")
    with image.open(kept.value.path()) as opened:
        assert opened.n_frames == 78


@on("page")
def test_a_lasso_counts_what_lies_inside(lab):
    box = lab.page.locator(".map").bounding_box()
    corners = [(0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.3, 0.7)]
    places = [(box["x"] + a * box["width"], box["y"] + b * box["height"]) for a, b in corners]
    lab.page.mouse.move(*places[0])
    lab.page.keyboard.down("Shift")
    lab.page.mouse.down()
    for place in [*places[1:], places[0]]:
        lab.page.mouse.move(*place, steps=3)
    lab.page.mouse.up()
    lab.page.keyboard.up("Shift")
    at = np.array(
        lab.ask(
            "Array.from({ length: 10000 }, (_, i) => lab.document.code(i))"
            ".map((code) => lab.map.view.toScreen(...lab.plane.place(code)))"
        )
    )
    inside = (
        (at[:, 0] > 0.3 * box["width"])
        & (at[:, 0] < 0.7 * box["width"])
        & (at[:, 1] > 0.3 * box["height"])
        & (at[:, 1] < 0.7 * box["height"])
    )
    told = int(lab.text(".inspector h2").split()[0].replace(",", ""))
    assert told == len(lab.ask("lab.selection"))
    assert abs(told - inside.sum()) <= 0.005 * inside.sum() + 5
    with lab.page.expect_download() as kept:
        lab.page.get_by_role("button", name="Save as CSV").click()
    lines = Path(kept.value.path()).read_text().splitlines()
    assert lines[0] == "part,row,label,z1,z2,error"
    assert len(lines) == told + 1


@on(*HOSTS)
def test_a_link_shows_the_same_thing_and_back_goes_back(lab, chromium):
    lab.page.get_by_role("button", name="Decode").click()
    lab.ask("lab.pin(given)", 42)
    lab.page.get_by_role("button", name="True").click()
    lab.page.keyboard.press("[")
    lab.page.wait_for_timeout(300)
    title, state = lab.text(".inspector h2"), lab.ask(STATE)
    other = Lab(chromium, lab.page.url)
    assert other.text(".inspector h2") == title
    assert other.ask(STATE) == state
    other.close()
    lab.page.reload()
    lab.wait()
    assert lab.ask(STATE) == state
    lab.page.go_back()
    lab.page.wait_for_timeout(100)
    assert lab.ask("lab.store.state.scale") == "spread"
    lab.page.go_forward()
    lab.page.wait_for_timeout(100)
    assert lab.ask("lab.store.state.scale") == "true"


@on("file")
def test_a_link_of_anybodys_breaks_nothing(lab):
    for bad in (
        "pin=99999999",
        "code=1",
        "camera=0,0,-1",
        "moment=800",
        "axes=7,7",
        "colour=column:x",
        "lasso=1,2",
        "%",
        "pin=<img>",
    ):
        lab.page.goto(lab.page.url.split("#")[0] + "#" + bad)
        lab.page.wait_for_timeout(50)
        assert lab.text(".inspector h2")


@on(*HOSTS)
def test_the_curve_is_the_track_of_time(lab, run):
    track = lab.page.get_by_role("slider", name="Moment of the training")
    track.focus()
    lab.page.keyboard.press("Home")
    assert lab.ask("lab.store.state.moment") == 0
    model = next(iter(inscape.runs.Run(run).snapshots()))[1]
    wanted = model.transform(load("mnist").test.X[:5])
    drawn = lab.ask("Array.from(lab.codesAt(0).slice(0, 10))")
    np.testing.assert_allclose(np.reshape(drawn, (5, 2)), wanted, atol=1e-5)
    lab.page.keyboard.press("End")
    assert lab.ask("lab.store.state.moment") is None


@on(*HOSTS)
def test_what_is_inside_at_a_moment_is_pythons(lab, run):
    test = load("mnist").test
    X, y = test.X, np.asarray(test.y)
    moments = list(inscape.runs.Run(run).snapshots())
    for moment in (0, len(moments) - 3, None):
        then = inscape.load(run) if moment is None else moments[moment][1]
        lab.ask("lab.store.set({ moment: given })", moment)
        codes = then.transform(X)
        means = np.array([codes[y == label].mean(axis=0, dtype=float) for label in range(10)])
        means = means - means.mean(axis=0)
        ask = "lab.inspector.inside.likeness(given)"
        told = lab.ask(f"({{ ...{ask}, values: Array.from({ask}.values) }})", moment)
        assert told["names"] == [str(label) for label in range(10)]
        shown = np.reshape(told["values"], (10, 10))
        np.testing.assert_allclose(shown, means @ means.T, rtol=1e-4, atol=1e-4)
        away = np.linalg.norm(means[:, None] - means, axis=-1) + 1e9 * np.eye(10)
        closest = list(np.unravel_index(away.argmin(), away.shape))
        assert told["closest"] == closest
        if moment is not None:
            words = f"It holds {closest[0]} and {closest[1]} for most alike."
            assert lab.text(".inspector h2 + p") == words
        for side in ("reads", "writes"):
            units = lab.ask("lab.document.told.tiles[given].units", side)
            network = then.network_.encoder if side == "reads" else then.network_.decoder
            large = [w for w in network.state_dict().values() if w.ndim == 2 and w.numel() > 1e5]
            wanted = large[0].numpy()[units] if side == "reads" else large[0].numpy().T[units]
            tiles = lab.ask("Array.from(lab.inspector.inside.tiles(...given))", [side, moment])
            tiles = np.reshape(tiles, wanted.shape)
            tone = np.abs(wanted).max(axis=1, keepdims=True) / 127
            assert (np.abs(tiles - wanted) <= (1e-7 if moment is None else 0.51 * tone)).all()
        code = codes[7].tolist()
        decoded = lab.ask("Array.from(lab.decodeNow(Float64Array.from(given)))", code)
        away = decoded - then.inverse_transform(codes[7:8])[0]
        # Of earlier moments weights have 8 bits.
        assert np.sqrt(np.mean(away**2)) < (1e-5 if moment is None else 0.005)
    lab.ask("lab.store.set({ moment: 0, mode: 'decode' })")
    lab.page.wait_for_selector(".map-note:has-text('decoder is that of step 0')")
    lab.ask("lab.pin(7)")
    assert "As it was at step 0" in lab.text(".inspector")
    code = moments[0][1].transform(X[7:8])[0]
    np.testing.assert_allclose(lab.ask("lab.store.state.code"), code, rtol=1e-5)


@on("file")
def test_what_is_inside_answers_to_the_keyboard(lab):
    lab.ask("lab.store.set({ moment: 4 })")
    matrix = lab.page.locator(".alike canvas")
    assert "most alike" in matrix.get_attribute("aria-label")
    matrix.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        lab.page.keyboard.press(key)
    value = lab.ask("lab.inspector.inside.likeness(4).values[11]")
    told = lab.text(".alike + p")
    assert told.startswith("1 with itself")
    assert float(told.split(": ")[1].replace("−", "-")) == pytest.approx(value, rel=0.06)
    tiles = lab.page.locator(".inside > .cells canvas")
    assert tiles.count() == 2
    tiles.first.focus()
    lab.page.keyboard.press("ArrowDown")
    unit = lab.ask("lab.document.told.tiles.reads.units[0]")
    assert f"Unit {unit} of 256" in lab.text(".inside")


@on(*HOSTS)
def test_everything_can_be_reached_and_done_by_keyboard(lab):
    lab.page.evaluate("document.activeElement.blur()")
    reached = []
    for _ in range(60):
        lab.page.keyboard.press("Tab")
        told = lab.page.evaluate(
            "(() => { const e = document.activeElement; if (e === document.body) return null;"
            "return [e.getAttribute('aria-label') || e.innerText"
            " || e.closest('label')?.innerText || '',"
            "getComputedStyle(e).outlineStyle]; })()"
        )
        if told is None:
            break
        reached.append(told)
    names = " ".join(name for name, _ in reached)
    assert all(name.strip() for name, _ in reached), reached
    assert all(outline != "none" for _, outline in reached), reached
    for wanted in (
        "Explore",
        "Decode",
        "Spread",
        "Grid",
        "Lasso",
        "Find a row",
        "Map of",
        "Zoom in",
        "Pin Test digit",
        "z1",
        "Play training",
        "Moment",
        "Theme",
        "Keys",
    ):
        assert wanted in names, wanted
    lab.page.locator(".map").focus()
    lab.page.keyboard.press("ArrowRight")
    lab.page.keyboard.press("Shift+ArrowUp")
    assert lab.ask("lab.store.state.mode") == "decode"
    assert "nearest" in lab.text(".said")
    lab.page.keyboard.press("Enter")
    assert "Test digit" in lab.text(".inspector h2")
    lab.page.keyboard.press("/")
    lab.page.keyboard.type("9,007")
    lab.page.keyboard.press("Enter")
    assert lab.ask("lab.store.state.pin") == 9007
    lab.page.keyboard.press("?")
    assert lab.page.locator(".help").is_visible()
    lab.page.keyboard.press("Escape")
    assert not lab.page.locator(".help").is_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_serious_and_nothing_is_cut(chromium, addresses, size, theme, tmp_path):
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci in lab/")
    width, height = SIZES[size]
    for view in (
        "pin=9007",
        "mode=decode&lasso=-1,-1,1,-1,1,1,-1,1",
        "scale=true&colour=error&moment=3",
        "moment=6&mode=decode",
    ):
        lab = Lab(
            chromium,
            f"{addresses['file']}#{view}",
            viewport={"width": width, "height": height},
            color_scheme=theme,
        )
        assert lab.ask("lab.theme") == theme
        lab.page.evaluate(AXE.read_text(encoding="utf-8") + "; 0")
        found = lab.page.evaluate("axe.run()")["violations"]
        serious = [one["id"] for one in found if one["impact"] in ("serious", "critical")]
        assert serious == []
        wide = lab.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
        lab.page.wait_for_timeout(600)
        picture = tmp_path / f"{size}-{theme}.png"
        lab.page.screenshot(path=str(picture))
        assert picture.stat().st_size > 10_000
        lab.close()
        assert lab.complaints == []


@on("file", reduced_motion="reduce")
def test_motion_stops_where_it_is_unwelcome(lab):
    lab.ask("lab.store.set({ moment: 2 })")
    assert lab.ask("lab.map.points.between") == 1


def test_words_of_the_data_never_become_markup(chromium, tmp_path):
    data = load_wine(as_frame=True)
    frame = data.frame.rename(columns={"alcohol": "<img src=x onerror=alert(1)>"})
    frame["target"] = [
        "</script><b>bold</b>" if t else "<img src=x onerror=alert(1)>" for t in frame["target"]
    ]
    frame.to_csv(tmp_path / "wine.csv", index=False)
    command(
        "fit",
        "wine.csv",
        "--target",
        "target",
        "--scaler",
        "standard",
        "--n-components",
        "3",
        "--run",
        "wine",
        cwd=tmp_path,
    )
    command("export", "wine", "--html", "wine.html", cwd=tmp_path)
    model, rows = inscape.load(tmp_path / "wine"), load(tmp_path / "wine.csv", target="target")
    with serving(tmp_path / "wine") as (page, _):
        for address in (page, (tmp_path / "wine.html").as_uri()):
            lab = Lab(chromium, f"{address}#pin=1&axes=3d")
            assert lab.page.locator(".inscape-lab img, .inscape-lab b b").count() == 0
            assert "<img src=x" in lab.page.inner_text(".inspector")
            code = lab.ask("Array.from(lab.document.code(1))")
            decoded = lab.ask("Array.from(lab.decodeNow(Float64Array.from(given)))", code)
            np.testing.assert_allclose(decoded, model.inverse_transform([code])[0], rtol=1e-5)
            np.testing.assert_allclose(
                lab.ask("Array.from(lab.document.row(1))"), rows.test.X[1], rtol=1e-7
            )
            back = lab.ask("Array.from(lab.plane.code(...lab.plane.place(given), given))", code)
            np.testing.assert_allclose(back, code, atol=1e-8)
            lab.close()
            assert lab.complaints == []


def test_a_decoder_of_pictures_is_asked_of_the_server_or_interpolated(chromium, tmp_path):
    words = ["--network", "convolutional", "--n-components", "2", "--epochs", "2"]
    command("fit", "digits", *words, "--run", "conv", cwd=tmp_path)
    command("export", "conv", "--html", "conv.html", cwd=tmp_path)
    model, data = inscape.load(tmp_path / "conv"), load("digits")
    code = model.transform(data.test.X[:1])[0].tolist()
    expected = model.inverse_transform([code])[0]
    ask = (
        "Promise.resolve(lab.decoder.decode([Float64Array.from(given)]))"
        ".then(([row]) => Array.from(row))"
    )
    with serving(tmp_path / "conv") as (page, process):
        lab = Lab(chromium, page)
        np.testing.assert_allclose(lab.ask(ask, code), expected, atol=1e-5)
        other = Lab(chromium, page)
        np.testing.assert_allclose(other.ask(ask, code), expected, atol=1e-5)
        process.terminate()
        lab.page.wait_for_selector(".state-card[data-kind=waits]", timeout=10_000)
        assert "Everything on this page still works" in lab.text(".state-card")
        lab.ask("lab.pin(3)")
        assert "Test digit 3" in lab.text(".inspector h2")
        lab.close()
        other.close()
    file = Lab(chromium, (tmp_path / "conv.html").as_uri())
    # The note is written with the backdrop, a moment after the rows are there.
    file.page.wait_for_selector(".map-note:not(:empty)", timeout=10_000)
    assert "interpolated" in file.text(".map-note")
    assert np.abs(np.array(file.ask(ask, code)) - expected).mean() < 0.05
    file.close()


DYNAMICS = """(() => {
  const { problem, course } = lab.dynamics;
  const plain = ({ rows, columns, values }) => ({ rows, columns, values: Array.from(values) });
  return {
    targets: plain(problem.targets), named: plain(problem.named), features: problem.nFeatures,
    start: course.start.map(plain), loss: Array.from(course.loss),
    modes: course.modes.map((one) => Array.from(one)),
    theory: course.theory?.map((one) => Array.from(one)),
    stable: course.stableRate, diverged: course.diverged,
    similarity: course.similarity && Array.from(course.similarity.at(-1)),
  };
})()"""


def as_matrix(told):
    return np.array(told["values"]).reshape(told["rows"], told["columns"])


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"layers": 0, "rate": 150},
        {"layers": 3, "gamma": 0.5},
        {"hidden": 3, "gamma": 1e-3},
        {"gamma": 8},
    ],
)
@on("file")
def test_dynamics_in_the_page_are_pythons(lab, changed):
    from inscape import dynamics

    lab.ask("lab.store.set({ view: 'dynamics' })")
    state = {"rate": 100, "gamma": 1e-12, "hidden": 30, "layers": 1, "epochs": 250} | changed
    lab.ask("lab.store.set({ dynamics: { ...lab.dynamics.state, ...given } })", state)
    told = lab.ask(DYNAMICS)
    start = [as_matrix(one) for one in told["start"]]
    n_items, outputs = 8, start[-1].shape[0]
    targets = np.zeros((n_items, outputs))
    targets[:, : told["targets"]["rows"]] = as_matrix(told["targets"]).T
    # Fewer outputs stand for all features: the loss is a mean over more entries.
    share = outputs / told["features"]
    course = dynamics.simulate(
        np.eye(n_items), targets, weights=start, learning_rate=state["rate"] * share, epochs=250
    )
    losses = course.loss[: len(told["loss"])] * share
    np.testing.assert_allclose(told["loss"], losses, rtol=1e-6, atol=1e-9)
    n = len(told["modes"])
    modes = np.abs(np.array(told["modes"]))
    np.testing.assert_allclose(modes, np.abs(course.modes[:n]), rtol=1e-6, atol=1e-6)
    assert told["stable"] * share == pytest.approx(course.stable_learning_rate, rel=1e-6)
    # Of the same starts no closed form holds, in the page as in Python.
    assert bool(told["theory"]) == (course.no_closed_form == "")
    if told["theory"]:
        theory = course.theoretical_modes()
        np.testing.assert_allclose(told["theory"], theory[:n], rtol=1e-6, atol=1e-6)
    if told["similarity"]:
        similarity = np.reshape(told["similarity"], (8, 8))
        np.testing.assert_allclose(similarity, course.similarity[n - 1, -1], rtol=1e-6, atol=1e-6)


@on("file")
def test_an_illusion_is_made_and_unmade_by_a_click(lab):
    lab.ask("lab.store.set({ view: 'dynamics' })")
    assert re.search(r"For 2\d epochs it believes that a shark has bones", lab.text(".course"))
    cell = lab.page.get_by_role("button", name="Shark, has bones")
    cell.click()
    assert "never on the wrong side" in lab.text(".course")
    cell.click()
    assert "it believes that a shark has bones" in lab.text(".course")
    lab.page.get_by_role("slider", name="Hidden layers").fill("0")
    assert "never on the wrong side" in lab.text(".course")
    lab.page.go_back()


@on("file")
def test_sliders_are_safe_to_their_ends(lab):
    lab.ask("lab.store.set({ view: 'dynamics' })")
    for rate in (1, 200):
        for gamma in (1e-15, 10):
            for layers in (0, 4):
                lab.ask(
                    "lab.store.set({ dynamics: { ...lab.dynamics.state, ...given } })",
                    {"rate": rate, "gamma": gamma, "layers": layers, "hidden": 64},
                )
                told = lab.ask("lab.dynamics.course.diverged")
                text = lab.page.text_content(".course .chart")
                assert "NaN" not in lab.page.inner_html(".course")
                assert ("runs away" in text) == (told is not None)


HEART = [
    [0.5 + 0.35 * np.sin(t) ** 3, 0.48 - 0.022 * (13 * np.cos(t) - 5 * np.cos(2 * t))]
    for t in np.linspace(0, 2 * np.pi, 60)
]


@on(*HOSTS)
def test_a_drawing_is_encoded_decoded_and_judged_as_python_does(lab, run):
    model, data = inscape.load(run), load("mnist")
    lab.page.get_by_role("button", name="Draw").click()
    lab.ask("lab.pad.draw([given])", HEART)
    told = lab.ask(
        "({ row: Array.from(lab.drawing.row), code: Array.from(lab.drawing.code),"
        " back: Array.from(lab.drawing.back), error: lab.drawing.error })"
    )
    row = np.array(told["row"])
    assert 0.9 < row.max() <= 1
    np.testing.assert_allclose(told["code"], model.transform([row])[0], rtol=1e-4, atol=1e-4)
    back = model.inverse_transform(model.transform([row]))[0]
    np.testing.assert_allclose(told["back"], back, atol=1e-4)
    assert told["error"] == pytest.approx(np.mean((row - back) ** 2), rel=1e-4)
    errors = ((data.test.X - model.reconstruct(data.test.X)) ** 2).mean(axis=1)
    worse = int((errors >= told["error"]).sum())
    found = re.search(r"([\d,]+) of 10,000 digits are worse", lab.text(".inspector"))[1]
    assert abs(int(found.replace(",", "")) - worse) <= 2
    ink = row.reshape(28, 28)
    middle = ink.sum(axis=0) @ np.arange(28) / ink.sum()
    some = data.test.X[:1000].reshape(-1, 28, 28)
    theirs = np.median([one.sum(axis=0) @ np.arange(28) / one.sum() for one in some])
    assert middle == pytest.approx(theirs, abs=0.3)


@on("page")
def test_a_pen_draws_and_a_file_of_a_digit_comes_back_as_that_digit(lab, tmp_path):
    image = pytest.importorskip("PIL.Image")
    data = load("mnist")
    lab.page.get_by_role("button", name="Draw").click()
    box = lab.page.locator(".pad").bounding_box()
    lab.page.mouse.move(box["x"] + 100, box["y"] + 60)
    lab.page.mouse.down()
    lab.page.mouse.move(box["x"] + 110, box["y"] + 260, steps=8)
    lab.page.mouse.up()
    assert lab.ask("lab.drawing.row.reduce((sum, v) => sum + v, 0)") > 10
    assert "Stranger than" in lab.text(".inspector h2")
    # Dark on light, off the middle, as somebody would have it on paper.
    for row in (0, 4, 7):
        paper = np.full((120, 150), 255, np.uint8)
        paper[60:88, 10:38] = 255 - np.rint(255 * data.test.X[row].reshape(28, 28))
        image.fromarray(paper).save(tmp_path / "digit.png")
        lab.page.locator(".draw input[type=file]").set_input_files(tmp_path / "digit.png")
        lab.page.wait_for_timeout(500)
        drawn = np.array(lab.ask("Array.from(lab.drawing.row)"))
        assert np.corrcoef(drawn, data.test.X[row])[0, 1] > 0.9
    (tmp_path / "no.png").write_bytes(b"no image at all")
    lab.page.locator(".draw input[type=file]").set_input_files(tmp_path / "no.png")
    lab.page.wait_for_selector(".state-card[data-kind=broke]")


def test_a_training_is_watched_paused_stopped_and_taken_up(chromium, tmp_path):
    command("fit", "digits", "--epochs", "3", "--run", "runs/digits", cwd=tmp_path)
    with serving(tmp_path / "runs" / "digits", cwd=tmp_path) as (page, _):
        lab, other = Lab(chromium, page), Lab(chromium, page)
        lab.page.get_by_role("button", name="Learn").first.click()
        lab.page.locator("input[name=epochs]").fill("200")
        lab.page.locator("form button[type=submit]").click()
        # Not `wait_for_function`: the page's policy forbids to make functions of text.
        for _ in range(300):
            if lab.ask("lab.learn.frames") > 3:
                break
            lab.page.wait_for_timeout(200)
        lab.page.get_by_role("button", name="Pause").click()
        lab.page.wait_for_selector(".phase.paused")
        lab.page.wait_for_timeout(500)
        step = lab.ask("lab.learn.frame.step")
        lab.page.wait_for_timeout(1000)
        assert lab.ask("lab.learn.frame.step") == step
        # Who comes later sees the same, and the training is still there.
        assert other.ask("lab.learn.phase") == "paused"
        lab.page.reload()
        lab.wait()
        lab.ask("lab.store.set({ view: 'learn' })")
        lab.page.wait_for_selector(".phase.paused")
        lab.page.get_by_role("button", name="Go on").click()
        lab.page.wait_for_selector(".phase.learning")
        lab.page.get_by_role("button", name="Stop").click()
        lab.page.wait_for_selector(".phase.stopped", timeout=60_000)
        words = lab.text(".status code").split()
        assert words[:3] == ["inscape", "fit", "--resume"]
        command(*words[1:], cwd=tmp_path)
        assert inscape.runs.Run(tmp_path / words[3]).finished
        lab.page.locator("input[name=hidden]").fill("0, x")
        lab.page.locator("form button[type=submit]").click()
        assert "widths joined by commas" in lab.text(".state-card")
        lab.page.locator("input[name=hidden]").fill("16")
        lab.page.locator("input[name=epochs]").fill("2")
        lab.page.locator("form button[type=submit]").click()
        lab.page.wait_for_selector(".phase.learned", timeout=60_000)
        lab.page.get_by_role("button", name="Open its map").click()
        lab.page.wait_for_timeout(1000)
        lab.wait()
        assert "64 → 16 → 2" in lab.text("header")
        for one in (lab, other):
            one.close()
            assert one.complaints == []
