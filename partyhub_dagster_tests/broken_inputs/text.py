"""Broken CSV and fixed-width files."""

from partyhub_dagster_tests.broken_inputs.case import MARK, BrokenInput, csv

_EVENT = "event_time: {column: AT}"
_VERSION = "version: {column: V, type: integer}"
_FIXED = "fixed_width: {columns: {ID: 1-4, NAME: 5-24}}\nformat: fixed_width"
_GOOD = f"zx1,{MARK}"
_PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06"

SHAPE = [
    BrokenInput("a row with too few fields", csv("ID,NAME", _GOOD, "zx2"), 1, 1, reason="missing columns"),
    BrokenInput("a row with too many fields", csv("ID,NAME", _GOOD, f"zx2,{MARK},x,y"), 1, 1, reason="too many columns"),
    BrokenInput("a row with 1,000 delimiters", csv("ID,NAME", _GOOD, "," * 1000), 1, 1, reason="key column ID is empty", note="empty fields behind the last are no fields"),
    BrokenInput("rows that all end with a delimiter", csv("ID,NAME", f"{_GOOD},"), 1, note="empty fields behind the last are no fields"),
    BrokenInput("a total under the rows", csv("ID,NAME,SUM", f"{_GOOD},5", "TOTAL: 1"), 1, 1, reason="missing columns"),
    BrokenInput("an empty file", b"", error="the file is empty"),
    BrokenInput("a file of one line feed", b"\n", error="the file is empty"),
    BrokenInput("a header and no row", csv("ID,NAME")),
    BrokenInput("a header without line end", b"ID,NAME"),
    BrokenInput("two columns of one name", csv("ID,NAME,NAME", f"{_GOOD},x"), error="columns 2 and 3 have the same name"),
    BrokenInput("a column without name", csv("ID,,NAME", f"zx1,x,{MARK}"), error="column 2 of 3 has no name"),
    BrokenInput("a header that ends with a delimiter", csv("ID,NAME,", f"{_GOOD},"), error="column 3 of 3 has no name"),
    BrokenInput("a header in lower case", csv("id,name", _GOOD), error="lacks the column(s) ID"),
    BrokenInput("a header with blanks around names", csv(" ID , NAME ", _GOOD), 1),
    BrokenInput("no header: the first record in its place", csv(_GOOD, f"zx2,{MARK}"), error="lacks the column(s) ID"),
    BrokenInput("the header again between the rows", csv("ID,NAME", _GOOD, "ID,NAME", f"zx2,{MARK}"), 2, 1,
                reason="row repeats the header"),
    BrokenInput("the key column is missing", csv("NAME", MARK), error="lacks the column(s) ID"),
    BrokenInput("no mapped column is there", csv("ID,OTHER", _GOOD), error="none of the 1 mapped columns"),
    BrokenInput("the version column is missing", csv("ID,NAME", _GOOD), options=_VERSION, error="lacks the column(s) V"),
    BrokenInput("a comment above the header", csv("# written by a program", "ID,NAME", _GOOD), error="lacks the column(s) ID"),
    BrokenInput("semicolons where hub.yaml says commas", csv("ID;NAME", f"zx1;{MARK}"), error="lacks the column(s) ID"),
    BrokenInput("tabs where hub.yaml says commas", csv("ID\tNAME", f"zx1\t{MARK}"), error="lacks the column(s) ID"),
    BrokenInput("5,000 columns", lambda: csv(",".join(["ID", "NAME", *(f"c{i}" for i in range(4998))]),
                                             ",".join(["zx1", MARK, *"x" * 4998])), 1),
    BrokenInput("a field of 10 MB", lambda: csv("ID,NAME", f"zx1,{MARK}{'x' * 10_000_000}", f"zx2,{MARK}"), 2),
    BrokenInput("a line of 17 MB", lambda: csv("ID,NAME", f"zx1,{MARK}{'x' * 17_000_000}", f"zx2,{MARK}"), 1, 1,
                reason="line size over maximum"),
    BrokenInput("100,000 blank lines", lambda: b"ID,NAME\n" + b"\n" * 100_000 + csv(_GOOD), 1),
    BrokenInput("nothing but blank lines under the header", lambda: b"ID,NAME\n" + b"\n" * 1000),
    BrokenInput("lines of blanks", csv("ID,NAME", "   ", _GOOD), 1, 1, reason="missing columns"),
]  # fmt: skip

