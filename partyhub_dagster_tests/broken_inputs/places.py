"""Files that cannot be reached, must not be followed, or change while they are read."""

import os
from collections.abc import Callable
from pathlib import Path

from partyhub_dagster_tests.broken_inputs.case import MARK, BrokenInput, csv

_PLAIN = csv("ID,NAME", f"zx1,{MARK}")


def _outside(path: Path) -> Path:
    target = path.parent.parent / "outside.csv"
    target.write_bytes(_PLAIN)
    return target


def _link_out(path: Path) -> None:
    path.symlink_to(_outside(path))


def _link_folder_out(path: Path) -> None:
    folder = path.parents[2] / "elsewhere"
    folder.mkdir()
    (folder / "a.csv").write_bytes(_PLAIN)
    path.parent.symlink_to(folder)


def _link_inside(path: Path) -> None:
    (path.parent / ".kept.csv").write_bytes(_PLAIN)
    path.symlink_to(path.parent / ".kept.csv")


def _grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(csv(f"zx2,{MARK}"))


def _touch(path: Path) -> None:
    os.utime(path, ns=(1, 1))


def _second(name: str) -> Callable[[Path], None]:
    return lambda path: (path.parent / name).write_bytes(path.read_bytes()) and None


CASES = [
    BrokenInput("a link that leads out of the folder", place=_link_out, error="leads out of the source's folder"),
    BrokenInput("a link that leads out, with `follow_links: true`", place=_link_out, options="follow_links: true", stored=1),
    BrokenInput("a link to a file of the folder", place=_link_inside, stored=1),
    BrokenInput("a linked folder that leads out", place=_link_folder_out, options="path: inbox/**/*.csv", file="day/a.csv",
                error="leads out of the source's folder"),
    BrokenInput("a link that leads nowhere", place=lambda path: path.symlink_to(path.parent / "gone"), error="leads nowhere"),
    BrokenInput("a link to itself", place=lambda path: path.symlink_to(path), error="leads nowhere"),
    BrokenInput("a pipe", place=os.mkfifo, error="no ordinary file"),
    BrokenInput("a folder with the name of a file", place=lambda path: path.mkdir()),
    BrokenInput("a file that is not there", options="path: inbox/a.csv", place=lambda _: None, error="does not exist"),
    BrokenInput("a file without permission to read", _PLAIN, place=lambda path: path.chmod(0), error="could not be read (PermissionError)"),
    BrokenInput("a file that vanishes", _PLAIN, meanwhile=lambda path: path.unlink(), error="vanished while it was read"),
    BrokenInput("a file that grows while it is read", _PLAIN, meanwhile=_grow, error="changed while it was read"),
    BrokenInput("a file that is emptied while it is read", _PLAIN, meanwhile=lambda path: path.write_bytes(b"") and None, error="changed while it was read"),
    BrokenInput("a file that is replaced while it is read", _PLAIN, meanwhile=lambda path: path.write_bytes(csv("NAME", MARK)) and None, error="changed while it was read"),
    BrokenInput("a file touched while it is read", _PLAIN, meanwhile=_touch, error="changed while it was read"),
    BrokenInput("a file still being written", _PLAIN, file="a.csv.part", note="left alone until it has its name"),
    BrokenInput("a hidden file", _PLAIN, file=".a.csv", note="left alone"),
    BrokenInput("the same file under two names", _PLAIN, place=_second("b.csv"), stored=1, note="the second is no load"),
    BrokenInput("a name of wildcards and quotes", _PLAIN, file="a[1]*?'\".csv", stored=1),
    BrokenInput("a name with a line feed", _PLAIN, file="a\nb.csv", stored=1),
    BrokenInput("a name that is no text", _PLAIN, file=os.fsdecode(b"a\xff.csv"), error="name of the file is no text"),
]  # fmt: skip
