"""The house itself: who may import whom, what an import loads, which words stand for which part."""

from __future__ import annotations

import ast
import dataclasses
import functools
import importlib
import inspect
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import inscape
from inscape import _errors, _typing
from inscape._errors import InvalidParameterError
from inscape._parts import describe_part, resolve_part
from inscape.corruptions import CORRUPTIONS
from inscape.data import Reading
from inscape.data import load as load_data
from inscape.data.scaling import SCALERS
from inscape.estimators import Autoencoder, VariationalAutoencoder
from inscape.networks import (
    ACTIVATIONS,
    BOTTLENECKS,
    INITIALIZATIONS,
    NETWORKS,
    Dense,
    KaimingNormal,
    Orthogonal,
    ScaledNormal,
)
from inscape.objectives import LIKELIHOODS, PENALTIES, Gaussian
from inscape.objectives.bounds import BOUNDS
from inscape.objectives.divergences import DIVERGENCES
from inscape.objectives.posteriors import POSTERIORS
from inscape.objectives.priors import PRIORS
from inscape.objectives.schedules import SCHEDULES as ANNEALING
from inscape.runs import FitConfig, read_config
from inscape.training import OPTIMIZERS, SCHEDULES, SGD

SOURCE = Path(inscape.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))
ENVIRONMENT = "inscape/runs/environment.py"
ROOMS = sorted(path.parent.name for path in SOURCE.glob("*/__init__.py"))

# The ladder of docs/architecture.md: the rooms that each room may import, besides itself and the
# ground floor (the modules whose name starts with an underscore).
LADDER: dict[str, set[str]] = {
    "data": set(),
    "corruptions": set(),
    "networks": set(),
    "measures": set(),
    "figures": set(),
    "objectives": {"networks"},
    "dynamics": {"data", "measures"},
    "training": {"data", "measures", "networks", "objectives"},
    "estimators": {"corruptions", "data", "measures", "networks", "objectives", "training"},
}
LADDER["zoo"] = {*LADDER["estimators"], "estimators"}
LADDER["uses"] = {*LADDER["estimators"], "estimators"}
LADDER["runs"] = {*LADDER["estimators"], "dynamics", "estimators", "figures", "uses", "zoo"}
LADDER["recipes"] = set(LADDER)
LADDER["lab"] = set(LADDER)
LADDER["cli"] = set(LADDER)

# Lazy faces: what they import for type checkers alone is loaded by nobody.
LAZY_FACES = {
    SOURCE / "__init__.py",
    SOURCE / "lab" / "__init__.py",
    SOURCE / "runs" / "__init__.py",
}

# What only one room may import.
KEPT_IN = {
    "matplotlib": {"figures"},
    "cyclopts": {"cli"},
    "rich": {"cli"},
    "onnxruntime": {"runs"},
    "starlette": {"lab"},
    "uvicorn": {"lab"},
}
PARTS = {
    "initialization": INITIALIZATIONS,
    "likelihood": LIKELIHOODS,
    "optimizer": OPTIMIZERS,
    "network": NETWORKS,
    "corruption": CORRUPTIONS,
    "penalty": PENALTIES,
    "posterior": POSTERIORS,
    "prior": PRIORS,
    "divergence": DIVERGENCES,
    "bound": BOUNDS,
    "schedule": ANNEALING,
}


def name_of(path: Path) -> str:
    return path.relative_to(SOURCE.parent).as_posix()


def room_of(path: Path) -> str:
    parts = path.relative_to(SOURCE).parts
    return parts[0] if len(parts) > 1 else "_"


@functools.cache
def syntax_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def is_for_type_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def walk(node: ast.AST, *, with_type_checking: bool) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if with_type_checking or not is_for_type_checkers(child):
            yield from walk(child, with_type_checking=with_type_checking)


@functools.cache
def imported_modules(path: Path) -> set[str]:
    """Every module that a file imports, at its top or inside a function."""
    found = set()
    for node in walk(syntax_of(path), with_type_checking=path not in LAZY_FACES):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def imported_rooms(path: Path) -> set[str]:
    parts = [name.split(".") for name in imported_modules(path)]
    seconds = {part[1] for part in parts if part[0] == "inscape" and len(part) > 1}
    return {second for second in seconds if (SOURCE / second).is_dir()}


