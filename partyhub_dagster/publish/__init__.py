"""What leaves the hub for others to read: golden records of a release, as files.

Belongs here: the Parquet export, its manifest, checking an export against its manifest.
Not here: which state may be published (`lake.releases`), what a golden record says (`survivorship`).

Law: an export is immutable and named after its release; readers follow one pointer, which is moved last and at once,
so they see a whole export or the one before it. Modules: `parquet` (entry), `manifest`, `place`.
"""
