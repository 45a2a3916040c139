"""``inscape zoo``: the published models, each a line of parts."""

from __future__ import annotations

from inscape.cli.output import say, say_table


def zoo(name: str | None = None, /) -> None:
    """List the published models: their parts, their papers, and what of those is left out.

    Parameters
    ----------
    name : str
        One of them, such as beta-VAE; left out, all.
    """
    from inscape.zoo import MODELS, find

    chosen = MODELS if name is None else {find(name): MODELS[find(name)]}
    rows = [
        [
            known,
            str(model) if model.variational else f"Autoencoder: {model}",
            model.paper,
            model.leaves_out,
        ]
        for known, model in chosen.items()
    ]
    say_table(["Name", "Parts", "Paper", "Left out of it"], rows)
    say("")
    call = "NAME" if name is None else repr(find(name))
    say(f"In Python: inscape.zoo.build({call}, n_components=2, ...).fit(X)")
