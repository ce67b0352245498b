"""The command line: `partyhub ...`.

Belongs here: commands, their options, what is printed, exit codes.
Not here: what a command does (`hub`, `answers`, the domain packages).
"""
