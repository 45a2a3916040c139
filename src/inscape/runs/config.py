"""What a run was asked for, as plain data: the command line's options and its config.toml."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, Self, TypeVar

import tomli_w

from inscape._checks import check_choice, look_up
from inscape._errors import InvalidParameterError
from inscape._files import IN_PLACE
from inscape._parts import read_call

# Three of them are types of what is inherited: who reads the types of a config looks here.
from inscape._typing import (  # noqa: F401
    ActivationName,
    AnimationName,
    BiasName,
    CategoriesName,
    ConditionalName,
    DatesName,
    LinearInitializationName,
    MissingName,
    PrecisionName,
    ScalerName,
    ScheduleName,
)
from inscape._words import tell_words
from inscape.data.named import NAMED
from inscape.data.reading import Reading
from inscape.runs.places import carry
from inscape.zoo import MODELS, find

# Of the files of a run; a file that says none is of format 1, which named no kind either. From 3 on
# paths are relative to the file.
FORMAT: Final = 3


AnyConfig = TypeVar("AnyConfig", bound="Config")


@dataclass(frozen=True)
class Config:
    """What every config can do; each kind of run has one."""

    kind: ClassVar[str]
    metrics_file: ClassVar[str] = "metrics.json"
    # Whether `Run.load` has something to load.
    holds_model: ClassVar[bool] = False
    # The names of the run's files: what else lies in a directory that is filled in its place is
    # somebody else's.
    files: ClassVar[tuple[str, ...]] = ("*",)
    # The options that are paths, each with the words that it may be instead.
    places: ClassVar[Mapping[str, Collection[str]]] = {}

    def said(self) -> dict[str, Any]:
        """Return what differs from the defaults, as plain data."""
        options = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in options.items()
            if value != getattr(type(self), name, None)
        }

    def carried(self, *, source: str | Path, to: str | Path) -> Self:
        """Return a config whose paths are relative to another directory than they were."""
        moved: dict[str, Any] = {}
        for name, words in self.places.items():
            value = getattr(self, name)
            if isinstance(value, str):
                moved[name] = carry(value, words=words, source=source, to=to)
            elif value:
                moved[name] = tuple(carry(v, words=words, source=source, to=to) for v in value)
        return dataclasses.replace(self, **moved)

    def to_toml(self, directory: str | Path = ".") -> str:
        """Return the text of a config file that asks for the same.

        Parameters
        ----------
        directory : path-like
            Where the file is to lie, to which its paths will be relative.
        """
        config = self.carried(source=".", to=directory)
        values = {k: v for k, v in dataclasses.asdict(config).items() if v is not None}
        return tomli_w.dumps({"format": FORMAT, "kind": self.kind, **values})


def _reading_last(config: type[AnyConfig]) -> type[AnyConfig]:
    """Put the options of reading behind a config's own, in its file and in its command's help."""
    fields = config.__dataclass_fields__
    read = {name: fields[name] for name in Reading.__dataclass_fields__}
    own = {name: field for name, field in fields.items() if name not in read}
    config.__dataclass_fields__ = {**own, **read}
    return config


# The paths of a use.
_OF_USES: Final[Mapping[str, Collection[str]]] = {"data": NAMED, "model": ()}
# The model that is in no zoo.
AUTOENCODER = "autoencoder"
# The options that only an autoencoder has, and those that only a variational one has.
_OF_AUTOENCODERS = ("bottleneck", "penalty", "layerwise_epochs")
_OF_VARIATIONAL = ("posterior", "prior", "divergence", "bound", "conditional")
# What an estimator calls the words of `conditional`.
CONDITIONAL: Final[Mapping[str, Any]] = {"labels": True, "continuous": "continuous"}
# The options of FitConfig that describe a dense network, without its name.
_OF_DENSE = ("hidden", "activation", "initialization", "bias", "linear_path")


@tell_words
@_reading_last
@dataclass(frozen=True)
class FitConfig(Reading, Config):
    """Everything that a fit is asked for; how the data are read is as in `inscape.data.Reading`.

    Parameters
    ----------
    data : str
        A named data set (see `inscape datasets`); a .npy, .npz, .csv, .tsv, .parquet, .feather,
        .arrow or .xlsx file; a folder of images.
    model : str
        autoencoder, or a published model such as VAE or beta-VAE (see `inscape zoo`).
    n_components : int
        Width of the code.
    hidden : tuple of int
        Widths of the encoder's hidden layers, such as 256,64; "" is the shallow autoencoder.
    activation : str
        What follows each hidden layer.
    network : str
        In place of hidden, activation, initialization, bias and linear-path: [[network]], with
        options such as "convolutional(channels=[32, 64])".
    bottleneck : str
        What makes the code: [[bottleneck]], with options such as "top_k(k=16)", or the name of an
        activation.
    initialization : str
        Of the weights: [[initialization]], with options such as "scaled_normal(gamma=0.1)".
    bias : str
        Whether biases start from the mean row, and the network works on centred rows.
    linear_path : bool
        Whether a network can start at PCA, with a linear path beside it.
    likelihood : str
        How rows vary about what is decoded: [[likelihood]], with options such as
        "gaussian(scale=0.5)"; left out, gaussian (squared error), in variational models with a
        scale that is learned.
    posterior : str
        Of a variational model: [[posterior]].
    prior : str
        Of a variational model: [[prior]].
    divergence : str
        Of a variational model: [[divergence]], with options such as "kullback_leibler(weight=4)".
    bound : str
        Of a variational model: [[bound]].
    conditional : str
        What a variational model is told of each row, from the column that target names: labels (as
        CVAE is), or continuous for numbers.
    corruption : str
        What is done to the rows before they are encoded: [[corruption]], with options such as
        "zero_masking(share=0.3, fixed=true)".
    penalty : tuple of str
        What is added to the loss: [[penalty]], with options such as "contractive(weight=0.5)"; once
        for each.
    scaler : str
        Fitted on the training rows, inverted on decode.
    epochs : float
        Passes over the data; left out, as many as bring a good map soon.
    batch_size : int
        Rows in a step; left out, 256, or down to 32 where the rows are few.
    optimizer : str
        What takes the steps: [[optimizer]], with options such as "muon(momentum=0.95)".
    learning_rate : float
        How large steps are; left out, the optimiser's own default.
    schedule : str
        How the learning rate falls; left out, the optimiser's own default.
    layerwise_epochs : float
        Passes with which each layer is first trained by itself.
    precision : str
        Of the numbers while training.
    validation_fraction : float
        Share of the training rows held out to measure the loss after each epoch; auto holds some
        out where rows are few, to find how long to train, and 0 never does.
    patience : int
        Epochs without a lower validation loss after which training stops.
    random_state : int
        Seed of every draw.
    seeds : int
        Trainings, from random-state and the seeds after it, on one split: the run keeps the first,
        and its table and a figure tell the spread of all.
    device : str
        "auto" takes a GPU where there is one.
    test_fraction : float
        Share of the rows kept for testing, where the data have no test part of their own.
    """

    kind: ClassVar[str] = "fit"
    holds_model: ClassVar[bool] = True
    files: ClassVar[tuple[str, ...]] = IN_PLACE
    places: ClassVar[Mapping[str, Collection[str]]] = {"data": NAMED}

    data: str = "mnist"
    model: str = AUTOENCODER
    n_components: int = 2
    hidden: tuple[int, ...] = (256, 64)
    activation: ActivationName = "relu"
    network: str | None = None
    bottleneck: str = "identity"
    initialization: str = "torch_default"
    bias: BiasName = "data_mean"
    linear_path: bool = True
    likelihood: str | None = None
    posterior: str | None = None
    prior: str | None = None
    divergence: str | None = None
    bound: str | None = None
    conditional: ConditionalName | None = None
    corruption: str | None = None
    penalty: tuple[str, ...] = ()
    scaler: ScalerName | None = None
    epochs: float | None = None
    batch_size: int | None = None
    optimizer: str = "muon"
    learning_rate: float | None = None
    schedule: ScheduleName | None = None
    layerwise_epochs: float | None = None
    precision: PrecisionName = "float32"
    validation_fraction: float | Literal["auto"] = "auto"
    patience: int | None = None
    random_state: int = 0
    seeds: int = 1
    device: str = "auto"
    test_fraction: float = 0.2

    def __post_init__(self) -> None:
        # A name that is known in some spelling is kept as it is written; another is told later.
        with contextlib.suppress(InvalidParameterError):
            known = AUTOENCODER if self.model.casefold() == AUTOENCODER else find(self.model)
            object.__setattr__(self, "model", known)

    def estimator_parameters(self) -> dict[str, Any]:
        """Return the options of the estimator that this config stands for.

        What a published model says itself is left to it, where nothing else is asked for.

        Raises
        ------
        InvalidParameterError
            If options do not go together, or there is no such model.
        """
        direct = (
            "n_components bottleneck corruption scaler epochs batch_size learning_rate "
            "layerwise_epochs precision validation_fraction patience random_state device"
        )
        options = {
            "network": self._network(),
            "optimizer": self._optimizer(),
            "penalty": self.penalty or None,
            **{name: getattr(self, name) for name in direct.split()},
        }
        own = {name: getattr(self, name) for name in ("likelihood", *_OF_VARIATIONAL)}
        if self.conditional is not None:
            check_choice("conditional", self.conditional, CONDITIONAL)
            own["conditional"] = CONDITIONAL[self.conditional]
        options |= {name: value for name, value in own.items() if value is not None}
        return {name: value for name, value in options.items() if name not in self._left_out()}

    def _left_out(self) -> set[str]:
        """Return the options that the model has not, or has said itself."""
        published = look_up("model", self.model, {AUTOENCODER: None, **MODELS})
        variational = published is not None and published.variational
        of_no_use = _OF_AUTOENCODERS if variational else _OF_VARIATIONAL
        for name in of_no_use:
            if getattr(self, name) != getattr(FitConfig, name):
                raise InvalidParameterError(
                    f"`{name}` must be left out for the model {self.model}, which has none; got "
                    f"{getattr(self, name)!r}."
                )
        said = {
            name
            for name in (published.parts if published is not None else ())
            if all(
                getattr(self, option, None) == getattr(FitConfig, option, None)
                for option in (name, *(_OF_DENSE if name == "network" else ()))
            )
        }
        return {*of_no_use, *said}

    def _optimizer(self) -> dict[str, Any]:
        """Return the optimiser's description, with the schedule if one is asked for."""
        text = self.optimizer
        described = read_call("optimizer", text) if "(" in text else {"type": text}
        return described if self.schedule is None else described | {"schedule": self.schedule}

    def _network(self) -> Any:
        options = {name: getattr(self, name) for name in _OF_DENSE}
        if self.network is None:
            return {"type": "dense", **options}
        for name, value in options.items():
            if value != getattr(FitConfig, name):
                raise InvalidParameterError(
                    f"`{name}` must be left out where `network` is given; got {value!r}: give it "
                    f"to the network, as in {self.network.partition('(')[0]}({name}=...)."
                )
        return self.network


