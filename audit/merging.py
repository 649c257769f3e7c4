"""Whether shards are the parts of one audit, each once; their answers as those of one run."""

import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

from audit.client.answering import NOT_STATED, device_of
from audit.client.endpoint import Found
from audit.plan import JOURNAL, Plan
from audit.records.complete import check_complete
from audit.records.journal import Journal
from audit.records.lock import check_unlocked
from audit.records.masks import file_name
from audit.records.outcomes import private_folder
from audit.shard_file import FILE, ShardFile, read_shard
from fairness.errors import DataError, UsageError
from fairness.evaluate import Readings

MAY_DIFFER = ("model", "onnx", "spec", "data")
"""Flags that name a place, or what is known by its digest."""


@dataclass(frozen=True)
class Part:
    """A complete shard, and where it lies."""

    folder: Path
    file: ShardFile
    found: Found
    """What its server said of the model."""


def parts_in(runs: Sequence[Path]) -> list[Part]:
    """The shards of some folders, or in them, in order.

    Raises:
        UsageError: a folder holds no complete shard, or they are not all of one audit, each once.
        DataError: what a shard says of itself cannot be read.
    """
    folders: list[Path] = []
    for run in runs:
        inside = sorted(run.glob("shard-*-of-*")) if not (run / FILE).exists() else []
        folders += inside or [run]
    parts = [Part(folder, *read_shard(folder)) for folder in folders]
    check_kin(parts)
    parts.sort(key=lambda part: part.file.number)
    for one, other in pairwise(parts):
        if one.file.number == other.file.number:
            raise UsageError(
                f"{one.folder} and {other.folder} are both shard {one.file.shard}; name one of them"
            )
    of = parts[0].file.of
    missing = sorted(set(range(1, of + 1)) - {part.file.number for part in parts})
    if missing:
        more = f" ({len(missing)} are)" if len(missing) > 1 else ""
        raise UsageError(f"shard {missing[0]}/{of} is missing{more}; name its folder, too")
    return parts


def check_kin(parts: Sequence[Part]) -> None:
    """Refuse a shard that differs from most others in anything that must be equal.

    Raises:
        UsageError: there is one; names it, and in what it differs.
    """
    likeness = [likeness_of(part) for part in parts]
    (usual, _), *_ = Counter(tuple(sorted(one.items())) for one in likeness).most_common(1)
    kin = likeness.index(dict(usual))
    for part, found in zip(parts, likeness, strict=True):
        for name in (*likeness[kin], *sorted(found)):
            one, other = (said.get(name, "none") for said in (found, likeness[kin]))
            if one != other:
                raise UsageError(
                    f"{part.folder} is foreign to {parts[kin].folder}: its {name} is {one}, there "
                    f"it is {other}; name shards of one audit"
                )


def likeness_of(part: Part) -> dict[str, str]:
    """All in which shards of one audit are equal, by what it is called."""
    file, found = part.file, part.found
    said = {**asdict(file.told.answering), "instances": None, "threads": None}
    flags = {name: value for name, value in vars(file.asked).items() if name not in MAY_DIFFER}
    return {
        "number of shards": str(file.of),
        **{name: value for name, value in file.identity.items() if name != "shard"},
        **file.code,
        "server": found.server,
        "version": found.version,
        "tensors": digest(found.metadata.SerializeToString(deterministic=True)),
        "self-description": digest((found.self_description or "").encode()),
        "device": NOT_STATED if found.config is None else device_of(found.config),
        "proof of the model": file.proved,
        **{name: str(value) for name, value in said.items()},
        **{f"--{name.replace('_', '-')}": str(value) for name, value in flags.items()},
    }


def digest(content: bytes) -> str:
    """The beginning of its SHA-256."""
    return sha256(content).hexdigest()[:16]


def check_same_data(parts: Iterable[Part], plan: Plan) -> None:
    """Refuse to merge shards with other data, model or description than they were made of.

    Raises:
        UsageError: something is another; names it.
    """
    for part in parts:
        known = {name: value for name, value in part.file.identity.items() if name != "shard"}
        for name in sorted(known.keys() | plan.identity.keys()):
            then, now = known.get(name, "none"), plan.identity.get(name, "none")
            if then != now:
                raise UsageError(
                    f"{part.folder}: its {name} was {then}, now it is {now}; merge with the data "
                    "and the flags that it was made of"
                )


def all_answers(parts: Sequence[Part], plan: Plan) -> list[Readings]:
    """The answers of each shard; nothing is written.

    Samples that a shard left out are left out of the split of the plan.

    Raises:
        UsageError: another process still writes to a shard.
        DataError: a shard's answers are not those that it was to get, each once.
    """
    cuts, ids, answers = plan.cuts(), plan.split.ids, []
    place = {id_: i for i, id_ in enumerate(ids)}
    for part in parts:
        check_unlocked(part.folder)
        asked = [ids[i] for rows in part.file.shard.of_batches(cuts) for i in rows]
        own = set(asked)
        for id_, reason in part.file.skipped:
            if id_ not in own:
                raise DataError(f"{part.folder / FILE}: '{id_}' is none of its samples")
            plan.split.leave_out(place[id_], DataError(reason))
        answers.append(answers_of(part, plan, asked))
    return answers


def write_together(parts: Sequence[Part], answers: Sequence[Readings], plan: Plan) -> Readings:
    """Write the answers of all shards into the journal of the whole; all that it then holds."""
    with Journal(plan.out / JOURNAL, plan.identity, resume=plan.options.resume) as whole:
        for part, found in zip(parts, answers, strict=True):
            whole.record(found)
            if plan.options.keep_masks:
                copy_masks(part.folder, plan.out, found.ids)
        return whole.readings(plan.task)


def answers_of(part: Part, plan: Plan, asked: Sequence[str]) -> Readings:
    """The answers of one shard, reconciled with what it was to ask; errors as `all_answers`."""
    path = part.folder / JOURNAL
    if not path.exists():
        raise DataError(f"{path}: no such file; audit the shard anew")
    with Journal(path, part.file.identity, resume=True) as journal:
        found = journal.readings(plan.task)
    try:
        same = check_complete(found.ids, plan.split, asked) == part.file.ids_sha256
    except DataError as error:
        raise DataError(f"{part.folder}, shard {part.file.shard}: {error}") from None
    if not same:
        raise DataError(f"{part.folder}: its answers are others than when it ended; audit it anew")
    return found


def copy_masks(shard: Path, out: Path, ids: Iterable[str]) -> None:
    """Copy the masks that a shard kept; one of a sample that was left out is not there."""
    folder = private_folder(private_folder(out / "records") / "masks")
    for id_ in ids:
        name = f"{file_name(id_)}.png"
        kept = shard / "records" / "masks" / name
        if kept.is_file() and not kept.is_symlink():
            shutil.copyfile(kept, folder / name)
            (folder / name).chmod(0o600)
