"""Flower's ServerApp of an audit: asks every site for its file once, and pools them."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flwr.app import Context, Message, MessageType, RecordDict
from flwr.serverapp import Grid, ServerApp

from audit.console import SafeConsole
from audit.out_folder import check_writable
from audit.pool.client_app import REFUSED
from audit.pool.report import pooled_report, write_pooled
from audit.pool.shown import print_pooled
from fairness.atomic import write_atomically
from fairness.errors import DataError, UsageError
from fairness.pooling.document import parsed
from fairness.pooling.refusals import check_together
from fairness.pooling.summary import SiteSummary
from fairness.statistics.settings import Settings

PAUSE = 1.0
"""Seconds between two checks of the connected nodes."""


@dataclass(frozen=True)
class PoolConfig:
    """Keys of the app's configuration."""

    sites: int
    """How many sites are waited for."""
    out: Path = Path("runs/audit/pooled")
    """Folder for report/, binning.csv and the files of the sites."""
    confidence: float = 0.95
    connect_timeout: float = 600.0
    """Seconds until all sites must be connected."""
    answer_timeout: float = 300.0
    """Seconds until all must have answered."""


def lead(grid: Grid, config: PoolConfig) -> None:
    """Ask, check, pool and write; a site that refuses ends it, so that none is left out unseen.

    Raises:
        UsageError: the files do not fit each other, or a setting is wrong.
        DataError: sites are missing, or one refuses, or sends something else.
    """
    check_writable(config.out)
    settings = Settings(confidence=config.confidence)
    found = answers(grid, config)
    sites = {name: parsed(text, name) for name, text in found.items()}
    ordered: dict[str, SiteSummary] = dict(sorted(sites.items(), key=lambda pair: pair[1].site))
    notes = check_together(ordered)
    pooled = pooled_report(ordered, notes, ["over", "Flower"], settings)
    for k, name in enumerate(ordered):  # names of sites are no names of files
        write_atomically(config.out / "sites" / f"{k + 1}.json", found[name])
    write_pooled(config.out, pooled)
    print_pooled(pooled, SafeConsole(soft_wrap=True, emoji=False, width=120))


def answers(grid: Grid, config: PoolConfig) -> dict[str, str]:
    """The text that each node sends, by the name of the node.

    Raises:
        DataError: too few are connected or answer, or one answers with an error.
    """
    deadline = time.monotonic() + config.connect_timeout
    while len(nodes := sorted(grid.get_node_ids())) < config.sites:
        if time.monotonic() > deadline:
            raise DataError(f"{len(nodes)} of {config.sites} sites are connected; start the others")
        time.sleep(PAUSE)
    messages = [
        Message(RecordDict(), node, MessageType.QUERY, ttl=config.answer_timeout) for node in nodes
    ]
    found = {}
    for reply in grid.send_and_receive(messages, timeout=config.answer_timeout):
        name = f"node {reply.metadata.src_node_id}"
        if reply.has_error():
            raise DataError(f"{name}: {reason_of(reply)}")
        records = reply.content.config_records
        text = records["summary"].get("summary") if "summary" in records else None
        if not isinstance(text, str):
            raise DataError(f"{name}: it sent no summary; start it with the app of the audit")
        found[name] = text
    if len(found) < len(nodes):
        raise DataError(f"{len(found)} of {len(nodes)} sites answered in time; run it again")
    return found


def reason_of(message: Message) -> str:
    """What an error of ours says, or else the last line of whatever went wrong."""
    lines = [line.strip() for line in (message.error.reason or "").splitlines() if line.strip()]
    last = lines[-1] if lines else f"error {message.error.code}"
    return last.split(REFUSED, 1)[1].removesuffix("'>") if REFUSED in last else last


def from_run_config(values: Mapping[str, Any]) -> PoolConfig:
    """Settings from the flat keys of a Flower app; what is empty or 0 is not given.

    Raises:
        UsageError: a key is missing, unknown or wrong.
    """
    given = {name: value for name, value in values.items() if value not in ("", 0)}
    if int(given.get("sites", 0)) < 2:
        raise UsageError("sites: say how many sites to wait for, two or more")
    try:
        out = Path(str(given.pop("out", PoolConfig.out)))
        numbers = {name: float(value) for name, value in given.items() if name != "sites"}
        return PoolConfig(sites=int(given["sites"]), out=out, **numbers)
    except (TypeError, ValueError) as error:
        raise UsageError(f"the run's configuration: {error}") from None


app = ServerApp()


@app.main()
def main(grid: Grid, context: Context) -> None:
    """Lead a deployed audit; its settings come from the Flower app's configuration."""
    lead(grid, from_run_config(context.run_config))
