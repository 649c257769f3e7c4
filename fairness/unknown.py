"""What counts as not recorded, wherever a group is read: one list of words, marks and codes.

`docs/data.md` repeats it for users. Real categories, such as `Other` or `Refused`, are not in it.
"""

import re
from collections.abc import Collection
from functools import lru_cache

_AS_PROGRAMS_WRITE = """
na nan nat none null nil undefined blank empty missing missingdata nodata novalue
"""  # without marks: `N/A`, `<NA>`, `#N/A` and `n.a.` are all `na`
_AS_PEOPLE_WRITE = """
unk unkn ukn unknown notknown unspecified unreported unrecorded unavailable undisclosed unanswered
unobtainable unabletoobtain unabletodetermine unknownnotreported unknownornotreported notreported
notrecorded notavailable notstated notspecified notgiven notdisclosed notprovided notcollected
notdocumented notentered notanswered notasked notapplicable nonerecorded noinformation noanswer
noresponse dontknow donotknow declinedtoanswer declinedtostate declinetoanswer declinetostate
patientdeclinedtoanswer refusedtoanswer prefernottosay prefernottoanswer prefernottodisclose
choosenottodisclose
"""
_IN_OTHER_LANGUAGES = """
unbekannt keineangabe nichtbekannt inconnu inconnue nonrenseigné desconocido desconocida
desconhecido sconosciuto onbekend 未知 不详 不明
"""
WORDS = frozenset(f"{_AS_PROGRAMS_WRITE} {_AS_PEOPLE_WRITE} {_IN_OTHER_LANGUAGES}".split())
"""Lower case, letters and digits alone."""

MARKS = frozenset("-–—−?._/*#~ [](){}\"'")  # noqa: RUF001 - the dashes are meant
"""A text of these alone says nothing; `+`, `<`, `>` and `=` are not among them."""

NULL = "\\n"  # as MySQL and PostgreSQL write it, in lower case; `N` alone may mean no
CODES = frozenset((-1, -9, -99, -999, -9999))

_CODED = re.compile(r"[A-Za-z].*[0-9]|[0-9].*[A-Za-z]|^[0-9]+$")
"""A letter beside a digit, or a whole number: no word above, and soon seen of a million ids."""
_WHOLE = re.compile(r"([+-]?\d+)\.0*")


def whole(text: str) -> str:
    """`1` for `1.0` and `1.`, `0` for `-0.0`; any other text as it is."""
    found = _WHOLE.fullmatch(text)
    text = found[1] if found else text
    return "0" if text == "-0" else text


def is_unknown(text: str, more: Collection[str] = frozenset()) -> bool:
    """Whether a text says that a value was not recorded, whatever its case and its marks.

    Args:
        text: a code or a word.
        more: further such words, as `plain` writes them.
    """
    if not more and _CODED.search(text):
        return False
    return _is_unknown(text, frozenset(more))


@lru_cache(maxsize=65536)
def _is_unknown(text: str, more: frozenset[str]) -> bool:
    word = plain(text)
    return (
        word in WORDS
        or word in more
        or MARKS.issuperset(text)
        or text.lower() == NULL
        or (re.fullmatch(r"-\d{1,4}", word) is not None and int(word) in CODES)
    )


def plain(text: str) -> str:
    """Lower case, letters and digits alone; a text without any, and a number, as it is."""
    text = whole(text.strip().casefold())
    if re.fullmatch(r"[+-]?[\d.,]+", text):
        return text  # -9 is not 9
    return "".join(c for c in text if c.isalnum()) or text
