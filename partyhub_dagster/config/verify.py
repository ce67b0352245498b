"""How much of the hub is proven every night."""

from typing import Annotated

from pydantic import Field

from partyhub_dagster.config.section import Section


class Verify(Section):
    """The nightly comparison of a sample with a rebuild of it."""

    sample: Annotated[int, Field(ge=0)] = 200
    """Components rebuilt every night and compared; 0: no check and no schedule."""
