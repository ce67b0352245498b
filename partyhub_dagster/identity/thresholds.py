"""The frozen numbers of a model that clustering obeys, one set per party kind."""

from dataclasses import dataclass

from partyhub_dagster.errors import ModelError


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where pairs connect, merge and stop.

    Units: millibits (1/1000 bit of match weight), `max_part` in records.
    Guarantees: miss < cut <= link <= cap, so a pair that was never scored can neither connect nor merge.
    """

    link: int  # pairs at or above it connect a component
    cut: int  # merging stops below this mean weight
    miss: int  # what a pair that was never scored counts
    cap: int  # no pair counts more than this
    max_part: int = 500  # components above it are clustered in parts

    def __post_init__(self) -> None:
        if not self.miss < self.cut <= self.link <= self.cap or self.max_part < 1:
            raise ModelError(
                f"Thresholds miss {self.miss}, cut {self.cut}, link {self.link}, cap {self.cap} (millibits), "
                f"max_part {self.max_part} contradict each other; nothing was clustered.",
                remedy="Set miss < cut <= link <= cap and max_part >= 1 in matching.<kind>.thresholds.",
            )
