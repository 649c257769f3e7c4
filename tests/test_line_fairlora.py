"""FairLoRA as a user types it: sites > federated training > ONNX > Triton > fair-audit.

The model takes the group as an input, so it is asked in three ways; each must answer as torch does.
"""

import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest
import torch
from commands import ROOT, command

from audit.cli import run as fair_audit
from fairness.arrays import FloatArray
from fairness.datasets.fairfedmed import FairFedMedOph
from fairness.datasets.stream import samples
from fairness.group_input import WITHHELD, as_group
from fairness.metrics.classification import auc
from fairness.synthetic.fairfedmed import write_fairfedmed
from fairness.synthetic.site_recipe import SiteRecipe
from fairness.tasks.binary import SCORE
from serving.launcher import TritonServer
from training import checkpoint
from training.models.fairlora import FairLoRA, restore

SHARED = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole line: data, run, model_repository, audit."""
    folder = tmp_path_factory.mktemp("fairlora")
    recipe = SiteRecipe(kind="oph-slo", patients=150, size=(83, 64), seed=3)
    write_fairfedmed(folder / "data", recipe)
    flags = (
        "--preset",
        "tiny",
        "--engine",
        "in-process",
        "--rounds",
        2,
        "--lr",
        0.2,
        "--alpha",
        96,
    )
    command(folder, "training.fairlora", "--data", "data", "--out", "run", *flags)
    command(folder, "export", "run", "--repository", "model_repository", "--name", "fairlora")
    with TritonServer(folder / "model_repository") as server:
        place = ("--data", str(folder / "data"), "--out", str(folder / "audit"))
        assert fair_audit(["--endpoint", server.grpc_endpoint, *place]) == 0
    return folder


@pytest.fixture(scope="module")
def split(line: Path) -> FairFedMedOph:
    return FairFedMedOph(line / "data", "test", attribute="race")


@pytest.fixture(scope="module")
def model(line: Path) -> FairLoRA:
    return restore(checkpoint.load(line / "run" / "best"))


def in_torch(model: FairLoRA, split: FairFedMedOph, codes: "list[int]") -> FloatArray:
    """P(positive) of every sample as a member of the group with that code."""
    images = torch.from_numpy(np.stack([sample.image for sample in samples(split)]))
    with torch.no_grad():
        logits = model(images, torch.tensor(codes))
    return np.asarray(logits.softmax(dim=1)[:, 1].numpy(), dtype=np.float64)


def answers(run: Path) -> dict[str, dict[str, float]]:
    """What the journal holds, by sample."""
    database = sqlite3.connect(run / "records" / "journal.sqlite")
    rows = dict(database.execute('SELECT id, "values" FROM answers'))
    database.close()
    return {id_: json.loads(text) for id_, text in rows.items()}


@pytest.mark.lines
def test_every_way_of_asking_answers_as_torch_does(
    line: Path, model: FairLoRA, split: FairFedMedOph
) -> None:
    served = answers(line / "audit")
    assert set(served) == set(split.ids)
    ways = {SCORE: split.codes["race"].tolist(), WITHHELD: [-1] * len(split)}
    groups = ("Asian", "Black", "White")
    ways |= {as_group(name): [code] * len(split) for code, name in enumerate(groups)}
    columns = []
    for name, codes in ways.items():
        ours = np.array([served[id_][name] for id_ in split.ids])
        expected = in_torch(model, split, codes)
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-4)
        columns.append(expected)
    spread = np.ptp(np.stack(columns), axis=0).max()
    assert spread > 1e-3, "ways that agree would prove nothing"


@pytest.mark.lines
def test_the_report_holds_the_three_ways_side_by_side(line: Path, split: FairFedMedOph) -> None:
    document = json.loads((line / "audit" / "report" / "report.json").read_text())
    withheld, moved = document["also"]
    served = answers(line / "audit")
    rows = {(r["attribute"], r["group"], r["metric"]): r["value"] for r in withheld["rows"]}
    scores = np.array([served[id_][WITHHELD] for id_ in split.ids])
    assert rows["overall", "all", "auc"] == pytest.approx(auc(split.labels, scores), abs=1e-9)
    rows = {(r["attribute"], r["group"], r["metric"]): r["value"] for r in moved["rows"]}
    asked = np.array(
        [[v for name, v in served[id_].items() if name.startswith("as ")] for id_ in split.ids]
    )
    spread = np.ptp(asked, axis=1)
    assert rows["overall", "all", "counterfactual_spread"] == pytest.approx(spread.mean())
    threshold = document["provenance"]["threshold"]["value"]
    decided = asked >= threshold
    flips = decided.any(axis=1) & ~decided.all(axis=1)
    assert rows["overall", "all", "counterfactual_flip"] == pytest.approx(flips.mean())
    text = (line / "audit" / "report" / "report.md").read_text()
    assert "fairlora, group withheld" in text
    assert "fairlora, every group in turn" in text


@pytest.mark.realdata
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared/data")
@pytest.mark.parametrize(
    ("folder", "flags", "sites"),
    [
        ("nih_chest_fairfedmed", ("--dataset", "fairfedmed-chest"), {"ap", "pa"}),
        ("grape_fairvlmed", ("--target", "progression_plr2"), {"1", "2", "3"}),
    ],
)
def test_real_sites_from_training_to_report(
    folder: str, flags: tuple[str, ...], sites: set[str], tmp_path: Path
) -> None:
    data = SHARED / folder
    common = ("--preset", "tiny", "--engine", "in-process", "--rounds", 1, "--attribute", "gender")
    command(tmp_path, "training.fairlora", "--data", data, "--out", "run", *common, *flags)
    command(tmp_path, "export", "run", "--repository", "models", "--name", "fairlora")
    with TritonServer(tmp_path / "models") as server:
        place = ("--data", str(data), "--out", str(tmp_path / "audit"))
        asked = ("--compat", "fairfedmed", "--suppress-positives-below", "0")
        assert fair_audit(["--endpoint", server.grpc_endpoint, *place, *asked]) == 0
    document = json.loads((tmp_path / "audit" / "report" / "report.json").read_text())
    rows = {(r["attribute"], r["group"], r["metric"]): r for r in document["rows"]}
    assert {group for attribute, group, _ in rows if attribute == "site"} >= sites
    assert rows["gender", "Female", "auc"]["method"] == "delong-score of patients"
    assert len(document["also"]) == 2
    compared = {line["attribute"] for line in document["compat"]}
    assert {f"gender, site {site}" for site in sites} <= compared
