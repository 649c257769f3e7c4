"""The files of a repository on the Hugging Face Hub, in a folder: downloaded, or out of its cache.

A download that was interrupted goes on where it stopped (`snapshot_download`). Under
HF_HUB_OFFLINE=1 nothing is asked of the network: a copy in the Hub's cache is copied.
"""

import errno
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from fairness.errors import DataError, UsageError
from fairness.progress import ProgressLine

if TYPE_CHECKING:
    from huggingface_hub.hf_api import RepoFile

LOGIN = "log in by `hf auth login`, or set HF_TOKEN, and run again"


@dataclass(frozen=True)
class Fetched:
    """What the Hub says of the files that are there now."""

    commit: str
    sums: Mapping[str, str]
    """Path to SHA-256, of the files of which the Hub knows it; none where it was not asked."""
    listed: bool
    """Whether the files are all that the Hub lists."""


def fetch_files(repository: str, revision: str, out: Path) -> Fetched:
    """Bring the files of a repository into `out`, and leave those alone that are there.

    Raises:
        UsageError: huggingface_hub is not installed, or the name is none.
        DataError: the repository is closed, unknown or out of reach, or the disk is too small.
    """
    try:
        from huggingface_hub import constants
        from huggingface_hub.errors import (
            GatedRepoError,
            HfHubHTTPError,
            HFValidationError,
            RepositoryNotFoundError,
        )
    except ImportError:
        raise UsageError(
            "fetching needs huggingface_hub; pip install 'fair-audit-triton[fetch]'"
        ) from None
    doing = "the Hub cannot be reached"
    try:
        if constants.HF_HUB_OFFLINE:
            return _from_cache(repository, revision, out)
        commit, files = _listed(repository, revision)
        doing = "the download broke off"
        return _download(repository, commit, files, out)
    except DataError:
        raise
    except HFValidationError:
        raise UsageError(f"--repo {repository}: no OWNER/NAME of the Hub") from None
    except GatedRepoError:
        reason = f"gated: ask for access on its page there, then {LOGIN}"
    except RepositoryNotFoundError:
        reason = f"no such data set, or you may not see it: name another by --repo, or {LOGIN}"
    except HfHubHTTPError as error:
        refused = f"the Hub refused ({error}); {LOGIN}"
        reason = refused if _is_refusal(error) else _broken(doing, error)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.ENOTDIR):
            raise
        reason = _broken(doing, error)
    except Exception as error:  # those of its transport differ from version to version
        reason = _broken(doing, error)
    raise DataError(f"{repository}: {reason}")


def _listed(repository: str, revision: str) -> tuple[str, dict[str, "RepoFile"]]:
    """The commit, and its files by path."""
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoFile

    hub = HfApi()
    commit = hub.dataset_info(repository, revision=revision).sha or revision
    tree = hub.list_repo_tree(repository, recursive=True, revision=commit, repo_type="dataset")
    files = {entry.path: entry for entry in tree if isinstance(entry, RepoFile)}
    _check_names(repository, files)
    return commit, files


def _download(repository: str, commit: str, files: Mapping[str, "RepoFile"], out: Path) -> Fetched:
    from huggingface_hub import snapshot_download

    wanted = {path: file.size for path, file in files.items() if not (out / path).is_file()}
    out.mkdir(parents=True, exist_ok=True)
    _check_space(out, sum(wanted.values()))
    print(f"{repository}, commit {commit}: {len(files)} files, {len(wanted)} of them to fetch")
    snapshot_download(repository, repo_type="dataset", revision=commit, local_dir=out)
    short = [p for p, f in files.items() if not _has_size(out / p, f.size)]
    if short:
        raise DataError(
            f"{out / short[0]}: not the size that the Hub lists ({len(short)} such files); delete "
            "it and run again"
        )
    sums = {path: file.lfs.sha256 for path, file in files.items() if file.lfs is not None}
    return Fetched(commit, sums, listed=True)


def _from_cache(repository: str, revision: str, out: Path) -> Fetched:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import IncompleteSnapshotError, LocalEntryNotFoundError

    try:
        cached = Path(
            snapshot_download(
                repository, repo_type="dataset", revision=revision, local_files_only=True
            )
        )
    except IncompleteSnapshotError as error:
        raise DataError(
            f"{repository}: half a download lies in the Hub's cache ({error.snapshot_path}); unset "
            "HF_HUB_OFFLINE and run again to complete it"
        ) from None
    except LocalEntryNotFoundError:
        raise DataError(
            f"{repository}: not in the Hub's cache, and HF_HUB_OFFLINE is set; unset it"
        ) from None
    names = [p.relative_to(cached) for p in sorted(cached.rglob("*")) if p.is_file()]
    missing = [name for name in names if not (out / name).is_file()]
    out.mkdir(parents=True, exist_ok=True)
    _check_space(out, sum((cached / name).stat().st_size for name in missing))
    report = ProgressLine("files")
    for done, name in enumerate(missing, start=1):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        part = out / name.with_name(f".{name.name}.part")
        shutil.copyfile(cached / name, part)
        part.replace(out / name)
        report(done, len(missing))
    return Fetched(cached.name, {}, listed=False)


def _check_names(repository: str, names: Mapping[str, object]) -> None:
    for name in names:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name:
            raise DataError(f"{repository}: '{name}' would lie outside the folder; nothing fetched")


def _check_space(out: Path, needed: int) -> None:
    free = shutil.disk_usage(out).free
    if needed > free:
        raise DataError(
            f"{out}: {needed / 1e9:.1f} GB to fetch, {free / 1e9:.1f} GB free; free some space, or "
            "choose another disk by --out"
        )


def _has_size(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def _is_refusal(error: Exception) -> bool:
    response = getattr(error, "response", None)
    return getattr(response, "status_code", None) in (401, 403)


def _broken(doing: str, error: Exception) -> str:
    said = str(error) or type(error).__name__
    return f"{doing} ({said[:300]}); look at the network and run again: what is there is kept"
