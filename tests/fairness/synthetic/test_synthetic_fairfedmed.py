import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from fairness.arrays import Array
from fairness.datasets.fairfedmed import FairFedMedOct
from fairness.datasets.fairfedmed_chest import FairFedMedChest
from fairness.datasets.stream import samples
from fairness.errors import DataError, UsageError
from fairness.synthetic.fairfedmed import encode, run, write_fairfedmed
from fairness.synthetic.site_images import paint_chest, paint_oct, paint_slo
from fairness.synthetic.site_people import OPH, draw_people
from fairness.synthetic.site_recipe import SiteRecipe

OCT = SiteRecipe(kind="oph-oct", patients=45, size=(16, 12), scans=8)
CHEST = SiteRecipe(kind="chest", patients=40, size=(40, 32), seed=2)


@pytest.fixture(scope="module")
def oct_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synthetic") / "oct"
    write_fairfedmed(folder, OCT)
    return folder


@pytest.fixture(scope="module")
def chest_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synthetic") / "chest"
    write_fairfedmed(folder, CHEST)
    return folder


def contents(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


@pytest.mark.parametrize("attribute", ["race", "gender", "ethnicity", "language", "maritalstatus"])
def test_oph_sites_hold_everybody_once_for_each_attribute(oct_root: Path, attribute: str) -> None:
    splits = [
        FairFedMedOct(oct_root, name, attribute=attribute) for name in ("train", "val", "test")
    ]
    ids = sorted(id_ for split in splits for id_ in split.ids)
    assert ids == [f"data_{n:05d}" for n in range(1, 46)]
    assert all(split.attributes[-1].groups == ("1", "2", "3") for split in splits)
    assert splits[0].read(0).image.shape == (8, 16, 12)
    with (oct_root / f"meta_site2_{attribute}.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sum(int((split.codes["site"] == 1).sum()) for split in splits)
    known = {f"{id_}.npz": (s, i) for s in splits for i, id_ in enumerate(s.ids)}
    for row in rows:
        split, index = known[row["filename"]]
        sample = split.read(index)
        assert row["glaucoma"] == ("no", "yes")[int(split.labels[index])]
        assert float(row["age"]) == split.covariates["age"][index]
        words = {a.name: a.label(sample.attributes[a.name]).lower() for a in split.attributes[:-1]}
        assert {name: row[name] for name in words} == words


def test_chest_hospitals_hold_pictures_of_varying_sizes(chest_root: Path) -> None:
    splits = [FairFedMedChest(chest_root, name) for name in ("train", "val", "test")]
    assert sum(map(len, splits)) == 40
    assert splits[0].attributes[-1].groups == ("chexpert", "mimic")
    assert set(splits[0].patients).isdisjoint(splits[1].patients)
    shapes = {sample.image.shape for split in splits for sample in samples(split)}
    assert len(shapes) > 5
    assert max(h for h, _ in shapes) <= 40
    by_age = FairFedMedChest(chest_root, "test", attribute="age")
    assert by_age.ids == splits[2].ids
    assert splits[2].codes["gender"].tolist() == by_age.codes["gender"].tolist()


def test_slo_images_have_the_published_size_on_request() -> None:
    person = next(draw_people(0, 1, OPH))
    with np.load(io.BytesIO(encode(SiteRecipe(size=(664, 512)), person))) as npz:
        assert npz["slo_fundus"].shape == (664, 512)
    with np.load(io.BytesIO(encode(SiteRecipe(), person))) as npz:
        assert npz["slo_fundus"].shape == (332, 256)
        assert npz["slo_fundus"].dtype == np.uint8


def test_an_interrupted_run_is_refused_by_the_reader_and_completed_by_the_next(
    chest_root: Path, tmp_path: Path
) -> None:
    def interrupt(done: int, total: int) -> None:
        assert total == 40
        if done == 7:
            raise KeyboardInterrupt

    folder = tmp_path / "d"
    with pytest.raises(KeyboardInterrupt):
        write_fairfedmed(folder, CHEST, interrupt)
    with pytest.raises(DataError, match="was interrupted; run the same command again"):
        FairFedMedChest(folder, "train")
    write_fairfedmed(folder, CHEST)
    assert contents(folder) == contents(chest_root)
    with pytest.raises(UsageError, match="already holds other data"):
        write_fairfedmed(folder, OCT)


def test_the_marker_states_the_effect(oct_root: Path, chest_root: Path) -> None:
    marker = json.loads((oct_root / "SYNTHETIC.json").read_text())
    assert marker["recipe"]["kind"] == "oph-oct"
    statement = FairFedMedOct(oct_root, "test").statement()
    assert statement == marker["statement"] == OCT.statement()
    assert "in race=Black the two have changed places by 100%" in str(statement)
    assert "in age=60+ the two" in str(FairFedMedChest(chest_root, "test").statement())
    assert "no group effect" in SiteRecipe(strength=0).statement()


def test_signs_swap_in_the_hard_group_alone() -> None:
    for strength in (0.0, 0.25, 1.0):
        recipe = SiteRecipe(strength=strength)
        for person in draw_people(0, 60, OPH):
            share = strength if person.codes["race"] == 1 else 0.0
            sign, other = recipe.signs(person)
            assert sign == pytest.approx((1 - share) * person.finding + share * person.chance)
            assert sign + other == pytest.approx(person.finding + person.chance)


def brightness_of_bundles(sign: float) -> float:
    return float(paint_slo(np.random.default_rng(1), (64, 48), 0.4, sign).mean())


def size_of_cup(sign: float) -> float:
    return -float((paint_slo(np.random.default_rng(1), (664, 512), sign, 0.4) > 120).sum())


def rows_of_fibres(sign: float) -> float:
    volume = paint_oct(np.random.default_rng(1), (8, 64, 32), sign, 0.4)
    return float((np.median(volume, axis=(0, 2)) > 150).sum())


def hollow(sign: float) -> float:
    volume = paint_oct(np.random.default_rng(1), (9, 64, 33), 0.4, sign)
    return -float(np.argmax(volume[4, :, 16] > 60))


def darkness(fluid: float, haze: float, rows: slice) -> float:
    image = paint_chest(np.random.default_rng(1), (100, 100), fluid, haze)
    height = image.shape[0] / 100
    return -float(image[round(rows.start * height) : round(rows.stop * height)].mean())


@pytest.mark.parametrize(
    "measure",
    [
        brightness_of_bundles,
        size_of_cup,
        rows_of_fibres,
        hollow,
        lambda sign: darkness(sign, 0.4, slice(60, 85)),
        lambda sign: darkness(0.0, sign, slice(20, 50)),
    ],
)
def test_a_sign_is_the_stronger_the_more_of_it_there_is(
    measure: Callable[[float], float],
) -> None:
    seen = np.array([measure(sign) for sign in (0.1, 0.5, 0.9)])
    assert (np.diff(seen) < 0).all()


def test_a_png_holds_what_was_painted(chest_root: Path) -> None:
    person = next(draw_people(2, 1, CHEST.population))
    pixels: Array = np.asarray(Pillow.open(io.BytesIO(encode(CHEST, person))))
    expected = paint_chest(np.random.default_rng([2, 1, 7]), (40, 32), *CHEST.signs(person))
    np.testing.assert_array_equal(pixels, expected)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--hard-group", "race=Green"], "'race=Green' does not exist; choose from race=Asian|"),
        (["--kind", "chest", "--hard-group", "language=Spanish"], "choose from race=White|"),
        (["--strength", "1.5"], "strength is 1.5, must lie in 0..1"),
        (["--patients", "29"], "patients must be at least 30"),
        (["--seed=-1"], "seed not negative"),
        (["--size", "4", "90"], "size and scans must be at least 8"),
    ],
)
def test_a_recipe_that_makes_no_sense_writes_nothing(
    tmp_path: Path, flags: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--out", str(tmp_path / "d"), *flags]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "d").exists()


def test_the_command_writes_and_says_what(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--kind", "oph-oct", "--patients", "30", "--size", "8", "8", "--scans", "8"]
    assert run(["--out", str(tmp_path / "d"), *flags]) == 0
    assert "30 patients at 3 sites" in capsys.readouterr().out
