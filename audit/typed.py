"""The command of a run as it was typed, for its provenance, without what must stay secret."""

import re
import shlex
from collections.abc import Sequence

from audit.client.headers import FLAG, LOOSE, Secret

HIDDEN = repr(Secret(""))
USER = re.compile(r"(?<=://)[^/@\s]*@")
"""Name and password before the host of an address."""


def typed_command(words: Sequence[str]) -> str:
    """`fair-audit` with its words for a shell; of a header only the name is shown.

    Args:
        words: of the command line, without the name of the program.
    """
    shown, before = ["fair-audit"], ""
    for word in words:
        flag, equals, value = word.partition("=")
        if before == FLAG:
            word = without_value(word)
        elif flag == FLAG and equals:
            word = f"{flag}={without_value(value)}"
        elif LOOSE.match(word):
            word = without_value(word)
        shown.append(USER.sub(f"{HIDDEN}@", word))
        before = flag if not equals else ""
    return shlex.join(shown)


def without_value(header: str) -> str:
    """`authorization: ***`."""
    name, colon, _ = header.partition(":")
    return f"{name.strip()}: {HIDDEN}" if colon else HIDDEN
