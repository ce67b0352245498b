"""Value in, match-ready value out: names, addresses, phones, dates and identifiers, one module per meaning.

Belongs here: cleaners, which never raise on any value; the set-based assembly of normalized_parties (`records`).
Not here: reading files (`sources`), comparing records (`matching`), choosing values (`survivorship`).

Law: the output is a function of the payload, hub.yaml and library versions alone: no model, no clock.
"""
