# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["followthemoney==4.11.2", "nomenklatura==4.17.4", "pyicu-wheels==2.15.2", "rigour==2.6.1"]
#
# [tool.uv]
# # PyPI has PyICU as source only; pyicu-wheels is the same module with ICU inside.
# override-dependencies = ["pyicu ; python_version < '0'"]
# ///
"""nomenklatura's logic-v2 on pairs of names, in an environment of its own that `uv run --script` makes.

Reads a JSON list of [schema, name, name] from the file that is named, prints {scores, ms, version}. The first pass
warms its indexes; the timed second pass makes all entities anew. Each has an id of its own: nomenklatura remembers
the names of an entity by its id.
"""

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

from followthemoney import EntityProxy, model
from nomenklatura.matching import get_algorithm


def main(pairs_file: str) -> None:
    """Score all pairs twice and time the second pass."""
    pairs = json.loads(Path(pairs_file).read_text(encoding="utf-8"))
    algorithm = get_algorithm("logic-v2")
    if algorithm is None:
        sys.exit("this nomenklatura has no logic-v2")
    config = algorithm.default_config()
    scores, seconds = [], 0.0
    for turn in range(2):
        began = time.process_time()
        scores = [
            algorithm.compare(
                _entity(f"{turn}-{i}-a", schema, one), _entity(f"{turn}-{i}-b", schema, other), config
            ).score
            for i, (schema, one, other) in enumerate(pairs)
        ]
        seconds = time.process_time() - began
    ms = round(1000 * seconds / len(pairs), 3)
    print(json.dumps({"scores": scores, "ms": ms, "version": version("nomenklatura")}))


def _entity(key: str, schema: str, name: str) -> EntityProxy:
    return model.get_proxy({"id": key, "schema": schema, "properties": {"name": [name]}})


if __name__ == "__main__":
    main(*sys.argv[1:])
