"""The tests of the hub, by what they need.

`unit`: one function or module, no store of more than a few rows. `properties`: laws over generated histories,
each with a planted bug that it must find. `dagster`: the asset graph on an ephemeral instance. `integration`:
commands from files to a release in a temporary folder.

A test is named after the promise that it holds us to. Nothing here needs a network, a server or a clock.
"""
