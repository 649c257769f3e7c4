"""Sites in a run: late or dying ones, and what leaves a site."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flwr.app import Context, Message, RecordDict
from safetensors.numpy import load_file
from small_federation import final, hospital_config, lead_here, rebuild, write_hospitals

from fairness.errors import DataError
from training.fairlora import packing
from training.fairlora.architecture import start_model
from training.fairlora.client_app import app
from training.fairlora.config import Config
from training.fairlora.in_process import LocalGrid
from training.fairlora.server_app import lead
from training.fairlora.site import Site
from training.fairlora.strategy import choose
from training.fairlora.task import reported, train_epoch


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_hospitals(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def config(root: Path) -> Config:
    return hospital_config(root)


def test_a_site_that_dies_costs_its_share_and_not_the_round(
    config: Config, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def one_dies(message: Message, context: Context) -> Message:
        if message.metadata.message_type != "query" and context.node_config["partition-id"] == 1:
            raise ConnectionError("gone")
        return app(message, context)

    lead_here(replace(config, ema_beta=0.0, shared_half=False, rounds=1), tmp_path, client=one_dies)
    assert "left out: ConnectionError: gone" in caplog.text
    site = Site(config, ("chexpert",))
    model = rebuild(tmp_path, config)
    start = start_model(config, model.config)
    train_epoch(start, site, config, done=0, partition=0)
    alone = {name: t.numpy().tobytes() for name, t in start.trainable_state().items()}
    assert final(tmp_path) == alone  # the average of one site is that site


class SlowGrid(LocalGrid):
    """Partition 1 answers queries, and is late with everything else."""

    def send_and_receive(
        self, messages: Iterable[Message], *, timeout: float | None = None
    ) -> list[Message]:
        replies = super().send_and_receive(messages, timeout=timeout)
        late = self.get_node_ids()[1]
        return [
            reply
            for reply in replies
            if reply.metadata.src_node_id != late or reply.metadata.message_type == "query"
        ]


def test_a_site_that_comes_late_costs_its_share_and_not_the_round(
    config: Config, tmp_path: Path
) -> None:
    one_round = replace(config, rounds=1, state=tmp_path / "sites")
    lead(SlowGrid(app, config.clients), one_round, tmp_path, resume=False)
    log = (tmp_path / "train.log").read_text()
    assert "round 1 of 1: chexpert trained" in log
    assert "pooled validation AUC" in log
    assert "of 1 sites" in log


def test_only_trained_tensors_and_counts_leave_a_site(config: Config, tmp_path: Path) -> None:
    sent: list[RecordDict] = []

    def watched(message: Message, context: Context) -> Message:
        reply = app(message, context)
        if message.metadata.message_type != "query":
            sent.append(reply.content)
        return reply

    lead_here(replace(config, rounds=1), tmp_path, client=watched)
    trained = final(tmp_path)
    assert len(sent) == 4  # two sites train, then judge the last model
    for content in sent[:2]:
        assert set(content) == {"arrays", "metrics"}
        assert set(content.array_records["arrays"]) == set(trained)
        assert set(content.metric_records["metrics"]) == {
            "partition", "loss", "bins", "negatives", "positives", "examples", "group_counts"
        }  # fmt: skip
        weight = sum(len(value) for value in trained.values())
        assert weight < packing.payload(content) < weight + 200 * len(trained)  # npy headers
    assert all(set(content) == {"metrics"} for content in sent[2:])


def test_small_cells_are_hidden_and_cannot_be_recovered(config: Config) -> None:
    site = Site(config, ("chexpert",))
    (women, men), unknown = site.group_counts()
    assert unknown == 0
    assert reported(site, replace(config, min_group=0)) == (women + men, [women, men])
    low, high = sorted((women, men))
    shown = [number if number == high else 0 for number in (women, men)]
    assert low < high
    assert reported(site, replace(config, min_group=low + 1)) == (high, shown)
    with pytest.raises(DataError, match="no gender group has 1000 training samples"):
        reported(site, replace(config, min_group=1000))
    assert reported(site, replace(config, method="lora"))[1] == []


def test_the_row_of_a_hidden_group_goes_back_as_it_came(config: Config, tmp_path: Path) -> None:
    counts = {s: Site(config, (s,)).group_counts()[0] for s in config.sites}
    most = [max(numbers) for numbers in counts.values()]
    hide = replace(config, rounds=1, min_group=min(most), shared_half=False)
    lead_here(hide, tmp_path)
    start = start_model(config, rebuild(tmp_path, config).config).trainable_state()
    kept = [g for g in (0, 1) if all(numbers[g] < min(most) for numbers in counts.values())]
    end = load_file(tmp_path / "last" / "state.safetensors")
    diagonals = [name for name in end if name.endswith(".S")]
    assert diagonals
    for name in diagonals:
        for group in (0, 1):
            same = np.array_equal(end[name][group], start[name][group].numpy())
            assert same is (group in kept), name


def test_who_trains_follows_from_seed_and_round_alone(config: Config) -> None:
    five = replace(config, sites=tuple("abcde"), fraction=0.5)
    assert choose(five, 0) == [0, 1, 2, 3, 4]
    rounds = [choose(five, done) for done in range(1, 200)]
    assert rounds == [choose(five, done) for done in range(1, 200)]
    assert all(len(set(chosen)) == 2 for chosen in rounds)
    share = np.bincount(np.concatenate(rounds), minlength=5) / len(rounds)
    assert np.allclose(share, 0.4, atol=0.12)  # 4 standard deviations are 0.14
    assert len(choose(replace(five, fraction=0.01), 3)) == 1


def test_samples_of_unknown_group_are_dropped_or_kept(root: Path, tmp_path: Path) -> None:
    for table in root.glob("meta_*"):
        rows = table.read_text().splitlines()
        head, *body = (row.split(",") for row in rows)
        place = head.index("gender_label")
        text = [",".join([*row[:place], "-1", *row[place + 1 :]]) for row in body[::2]]
        (tmp_path / table.name).write_text(
            "\n".join([rows[0], *text, *(",".join(row) for row in body[1::2])])
        )
    for site in ("chexpert", "mimic"):
        (tmp_path / site).symlink_to(root / site)
    known = Site(hospital_config(tmp_path), ("mimic",))
    kept = Site(hospital_config(tmp_path, unknown="keep"), ("mimic",))
    assert kept.group_counts()[0] == known.group_counts()[0]
    assert known.group_counts()[1] == 0 < kept.group_counts()[1]
    assert len(kept.members) == len(kept.train)
