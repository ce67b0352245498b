"""Commands from files to a release, in a temporary folder."""
