"""The machine of the whole pipeline: random histories of a small hub, and plain Python that says what must be in it.

Belongs here: what is delivered and decided (`contents`, `deliveries`, `steps`), what must follow from it (`golden`,
`told`, and `identity_oracle` beside this package), the comparison with the hub (`history`).
Not here: the tests and their planted bugs (`properties/test_pipeline_histories.py`), the command
(`benchmarks/pipeline_histories.py`).

Independent of the system: which versions of records are current, which are deleted, quarantined or unchanged, in what
order records were first seen; who is with whom and under which id; which values survive and why; what lineage tells.
Shared with it: what a content means when normalised, and what two contents weigh. Both are taken from the hub's own
code, run once and from scratch over all contents in a hub of its own (`laboratory`), so they are the same for all
histories, and a weight or value that depended on anything but the contents would show as a divergence.
"""
