"""Files of every format into rows as received: one JSON object a row, or the raw text with the reason why it is none.

Belongs here: compression, encodings, one module per format, limits on what a file may expand to.
Not here: which files are read (`paths`, `deliveries`), what a row says of itself (`rows`).
"""
