"""The error tree of Inscape.

Every error that Inscape raises on purpose is one of these, and each is also the built-in error
that a reader of plain Python would expect::

    InscapeError
    ├── InvalidParameterError   (ValueError)         an option that cannot hold
    ├── InvalidDataError        (ValueError)         data that cannot be learned from
    ├── DataNotFoundError       (FileNotFoundError)  a data set or file that is not there
    ├── DamagedFileError        (OSError)            a file that is cut short or was changed
    ├── StorageError            (OSError)            a place that cannot be written to
    ├── RunNotFoundError        (FileNotFoundError)  a directory that is not a run
    ├── RunExistsError          (FileExistsError)    a run that would have been overwritten
    ├── TrainingDivergedError   (ArithmeticError)    a loss that stopped being a number
    ├── ExportError             (RuntimeError)       an export that is not what the model is
    └── MissingDependencyError  (ImportError)        an optional package that is not installed

The command line prints the message alone and exits with status 2. What goes on, and should be
known, is a `RunWarning`; the command line prints it as one line.
"""

from __future__ import annotations


class InscapeError(Exception):
    """The root of every error that Inscape raises on purpose."""


class InvalidParameterError(InscapeError, ValueError):
    """An option has a value that it cannot have."""


class InvalidDataError(InscapeError, ValueError):
    """The data cannot be learned from, or do not fit the fitted model."""


class DataNotFoundError(InscapeError, FileNotFoundError):
    """A data set or a data file is not there."""


class DamagedFileError(InscapeError, OSError):
    """A file is cut short, or is not what was written."""


class StorageError(InscapeError, OSError):
    """A place cannot be written to: it is read-only, or full."""


class RunNotFoundError(InscapeError, FileNotFoundError):
    """A directory is not a run, or not one that can do what was asked."""


class RunExistsError(InscapeError, FileExistsError):
    """A run is already there and would have been overwritten."""


class TrainingDivergedError(InscapeError, ArithmeticError):
    """The loss became infinite or not a number while training."""


class ExportError(InscapeError, RuntimeError):
    """A model cannot be handed over in a form, or would not give the same there."""


class MissingDependencyError(InscapeError, ImportError):
    """An optional package is needed and is not installed."""


class RunWarning(UserWarning):
    """What should be known about a run: what a kill left behind, what nobody can prove."""
