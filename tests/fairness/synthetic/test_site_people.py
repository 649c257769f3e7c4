from collections import Counter

import numpy as np
import pytest
from scipy.stats import chisquare

from fairness.arrays import Array
from fairness.attributes import GENDER, LANGUAGE, RACE, Attribute
from fairness.datasets.fairfedmed_chest import AGE
from fairness.synthetic.site_people import CHEST, OPH, Person, Population, draw_people


@pytest.fixture(scope="module")
def oph() -> list[Person]:
    return list(draw_people(3, 6000, OPH))


def counts(people: list[Person], population: Population, attribute: Attribute) -> Array:
    """Patients by site and code, the unknown last."""
    table = np.array(population.tables[attribute])
    seen = Counter((p.places[attribute.name][0], p.codes[attribute.name]) for p in people)
    codes = [*range(len(attribute.groups)), -1][: table.shape[1]]
    return np.array([[seen[site, code] for code in codes] for site in population.sites])


@pytest.mark.parametrize("attribute", list(OPH.tables))
def test_oph_groups_are_skewed_by_site_as_published(
    oph: list[Person], attribute: Attribute
) -> None:
    table = np.array(OPH.tables[attribute], dtype=np.float64)
    expected = table / table.sum() * len(oph)
    assert chisquare(counts(oph, OPH, attribute).ravel(), expected.ravel()).pvalue > 1e-4


def test_published_totals_are_those_of_the_paper() -> None:
    race, language = np.array(OPH.tables[RACE]), np.array(OPH.tables[LANGUAGE])
    assert race.sum(axis=1).tolist() == [5054, 5054, 5057]
    assert language.sum(axis=1).tolist() == [5054, 5053, 5058]
    assert race.sum() == language.sum() == 15165


def test_oph_sites_are_made_anew_for_each_attribute(oph: list[Person]) -> None:
    same = np.mean([p.places["race"][0] == p.places["language"][0] for p in oph])
    assert same == pytest.approx(1 / 3, abs=0.03)


def test_a_chest_patient_is_of_one_hospital_and_split() -> None:
    people = list(draw_people(0, 3000, CHEST))
    assert all(len({site for site, _ in p.places.values()}) == 1 for p in people)
    for attribute, expected in ((GENDER, (0.59, 0.53)), (AGE, (0.39, 0.35))):
        table = counts(people, CHEST, attribute)
        np.testing.assert_allclose(table[:, 1] / table.sum(axis=1), expected, atol=0.05)
    assert all((p.age >= 60) == bool(p.codes["age"]) for p in people)


def test_every_fifth_of_a_site_is_a_test(oph: list[Person]) -> None:
    for attribute in ("race", "maritalstatus"):
        places = Counter(p.places[attribute] for p in oph)
        for site in OPH.sites:
            total = places[site, "train"] + places[site, "test"]
            assert abs(places[site, "test"] - total / 5) < 1


def test_the_finding_tells_the_label_alike_in_every_group_and_chance_does_not(
    oph: list[Person],
) -> None:
    for code in range(3):
        group = [p for p in oph if p.codes["race"] == code]
        label = np.array([p.label for p in group], dtype=bool)
        assert label.mean() == pytest.approx(0.5, abs=0.08)
        for sign, auc in (("finding", 0.965), ("chance", 0.5)):
            values = np.array([getattr(p, sign) for p in group])
            above = values[label][:, None] > values[~label]
            assert above.mean() == pytest.approx(auc, abs=0.06)


def test_a_patient_is_the_same_whatever_the_number(oph: list[Person]) -> None:
    assert list(draw_people(3, 40, OPH)) == oph[:40]
    assert next(draw_people(4, 1, OPH)) != oph[0]
