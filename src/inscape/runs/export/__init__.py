"""What a fitted model is handed over as: ONNX graphs, and the layout of the Hugging Face Hub.

| file | what lives there |
|---|---|
| `card` | the model card: what a run knows of its model, in words and numbers |
| `graphs` | encoder and decoder as ONNX graphs |
| `hub` | a directory that the Hub takes as it is |
| `onnx_export` | two graphs in a directory, kept only where they give what the model gives |
| `parity` | how far the graphs are from the model, on random rows and on real ones |
| `source` | what a run still knows of its data: test rows, and names of columns |
"""

from __future__ import annotations

from inscape.runs.export.hub import export_hub
from inscape.runs.export.onnx_export import export_onnx

__all__ = ["export_hub", "export_onnx"]
