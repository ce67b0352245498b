"""What one column means by itself: its heading, held against its values."""

from dataclasses import dataclass

from partyhub_dagster.discovery.fits import looks_like_phones, share_of
from partyhub_dagster.discovery.headings import Heading, read_heading
from partyhub_dagster.discovery.profile import ColumnProfile

_CHECKS = {
    "email": "email", "website": "website", "date_of_birth": "date", "lei": "lei", "identifier:iban": "iban",
    "address:country": "country",
}  # fmt: skip
"""Meanings whose values show whether the heading is right, and what they must be valid as."""
_BY_VALUES = {
    "email": "email",
    "lei": "lei",
    "iban": "identifier:iban",
    "website": "website",
    "eu_vat": "tax_id:eu_vat",
}
"""What values show by themselves, the more telling first."""
_VAGUE = frozenset({"key", "kind", "version", "deleted", "label"})
"""Meanings that a word of a longer heading suggests, but does not say."""
_CLEARLY, _HARDLY = 0.8, 0.2
_FEW = 5


@dataclass(frozen=True, slots=True)
class Judged:
    """A column with what it most likely means."""

    profile: ColumnProfile
    heading: Heading
    meaning: str | None
    """A key of vocabulary.PHRASES; none when nothing tells."""
    certainty: float
    """From 0 to 1; a judgement, not a probability."""
    why: str

    @property
    def name(self) -> str:
        """Name of the column."""
        return self.profile.name


def judge(profile: ColumnProfile) -> Judged:
    """Read the heading and let the values confirm it, contradict it or speak for it."""
    heading = read_heading(profile.name)
    if not profile.filled:
        return Judged(profile, heading, None, 1.0, "empty")
    if heading.meaning is None or (heading.meaning in _VAGUE and not heading.whole):
        found = _by_values(profile, heading, "")
        if found.meaning is not None or heading.meaning is None:
            return found
    if heading.meaning == "phone":
        return _phone(profile, heading)
    return _checked(profile, heading, heading.meaning)


def _checked(profile: ColumnProfile, heading: Heading, meaning: str) -> Judged:
    """Hold what the heading says against the values, where values can tell."""
    check = _CHECKS.get(meaning)
    if check is None:
        return Judged(profile, heading, meaning, 0.9 if heading.whole else 0.7, "heading")
    share = profile.valid_as(check)
    if share < _HARDLY and len(profile.sample) >= _FEW:
        return _by_values(
            profile, heading, f"the heading says {meaning}, but {share:.0%} of the values are valid"
        )
    certainty = (0.5 + share / 2) * (1 if heading.whole else 0.9)
    return Judged(profile, heading, meaning, certainty, f"heading, {share:.0%} valid")


def _phone(profile: ColumnProfile, heading: Heading) -> Judged:
    """A number without area code is no valid phone, but still one."""
    valid = profile.valid_as("phone")
    digits = share_of(profile.sample, lambda value: sum(sign.isdigit() for sign in value) >= _FEW)
    if digits < _HARDLY and len(profile.sample) >= _FEW:
        return _by_values(
            profile, heading, f"the heading says phone, but {digits:.0%} of the values have digits"
        )
    return Judged(profile, heading, "phone", 0.5 + max(valid, digits / 2) / 2, f"heading, {valid:.0%} valid")


def _by_values(profile: ColumnProfile, heading: Heading, told: str) -> Judged:
    before = f"{told}; " if told else ""
    if len(profile.sample) >= _FEW:
        for check, meaning in _BY_VALUES.items():
            share = profile.valid_as(check)
            if share >= _CLEARLY:
                return Judged(profile, heading, meaning, share * 0.9, f"{before}{share:.0%} valid as {check}")
        share = profile.valid_as("phone")
        if share >= _CLEARLY and looks_like_phones(profile.sample):
            return Judged(profile, heading, "phone", share * 0.8, f"{before}{share:.0%} valid as phone")
        share = profile.valid_as("organization_name")
        if share >= _CLEARLY:
            return Judged(
                profile, heading, "organization_name", 0.6, f"{before}{share:.0%} with a legal form"
            )
    return Judged(profile, heading, None, 0.5, told or "nothing tells what it means")
