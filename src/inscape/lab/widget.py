"""The lab in a notebook: the file's document, and a way back to Python for what is chosen."""

from __future__ import annotations

from typing import Any

from inscape._checks import missing_dependency
from inscape.lab.describing import describe
from inscape.lab.file import alone
from inscape.lab.front_end import read_bundle

try:
    import anywidget
    import traitlets
except ImportError as _error:
    raise missing_dependency("anywidget", "The lab in a notebook", "notebook") from _error


class Widget(anywidget.AnyWidget):
    """The lab of a fitted representation and some rows, in a notebook.

    It shows what the exported file shows, in JupyterLab, marimo, and whatever else hosts
    anywidgets; a decoder that no page can compute is decoded beforehand at some places. What a
    person chooses comes back as traits. A notebook that is saved with its widgets' state shows the
    last one again before anything runs, and holds the rows: look at them before you hand it on.

    Parameters
    ----------
    model : Representation
        Fitted, with `transform` and `inverse_transform`: ours, or scikit-learn's PCA and NMF.
    X : array-like or frame, shape (n_samples, n_features)
        Rows, as `transform` takes them.
    y : array-like of shape (n_samples,) or None, default None
        Their labels: classes, or numbers.
    image_shape : tuple of int or None, default None
        (height, width) or (height, width, channels) where a row is a picture; None takes what the
        model remembers.
    state : str, default ""
        What is shown first, as the fragment of the lab's address tells it: ``"pin=3&mode=decode"``.

    Attributes
    ----------
    selection : list of int
        The rows inside the lasso, as places in X; empty where there is none.
    code : list of float
        The code at the cursor, in the units of `transform`; empty before there is one.
    state : str
        What is shown; set it to show something else.

    Raises
    ------
    MissingDependencyError
        If the extra ``notebook`` is not installed; when the class is looked up.
    InvalidDataError
        If X are no rows that the model takes.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.decomposition import PCA
    >>> X, y = load_iris(return_X_y=True)
    >>> widget = Widget(PCA(2).fit(X), X, y, state="mode=decode")
    >>> widget.selection
    []
    """

    _esm = read_bundle().decode()

    description = traitlets.Unicode().tag(sync=True)
    blobs = traitlets.Dict().tag(sync=True)
    selection = traitlets.List(traitlets.Int()).tag(sync=True)
    code = traitlets.List(traitlets.Float()).tag(sync=True)
    state = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, model: Any, X: Any, y: Any = None, *, image_shape: Any = None, state: str = ""
    ) -> None:
        document = alone(describe(model, X, y, image_shape=image_shape))
        super().__init__(
            description=document.to_json(),
            blobs={name: document.blob(name) for name in document.blobs},
            state=state,
        )
