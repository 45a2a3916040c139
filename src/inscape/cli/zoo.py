"""``inscape zoo``: the published models, each a line of parts."""

from __future__ import annotations

from inscape.cli.output import say, say_table


def zoo() -> None:
    """List the published models by name, with the parts they are made of and their papers."""
    from inscape.zoo import MODELS

    rows = [
        [name, str(model) if model.variational else f"Autoencoder: {model}", model.paper]
        for name, model in MODELS.items()
    ]
    say_table(["Name", "Parts", "Paper"], rows)
    say("")
    say("In Python: inscape.zoo.build(NAME, n_components=2, ...).fit(X)")
