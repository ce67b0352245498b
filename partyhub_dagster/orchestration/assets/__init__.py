"""The asset graph of a hub: raw/<source> to golden Parquet, made from hub.yaml.

Belongs here: one file per stage; what an asset is called, depends on and reports.
Not here: how an asset is run and described (`lake_asset`, `schemas`), checks (`checks`).
"""
