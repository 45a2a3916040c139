"""``inscape datasets``: what there is to learn from, and where it lies."""

from __future__ import annotations

from inscape.cli.output import say, say_table


def datasets() -> None:
    """List the named data sets, and say how to bring your own."""
    from inscape.data import available

    rows = [
        [
            info.name,
            f"{info.n_train:,}",
            f"{info.n_test:,}",
            str(info.n_features),
            info.licence,
            info.place,
        ]
        for info in available()
    ]
    say_table(["Name", "Train", "Test", "Features", "Licence", "Place"], rows)
    say("")
    say(
        "Your own: inscape fit FILE, a .npy, .npz, .csv, .tsv, .parquet, .feather, .arrow or .xlsx "
        "file or a folder of images."
    )
