"""Command line of a writer of synthetic data: flags, progress, errors in one line, exit codes."""

from collections.abc import Callable
from dataclasses import fields, make_dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import tyro

from fairness.guard import DEBUG_HELP, guarded
from fairness.progress import ProgressLine
from fairness.synthetic.recipe import AnyRecipe, Progress

HELP = """Write a synthetic data set in the layout of {layout}.

A data set that is already there, made by the same flags, is kept; an interrupted one is completed.

Examples:
"""

OUT = "Folder to write to: empty, absent, or this very data set."

RecipeT = TypeVar("RecipeT", bound=AnyRecipe)


def run_writer(
    module: str,
    layout: str,
    examples: tuple[str, ...],
    recipe_type: type[RecipeT],
    write: Callable[[Path, RecipeT, Progress], None],
    arguments: list[str],
) -> int:
    """Write the data set that the flags describe, and return the exit code.

    The fields of the recipe are the flags, beside `--out`. `module` is run by `python -m`, `layout`
    names the published data set, `examples` are arguments shown in the help text.
    """
    program = f"python -m {module}"
    help = HELP.format(layout=layout) + "".join(f"\n  {program} {e}\n" for e in examples)

    def work(rest: list[str]) -> int:
        options = _options(program, help, recipe_type, rest)
        recipe = recipe_type(**{f.name: getattr(options, f.name) for f in fields(recipe_type)})
        write(options.out, recipe, ProgressLine("images"))
        print(f"{options.out}: {recipe.extent()}")
        print(recipe.statement())
        return 0

    return guarded(program, "go on with the same command", arguments, work)


def _options(program: str, help: str, recipe_type: type[AnyRecipe], arguments: list[str]) -> Any:
    """The fields of the recipe and `out`, from the command line.

    Raises:
        UsageError: the recipe does not allow a value.
    """
    return tyro.cli(
        make_dataclass(
            "Options",
            [("out", Annotated[Path, tyro.conf.arg(help=OUT)])],
            bases=(recipe_type,),
            frozen=True,
            kw_only=True,
        ),
        prog=program,
        description=help + DEBUG_HELP,
        args=arguments,
    )