def found_in_modules(look: Callable[[Path], set[str]]) -> dict[str, set[str]]:
    """What is looked for, by the modules that have some of it: one test for all is quicker."""
    assert len(MODULES) > 300
    return {name_of(path): found for path in MODULES if (found := look(path))}


def run_python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    ).stdout


# --------------------------------------------------------------------------- the ladder


def test_every_room_has_its_rung():
    assert set(ROOMS) <= set(LADDER)


def test_the_ladder_itself_only_goes_down():
    seen: set[str] = set()
    for _ in LADDER:
        seen |= {room for room, below in LADDER.items() if below <= seen}
    assert seen == set(LADDER)


def rooms_above(path: Path) -> set[str]:
    """The rooms that a module imports and may not."""
    room = room_of(path)
    # The package's face and the ground floor import no room: names are loaded when asked for.
    allowed = LADDER.get(room, set()) | {room}
    if path == SOURCE / "__main__.py":
        allowed = {"cli"}
    return imported_rooms(path) - allowed


def test_imports_go_down_only():
    assert found_in_modules(rooms_above) == {}


@pytest.mark.parametrize("library", KEPT_IN)
def test_a_heavy_library_stays_in_its_room(library):
    users = {
        room_of(path)
        for path in MODULES
        if library in {module.split(".")[0] for module in imported_modules(path)}
    }
    assert users == KEPT_IN[library]


def test_no_module_draws_with_pyplot():
    assert found_in_modules(lambda path: {m for m in imported_modules(path) if "pyplot" in m}) == {}


PICKLING = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve"}
PICKLING_CALLS = {"torch.load", "torch.save", "torch.jit.load"}


def pickling(path: Path) -> set[str]:
    """What in a module reads or writes pickles."""
    found = {name.split(".")[0] for name in imported_modules(path)} & PICKLING
    for node in ast.walk(syntax_of(path)):
        if isinstance(node, ast.Attribute):
            found |= {ast.unparse(node)} & PICKLING_CALLS
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            found |= {f"allow_pickle={ast.unparse(node.value)}"} - {"allow_pickle=False"}
    return found


def test_no_module_loads_or_saves_pickles():
    assert found_in_modules(pickling) == {}


GLOBAL_CALLS = {
    "torch.manual_seed",
    "torch.seed",
    "torch.set_default_dtype",
    "torch.set_default_device",
    "torch.set_num_threads",
    "torch.use_deterministic_algorithms",
    "np.random.seed",
    "np.random.set_state",
    "random.seed",
    "logging.basicConfig",
}


def global_calls(path: Path) -> set[str]:
    """What in a module seeds or sets something for the whole process."""
    calls = (node for node in ast.walk(syntax_of(path)) if isinstance(node, ast.Call))
    # The environment takes back the number of threads.
    taken_back = {"torch.set_num_threads"} if name_of(path) == ENVIRONMENT else set()
    return ({ast.unparse(call.func) for call in calls} & GLOBAL_CALLS) - taken_back


def test_nothing_global_is_seeded_or_set():
    assert found_in_modules(global_calls) == {}


def test_git_ignores_no_part_of_the_source():
    if not (SOURCE.parents[1] / ".git").exists():
        pytest.skip("not a git checkout")
    paths = "\n".join(map(str, MODULES))
    ignored = subprocess.run(
        ["git", "check-ignore", "--stdin"],
        input=paths,
        capture_output=True,
        text=True,
        cwd=SOURCE.parents[1],
    )
    assert ignored.stdout == ""


# --------------------------------------------------------------------------- what is loaded

LOADED = "import sys; print(*sorted({name.split('.')[0] for name in sys.modules}))"


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        (
            "import inscape",
            {
                "torch",
                "matplotlib",
                "sklearn",
                "scipy",
                "pandas",
                "cyclopts",
                "starlette",
                "uvicorn",
            },
        ),
        ("import inscape.data", {"torch", "matplotlib", "pandas", "polars", "pyarrow", "PIL"}),
        ("import inscape.runs.config", {"torch", "matplotlib", "sklearn"}),
        ("import inscape.cli", {"torch", "matplotlib", "sklearn", "starlette", "uvicorn"}),
        ("import inscape.lab", {"torch", "matplotlib", "sklearn", "starlette", "uvicorn"}),
        ("import inscape.lab.file", {"starlette", "uvicorn", "websockets"}),
    ],
)
def test_an_import_stays_light(code, unwanted):
    assert set(run_python(f"{code}; {LOADED}").split()).isdisjoint(unwanted)


