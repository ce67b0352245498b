"""What people decide about parties: written to the ledger, shown before it is written, listed, taken back.

Belongs here: who is meant, what a decision needs to be valid, the preview, the ledger as rows and as CSV.
Not here: what decisions do to parties (`identity`) and to golden values (`survivorship`), how commands ask (`cli`).

The ledger is append-only: nothing is changed or deleted, a decision is taken back by a REVOKE.
"""
