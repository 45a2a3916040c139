"""Tell classes from a representation and few labels.

| file | what lives there |
|---|---|
| `classifier` | learn classes from rows most of which may have no label |
| `methods` | ways from codes and labels to classes, each a small immutable part |
| `representation` | what rows are encoded by where nothing is given |
| `targets` | labels as they came: which rows have one, and which classes there are |
"""

from inscape.uses.classification.classifier import PretrainedClassifier

__all__ = ["PretrainedClassifier"]
