"""Run in KServe's environment: what of a manifest its Python package does not know, one a line.

The package is made from KServe's own definition: every class has the names and types of its fields.
"""

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

import kserve.models
import kubernetes.client.models

PLAIN = {"str": str, "int": int, "bool": bool, "float": float}


def unknown(value: Any, kind: str, path: str) -> Iterator[str]:
    """Fields below `path` that are not of their kind, such as `V1beta1ModelSpec` or `list[str]`."""
    if of := re.fullmatch(r"[lL]ist\[(.+)\]", kind):
        if not isinstance(value, list):
            yield f"{path}: no list"
            return
        for i, item in enumerate(value):
            yield from unknown(item, of[1], f"{path}[{i}]")
    elif of := re.fullmatch(r"[dD]ict[(\[]str, (.+)[)\]]", kind):
        for name, item in value.items():
            yield from unknown(item, of[1], f"{path}.{name}")
    elif kind in PLAIN:
        if type(value) is not PLAIN[kind]:
            yield f"{path}: no {kind}"
    elif kind != "object":
        model = getattr(kserve.models, kind, None) or getattr(kubernetes.client.models, kind)
        names = {json_name: name for name, json_name in model.attribute_map.items()}
        for json_name, item in value.items():
            if json_name in names:
                below = model.openapi_types[names[json_name]]
                yield from unknown(item, below, f"{path}.{json_name}")
            else:
                yield f"{path}.{json_name}: not a field of {kind}"


if __name__ == "__main__":
    print("\n".join(unknown(json.load(sys.stdin), "V1beta1InferenceService", "")))
