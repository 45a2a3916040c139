"""The front end, as it was built: one ES module, which page and file take alike."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from inscape._errors import DataNotFoundError

_MODULE: Final = Path(__file__).parent / "bundle" / "lab.js"


def read_bundle() -> bytes:
    """Return the module.

    Raises
    ------
    DataNotFoundError
        If it was not built.
    """
    try:
        return _MODULE.read_bytes()
    except FileNotFoundError as error:
        raise DataNotFoundError(
            f"{_MODULE} must be there to show anything; it is missing: install inscape again, or "
            "in a checkout build it with npm ci and npm run build in lab/."
        ) from error


def in_script(text: str) -> str:
    r"""Return JSON as it may stand in a script of a page: no text of anybody's ends the script.

    Parameters
    ----------
    text : str
        JSON.

    Examples
    --------
    >>> in_script('["</script>"]')
    '["\\u003c/script\\u003e"]'
    """
    # Within JSON these stand in texts alone, where an escape means the same.
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text
