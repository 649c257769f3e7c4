import numpy as np
import pytest
from scipy.stats import chisquare
from sklearn.metrics import roc_auc_score

from fairness.attributes import ETHNICITY, GENDER, LANGUAGE, RACE
from fairness.synthetic.patients import SHARES, draw_finding, draw_patient

PATIENTS = [draw_patient(0, number) for number in range(1, 4001)]
FINDINGS = [draw_finding(0, patient, 0) for patient in PATIENTS]
LABELS = np.array([finding.glaucoma for finding in FINDINGS])


def test_the_published_shares_are_the_ones_used() -> None:
    """Counts of Harvard-FairVLMed: 10,000 subjects; ethnicity and language with unknown ones."""
    assert np.multiply(SHARES[RACE], 10_000) == pytest.approx([819, 1491, 7690])
    assert np.multiply(SHARES[GENDER], 10_000) == pytest.approx([5631, 4369])
    assert np.multiply(SHARES[LANGUAGE], 10_000) == pytest.approx([9250, 176, 76])
    assert np.multiply(SHARES[ETHNICITY], 1000) == pytest.approx([906, 40])


@pytest.mark.parametrize("attribute", SHARES)
def test_group_shares_are_the_stated_ones(attribute: object) -> None:
    (chosen,) = (a for a in SHARES if a == attribute)
    codes = np.array([patient.codes[chosen.name] for patient in PATIENTS])
    counts = np.bincount(codes + 1, minlength=len(chosen.groups) + 1)
    shares = np.array([1 - sum(SHARES[chosen]), *SHARES[chosen]])
    if shares[0] < 1e-9:
        assert counts[0] == 0
        counts, shares = counts[1:], shares[1:]
    assert chisquare(counts, shares / shares.sum() * len(codes)).pvalue > 0.001


def test_every_group_has_the_same_prevalence() -> None:
    for attribute in SHARES:
        codes = np.array([patient.codes[attribute.name] for patient in PATIENTS])
        for code in range(len(attribute.groups)):
            group = LABELS[codes == code]
            spread = np.sqrt(0.25 / len(group))
            assert abs(group.mean() - LABELS.mean()) < 3.5 * spread


def test_the_cup_drives_the_label_with_a_small_overlap() -> None:
    cups = np.array([finding.cup_to_disc for finding in FINDINGS])
    assert 0.985 < roc_auc_score(LABELS, cups) < 0.9995
    assert 0.45 < LABELS.mean() < 0.55
    assert cups.min() >= 0.15
    assert cups.max() <= 0.95


def test_mean_deviation_follows_the_definition_of_the_classes() -> None:
    md = np.array([finding.md for finding in FINDINGS])
    assert (md[LABELS == 1] < -3).all()
    assert (md[LABELS == 0] >= -1).all()
    ill = LABELS == 1
    cups = np.array([finding.cup_to_disc for finding in FINDINGS])
    assert np.corrcoef(md[ill], cups[ill])[0, 1] < -0.1


def test_total_deviations_have_the_mean_deviation_as_their_mean() -> None:
    for finding in FINDINGS[:200]:
        assert finding.tds.shape == (52,)
        assert finding.tds.mean() == pytest.approx(finding.md, abs=1e-9)


def test_glaucoma_patients_are_older_and_ages_are_those_of_adults() -> None:
    ages = np.array([patient.age for patient in PATIENTS])
    assert ages.mean() == pytest.approx(60.9, abs=1.0)
    assert ages.std() == pytest.approx(16.2, abs=1.5)
    assert ages[LABELS == 1].mean() > ages[LABELS == 0].mean() + 3
    assert ages.min() >= 18


def test_a_patient_depends_on_seed_and_number_alone() -> None:
    assert draw_patient(0, 17) == PATIENTS[16]
    assert draw_patient(1, 17) != PATIENTS[16]
    assert draw_finding(0, PATIENTS[16], 0).cup_to_disc == FINDINGS[16].cup_to_disc


def test_eyes_alternate_and_keep_their_label_over_visits() -> None:
    for patient in PATIENTS[:100]:
        first, fellow, again, fellow_again = (draw_finding(0, patient, i) for i in range(4))
        assert {first.eye, fellow.eye} == {"OD", "OS"}
        assert (first.eye, fellow.eye) == (again.eye, fellow_again.eye)
        assert [f.visit for f in (first, fellow, again, fellow_again)] == [1, 1, 2, 2]
        assert first.glaucoma == again.glaucoma
        assert again.cup_to_disc >= first.cup_to_disc
        assert again.md <= first.md
        assert abs(first.cup_to_disc - fellow.cup_to_disc) < 0.15
