"""What leaves the hub for others to read: golden records of a release, as files.

Belongs here: the Parquet export, its manifest, checking an export against its manifest.
Not here: which state may be published (`lake.releases`), what a golden record says (`survivorship`).

Law: a file never changes once it is named by a manifest; readers follow one pointer, which is moved last, at once and
only from where the writer found it, so they see a whole export or the one before it. Modules: `parquet` (entry),
`buckets` (which files), `place` (manifests and the pointer), `manifest`; `store`, `local`, `s3`, `other` (where).
"""