# The data that are no file.
TREE: Final = "tree"


@dataclass(frozen=True)
class DynamicsConfig(Config):
    """Everything that a look at learning dynamics is asked for.

    Parameters
    ----------
    data : str
        tree; a .npz file with the arrays inputs and targets, or X and y, one sample a row; or a
        table (.csv, .tsv, .parquet, .xlsx, ...), of which target names the columns to predict.
    target : tuple of str
        The columns of a table that are predicted; once for each, or joined by commas; text becomes
        a column of zeros and ones for each word.
    drop : tuple of str
        Columns of a table that are left out.
    categories : str
        What other columns of text are: refused, or one_hot, as in target.
    whiten : bool
        Take inputs that span the same and are uncorrelated, for which theory has closed forms.
    levels : int
        Levels of the tree below its root; left out, as many as branches are given, or 3.
    branches : tuple of int
        Children of each node: one number, or one a level, such as 2,3.
    flip : float
        Probability that a child does not inherit a feature.
    n_features : int
        How many features come down the tree.
    feature : str
        One feature more, NAME=1,-1,... with a value for each item; left out, the tree of 8 items
        gets has_bones, and its Goldfish becomes a Shark.
    item : str
        Whose prediction of that feature is followed; left out, the item that goes astray farthest.
    hidden : tuple of int
        Widths of the hidden layers, such as 30,30; "" is none.
    gamma : float
        Scale of the initial weights.
    initialization : str
        Kind of the initial weights.
    learning_rate : float
        Of full-batch gradient descent on the mean squared error; left out, 0.4 of the largest that
        is stable.
    epochs : int
        Steps of gradient descent.
    record_every : int
        Record epochs 0, n, 2n, ... and the last.
    random_state : int
        Seed of every draw.
    similarity_at : tuple of int
        Epochs at which the similarity of the items is drawn, such as 1,100; left out, where modes
        are at half their limits.
    theory : bool
        Draw theory over the measured modes: closed forms where they hold, else gradient flow,
        integrated.
    sweep : bool
        Also train for 20 learning rates by 17 gammas.
    animation : str
        What the similarity is animated as; mp4 needs ffmpeg.
    """

    kind: ClassVar[str] = "dynamics"
    places: ClassVar[Mapping[str, Collection[str]]] = {"data": (TREE,)}

    data: str = TREE
    target: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    categories: CategoriesName = "refuse"
    whiten: bool = False
    levels: int | None = None
    branches: tuple[int, ...] = (2,)
    flip: float = 0.15
    n_features: int = 10_000
    feature: str | None = None
    item: str | None = None
    hidden: tuple[int, ...] = (30,)
    gamma: float = 1e-12
    initialization: LinearInitializationName = "scaled_normal"
    learning_rate: float | None = None
    epochs: int = 250
    record_every: int = 1
    random_state: int = 0
    similarity_at: tuple[int, ...] = ()
    theory: bool = False
    sweep: bool = False
    animation: AnimationName = "gif"


