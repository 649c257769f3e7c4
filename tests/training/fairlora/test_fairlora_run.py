"""Whole runs in one process: what moves, what leaves a site, dying sites, resuming, baselines."""

import json
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from flwr.app import Context, Message, RecordDict
from safetensors.numpy import load_file
from small_federation import hospital_config, lead_here, write_hospitals

from fairness.datasets.fairfedmed_chest import FairFedMedChest
from fairness.errors import DataError, UsageError
from fairness.evaluate import evaluate
from fairness.metrics.classification import auc
from training import checkpoint
from training.fairlora import __main__ as command
from training.fairlora import wire
from training.fairlora.architecture import start_model
from training.fairlora.client_app import app
from training.fairlora.config import Config, Method
from training.fairlora.data import Site
from training.fairlora.in_process import LocalGrid
from training.fairlora.server_app import lead
from training.fairlora.strategy import choose
from training.fairlora.task import predict_by_group, reported, train_epoch
from training.models.fairlora import FairLoRA, FairLoRAConfig


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_hospitals(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def config(root: Path) -> Config:
    return hospital_config(root)


@pytest.fixture(scope="module")
def finished(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two rounds, never stopped."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    lead_here(config, folder)
    return folder


def final(folder: Path) -> dict[str, bytes]:
    tensors = load_file(folder / "last" / "state.safetensors")
    return {name: value.tobytes() for name, value in tensors.items()}


def rebuild(folder: Path, config: Config) -> FairLoRA:
    stored = checkpoint.load(folder / "best")
    model = start_model(config, wire.read(FairLoRAConfig, stored.architecture, "test"))
    stored.fill(model)
    return model


def test_what_is_trained_moves_and_the_rest_keeps_every_bit(finished: Path, config: Config) -> None:
    stored = checkpoint.load(finished / "best")
    start = start_model(config, wire.read(FairLoRAConfig, stored.architecture, "test"))
    trained = start.trainable_state().keys()
    assert set(final(finished)) == trained
    for name, before in start.state_dict().items():
        assert torch.equal(before, stored.tensors[name]) is (name not in trained), name


def test_the_checkpoint_scores_pooled_validation_as_its_record_says(
    finished: Path, config: Config, root: Path
) -> None:
    record = checkpoint.load(finished / "best").record
    assert record.method == "fairlora"
    assert record.sites == ("chexpert", "mimic")
    assert record.groups == ("Female", "Male")
    val = FairFedMedChest(root, "val", attribute="gender", size=(24, 24))
    outcomes = evaluate(val, predict_by_group(rebuild(finished, config), "gender"), ())
    assert record.selected_on is not None
    exact = auc(outcomes.target, outcomes.score)
    assert record.selected_on.value == pytest.approx(exact, abs=0.03)  # scores share bins
    assert outcomes.score.min() <= record.threshold.value <= outcomes.score.max()


def test_a_resumed_run_gives_the_same_bits(finished: Path, config: Config, tmp_path: Path) -> None:
    def leaves(message: Message, context: Context) -> Message:
        if message.metadata.message_type == "train" and wire.unpack_task(message.content)[1] == 1:
            raise ConnectionError("the server's host went down")
        return app(message, context)

    with pytest.raises(DataError, match="round 2: no site trained in time"):
        lead_here(config, tmp_path, client=leaves)
    lead_here(config, tmp_path, resume=True)
    logs = [(folder / "train.log").read_text() for folder in (finished, tmp_path)]
    assert [log.count("left out") for log in logs] == [0, 2], logs
    assert final(tmp_path) == final(finished)
    best = [(folder / "best" / "model.safetensors").read_bytes() for folder in (finished, tmp_path)]
    assert best[0] == best[1]


def test_resuming_a_finished_run_changes_nothing(finished: Path, config: Config) -> None:
    before = (finished / "last" / "state.safetensors").read_bytes()
    lead_here(config, finished, resume=True)
    assert (finished / "last" / "state.safetensors").read_bytes() == before


def test_a_run_is_not_resumed_with_other_settings(finished: Path, config: Config) -> None:
    with pytest.raises(UsageError, match=f"started with lr {config.lr}, not 0.02"):
        lead_here(replace(config, lr=0.02), finished, resume=True)


def test_a_damaged_state_is_named(finished: Path, config: Config, tmp_path: Path) -> None:
    content = (finished / "last" / "state.safetensors").read_bytes()
    (tmp_path / "last").mkdir()
    (tmp_path / "last" / "state.safetensors").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=r"state\.safetensors: damaged"):
        lead_here(config, tmp_path, resume=True)


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
        assert weight < wire.payload(content) < weight + 200 * len(trained)  # npy headers
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
    for name, value in load_file(tmp_path / "last" / "state.safetensors").items():
        if name.endswith(".S"):
            for group in (0, 1):
                same = np.array_equal(value[group], start[name][group].numpy())
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


@pytest.mark.parametrize("method", ["fedavg", "fedprox", "promptfl", "fedotp", "lora", "svlora"])
def test_each_baseline_trains_and_is_saved(method: Method, config: Config, tmp_path: Path) -> None:
    other = replace(config, method=method, rounds=1)
    lead_here(other, tmp_path)
    stored = checkpoint.load(tmp_path / "best")
    assert getattr(stored.record, "variant", None) == method
    start = start_model(other, wire.read(FairLoRAConfig, stored.architecture, "test"))
    moved = [
        name for name, value in start.state_dict().items()
        if not torch.equal(value, stored.tensors[name])
    ]  # fmt: skip
    assert set(moved) == set(start.trainable_state())
    assert any("visual" in name for name in moved) is (method not in ("promptfl", "fedotp"))


def test_fedprox_without_its_term_is_fedavg_and_with_it_stays_closer(
    config: Config, tmp_path: Path
) -> None:
    def distance(**changes: object) -> tuple[float, dict[str, bytes]]:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        run = replace(config, rounds=1, lr=1e-4, **changes)  # type: ignore[arg-type]  # as above
        lead_here(run, folder)
        model = start_model(run, rebuild(folder, run).config)
        end = load_file(folder / "last" / "state.safetensors")
        moves = [np.square(end[n] - t.numpy()).sum() for n, t in model.trainable_state().items()]
        return float(np.sqrt(np.sum(moves))), final(folder)

    average, bits = distance(method="fedavg")
    assert distance(method="fedprox", mu=0.0) == (average, bits)
    assert distance(method="fedprox", mu=100.0)[0] < average


def test_fedotp_keeps_the_second_prompt_at_each_site(config: Config, tmp_path: Path) -> None:
    lead_here(replace(config, method="fedotp", rounds=1), tmp_path)
    shared = load_file(tmp_path / "last" / "state.safetensors")["prompts.ctx"]
    assert len(shared) == 1
    prompts = [
        checkpoint.load(tmp_path / f"best-{site}").tensors["prompts.ctx"].numpy()
        for site in config.sites
    ]
    assert not np.array_equal(prompts[0][1], prompts[1][1])
    for both in prompts:
        np.testing.assert_array_equal(both[:1], shared)


@pytest.mark.parametrize(("method", "sites"), [("local", ("mimic",)), ("centralised", ())])
def test_local_and_centralised_training_are_federations_of_one(
    method: Method, sites: tuple[str, ...], config: Config, root: Path, tmp_path: Path
) -> None:
    one = hospital_config(root, method=method, sites=sites, rounds=1)
    lead_here(one, tmp_path)
    site = Site(one, sites or ("chexpert", "mimic"))
    model = start_model(one, rebuild(tmp_path, one).config)
    train_epoch(model, site, one, done=0, partition=0)
    alone = {name: t.numpy().tobytes() for name, t in model.trainable_state().items()}
    assert final(tmp_path) == alone


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


def test_the_command_trains_in_process_and_says_what_comes_next(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = [
        *("--preset", "tiny", "--engine", "in-process", "--dataset", "fairfedmed-chest"),
        *("--data", str(root), "--attribute", "gender", "--rounds", "1", "--squash", "24"),
    ]
    out = tmp_path / "run"
    assert command.run([*flags, "--out", str(out)]) == 0
    assert f"next: python -m export {out}" in capsys.readouterr().err
    record = json.loads((out / "best" / "checkpoint.json").read_text())["record"]
    assert (
        record["threshold"]["split_sha256"]
        == FairFedMedChest(root, "val", attribute="gender", size=(24, 24)).fingerprint()
    )
    assert "sent" in (out / "train.log").read_text()


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        (["--data", "nowhere"], 3, "nowhere"),
        (["--method", "local"], 2, "name it with --sites"),
        (["--sites", "mayo"], 2, "no site 'mayo'"),
        (["--attribute", "rase"], 3, "no meta_*_rase_*.csv"),
        (["--rank", "3"], 2, "rank 3"),
    ],
)
def test_mistakes_end_in_one_line_and_a_code(
    flags: list[str], code: int, message: str, root: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(command, "ensure_default", partial(print, end=""))
    common = ["--engine", "in-process", "--dataset", "fairfedmed-chest", "--preset", "tiny"]
    data = [] if "--data" in flags else ["--data", str(root)]
    assert command.run([*common, *data, "--out", str(tmp_path / "run"), *flags]) == code
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("training: ")
    assert message in last