def test_help_loads_no_torch():
    code = f"""
from inscape.cli import main
try:
    main(["--help"])
except SystemExit as stop:
    assert not stop.code, stop.code
{LOADED}
"""
    assert "torch" not in run_python(code).splitlines()[-1].split()


@pytest.fixture
def fresh_import():
    """Our package as if it had never been imported; torch, which takes seconds, stays loaded."""

    def ours() -> dict[str, Any]:
        return {k: v for k, v in sys.modules.items() if k.partition(".")[0] == "inscape"}

    before = ours()
    for name in before:
        del sys.modules[name]
    yield importlib.import_module("inscape")
    for name in ours():
        del sys.modules[name]
    sys.modules.update(before)


@pytest.mark.parametrize("name", inscape.__all__)
def test_lazy_names_load_their_room(name, fresh_import):
    room = inscape._NAMES.get(name, f"inscape.{name}")
    assert room not in sys.modules
    value = getattr(fresh_import, name)
    assert value is (
        getattr(sys.modules[room], name) if name in inscape._NAMES else sys.modules[room]
    )


# --------------------------------------------------------------------------- names and docs


@pytest.mark.parametrize("room", ["", *ROOMS])
def test_exported_names_exist_and_are_documented(room):
    module = importlib.import_module(f"inscape.{room}".rstrip("."))
    assert (module.__doc__ or "").strip()
    names = list(getattr(module, "__all__", []))
    assert names == [*dict.fromkeys(names)]
    for name in names:
        value = getattr(module, name)
        if not (inspect.isclass(value) or inspect.isfunction(value)):
            continue
        assert inspect.getdoc(value), name
        if not inspect.isclass(value) or value.__module__.split(".")[0] != "inscape":
            continue
        for method, member in vars(value).items():
            if not method.startswith("_") and inspect.isfunction(member):
                assert inspect.getdoc(member), f"{name}.{method}"


def test_the_lazy_face_tells_its_names():
    assert set(dir(inscape)) >= set(inscape.__all__)
    assert set(inscape.__all__) >= set(inscape._ROOMS) | set(inscape._NAMES)
    with pytest.raises(AttributeError, match="no attribute 'Autoencodr'"):
        _ = inscape.Autoencodr


def test_every_module_says_what_it_is():
    told = {path: ast.get_docstring(syntax_of(path)) or "" for path in MODULES}
    sentences = {name_of(path): text.partition("\n\n")[0] for path, text in told.items()}
    assert [name for name, text in sentences.items() if not text.endswith((".", ":", "::"))] == []


# Rooms of several files, whose `__init__` has a table with one line a file.
TABLED = sorted(
    path.parent.relative_to(SOURCE).as_posix()
    for path in SOURCE.rglob("__init__.py")
    if path.parent != SOURCE and len(list(path.parent.glob("*.py"))) > 1
)


@pytest.mark.parametrize("room", TABLED)
def test_a_room_has_a_line_for_each_of_its_files(room):
    told = ast.get_docstring(syntax_of(SOURCE / room / "__init__.py")) or ""
    files = {p.stem for p in (SOURCE / room).glob("*.py")} - {"__init__"}
    subrooms = {p.parent.name for p in (SOURCE / room).glob("*/__init__.py")}
    assert sorted(re.findall(r"^\| `(\w+)` \|", told, re.M)) == sorted(files | subrooms)


def errors() -> list[type[Exception]]:
    return [
        value
        for value in vars(_errors).values()
        if inspect.isclass(value) and issubclass(value, _errors.InscapeError)
    ]


@pytest.mark.parametrize("error", errors(), ids=lambda error: error.__name__)
def test_the_error_tree_is_drawn_as_it_is(error):
    line = next(line for line in _errors.__doc__.splitlines() if error.__name__ in line)
    builtin = [base.__name__ for base in error.__bases__ if base.__module__ == "builtins"]
    if error is not _errors.InscapeError:
        assert f"({builtin[0]})" in line


