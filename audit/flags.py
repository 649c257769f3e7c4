"""Flags that several commands share."""

from pathlib import Path
from typing import Annotated, TypeAlias

import tyro

from fairness.tables.changes import MapRule, rules_in
from fairness.tables.words import names_in

CommaNames: TypeAlias = Annotated[
    tuple[str, ...],
    tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar="A,B",
        instance_from_str=lambda words: names_in(words[0]),
        is_instance=lambda value: isinstance(value, tuple),
        str_from_instance=lambda names: [",".join(names)],
    ),
]
"""Names separated by commas, as one word."""

Words: TypeAlias = Annotated[tuple[CommaNames, ...], tyro.conf.UseAppendAction]
"""Names separated by commas, by a flag that may come several times."""


MapRules: TypeAlias = Annotated[
    tuple[
        Annotated[
            tuple[MapRule, ...],
            tyro.constructors.PrimitiveConstructorSpec(
                nargs=1,
                metavar="COLUMN:OLD=NEW,...",
                instance_from_str=lambda words: rules_in(words[0]),
                is_instance=lambda value: isinstance(value, tuple),
                str_from_instance=lambda rules: [
                    ",".join(f"{r.column}:{r.old}={r.new}" for r in rules)
                ],
            ),
        ],
        ...,
    ],
    tyro.conf.UseAppendAction,
]
"""Rules as one word, by a flag that may come several times."""

Source: TypeAlias = Annotated[Path, tyro.conf.arg(name="from", metavar="FILE")]
"""A file of predictions."""

MetricsFile: TypeAlias = Annotated[Path | None, tyro.conf.arg(metavar="FILE.prom")]
"""Where numbers are written for Prometheus."""
