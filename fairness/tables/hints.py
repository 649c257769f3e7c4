"""What a table of predictions makes one doubt: lines for the terminal, nothing is changed."""

import re
import shlex
import unicodedata
from collections.abc import Collection
from typing import Any

import numpy as np
import pyarrow.compute as pc

from fairness.arrays import FloatArray
from fairness.tables.columns import Texts, is_number_text, texts
from fairness.unknown import is_unknown

_PERSON = "patient pat subject subj participant person pid mrn empi mpi ptid"
PERSON = frozenset(_PERSON.split())
"""Words by which columns name a patient."""
_BESIDE = "id ids no nr num number key code uid hash identifier pseudonym anon"
BESIDE = frozenset(_BESIDE.split())
"""Words that may stand beside such a word."""
USUAL = frozenset(("", "nan", "null", "-1", "unknown"))
"""Words for the unknown that nobody takes for a group."""
SHOWN = 6
"""So many words of one column are listed."""


def unknown_words(name: str, column: Texts) -> list[str]:
    """Which unusual words of an attribute count as unknown, and in how many rows."""
    counts = {
        word: n
        for word, n in column.counts().items()
        if word.lower() not in USUAL and is_unknown(word)
    }
    if not counts:
        return []
    found = listed([f"'{word}' in {n}" for word, n in counts.items()])
    return [
        f"{name}: counted as unknown, by rows: {found}; where one is a group, rename it with "
        f"--map {shlex.quote(name)}:OLD=NEW"
    ]


def twins(name: str, column: Texts, more: frozenset[str]) -> list[str]:
    """Which groups of an attribute may be spellings of one, and the `--map` that merges them."""
    counts = {w: n for w, n in column.counts().items() if not is_unknown(w, more)}
    sets: dict[str, list[str]] = {}
    for word in counts:
        sets.setdefault(bare(word), []).append(word)
    merged = [part for part in sets.values() if len(part) > 1]
    for short, part in list(sets.items()):
        longer = [key for key in sets if is_abbreviation(short, key)]
        if len(longer) == 1:
            merged = [other for other in merged if other not in (part, sets[longer[0]])]
            sets[longer[0]] = part + sets[longer[0]]
            merged.append(sets[longer[0]])
    if not merged:
        return []
    rules = []
    for part in merged:
        kept = max(part, key=lambda word: (len(bare(word)), word.istitle(), counts[word]))
        rules += [quoted(f"{name}:{word}={kept}") for word in part if word != kept]
    alike = listed([" / ".join(part) for part in merged])
    flag = shlex.quote(",".join(rules))
    return [f"{name}: {alike} look like spellings of one group; merge them with --map {flag}"]


def bare(word: str) -> str:
    """Lower case letters and digits without accents; a number, and a word without any, as it is."""
    # Marks tell numbers apart (1.5, 1-5 and 15), and so do signs (<60 and >60).
    if is_number_text(word) or re.search(r"[<>=+]", word):
        return word
    plain = unicodedata.normalize("NFKD", word.casefold())
    return re.sub(r"(?<!\d)[\W_]+|[\W_]+(?!\d)", "", plain) or word


def is_abbreviation(short: str, long: str) -> bool:
    """Whether one bare word is the beginning of another, as `f` and `female`."""
    return short.isalpha() and len(short) <= 3 and len(long) > 3 and long.startswith(short)


def quoted(rule: str) -> str:
    """A rule of `--map`, in double quotes where a comma or a quote would end it."""
    return '"' + rule.replace('"', '""') + '"' if re.search(r'[",]', rule) else rule


def unused_patients(table: Any, used: Collection[str]) -> list[str]:
    """Columns that repeat and are named like a patient's id, though none is used."""
    lines = []
    for name in table.column_names:
        words = set(re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()))
        named = words & PERSON or re.fullmatch(r"(patient|subject|person)(id|no|nr)", name.lower())
        if name in used or not named or not words - PERSON <= BESIDE | {name.lower()}:
            continue
        people = len(texts(table[name]).words)
        if people < table.num_rows:
            lines.append(
                f"column '{name}' looks like a patient's id, with {people} values in "
                f"{table.num_rows} rows, and is not used: intervals take every row for a person "
                f"of its own; name it with --patient {shlex.quote(name)}"
            )
    return lines


def duplicated_rows(table: Any, id_column: str, score: FloatArray) -> list[str]:
    """How many rows repeat an earlier one in everything but the id.

    Nothing is said where few different scores make equal rows by chance.
    """
    n = table.num_rows
    if len(np.unique(score)) < max(20, n // 10):
        return []
    names = [name for name in table.column_names if name != id_column]
    codes = np.zeros(n, dtype=np.int64)
    for name in names:
        places = pc.dictionary_encode(table[name], null_encoding="encode").combine_chunks().indices
        pair = codes * (n + 1) + places.to_numpy().astype(np.int64)
        codes = np.unique(pair, return_inverse=True)[1].astype(np.int64)
    _, first, sizes = np.unique(codes, return_index=True, return_counts=True)
    repeated = n - len(sizes)
    if not repeated:
        return []
    earliest = int(first[sizes > 1].min())
    again = int(np.flatnonzero(codes == codes[earliest])[1])
    return [
        f"{repeated} of {n} rows repeat an earlier one in everything but the id (row {again + 1} "
        f"repeats row {earliest + 1}): remove them if nobody was measured twice"
    ]


def listed(parts: Collection[str]) -> str:
    """The parts with commas, the first few where they are many."""
    shown = list(parts)[:SHOWN]
    return ", ".join(shown) + (f" and {len(parts) - SHOWN} more" if len(parts) > SHOWN else "")
