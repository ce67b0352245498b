"""How accurate the hub is on labelled data, beside other tools: `make accuracy` writes docs/accuracy.md.

Every set is a plain hub.yaml in data/ that maps columns and nothing else. Settings are chosen on one half of the
entities; the other half is read only when asked for (`--report`), and each reading is counted.
"""
