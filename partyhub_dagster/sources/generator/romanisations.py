"""The other Latin spellings of names in other scripts: which one a source has depends on who wrote it down.

The first spelling, that of `vocabulary`, is close to what a passport has today; these are older or foreign ones.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from partyhub_dagster.sources.generator.arrays import ascii_of

# As a German clerk hears it: Schtscherbakow, Juri.
_CYRILLIC: Final = {
    "а": "a", "б": "b", "в": "w", "г": "g", "ґ": "g", "д": "d", "е": "e", "є": "je", "ё": "jo", "ж": "sch", "з": "s",
    "и": "i", "і": "i", "ї": "ji", "й": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r",
    "с": "s", "т": "t", "у": "u", "ф": "f", "х": "ch", "ц": "z", "ч": "tsch", "ш": "sch", "щ": "schtsch", "ъ": "",
    "ы": "y", "ь": "", "э": "e", "ю": "ju", "я": "ja", "'": "", "’": "", "ʼ": "",
}  # fmt: skip
# As it sounds to an English ear: Yiorgos, Evangelos with v, Hristos.
_GREEK: Final = {
    "ου": "ou", "αυ": "af", "ευ": "ef", "μπ": "b", "ντ": "d", "γγ": "ng", "γκ": "g", "γι": "yi", "γε": "ye",
    "αι": "e", "ει": "i", "οι": "i", "α": "a", "β": "v", "γ": "g", "δ": "dh", "ε": "e", "ζ": "z", "η": "i", "θ": "th",
    "ι": "i", "κ": "k", "λ": "l", "μ": "m", "ν": "n", "ξ": "ks", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s",
    "τ": "t", "υ": "i", "φ": "f", "χ": "h", "ψ": "ps", "ω": "o",
}  # fmt: skip
_ACCENTS: Final = str.maketrans("άέήίόύώϊϋΐΰ", "αεηιουωιυιυ")
# Pinyin to Wade and Giles, as Taiwan and old passports have it: Zhang is Chang, Xu is Hsu.
_WADE_GILES: Final = (
    ("zhi", "chih"), ("chi", "chih"), ("shi", "shih"), ("ri", "jih"), ("zi", "tzu"), ("ci", "tzu"), ("si", "ssu"),
    ("zh", "ch"), ("x", "hs"), ("q", "ch"), ("j", "ch"), ("z", "ts"), ("c(?!h)", "ts"), ("b", "p"), ("d", "t"),
    ("g(?!$)", "k"), ("r", "j"), ("ong", "ung"), ("yan", "yen"), ("ian", "ien"), ("ie$", "ieh"),
)  # fmt: skip
# Korean after McCune and Reischauer, without its signs: Park is Pak, Jung is Chong.
_KOREAN: Final = (
    ("^kim$", "gim"), ("^lee$", "yi"), ("^park$", "pak"), ("^choi$", "choe"), ("^lim$", "im"), ("^oh$", "o"),
    ("eo", "o"), ("eu", "u"), ("^g", "k"), ("^b", "p"), ("^d", "t"), ("j", "ch"), ("oo", "u"),
)  # fmt: skip
# Hepburn to the school spelling, with h for long vowels: Sato is Satoh, Shinji is Sinzi.
_JAPANESE: Final = (
    ("shi", "si"), ("sh", "sy"), ("chi", "ti"), ("ch", "ty"), ("tsu", "tu"), ("fu", "hu"), ("ji", "zi"), ("j", "zy"),
    ("o$", "oh"),
)  # fmt: skip
# Arabic leaves vowels out, so every country has its own spelling; the first is the usual one here.
_ARABIC: Final = {
    "محمد": ("Mohammed", "Muhammad"), "أحمد": ("Ahmed", "Ahmad"), "علي": ("Ali", "Aly"), "عمر": ("Omar", "Umar"),
    "يوسف": ("Youssef", "Yusuf"), "إبراهيم": ("Ibrahim", "Ebrahim"), "خالد": ("Khaled", "Khalid"),
    "حسن": ("Hassan", "Hasan"), "حسين": ("Hussein", "Husayn"), "مصطفى": ("Mustafa", "Moustapha"),
    "سعيد": ("Saeed", "Said"), "طارق": ("Tarek", "Tariq"), "كريم": ("Karim", "Kareem"), "وليد": ("Walid", "Waleed"),
    "فاطمة": ("Fatima", "Fatma"), "عائشة": ("Aisha", "Aicha"), "مريم": ("Mariam", "Maryam"),
    "زينب": ("Zeinab", "Zaynab"),
    "نور": ("Nour", "Noor"), "ليلى": ("Leila", "Layla"), "هدى": ("Huda", "Hoda"), "سارة": ("Sara", "Sarah"),
    "ياسمين": ("Yasmin", "Jasmine"), "سلمى": ("Salma", "Selma"), "خديجة": ("Khadija", "Khadeeja"),
    "الحسيني": ("El Husseini", "Al-Husayni"), "المصري": ("El Masry", "Al-Masri"), "الشريف": ("El Sherif", "Al-Sharif"),
    "النجار": ("El Naggar", "Al-Najjar"), "الخطيب": ("El Khatib", "Alkhateeb"), "السيد": ("El Sayed", "Al-Sayyid"),
    "عبد الله": ("Abdullah", "Abdallah"), "عبد الرحمن": ("Abdelrahman", "Abdul Rahman"), "منصور": ("Mansour", "Mansur"),
    "سليمان": ("Soliman", "Sulayman"), "حداد": ("Haddad", "Hadad"), "خوري": ("Khoury", "Khuri"),
    "قاسم": ("Kassem", "Qasim"),
    "شاهين": ("Shaheen", "Chahine"), "يعقوب": ("Yacoub", "Yaqub"), "الهاشمي": ("El Hashemi", "Al-Hashimi"),
    "جابر": ("Gaber", "Jaber"), "صالح": ("Saleh", "Salih"), "عثمان": ("Osman", "Uthman"), "ناصر": ("Nasser", "Nasir"),
}  # fmt: skip
_MEN, _WOMEN = 14, 25
ARABIC_MALE: Final = {native: first for native, (first, _) in list(_ARABIC.items())[:_MEN]}
ARABIC_FEMALE: Final = {native: first for native, (first, _) in list(_ARABIC.items())[_MEN:_WOMEN]}
ARABIC_FAMILY: Final = {native: first for native, (first, _) in list(_ARABIC.items())[_WOMEN:]}


def _by_letters(table: Mapping[str, str], name: str) -> str:
    longest = max(map(len, table))
    result, at = "", 0
    while at < len(name):
        for size in range(longest, 0, -1):
            if name[at : at + size] in table:
                result, at = result + table[name[at : at + size]], at + size
                break
        else:
            result, at = result + name[at], at + 1
    return result


def _by_rules(rules: tuple[tuple[str, str], ...], syllable: str) -> str:
    """Replace left to right in one pass, the first rule that fits at a place wins."""
    sounds = re.compile("|".join(f"({sound})" for sound, _ in rules))
    return sounds.sub(lambda found: rules[(found.lastindex or 1) - 1][1], syllable)


def _cyrillic(name: str) -> str:
    return _by_letters(_CYRILLIC, name.lower())


def _greek(name: str) -> str:
    return _by_letters(_GREEK, name.lower().translate(_ACCENTS))


def _chinese(name: str) -> str:
    syllables = [_by_rules(_WADE_GILES, syllable) for syllable in ascii_of(name).lower().split()]
    return "-".join(syllables)


def _korean(name: str, latin: str) -> str:
    return _by_rules(_KOREAN, (latin or ascii_of(name)).lower())


_SPELLINGS: Final[dict[str, Callable[[str, str], str]]] = {
    "RU": lambda name, _: _cyrillic(name),
    "UA": lambda name, _: _cyrillic(name),
    "GR": lambda name, _: _greek(name),
    "CN": lambda name, _: _chinese(name),
    "KR": _korean,
    "JP": lambda _, latin: _by_rules(_JAPANESE, latin.lower()),
    "AE": lambda name, latin: _ARABIC[name][1] if name in _ARABIC else latin,
}


def respelt(country: str, name: str, latin: str) -> str:
    """Return how else a name of this country is spelled in Latin; `latin` is how it usually is.

    Some names have one spelling only.
    """
    written = _SPELLINGS[country](name, latin)
    return written if country == "AE" else written[:1].upper() + written[1:]
