"""What files say of themselves before a hub.yaml exists: profiles of columns, and a first hub.yaml guessed from them.

Belongs here: how a file is written, what a column holds, guesses of its meaning, the text of a first hub.yaml.
Not here: asking people (`cli`), cleaning values (`normalize`; a value is tried by the very cleaner that the hub uses).

Law: no value of a record leaves this package. Examples are masked to their shape; guesses speak of names and shares.
"""
