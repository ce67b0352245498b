"""The vocabulary of organisations' names: numbers, abbreviations, and words that tell nothing."""


def _numbered(words: str) -> dict[str, str]:
    return {word: str(number) for number, word in enumerate(words.split(), start=1)}


NUMBER_WORDS = {
    **_numbered("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"),
    **_numbered("one two three four five six seven eight nine ten eleven twelve"),
}
ROMAN_NUMBERS = _numbered("i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx")
ABBREVIATIONS = {
    short: word
    for word, shorts in {
        "academy": "acad", "administration": "admin", "american": "amer", "associates": "assocs",
        "association": "assn assoc", "brothers": "bros", "building": "bldg",
        "center": "ctr cntr cnt centre", "chemical": "chem", "college": "coll", "committee": "cmte",
        "construction": "constr", "consulting": "cnslt", "department": "dept", "development": "dev devel",
        "distribution": "distr", "division": "div", "education": "educ", "electric": "elec",
        "elementary": "elem", "engineering": "engr engrg", "enterprises": "entps", "equipment": "equip",
        "family": "fam", "federal": "fed", "financial": "fin finl", "foundation": "fdn fndn", "general": "gen",
        "government": "govt", "group": "grp", "holding": "hldg", "holdings": "hldgs", "hospital": "hosp",
        "industries": "inds indus", "information": "info", "institute": "inst", "insurance": "ins",
        "international": "intl internatl", "investment": "invt", "investments": "invs invts", "laboratories": "labs",
        "laboratory": "lab", "management": "mgmt mgt", "manufacturing": "mfg", "marketing": "mktg",
        "medical": "med", "memorial": "mem", "metropolitan": "metro", "ministries": "mins", "mount": "mt",
        "municipal": "muni", "national": "natl", "organization": "org", "partners": "ptnrs", "partnership": "ptnrship",
        "petroleum": "petro", "pharmaceuticals": "pharma", "properties": "props",
        "property": "prop", "realty": "rlty", "resources": "rsrcs", "saint": "st",
        "school": "sch", "securities": "secs", "service": "svc",
        "services": "svcs svs", "society": "soc", "solutions": "solns", "systems": "sys", "technologies": "techs",
        "technology": "tech", "transportation": "transp", "university": "univ",
    }.items()
    for short in shorts.split()
}  # fmt: skip
"""Only what is hardly ever a name by itself; `co` and `corp` are legal forms."""
SMALL_WORDS = frozenset({"and", "the", "of", "for"})
LETTERED_WORDS = frozenset({"class", "series", "tranche", "share", "shares"})
"""Words before a letter that tells siblings apart: Class A."""
GENERIC_WORDS = frozenset(
    "american national international global united first new general central north south east west great group bank"
    " holdings services company city state royal standard".split()
)
