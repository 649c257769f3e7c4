"""`records/shard.json`: what a complete shard says of itself, for those that are merged with it.

It holds no row of a patient but the ids of files that could not be read, and no header of the
command line, which may hold a token.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import fields as fields_of
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from google.protobuf.json_format import ParseDict, ParseError
from pydantic import Field, TypeAdapter, ValidationError
from tritonclient.grpc.model_config_pb2 import ModelConfig
from tritonclient.grpc.service_pb2 import ModelMetadataResponse

from audit.client.answering import Answering
from audit.client.endpoint import Found
from audit.options import Options
from audit.out_folder import REPLACED
from audit.shard import MOST, Shard
from audit.table_flags import TableFlags
from fairness.atomic import write_atomically
from fairness.documents import parse_json
from fairness.errors import DataError, UsageError
from fairness.first_fault import first_fault

FILE = Path("records", "shard.json")
"""Where a shard's folder keeps it."""

MOST_BYTES = 2**27
"""Of it: descriptions of a model, and reasons why files could not be read."""

Text: TypeAlias = Annotated[str, Field(max_length=1000)]
Count: TypeAlias = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The flags that decide what is asked and how it is read: equal in all shards."""

    model: str | None
    onnx: Path | None
    version: str | None
    spec: Path | None
    data: Path | None
    split: str
    attributes: tuple[str, ...]
    threshold: str | None
    on_error: Literal["stop", "skip"]
    probes: bool
    batch: int | None
    distances: bool
    keep_masks: bool
    table: TableFlags

    @classmethod
    def of(cls, options: Options) -> "Asked":
        """Those of a command line."""
        return cls(**{one.name: getattr(options, one.name) for one in fields_of(cls)})


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the server said of the model, as JSON of the protocol's messages."""

    name: Text
    version: Text
    server: Text
    metadata: Mapping[str, Any]
    config: Mapping[str, Any] | None
    answering: Answering
    """With what its backend says of itself."""

    def found(self) -> Found:
        """The same as messages.

        Raises:
            ValueError: it is none of them.
        """
        config = None
        try:
            metadata = ParseDict(dict(self.metadata), ModelMetadataResponse())
            if self.config is not None:
                config = ParseDict(dict(self.config), ModelConfig())
        except (ParseError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"not what a server says: {error}") from None
        return Found(self.version, metadata, config, self.server)


@dataclass(frozen=True, kw_only=True)
class Speed:
    """How the answers of this shard came about."""

    endpoint: Text
    images: Count
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    requests: Count = 0
    retries: Count = 0
    restarts: Count = 0
    answered_from_cache: Count = 0
    finished: Text = ""
    command: Annotated[str, Field(max_length=100_000)] = ""


@dataclass(frozen=True, kw_only=True)
class ShardFile:
    """All of it."""

    format: Literal[1] = 1
    number: Annotated[int, Field(ge=1, le=MOST)]
    of: Annotated[int, Field(ge=1, le=MOST)]
    code: Mapping[str, Text]
    """Versions of what reads files and answers."""
    asked: Asked
    identity: Mapping[str, str]
    """As the journal's."""
    told: Told
    proved: Text
    """Of the model: `verified`, or `declared`."""
    uncounted: bool
    """Whether the server has no count of its answers, which would show a reload."""
    ids_sha256: Text
    skipped: tuple[tuple[str, str], ...] = ()
    speed: Speed

    @property
    def shard(self) -> Shard:
        """Which it is."""
        return Shard(self.number, self.of)


_ADAPTER = TypeAdapter(ShardFile)


def write_shard(out: Path, shard: ShardFile) -> None:
    """Write the file into a shard's folder, for its owner alone."""
    write_atomically(out / FILE, _ADAPTER.dump_json(shard, indent=1) + b"\n", private=True)


def read_shard(out: Path) -> tuple[ShardFile, Found]:
    """The file in a shard's folder, and what its server said of the model.

    Raises:
        UsageError: the folder holds no complete shard.
        DataError: the file is damaged, or of another version of fair-audit.
    """
    if (out / REPLACED).exists():
        raise UsageError(
            f"{out}: the model was replaced while it answered, see {out / REPLACED}; audit this "
            "shard anew into another --out"
        )
    path = out / FILE
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(f"{out}: {absence(out)}") from None
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; name the folders of shards") from None
    try:
        if len(content) > MOST_BYTES:
            raise ValueError(f"larger than {MOST_BYTES >> 20} MB")
        shard = _ADAPTER.validate_python(parse_json(content))
        found = shard.told.found()
    except ValidationError as error:
        fault = first_fault(error)
        raise DataError(f"{path}: not of this version: {fault}; audit the shard anew") from None
    except ValueError as error:
        raise DataError(f"{path}: {error}; audit the shard anew") from None
    if shard.number > shard.of or shard.identity.get("shard") != str(shard.shard):
        raise DataError(f"{path}: it contradicts itself about its number; audit the shard anew")
    return shard, found


def absence(out: Path) -> str:
    """Why a folder has no such file."""
    if not out.is_dir():
        return "no such folder; name those of shards, DIR/shard-1-of-3 ..."
    if (out / "report").exists():
        return "a whole run, no shard; name folders that fair-audit --shard wrote"
    if (out / "records" / "journal.sqlite").exists():
        return "not complete; go on with its command and --resume"
    return "no shard; name folders that fair-audit --shard wrote"
