"""What a cleaner of single values says of one value."""

from typing import NamedTuple


class Cleaned(NamedTuple):
    """One value: for display, for comparison, and whether it passed its check."""

    value: str | None
    """For display; none for blanks, placeholders and what no column could hold."""
    key: str | None
    """For comparison; none where there is nothing to compare."""
    valid: bool | None = None
    """True: checked, good. False: checked, bad. None: nothing can be checked."""
    placeholder: bool = False
    """Whether it stands for nothing."""


NOTHING = Cleaned(None, None)
PLACEHOLDER = Cleaned(None, None, None, placeholder=True)