# --------------------------------------------------------------------------- words and parts


@pytest.mark.parametrize(
    ("words", "table"),
    [
        (_typing.ActivationName, ACTIVATIONS),
        (_typing.ScheduleName, SCHEDULES),
        (_typing.ScalerName, SCALERS),
    ],
)
def test_the_words_of_an_option_are_its_tables_keys(words, table):
    assert list(get_args(words)) == list(table)


@pytest.mark.parametrize(
    ("words", "build"),
    [
        (_typing.BiasName, lambda word: Dense(bias=word)),
    ],
)
def test_the_words_of_an_option_without_a_table_are_those_accepted(words, build):
    for word in get_args(words):
        build(word)
    listed = ", ".join(map(repr, get_args(words)))
    with pytest.raises(InvalidParameterError, match=f"one of {listed}; got 'no-such-word'"):
        build("no-such-word")


@pytest.mark.parametrize(
    ("name", "word"), [(name, word) for name, table in PARTS.items() for word in table]
)
def test_a_part_is_the_same_by_word_by_description_and_as_itself(name, word):
    table = PARTS[name]
    part = table[word]()
    assert describe_part(part)["type"] == word
    assert resolve_part(name, word, table) == part
    assert resolve_part(name, part, table) is part
    assert resolve_part(name, json.loads(json.dumps(describe_part(part))), table) == part


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("network", Dense(hidden=(8, 4), activation="tanh", bias="torch_default")),
        ("network", Dense(hidden=(), initialization=ScaledNormal(gamma=0.5))),
        ("network", Dense(initialization=("kaiming_normal", "orthogonal"))),
        ("network", Dense(initialization=(KaimingNormal(), Orthogonal(gain=2.0)))),
        ("likelihood", Gaussian(link="sigmoid", scale=0.25)),
        ("optimizer", SGD(momentum=0.5, nesterov=True, schedule="cosine", warmup=0.2)),
    ],
)
def test_a_part_with_options_comes_back_from_json(name, part):
    described = json.loads(json.dumps(describe_part(part)))
    again = resolve_part(name, described, PARTS[name])
    assert again == part
    assert describe_part(again) == describe_part(part)


def test_numpy_numbers_in_a_part_become_plain_ones():
    described = describe_part((np.int64(3), np.float32(0.5), np.bool_(True)))
    assert described == [3, 0.5, True]
    assert [type(item) for item in described] == [int, float, bool]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("adan", "`optimizer` must be one of .*; got 'adan'. Did you mean 'adam'?"),
        ({"type": "adan"}, "`optimizer.type` must be one of .* Did you mean 'adam'?"),
        ({"type": "adam", "beta": 1}, "`optimizer.beta` must be one of 'beta1', .*; got 'beta'"),
        ({"type": "adam", "beta1": 1.0}, "`beta1` must be a number >= 0 and < 1; got 1.0"),
        (3, "`optimizer` must be one of 'muon', .*; got 3"),
        (Gaussian(), "`optimizer` must be one of"),
    ],
)
def test_a_wrong_part_is_refused_with_the_nearest_word(value, message):
    with pytest.raises(InvalidParameterError, match=message):
        resolve_part("optimizer", value, OPTIMIZERS)


# --------------------------------------------------------------------------- FitConfig

# Another value than the default for every field; a new field has to be added here.
OTHER: dict[str, Any] = {
    "data": "digits",
    "model": "VAE",
    "n_components": 5,
    "hidden": (7, 3),
    "activation": "tanh",
    "network": "convolutional(channels=[4])",
    "bottleneck": "prelu",
    "corruption": "zero_masking(share=0.5)",
    "penalty": ("contractive",),
    "layerwise_epochs": 2.0,
    "precision": "float64",
    "initialization": "orthogonal",
    "bias": "torch_default",
    "linear_path": False,
    "likelihood": "bernoulli",
    "posterior": "full_gaussian",
    "prior": "vamp_prior",
    "divergence": "total_correlation",
    "bound": "evidence_lower_bound(n_draws=3)",
    "conditional": "continuous",
    "scaler": "minmax",
    "epochs": 1.5,
    "batch_size": 17,
    "optimizer": "adadelta",
    "learning_rate": 0.5,
    "schedule": "cosine",
    "validation_fraction": 0.25,
    "patience": 4,
    "random_state": 11,
    "seeds": 3,
    "device": "cpu",
    "target": "label",
    "header": True,
    "index": "id",
    "columns": ("a", "b"),
    "drop": ("c",),
    "keep": ("d",),
    "categories": "one_hot",
    "dates": "days",
    "missing": "mean",
    "delimiter": ";",
    "decimal": ",",
    "image_size": 32,
    "crop": True,
    "test_fraction": 0.4,
}
# What is no option of a model: the data, and how often it is trained.
OF_DATA = {field.name for field in dataclasses.fields(Reading)}
ABOUT_DATA = {"data", "test_fraction", "seeds", *OF_DATA}


