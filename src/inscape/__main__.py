"""``python -m inscape`` is the command ``inscape``."""

from inscape.cli import main

if __name__ == "__main__":
    main()
