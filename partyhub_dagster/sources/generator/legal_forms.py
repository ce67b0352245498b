"""Legal forms of companies: which a country has, how they are usually written, and how else."""

from typing import Final

FORMS_OF_COUNTRY: Final[dict[str, tuple[str, ...]]] = {
    "US": ("inc", "inc", "llc", "llc", "llc", "corp", "lp", "co"),
    "GB": ("ltd", "ltd", "ltd", "plc", "llp"),
    "CA": ("inc", "ltd", "corp"),
    "IE": ("ltd", "plc", "dac"),
    "DE": ("gmbh", "gmbh", "ag", "gmbh_kg"),
    "CH": ("ag", "sa", "gmbh"),
    "FR": ("sa", "sarl", "sas"),
    "LU": ("sarl", "sa"),
    "NL": ("bv", "bv", "nv"),
    "JP": ("kk",),
    "CN": ("co_ltd",),
    "GR": ("ae",),
    "UA": ("llc",),
}
# form -> (spellings that records use every day, spellings that call for knowledge; "" leaves the form out)
SPELLINGS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "inc": (("Inc.", "Inc", "Inc"), ("Incorporated", "")),
    "llc": (("LLC", "LLC", "L.L.C."), ("Limited Liability Company", "Limited Liability Co.", "")),
    "corp": (("Corp.", "Corp", "Corporation"), ("Corporation", "")),
    "lp": (("LP", "L.P."), ("Limited Partnership", "")),
    "co": (("Co.", "Company"), ("Company", "")),
    "ltd": (("Ltd", "Ltd.", "Limited"), ("Limited", "")),
    "plc": (("PLC", "plc", "P.L.C."), ("Public Limited Company", "")),
    "llp": (("LLP",), ("Limited Liability Partnership", "")),
    "dac": (("DAC",), ("Designated Activity Company", "")),
    "gmbh": (("GmbH",), ("Gesellschaft mit beschränkter Haftung", "G.m.b.H.", "")),
    "gmbh_kg": (("GmbH & Co. KG",), ("GmbH und Co. Kommanditgesellschaft", "KG")),
    "ag": (("AG",), ("Aktiengesellschaft", "")),
    "sa": (("SA", "S.A."), ("Société Anonyme", "")),
    "sarl": (("SARL", "S.à r.l.", "S.A.R.L."), ("Société à responsabilité limitée", "")),
    "sas": (("SAS", "S.A.S."), ("Société par actions simplifiée", "")),
    "bv": (("B.V.", "BV"), ("Besloten Vennootschap", "")),
    "nv": (("N.V.", "NV"), ("Naamloze Vennootschap", "")),
    "kk": (("K.K.", "Co., Ltd."), ("Kabushiki Kaisha", "Corporation")),
    "co_ltd": (("Co., Ltd.", "Co. Ltd"), ("Company Limited",)),
    "ae": (("S.A.",), ("Societe Anonyme", "A.E.")),
}