def effective(config: FitConfig) -> dict[str, Any]:
    """The options that an estimator made from `config` holds, its parts resolved."""
    kind = Autoencoder if config.model == "autoencoder" else VariationalAutoencoder
    options = kind(**config.estimator_parameters()).get_params(deep=False)
    for name in PARTS:
        value = options.get(name)
        if isinstance(value, tuple):
            options[name] = tuple(resolve_part(name, one, PARTS[name]) for one in value)
        elif value is not None:
            options[name] = resolve_part(name, value, PARTS[name])
    return options


VARIATIONAL = {"posterior", "prior", "divergence", "bound", "conditional"}


def test_every_field_of_the_config_is_known_here():
    assert set(OTHER) == {field.name for field in dataclasses.fields(FitConfig)}


@pytest.mark.parametrize("name", sorted(set(OTHER) - ABOUT_DATA))
def test_every_field_of_the_config_reaches_the_estimator(name):
    plain = FitConfig(model="VAE" if name in VARIATIONAL else "autoencoder")
    other = dataclasses.replace(plain, **{name: OTHER[name]})
    assert effective(other) != effective(plain)


def test_every_option_of_the_estimator_is_reached_by_the_config():
    own = {"model": "autoencoder", "network": None, **dict.fromkeys(VARIATIONAL)}
    config = FitConfig(**{**OTHER, **own})
    options, defaults = effective(config), Autoencoder().get_params(deep=False)
    # `hidden` and `activation` are the short form of `network`; `verbose` is no part of a run.
    for name in set(options) - {"hidden", "activation", "verbose"}:
        assert options[name] != defaults[name], name


def test_reading_is_told_alike_in_python_in_files_and_on_the_command_line():
    fields = dataclasses.fields(Reading)
    defaults = {field.name: field.default for field in fields}
    asked = {name: OTHER[name] for name in defaults}
    assert FitConfig().reading() == Reading()
    assert FitConfig(**asked).reading() == Reading(**asked)
    of_load = inspect.signature(load_data).parameters
    assert {name: of_load[name].default for name in defaults} == defaults
    assert set(get_type_hints(Reading)) <= set(get_type_hints(FitConfig))


def test_the_default_config_trains_as_the_default_estimator():
    options = effective(FitConfig())
    for name, value in Autoencoder().get_params(deep=False).items():
        if name == "network":
            value = "dense"
        wanted = (
            value if name not in PARTS or value is None else resolve_part(name, value, PARTS[name])
        )
        if name != "random_state":
            assert options[name] == wanted, name


def test_a_likelihood_that_is_left_out_is_the_models_own():
    for model, estimator in (("autoencoder", Autoencoder), ("VAE", VariationalAutoencoder)):
        assert "likelihood" not in FitConfig(model=model).estimator_parameters()
        asked = FitConfig(model=model, likelihood="gaussian(scale=0.5)").estimator_parameters()
        assert estimator(**asked).likelihood == "gaussian(scale=0.5)"


@given(values=st.fixed_dictionaries({}, optional={k: st.just(v) for k, v in OTHER.items()}))
@settings(max_examples=30, deadline=None)
def test_a_config_comes_back_from_its_file(values, tmp_path_factory):
    path = tmp_path_factory.mktemp("config") / "config.toml"
    config = FitConfig(**values)
    path.write_text(config.to_toml(), encoding="utf-8")
    assert read_config(path) == config


