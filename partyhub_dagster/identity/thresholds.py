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
    cut: int  # merging stops below this mean weight where one of the two clusters is a single record
    miss: int  # what a pair that was never scored counts
    cap: int  # no pair counts more than this
    max_part: int = 500  # components above it are clustered in parts
    doubling: int = 0  # how much more is asked whenever the smaller of the two clusters is twice as large

    def __post_init__(self) -> None:
        if not self.miss < self.cut <= self.link <= self.cap or self.max_part < 1 or self.doubling < 0:
            raise ModelError(
                f"Thresholds miss {self.miss}, cut {self.cut}, link {self.link}, cap {self.cap} (millibits), "
                f"max_part {self.max_part}, doubling {self.doubling} contradict each other; nothing was clustered.",
                remedy="Set miss < cut <= link <= cap, max_part >= 1 and doubling >= 0 in matching.<kind>.",
            )

    def asked(self, one: int, other: int) -> int:
        """Return the mean weight that lets two clusters of so many records merge.

        A record written badly agrees little with its party; that several records all do is more likely a namesake,
        for the mean of many pairs errs less than one pair. At 0, where both answers are equally likely, no more is
        asked. Guarantees: never lower for larger clusters, on which the agreement of rounds and definition rests.
        """
        doublings = min(one, other).bit_length() - 1
        return max(self.cut, min(self.cut + self.doubling * doublings, 0))