@tell_words
@_reading_last
@dataclass(frozen=True)
class AnomaliesConfig(Reading, Config):
    """Everything that a search for anomalies is asked for, and how the data are read.

    Parameters
    ----------
    data : str
        A named data set (see `inscape datasets`), or a file or folder as for inscape fit; left out,
        that of the run, read as it was for it, or mnist.
    model : str
        A run of inscape fit, whose model encodes the rows; left out, the method's own.
    method : tuple of str
        [[method]], with options such as "neighbors(n_neighbors=10)"; several are combined; left
        out, denoising, or mahalanobis on the model of a run.
    normal : str
        The label of normal rows: half of them are learned from (all of the training rows, where
        the data have a test part), and the others judged; left out, all rows are learned from,
        most of which have to be normal.
    scaler : str
        standard divides each column by its own spread, none all by one, where they are of one unit;
        left out, standard for tables and none for pictures.
    contamination : float
        The share of the rows learned from that is told off.
    false_alarm_rate : float
        The share of normal rows that is told off; left out, where there is no contamination either,
        0.05.
    threshold : str
        How the threshold of that rate is found: conformal or generalized_pareto.
    random_state : int
        Seed of every draw.
    """

    kind: ClassVar[str] = "anomalies"
    holds_model: ClassVar[bool] = True
    places: ClassVar[Mapping[str, Collection[str]]] = _OF_USES

    data: str | None = None
    model: str | None = None
    method: tuple[str, ...] = ()
    normal: str | None = None
    scaler: Literal["standard", "none"] | None = None
    contamination: float | None = None
    false_alarm_rate: float | None = None
    threshold: Literal["conformal", "generalized_pareto"] = "conformal"
    random_state: int = 0


