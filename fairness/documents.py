"""Reads YAML and JSON that came from outside: plain values only, or one reason why not."""

import json
from collections import Counter
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import NoReturn

import yaml

DIGITS = 40
"""Characters of a whole number: Python cannot even print one of thousands."""
LARGEST = 1 << 18
"""Bytes of a file that people write: a policy, settings, a threshold."""


def read_text(path: Path) -> str:
    """The text of a small file, which may be a pipe.

    Raises:
        OSError: it cannot be read.
        ValueError: it is larger than `LARGEST`, or not in UTF-8; says so.
    """
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"larger than {LARGEST >> 10} KB")
    try:
        return content.decode("utf-8-sig")  # some editors begin a file with a mark
    except UnicodeDecodeError:
        raise ValueError("not a text in UTF-8") from None


def parse_yaml(text: str) -> object:
    """Mappings, sequences and scalars of YAML.

    Anchors are refused, since a few lines of them unfold into gigabytes or into themselves, and so
    is a key that is there twice, of which YAML would drop one without a word.

    Raises:
        ValueError: with the reason, in one line.
    """
    try:
        return yaml.load(text, _Loader)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except Exception as error:  # PyYAML fails at odd tags and numbers with errors of many kinds
        reason = " ".join(str(error).split())
        raise ValueError(f"no YAML: {reason or type(error).__name__}") from None


def line_of(text: str, keys: Sequence[str | int]) -> int:
    """The line, from 1, of what stands under nested keys in a YAML text that was parsed before.

    Where a key is not there: the line of the innermost thing around it that is.
    """
    node, line = yaml.compose(text, _Loader), 1
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            pairs = [pair for pair in node.value if str(pair[0].value) == str(key)]
            if not pairs:
                continue  # a word of the schema's own, such as the kind of one of several forms
            line, node = pairs[0][0].start_mark.line + 1, pairs[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 1
    return line


def parse_json(text: str | bytes) -> dict[str, object]:
    """An object of JSON, its numbers finite.

    Raises:
        ValueError: it is anything else.
    """
    try:
        found = json.loads(text, parse_constant=_no_number, parse_int=_whole, parse_float=_finite)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("no object of JSON")
    return found


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader without anchors and without repeated keys."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise ValueError("anchors are not read: write out what stands behind *")
        return super().compose_node(parent, index)

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Hashable, object]:
        names = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        for name, times in names.items():
            if times > 1:
                raise ValueError(f"'{name}' is there twice; keep one")
        return super().construct_mapping(node, deep)


def _yaml_whole(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    _check_digits(str(node.value))
    return loader.construct_yaml_int(node)


_Loader.add_constructor("tag:yaml.org,2002:int", _yaml_whole)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _whole(digits: str) -> int:
    _check_digits(digits)
    return int(digits)


def _check_digits(text: str) -> None:
    if len(text) > DIGITS:
        raise ValueError(f"a whole number of more than {DIGITS} digits")


def _finite(digits: str) -> float:
    value = float(digits)
    if abs(value) == float("inf"):
        raise ValueError(f"{digits} is too large")
    return value
