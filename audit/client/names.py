"""Names of models and of versions: which can be used, and which version is the newest."""

import re
from collections.abc import Sequence

from audit.client.own_tensors import some
from fairness.errors import ServerError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
"""Of a model: it becomes a folder of the reports."""

VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}")
"""Of a model."""


def check_name(name: str) -> None:
    """Refuse a model whose name could lead out of the folder of the reports.

    Raises:
        ServerError: it has other characters than letters, digits, `.`, `_` and `-`.
    """
    if not NAME.fullmatch(name):
        raise ServerError(
            f"a model is named {name[:200]!r}, which cannot name a folder; use letters, digits, "
            "'.', '_' and '-', beginning with a letter or digit, or name another with --model"
        )


def newest(versions: Sequence[str], model: str) -> str:
    """The highest of a model's ready versions, or the only one; empty where none is named.

    Raises:
        ServerError: one is no version, or there are several and not all are numbers.
    """
    for version in versions:
        if not VERSION.fullmatch(version):
            raise ServerError(
                f"model '{model}': its ready version is {version[:50]!r}, neither a number nor a "
                "plain word; see the server's log"
            )
    if all(re.fullmatch(r"[0-9]{1,18}", version) for version in versions):
        return max(versions, key=int, default="")
    if len(versions) > 1:
        raise ServerError(
            f"model '{model}' has the versions {some(versions)}, of which none is the newest; name "
            "one with --version"
        )
    return versions[0]
