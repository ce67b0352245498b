"""What the hub answers when asked: its status, one party, one pair, how accurate it is, whether it is right.

Belongs here: read-only questions over a release or the head, each answered as a dataclass or JSON-able dict.
Not here: changing anything (`hub` and the domain packages), printing (`cli`).
"""
