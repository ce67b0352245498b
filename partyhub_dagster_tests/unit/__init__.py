"""Tests of one function or module; no store of more than a few rows."""