@tell_words
@_reading_last
@dataclass(frozen=True)
class ClustersConfig(Reading, Config):
    """Everything that a search for clusters is asked for, and how the data are read.

    Nothing is learned from labels: clusters are set beside them.

    Parameters
    ----------
    data : str
        A named data set (see `inscape datasets`), or a file or folder as for inscape fit; left out,
        that of the run, read as it was for it, or mnist.
    model : str
        A run of inscape fit, whose model encodes the rows; left out, the method's own.
    method : str
        [[clustering]], with options such as "hdbscan(min_cluster_size=20)".
    n_clusters : int
        How many; left out, they are counted, with the doubt of that.
    scaler : str
        standard divides each column by its own spread, none all by one, where they are of one unit;
        left out, standard for tables and none for pictures.
    random_state : int
        Seed of every draw.
    """

    kind: ClassVar[str] = "clusters"
    holds_model: ClassVar[bool] = True
    places: ClassVar[Mapping[str, Collection[str]]] = _OF_USES

    data: str | None = None
    model: str | None = None
    method: str = "spectral"
    n_clusters: int | None = None
    scaler: Literal["standard", "none"] | None = None
    random_state: int = 0


@tell_words
@_reading_last
@dataclass(frozen=True)
class ClassificationConfig(Reading, Config):
    """Everything that a classification is asked for, and how the data are read.

    An empty cell in the column of labels is a row without one.

    Parameters
    ----------
    data : str
        A named data set (see `inscape datasets`), or a file or folder as for inscape fit; left out,
        that of the run, read as it was for it, or mnist.
    model : str
        A run of inscape fit, whose model encodes the rows; left out, an autoencoder of ten
        components is trained on them.
    method : str
        [[classification]], with options such as "graph(n_neighbors=10)".
    unlabeled : str
        The label that stands for none, such as -1.
    random_state : int
        Seed of every draw.
    """

    kind: ClassVar[str] = "classification"
    holds_model: ClassVar[bool] = True
    places: ClassVar[Mapping[str, Collection[str]]] = _OF_USES

    data: str | None = None
    model: str | None = None
    method: str = "graph"
    unlabeled: str | None = None
    random_state: int = 0


