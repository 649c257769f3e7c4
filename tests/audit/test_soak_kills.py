"""Kills at random moments of client, server, stub, and both: every run ends in the same numbers.

`SOAK_KILLS` kills (5; `make soak`: 50); `SOAK_KILL_SEED` repeats the choice of victims and moments.
"""

import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

import pytest
from fair_audit_runs import answered, begun
from killable_server import KillableServer, killable
from served import SPEC, with_probes
from served_slowly import write_slow_model

pytest_plugins = ["audit_fixtures"]

KILLS = int(os.environ.get("SOAK_KILLS", "5"))
SECONDS = 0.06
"""That the model takes for a batch of four: 90 images take a second and a half."""
MOST_SECONDS = 90.0
"""Without an answer more: then something hangs."""
KINDS = ("client", "server", "stub", "both")


@dataclass
class Drill:
    """A run after another, disturbed; what was done is counted."""

    server: KillableServer
    flags: tuple[object, ...]
    folder: Path
    dice: random.Random
    kills: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    endings: int = 0
    turned_away: int = 0
    """Clients that found no server when they began: they end at once, and say so."""
    unspared: int = 0
    """Number of a run that may once be disturbed while it writes its report."""
    groups: set[bytes] = field(default_factory=set)
    client: "Popen[bytes] | None" = None

    @property
    def run(self) -> Path:
        return self.folder / f"run{self.endings}"

    @property
    def log(self) -> Path:
        return self.folder / "client.log"

    def go_on(self) -> "Popen[bytes]":
        """The client, started if none is at work; a run that has ended is checked, a new begun."""
        if self.client is not None and self.client.poll() == 3 and is_turned_away(self.log):
            self.turned_away, self.client = self.turned_away + 1, None
        if self.client is not None and self.client.poll() is not None:
            assert self.client.returncode == 0, self.log.read_text()
            assert answered(self.run / "records" / "journal.sqlite") == 90
            self.groups.add((self.run / "report" / "groups.csv").read_bytes())
            self.endings += 1
            self.client = None
        if self.client is None:
            flags = (*self.flags, "--out", self.run, "--resume")
            self.client = begun(self.server.endpoint, *flags, log=self.log)
        return self.client

    def wait_for_work(self) -> None:
        """Until some batches more are answered, in whichever run."""
        seen = (self.endings, answered(self.run / "records" / "journal.sqlite"))
        wanted, until = self.dice.randint(1, 10), time.monotonic() + MOST_SECONDS
        while True:
            self.go_on()
            now = (self.endings, answered(self.run / "records" / "journal.sqlite"))
            if now[0] > seen[0]:  # that one has ended
                seen, until = (now[0], 0), time.monotonic() + MOST_SECONDS
                self.unspared = now[0] if self.dice.random() < 0.3 else -1
            if now[1] - seen[1] >= 4 * wanted:
                return
            if now == (self.unspared, 90) and self.dice.random() < 0.01:  # it lacks a report alone
                self.unspared = -1
                return
            assert time.monotonic() < until, f"no answer more in {self.run}"
            time.sleep(0.01)

    def kill(self, kind: str) -> None:
        """Kill, and start again what a supervisor would."""
        client = self.go_on()
        if kind in ("client", "both"):
            client.kill()
            client.wait()
            self.client = None
        if kind in ("server", "both"):
            self.server.kill()
        if kind == "stub":
            self.server.kill_stub()
        time.sleep(self.dice.uniform(0, 0.5))
        if kind == "stub":
            self.server.kill()  # nothing else brings its model back
        if kind != "client":
            self.server.start()
        self.kills[kind] += 1

    def end(self) -> None:
        """Let the last run end, and check it."""
        if self.client is not None:
            self.client.wait(MOST_SECONDS)
            following = self.go_on()  # which checks the one that ended
            following.kill()
            following.wait()


@pytest.fixture
def slow_server(tmp_path: Path) -> Iterator[KillableServer]:
    repository = tmp_path / "models"
    write_slow_model(repository, "slow", with_probes(SPEC), SECONDS)
    with killable(repository) as running:
        yield running


def is_turned_away(log: Path) -> bool:
    """Whether a client ended before its run began, in which it would have waited."""
    *_, line = log.read_text().splitlines()
    unmet = ("no server answers", "nothing answers", "is not ready", "went away")
    return "waited" not in line and any(text in line for text in unmet)


def unmapped() -> set[str]:
    """Shared memory such as ours and our server's that nobody holds: what the dead left behind."""
    held = set()
    for maps in Path("/proc").glob("[0-9]*/maps"):
        try:
            lines = maps.read_text(errors="replace").splitlines()
        except OSError:
            continue
        held |= {line.partition("/dev/shm/")[2].removesuffix(" (deleted)") for line in lines}
    kinds = ("triton_python_backend_*", "fair-audit-*")
    return {entry.name for kind in kinds for entry in Path("/dev/shm").glob(kind)} - held


@pytest.mark.soak
def test_kills_at_random_moments_change_no_number(
    slow_server: KillableServer, split_root: Path, tmp_path: Path
) -> None:
    seed = int(os.environ.get("SOAK_KILL_SEED", random.SystemRandom().randrange(2**32)))
    print(f"SOAK_KILL_SEED={seed}")
    before = unmapped()
    flags = ("--model", "slow", "--data", split_root, "--replicates", 100, "--worst", 0)
    whole = begun(slow_server.endpoint, *flags, "--out", tmp_path / "whole")
    assert whole.wait(MOST_SECONDS) == 0
    expected = (tmp_path / "whole" / "report" / "groups.csv").read_bytes()
    drill = Drill(slow_server, flags, tmp_path, random.Random(seed))
    started = time.monotonic()
    try:
        for number in range(KILLS):
            # Most kills find a client at work, some one that begins, proves or writes.
            if drill.dice.random() < 0.8:
                drill.wait_for_work()
            else:
                drill.go_on()
                time.sleep(drill.dice.uniform(0, 3))
            drill.kill(KINDS[number % 4] if number < 4 else drill.dice.choice(KINDS))
        drill.go_on()
        drill.end()
    finally:
        if drill.client is not None:
            drill.client.kill()
            drill.client.wait()
    seconds = time.monotonic() - started
    print(f"{drill.kills}, {drill.endings} runs, {drill.turned_away} turned away, {seconds:.0f} s")
    assert sum(drill.kills.values()) == KILLS
    assert drill.groups == {expected}
    assert drill.endings >= KILLS // 20
    # Whatever killed clients left in shared memory, the next audit removes.
    following = begun(slow_server.endpoint, *flags, "--out", tmp_path / "following")
    assert following.wait(MOST_SECONDS) == 0
    slow_server.stop()
    until = time.monotonic() + 10  # the watch over a killed server tidies up after it
    while unmapped() - before and time.monotonic() < until:
        time.sleep(0.1)
    assert unmapped() - before == set()