QUOTES = [
    BrokenInput("a quote that is never closed", csv("ID,NAME", _GOOD, f'zx2,"{MARK}', f"zx3,{MARK}"), 1, 1, reason="unquoted value"),
    BrokenInput("a quote never closed in the last line", b"ID,NAME\nzx1,Ann\nzx2,\"" + MARK.encode(), 1, 1, reason="unquoted value"),
    BrokenInput("a quote inside a quoted field", csv("ID,NAME", f'zx1,"{MARK}"x"', f"zx2,{MARK}"), 1, 1, reason="unquoted value"),
    BrokenInput("a quote inside a bare field", csv("ID,NAME", f'zx1,{MARK} 5" x'), 1, note="the quote is a part of the value"),
    BrokenInput("quotes escaped by a backslash", csv("ID,NAME", f'zx1,"{MARK} \\"x\\" y"', _GOOD), 1, 1, reason="unquoted value",
                note="`csv: {escape: \\\\}` reads them"),
    BrokenInput("line feeds inside quotes", csv("ID,NAME", f'zx1,"{MARK}\nx\n\ny"'), 1),
    BrokenInput("lines that end with CR only", csv("ID,NAME", _GOOD, f"zx2,{MARK}", end="\r"), 2),
    BrokenInput("three kinds of line end in one file", f"ID,NAME\r\nzx1,{MARK}\nzx2,{MARK}\r\nzx3,{MARK}".encode(), 3),
    BrokenInput("an end-of-file character of old systems", csv("ID,NAME", _GOOD) + b"\x1a", 1, 1, reason="missing columns"),
]  # fmt: skip

ENCODING = [
    BrokenInput("a NUL inside a value", csv("ID,NAME", f"zx1,{MARK}\x00x"), 1),
    BrokenInput("nothing but NULs", b"\x00" * 5000, error="seems to be UTF-16"),
    BrokenInput("one row in Latin-1, the others in UTF-8", csv("ID,NAME", f"zx1,{MARK} ü") + b"zx2,Z\xfc\n", 1, 1, reason="invalid encoding"),
    BrokenInput("windows-1252 where hub.yaml says UTF-8", f"ID,NAME\nzx1,{MARK} “ü”\nzx2,{MARK}\n".encode("windows-1252"), 1, 1,
                reason="invalid encoding"),
    BrokenInput("bytes that the encoding does not have", f"ID,NAME\nzx1,{MARK}\nzx2,".encode() + b"\x81\n", 1, 1,
                options="csv: {encoding: windows-1252}", reason="invalid encoding"),
    BrokenInput("an overlong form of NUL", csv("ID,NAME", _GOOD) + b"zx2,\xc0\x80\n", 1, 1, reason="invalid encoding"),
    BrokenInput("a lone surrogate in UTF-8", csv("ID,NAME", _GOOD) + b"zx2,\xed\xa0\x80\n", 1, 1, reason="invalid encoding"),
    BrokenInput("a character cut off at the end of the file", csv("ID,NAME", _GOOD) + b"zx2,\xe2\x82", 1, 1, reason="invalid encoding"),
    BrokenInput("a byte order mark of UTF-8", b"\xef\xbb\xbf" + csv("ID,NAME", _GOOD), 1),
    BrokenInput("a byte order mark between the rows", csv("ID,NAME", _GOOD) + b"\xef\xbb\xbf" + csv("ID,NAME", f"zx2,{MARK}"), 3,
                note="two files joined: the mark hides the second header, which becomes a record"),
    BrokenInput("UTF-16 with a mark, where hub.yaml says UTF-8", f"ID,NAME\nzx1,{MARK}\n".encode("utf-16"), 1),
    BrokenInput("UTF-16 without a mark, where hub.yaml says UTF-8", f"ID,NAME\nzx1,{MARK}\n".encode("utf-16-le"), error="seems to be UTF-16"),
    BrokenInput("UTF-16 cut in the middle of a character", f"ID,NAME\nzx1,{MARK}\nzx2,x".encode("utf-16") + b"\x00", 1, 1,
                options="csv: {encoding: utf-16}", reason="invalid encoding"),
    BrokenInput("a header that is no text", b"ID,NAM\xff\n" + csv(_GOOD), error="header of the file cannot be read"),
    BrokenInput("control characters in a value", csv("ID,NAME", f"zx1,{MARK}\x07\x1b[31m\x7f"), 1),
    BrokenInput("marks that turn the direction of text", csv("ID,NAME", f"zx1,\u202e{MARK}\u200f"), 1),
    BrokenInput("emoji and marks without a letter", csv("ID,NAME", f"zx1,{MARK} \U0001f469\u200d\U0001f680 \u0301"), 1),
]  # fmt: skip