@tell_words
@_reading_last
@dataclass(frozen=True)
class ImputationConfig(Reading, Config):
    """Everything that an imputation is asked for, and how the data are read.

    Parameters
    ----------
    data : str
        A named data set (see `inscape datasets`), or a file or folder as for inscape fit, of which
        entries may be missing.
    method : str
        [[imputation]], with options such as "gaussian(shrinkage=3)"; reconstruction needs a
        representation, and is for Python.
    n_imputations : int
        Draws of what is missing, each in a file of its own beside the rows filled by the mean.
    random_state : int
        Seed of every draw.
    """

    kind: ClassVar[str] = "imputation"
    holds_model: ClassVar[bool] = True
    places: ClassVar[Mapping[str, Collection[str]]] = {"data": NAMED}

    data: str = "mnist"
    method: str = "auto"
    n_imputations: int = 0
    random_state: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.missing != "refuse":
            raise InvalidParameterError(
                f"`missing` must be left out here; what is missing is filled: got {self.missing!r}."
            )


@tell_words
@_reading_last
@dataclass(frozen=True)
class ComparisonConfig(Reading, Config):
    """Everything that a comparison of models is asked for, and how the data are read.

    Parameters
    ----------
    data : str
        A named data set (see `inscape datasets`), or a file or folder as for inscape fit; left out,
        mnist.
    models : tuple of str
        scikit-learn's pca, nmf and svd, autoencoder, and published models such as vae (see
        `inscape zoo`), joined by commas.
    components : tuple of int
        The widths of their codes, such as 2,8,32.
    seeds : int
        Trainings of each model and width, from random-state and the seeds after it; linear methods
        are fitted once.
    runs : tuple of str
        Runs of inscape fit on the same rows that join the table, once for each.
    scaler : str
        Behind which everything stands: standard, minmax or none; left out, that of the runs that
        join, else standard for tables and none for pictures.
    epochs : float
        Passes over the data of each training; left out, as many as bring a good map soon.
    random_state : int
        Seed of the split and the first of the trainings.
    test_fraction : float
        Share of the rows kept for testing, where the data have no test part of their own.
    """

    kind: ClassVar[str] = "comparison"
    places: ClassVar[Mapping[str, Collection[str]]] = {"data": NAMED, "runs": ()}

    data: str = "mnist"
    models: tuple[str, ...] = ("PCA", "NMF", AUTOENCODER, "VAE")
    components: tuple[int, ...] = (2,)
    seeds: int = 3
    runs: tuple[str, ...] = ()
    scaler: Literal["standard", "minmax", "none"] | None = None
    epochs: float | None = None
    random_state: int = 0
    test_fraction: float = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        names = [word.strip() for words in self.models for word in words.split(",")]
        # A name that is known in some spelling is kept as it is written; others are told later.
        spelled = tuple(dict.fromkeys(_spelled(name) for name in names if name))
        object.__setattr__(self, "models", spelled)


# Methods of scikit-learn that stand beside models, by the names that they are told by.
LINEAR_NAMES: Final = ("PCA", "NMF", "SVD")


def _spelled(name: str) -> str:
    """Return the name of a model or linear method in its own spelling, if there is one."""
    for known in (*LINEAR_NAMES, AUTOENCODER):
        if name.casefold() == known.casefold():
            return known
    with contextlib.suppress(InvalidParameterError):
        return find(name)
    return name


@tell_words
@_reading_last
@dataclass(frozen=True)
class ComponentsConfig(Reading, Config):
    """Everything that a search for the size of a code is asked for, and how the data are read.

    Parameters
    ----------
    data : str
        A named data set (see `inscape datasets`), or a file or folder as for inscape fit; left out,
        mnist.
    sizes : tuple of int
        The numbers of components that an autoencoder is trained with, such as 2,8,32; left out, 1,
        2, 4, ... up to 32, or to what the data can have.
    scaler : str
        standard divides each column by its own spread, none all by one, where they are of one unit;
        left out, standard for tables and none for pictures.
    epochs : float
        Passes over the data of each training; left out, as many as bring a good map soon.
    random_state : int
        Seed of every draw.
    test_fraction : float
        Share of the rows kept for testing, where the data have no test part of their own.
    """

    kind: ClassVar[str] = "components"
    places: ClassVar[Mapping[str, Collection[str]]] = {"data": NAMED}

    data: str = "mnist"
    sizes: tuple[int, ...] = ()
    scaler: Literal["standard", "none"] | None = None
    epochs: float | None = None
    random_state: int = 0
    test_fraction: float = 0.2


@dataclass(frozen=True)
class ReproductionConfig(Config):
    """Everything that a reproduction is asked for.

    Parameters
    ----------
    recipe : str
        A name in `inscape.recipes.RECIPES`.
    quick : bool
        A short form on part of the data.
    """

    kind: ClassVar[str] = "reproduction"
    metrics_file: ClassVar[str] = "results.json"

    recipe: str
    quick: bool = False
