"""Sending a file of events, one JSON object a line: checked first, on from where it broke off, each with its receipt.

How far the broker has acknowledged is kept beside the file, with a hash of that part of it: a file that grew goes on
there, one that was changed is refused.
"""

import hashlib
import json
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from partyhub_dagster.errors import SourceError
from partyhub_dagster.streaming.sending import Outgoing, Pace, Sender

_CHECKPOINT_S = 1.0
_SHOWN_MISTAKES = 10
_CHECKED_AT_ONCE = 20_000
_AT_ONCE = 1 << 20
FindMistakes = Callable[[list[bytes]], list[list[str]]]
"""Tells for each line what is wrong with it as an event."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a file was sent to a topic."""

    topic: str
    topic_id: str
    """The broker's own id of the topic: one that was deleted and made again is another."""
    bytes: int = 0
    lines: int = 0
    messages: int = 0
    sha256: str = hashlib.sha256().hexdigest()
    """Of the bytes that were sent."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file that is an event."""

    text: bytes
    number: int
    end: int
    """Where in the file it ends."""


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of a file."""

    messages: int
    """Acknowledged by the broker in this call."""
    before: int
    """Acknowledged in earlier calls."""
    partitions: dict[int, int]
    seconds: float


def checkpoint_file(file: Path, topic: str) -> Path:
    """Return where it is kept how far a file was sent."""
    return file.with_name(f"{file.name}.{topic}.sent")


def send_file(
    file: Path,
    sender: Sender,
    topic_id: str,
    find_mistakes: FindMistakes | None,
    pace: Pace,
    *,
    again: bool = False,
) -> FileReport:
    """Send what was not sent yet; at the end, and whenever it breaks off, keep how far it went.

    `find_mistakes` is asked about all that is to be sent before anything is; None sends lines as they are.

    Guarantees: each event is in the topic at least once. Twice at most those that were on their way when an earlier
    call was killed; they have the same bytes.

    Raises:
        SourceError: the file cannot be read, holds lines that are no events, or was changed since it was sent in part.
        BrokerError: a message was not acknowledged; all before it are, and are not sent again.
    """
    start = Checkpoint(sender.topic, topic_id) if again else _start(file, sender.topic, topic_id)
    if find_mistakes is not None:
        _refuse_mistakes(file, start, find_mistakes)
    kept = checkpoint_file(file, sender.topic)
    _keep(kept, start)
    began = last = time.monotonic()
    sending = _Sending(file, start)
    try:
        for number, line in enumerate(_lines(file, start)):
            sender.wait(pace.until_due(number))
            sending.waiting.append(line)
            sender.send(message_of(line.text))
            if time.monotonic() - last > _CHECKPOINT_S:
                last = time.monotonic()
                _keep(kept, sending.advance(sender.acknowledged))
        sender.finish()
    finally:
        _keep(kept, sending.advance(sender.acknowledged))
    return FileReport(
        sender.acknowledged, start.messages, dict(sorted(sender.partitions.items())), time.monotonic() - began
    )


class _Sending:
    """Lines that are on their way; the checkpoint follows those that arrived."""

    def __init__(self, file: Path, start: Checkpoint) -> None:
        self.file, self.reached, self.start = file, start, start
        self.waiting: deque[Line] = deque()
        self.hash = _hash_of(file, 0, start.bytes)

    def advance(self, acknowledged: int) -> Checkpoint:
        """Return how far the file is in the topic, now that so many messages of this call are."""
        reached: Line | None = None
        arrived = acknowledged - (self.reached.messages - self.start.messages)
        for _ in range(arrived):
            reached = self.waiting.popleft()
        if reached is not None:
            self.hash = _hash_of(self.file, self.reached.bytes, reached.end, self.hash)
            messages = self.start.messages + acknowledged
            topic, topic_id = self.start.topic, self.start.topic_id
            self.reached = Checkpoint(
                topic, topic_id, reached.end, reached.number, messages, self.hash.hexdigest()
            )
        return self.reached


def _start(file: Path, topic: str, topic_id: str) -> Checkpoint:
    try:
        held = json.loads(checkpoint_file(file, topic).read_text(encoding="utf-8"))
        kept = Checkpoint(**held)
    except (FileNotFoundError, ValueError, TypeError):
        return Checkpoint(topic, topic_id)
    if kept.topic_id != topic_id:
        return Checkpoint(topic, topic_id)  # what was sent went with the old topic
    if _hash_of(file, 0, kept.bytes).hexdigest() != kept.sha256:
        raise SourceError(
            f"{file} was changed in the {kept.lines:,} lines that were sent already; nothing was sent.",
            remedy="Send the changes as a file of their own, or send the whole file again with --again.",
        )
    return kept


def _refuse_mistakes(file: Path, start: Checkpoint, find_mistakes: FindMistakes) -> None:
    wrong = 0
    shown: list[str] = []
    lines = _lines(file, start)
    while part := list(islice(lines, _CHECKED_AT_ONCE)):
        for line, mistakes in zip(part, find_mistakes([line.text for line in part]), strict=True):
            wrong += bool(mistakes)
            if mistakes and len(shown) < _SHOWN_MISTAKES:
                shown.append(f"line {line.number}: {', '.join(mistakes)}")
    if wrong:
        more = f" and {wrong - len(shown):,} more" if wrong > len(shown) else ""
        raise SourceError(
            f"{wrong:,} lines of {file} are no events of this hub ({'; '.join(shown)}{more}); nothing was sent.",
            remedy="Correct them; docs/event.schema.json says what an event is. With --as-is they are sent, and the"
            " hub puts them into quarantine.",
        )


def message_of(text: bytes) -> Outgoing:
    """Return a line as a message, with the key of its record if that can be told."""
    try:
        event = json.loads(text)
        source, record = event["source"], event["source_record_id"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return Outgoing(None, text)
    told = isinstance(source, str) and isinstance(record, str)
    return Outgoing(f"{source}:{record}".encode() if told else None, text)


def _lines(file: Path, start: Checkpoint) -> Iterator[Line]:
    """Yield the lines after the checkpoint, without empty ones.

    Raises:
        SourceError: the file cannot be read.
    """
    try:
        with file.open("rb") as opened:
            opened.seek(start.bytes)
            end = start.bytes
            for number, text in enumerate(opened, start.lines + 1):
                end += len(text)
                if text.strip():
                    yield Line(text.strip(), number, end)
    except OSError as error:
        raise SourceError(
            f"{file} cannot be read ({type(error).__name__}).", remedy="Name a file of events, one a line."
        ) from None


def _hash_of(file: Path, start: int, end: int, before: "hashlib._Hash | None" = None) -> "hashlib._Hash":
    hashed = hashlib.sha256() if before is None else before.copy()
    with file.open("rb") as opened:
        opened.seek(start)
        left = end - start
        while left > 0 and (read := opened.read(min(left, _AT_ONCE))):
            hashed.update(read)
            left -= len(read)
    return hashed


def _keep(kept: Path, checkpoint: Checkpoint) -> None:
    """Write how far it went, whole or not at all."""
    written = kept.with_name(f"{kept.name}.new")
    try:
        written.write_text(json.dumps(asdict(checkpoint)), encoding="utf-8")
        written.replace(kept)
    except OSError as error:
        raise SourceError(
            f"How far the file was sent cannot be kept in {kept} ({type(error).__name__}).",
            remedy="Make its folder writable, or send a copy of the file from a folder that is.",
        ) from None
