"""Print docs/bad-inputs.md."""

import sys

from partyhub_dagster_tests.broken_inputs.table import page

sys.stdout.write(page())
