"""Laws over generated histories, each with a planted bug that it must find."""