def test_an_empty_hidden_comes_back_from_its_file(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(FitConfig(hidden=()).to_toml(), encoding="utf-8")
    assert read_config(path).hidden == ()
    assert tomllib.loads(path.read_text(encoding="utf-8"))["hidden"] == []


def test_a_misspelt_key_is_refused_with_the_nearest(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text("epoch = 3\n", encoding="utf-8")
    with pytest.raises(InvalidParameterError, match=r"got 'epoch'\. Did you mean 'epochs'\?"):
        read_config(path)


@pytest.mark.parametrize("content", [b"epochs = = 3\n", b"\xff\xfe\x00"])
def test_a_file_that_is_no_toml_is_named(content, tmp_path):
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    with pytest.raises(_errors.DamagedFileError, match=r"config\.toml must be a TOML file"):
        read_config(path)


def test_a_config_file_that_is_not_there_is_an_error_of_our_own(tmp_path):
    with pytest.raises(_errors.DataNotFoundError, match=r"nowhere\.toml"):
        read_config(tmp_path / "nowhere.toml")


# --------------------------------------------------------------------------- files to touch

# What nothing else in the package leans on by name, one of each family: to add another like it
# takes the files that CONTRIBUTING counts. Recipes and the zoo use parts; they register none.
LONELY = {
    "likelihood": "NegativeBinomial",
    "penalty": "DecoderGradient",
    "posterior": "InverseAutoregressiveFlow",
    "prior": "VampPrior",
    "divergence": "DisentangledInferredPrior",
    "bound": "PartiallyImportanceWeighted",
    "corruption": "SaltAndPepper",
    "bottleneck": "BatchTopK",
    "initialization": "KaimingNormal",
    "optimizer": "Adadelta",
}


def names_in(path: Path) -> set[str]:
    """Every name and every whole text that the code of a file has, docstrings apart."""
    found = set()
    for node in ast.walk(syntax_of(path)):
        if isinstance(node, ast.Name | ast.alias):
            found.add(node.id if isinstance(node, ast.Name) else node.name)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


def files_naming(*names: str) -> set[str]:
    """The package's files that name one of these, less those that only use what they name.

    What parts were in files of before stands in one place, which a new part has no line in.
    """
    return {
        path.relative_to(SOURCE).as_posix()
        for path in MODULES
        if names_in(path) & set(names)
        and room_of(path) not in ("recipes", "zoo")
        and path.stem != "_format_1"
    }


def counted(what: str) -> int:
    text = (SOURCE.parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return int(re.search(rf"\| {what}.*? \| (\d) \|", text)[1])


@pytest.mark.parametrize("name", LONELY)
def test_a_part_touches_as_many_files_as_contributing_counts(name):
    tables = {**PARTS, "bottleneck": BOTTLENECKS}
    kind = next(k for k in tables[name].values() if k.__name__ == LONELY[name])
    touched = files_naming(kind.__name__, describe_part(kind())["type"])
    # Its own file, its room's table, the words; and then its test.
    assert len(touched) + 1 <= counted("a corruption" if name == "corruption" else "a likelihood")
    assert "_words.py" in touched


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("a figure", ("sweep_map", "sweeps")),
        ("a command", ("inscape.cli.datasets.datasets",)),
        ("a recipe", ("inscape.recipes.burgess_mnist", "burgess-mnist")),
    ],
)
def test_other_things_touch_as_many_files_as_contributing_counts(what, names):
    room = {"a figure": "figures", "a command": "cli", "a recipe": "recipes"}[what]
    registered = {
        path.relative_to(SOURCE).as_posix()
        for path in MODULES
        if names_in(path) & set(names) or any(name in imported_modules(path) for name in names)
    }
    inside = {name for name in registered if name.startswith(room) and name.endswith("__init__.py")}
    own, test, table = 1, 1, len(inside)
    readme = (SOURCE.parents[1] / "README.md").read_text(encoding="utf-8")
    listed = what == "a recipe" and f"| `{names[1]}` |" in readme
    sheet = (SOURCE.parents[1] / "docs" / "contact_sheet.py").read_text(encoding="utf-8")
    shown = what == "a figure" and f'"{names[0]}"' in sheet
    assert own + test + table + listed + shown == counted(what)
