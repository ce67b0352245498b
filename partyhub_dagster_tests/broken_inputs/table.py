"""All broken inputs, and the page that lists them."""

from partyhub_dagster_tests.broken_inputs import objects, packed, places, text
from partyhub_dagster_tests.broken_inputs.case import BrokenInput

SECTIONS: list[tuple[str, list[BrokenInput]]] = [
    ("Rows and headers of CSV files", text.SHAPE),
    ("Quotes and line ends", text.QUOTES),
    ("Encodings", text.ENCODING),
    ("Keys, versions and values", text.VALUES),
    ("Files of another kind, and fixed width", text.OTHER_FORMATS),
    ("JSON Lines", objects.LINES),
    ("JSON lists", objects.LISTS),
    ("Parquet", objects.PARQUET),
    ("Avro", objects.AVRO),
    ("Compressed files", packed.ARCHIVES),
    ("Workbooks", packed.WORKBOOKS),
    ("Places and moments", places.CASES),
]
CASES = [case for _, cases in SECTIONS for case in cases]

_INTRODUCTION = """# Bad inputs

What happens to {count} broken inputs. A test loads each of them and holds it against this page, which
`python -m partyhub_dagster_tests.broken_inputs` writes.

Each ends in one of three ways, and nothing is ever half-loaded:

- its rows are **stored** as they came, recognised as **unchanged**, or **quarantined** with their reasons; the three add up to the rows of the file;
- the whole file is refused with one **error** that names source and file. The other files are loaded, and `every_delivery_loaded` holds back the release until the file is mended, taken away or accepted;
- it is no delivery, and is left alone.

Reasons and errors name columns, lines and files, never a value. [Quarantine](operations.md#quarantine) tells how rejected rows are mended and loaded after all.
"""


def page() -> str:
    """Return the page as it lies in docs/bad-inputs.md."""
    parts = [_INTRODUCTION.format(count=len(CASES))]
    for title, cases in SECTIONS:
        parts.append(f"## {title}\n\n| input | what happens |\n|---|---|\n")
        parts[-1] += "".join(f"| {_cell(case.name)} | {_cell(_told(case))} |\n" for case in cases)
    return "\n".join(parts)


def _told(case: BrokenInput) -> str:
    return case.outcome + (f"; {case.note}" if case.note else "")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
