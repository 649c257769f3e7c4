"""Settings of a run: a frozen dataclass, then a YAML file, then flags; each overrides the former.

A file may hold `presets`, a mapping from preset names to the settings that differ there; where a
method has several models, `MODEL-PRESET` names what differs for one of them. A typo is an error, in
the file as on the command line.
"""

import difflib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, Protocol, TypeVar

import tyro
import yaml
from pydantic import TypeAdapter, ValidationError

from fairness.atomic import write_atomically
from fairness.documents import parse_yaml, read_text
from fairness.errors import UsageError

CONFIGS = Path(__file__).parent / "configs"
RUNS = Path("runs")
DATA = Path("data")
"""The default folder of a data set is the one of its name in here; `fair-audit` looks there too."""
KEPT = "config.yaml"
"""In a run's folder: the settings it was started with."""


class Settings(Protocol):
    """Any frozen dataclass of settings that chooses between presets."""

    __dataclass_fields__: ClassVar[dict[str, Any]]  # how the standard library marks a dataclass

    @property
    def preset(self) -> str:
        """A preset's name, or `auto`."""


S = TypeVar("S", bound=Settings)


@dataclass(frozen=True, kw_only=True)
class Call:
    """Options of one call of a training command; they are no settings of the run."""

    config: Path | None = None
    """YAML file of settings; without it the one that comes with the method, or, with --resume, the
    one that the run was started with."""
    out: Path | None = None
    """Folder of the run; without it runs/METHOD/TIME, or, with --resume, the newest of them."""
    resume: bool = False
    """Continue the run in the folder; without a run there, start one."""


@dataclass(frozen=True, kw_only=True)
class Command(Call, Generic[S]):
    """A whole command line."""

    settings: Annotated[S, tyro.conf.arg(name="")]


@dataclass(frozen=True)
class _First(Call):
    """Options needed before the file can be read."""

    preset: str | None = None
    model: str | None = None


def parse(
    command: type[Command[S]],
    settings: type[S],
    arguments: list[str],
    method: str,
    auto: str,
    help: str,
) -> tuple[S, Path, bool]:
    """Read a command line.

    Args:
        command: `Command[Config]`, of which the flags are made.
        settings: `Config`.
        arguments: those of the command line.
        method: name of the method: of its module, its YAML file and its folder of runs.
        auto: the preset that `auto` means on this machine.
        help: text of `--help` before the flags.

    Returns:
        The settings, with a preset in place of `auto`; the folder of the run; whether to resume.

    Raises:
        UsageError: a file or a value is wrong, or the folder holds another run.
    """
    first, _ = tyro.cli(_First, args=arguments, return_unknown_args=True, add_help=False)
    folder = first.out or _default_folder(method, first.resume)
    kept = folder / KEPT
    if kept.exists() and not first.resume:
        raise UsageError(f"{folder} already holds a run: add --resume, or choose another --out")
    file = first.config or (kept if kept.exists() else CONFIGS / f"{method}.yaml")
    defaults = read(settings, file, first.preset, auto, first.model)
    flags = tyro.cli(
        command,
        args=arguments,
        default=command(settings=defaults),
        prog=f"python -m training.{method}",
        description=help,
        config=(tyro.conf.FlagCreatePairsOff,),
    )
    chosen = asdict(flags.settings)
    chosen["preset"] = auto if chosen["preset"] == "auto" else chosen["preset"]
    return validate(settings, chosen, "the command line"), folder, flags.resume


def read(
    settings: type[S], file: Path, preset: str | None, auto: str, model: str | None = None
) -> S:
    """The settings of a YAML file for a preset and model; None takes what the file names.

    Raises:
        UsageError: the file is missing, not YAML, or holds an unknown key or an impossible value.
    """
    values = dict(_mapping(_load(file), file))
    presets = dict(_mapping(values.pop("presets", {}), file))
    chosen = preset or values.get("preset", "auto")
    chosen = auto if chosen == "auto" else chosen
    values |= {"preset": chosen} | dict(_mapping(presets.get(str(chosen), {}), file))
    if model := model or values.get("model"):
        values |= {"model": model} | dict(_mapping(presets.get(f"{model}-{chosen}", {}), file))
    return validate(settings, values, str(file))


def validate(settings: type[S], values: Mapping[str, object], source: str) -> S:
    """Settings from plain values; those left out keep their defaults.

    Raises:
        UsageError: a key is unknown or a value impossible; names it and the source.
    """
    known = [field.name for field in fields(settings)]
    for key in values:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, 1)
            hint = f"did you mean {near[0]}?" if near else f"known are: {', '.join(known)}"
            raise UsageError(f"{source}: unknown setting '{key}'; {hint}")
    try:
        return TypeAdapter(settings).validate_python(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{source}: {where} = {first['input']!r}: {first['msg']}") from None


def keep(settings: S, folder: Path) -> None:
    """Write the settings into the folder of their run, where `--resume` finds them."""
    plain = TypeAdapter(type(settings)).dump_python(settings, mode="json")
    write_atomically(folder / KEPT, yaml.safe_dump(plain, sort_keys=False))


def _default_folder(method: str, resume: bool) -> Path:
    runs = sorted(file.parent for file in (RUNS / method).glob(f"*/{KEPT}"))
    if resume and runs:
        return runs[-1]
    return RUNS / method / datetime.now().strftime("%Y%m%d-%H%M%S")


def _load(file: Path) -> object:
    try:
        return parse_yaml(read_text(file))
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}; name a YAML file with --config") from None
    except ValueError as error:
        raise UsageError(f"{file}: {error}; correct it, or name another with --config") from None


def _mapping(value: object, file: Path) -> Mapping[str, Any]:
    """YAML's mapping; an empty file or section is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise UsageError(f"{file}: expected 'setting: value' lines, found {value!r}")
    return value