VALUES = [
    BrokenInput("keys that are empty or blank", csv("ID,NAME", f",{MARK}", f" \t,{MARK}", _GOOD), 1, 2, reason="key column ID is empty"),
    BrokenInput("keys of characters without width", csv("ID,NAME", f"\u200b\ufeff,{MARK}", f"\u00a0,{MARK}"), 0, 2, reason="key column ID is empty"),
    BrokenInput("a part of the key is missing", csv("ID,NO,NAME", f"zx1,,{MARK}", f"zx1,1,{MARK}"), 1, 1, options="key: [ID, NO]",
                reason="key column ID, NO is empty"),
    BrokenInput("keys that differ in case only", csv("ID,NAME", f"zxa,{MARK}", f"zxA,{MARK}"), 2, note="two records: case may mean something"),
    BrokenInput("keys that differ in blanks around them only", csv("ID,NAME", f"zx1,{MARK}", f" zx1 ,{MARK}"), 2,
                note="two versions of one record"),
    BrokenInput("a line feed inside a key", csv("ID,NAME", f'"zx\n1",{MARK}'), 1),
    BrokenInput("one key for two persons", csv("ID,NAME", _GOOD, "zx1,Trillian"), 2, note="two versions of one record; the impact guard looks at such"),
    BrokenInput("the same row three times", csv("ID,NAME", _GOOD, _GOOD, _GOOD), 1, unchanged=2),
    BrokenInput("long numbers as keys that a spreadsheet has cut", csv("ID,NAME", f"1.23457E+14,{MARK}", f"1E+11,{MARK}", f"12E34,{MARK}"), 1, 2,
                reason="in scientific notation"),
    BrokenInput("a key of 40 digits", csv("ID,NAME", f"{'9' * 40},{MARK}"), 1),
    BrokenInput("cells that a spreadsheet would compute", csv("ID,NAME", f'zx1,"=HYPERLINK(""http://x"",""{MARK}"")"', f"@zx2,-{MARK}"), 2,
                note="kept as they came; exports for mending guard them"),
    BrokenInput("words for nothing", csv("ID,NAME", "zx1,NULL", "zx2,N/A", "zx3,-", "NA,x"), 4, note="kept as they came; normalizing takes placeholders out"),
    BrokenInput("dates of five formats", csv("ID,NAME,BORN", *(f"zx{i},{MARK},{d}" for i, d in enumerate(
        ("1990-02-03", "03.02.1990", "2/3/1990", "19900203", "3 Feb 1990")))), 5, note="kept as they came; normalizing reads them"),
    BrokenInput("event times of five formats", csv("ID,NAME,AT", *(f"zx{i},{MARK},{d}" for i, d in enumerate(
        ("2020-02-03", "2020-02-03T04:05:06Z", "03.02.2020", "2/3/20", "noon")))), 2, 3, options=_EVENT, reason="AT is not a timestamp"),
    BrokenInput("event times that no calendar has", csv("ID,NAME,AT", f"zx1,{MARK},2020-02-30", f"zx2,{MARK},2021-13-01", f"zx3,{MARK},0000-00-00"),
                0, 3, options=_EVENT, reason="AT is not a timestamp"),
    BrokenInput("event times in the years 0, 1, 9999 and 10000", csv("ID,NAME,AT", *(f"zx{y},{MARK},{y}-12-31" for y in ("0000", "0001", "9999", "10000"))),
                2, 2, options=_EVENT, reason="AT is not a timestamp"),
    BrokenInput("an event time that is missing", csv("ID,NAME,AT", f"zx1,{MARK},"), 0, 1, options=_EVENT, reason="AT is empty"),
    BrokenInput("versions beyond 64 bits", csv("ID,NAME,V", f"zx1,{MARK},99999999999999999999", f"zx2,{MARK},1"), 1, 1, options=_VERSION,
                reason="V is not an integer"),
    BrokenInput("versions with decimals, exponents, words", csv("ID,NAME,V", f"zx1,{MARK},3.7", f"zx2,{MARK},1e3", f"zx3,{MARK},two", f"zx4,{MARK},2.0"),
                1, 3, options=_VERSION, reason="V is not an integer"),
    BrokenInput("negative versions", csv("ID,NAME,V", f"zx1,{MARK},-5", f"zx1,{MARK},-4"), 2, options=_VERSION),
    BrokenInput("a kind that hub.yaml does not list", csv("ID,NAME,K", f"zx1,{MARK},P", f"zx2,{MARK},robot", f"zx3,{MARK},"), 1, 2,
                options="kind: {column: K, values: {P: person}}", reason="kind column K is empty or holds a value"),
]  # fmt: skip

OTHER_FORMATS = [
    BrokenInput("a web page instead of CSV", csv("<!DOCTYPE html>", "<html><body>503</body></html>"), error="lacks the column(s) ID"),
    BrokenInput("a PDF instead of CSV", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", error="lacks the column(s) ID"),
    BrokenInput("a picture instead of CSV", _PNG, error="header of the file cannot be read"),
    BrokenInput("JSON instead of CSV", f'[{{"ID": "zx1", "NAME": "{MARK}"}}]'.encode(), error="lacks the column(s) ID"),
    BrokenInput("fixed width: short and blank lines", csv(f"zx1 {MARK}", "zx2", "", f"zx3 {MARK}"), 3, options=_FIXED),
    BrokenInput("fixed width: a line that goes on", csv(f"zx1 {MARK}", "zx2 " + MARK * 5), 1, 1, options=_FIXED, reason="longer than the layout"),
    BrokenInput("fixed width: CSV instead", csv(f"zx1;{MARK};{MARK};{MARK}"), 0, 1, options=_FIXED, reason="longer than the layout"),
    BrokenInput("fixed width: a line without key", csv(f"    {MARK}"), 0, 1, options=_FIXED, reason="key column ID is empty"),
]  # fmt: skip

CASES = [*SHAPE, *QUOTES, *ENCODING, *VALUES, *OTHER_FORMATS]
