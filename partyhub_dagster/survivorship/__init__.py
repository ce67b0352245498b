"""Which values a golden record shows, and the record and rule behind each of them.

Belongs here: the survivorship rules, golden rows with their provenance, and the stage that keeps golden_parties.
Not here: which records are one party (`identity`), cleaning values (`normalize`), exporting (`publish`).

A *group* is a leading attribute with its parts (a name, an address); it survives whole, from one record.
Law: a golden row is a function of the party's members, the pins and the rules: no clock, no order of rows, and
every value that is not pinned stands in a member record. Modules: `golden` (entry), `rules`, `candidates`,
`choice`, `pins`.
"""
