import numpy as np

from fairness.datasets.notes import truncate
from fairness.synthetic.notes import dictate, summarise_visit
from fairness.synthetic.patients import Finding, Patient, draw_finding, draw_patient


def visits() -> list[tuple[Patient, Finding, str]]:
    made = []
    for number in range(1, 1001):
        patient = draw_patient(0, number)
        finding = draw_finding(0, patient, 0)
        rng = np.random.default_rng(number)
        made.append((patient, finding, summarise_visit(rng, patient, finding)))
    return made


VISITS = visits()


def test_summaries_fit_and_are_never_truncated() -> None:
    assert max(len(summary) for _, _, summary in VISITS) <= 180
    assert all(truncate(summary) == summary for _, _, summary in VISITS)


def test_summaries_agree_with_the_label_and_usually_name_it() -> None:
    named = 0
    for _, finding, summary in VISITS:
        text = summary.lower()
        assert "non-glaucoma" not in text if finding.glaucoma else True
        assert text.count("glaucoma") == text.count("non-glaucoma") or finding.glaucoma
        named += "glaucoma" in text
    assert 0.85 < named / len(VISITS) < 0.95


def test_brief_summaries_are_some_and_say_the_diagnosis_only() -> None:
    brief = [(f, s) for _, f, s in VISITS if "C/D" not in s and "cup" not in s]
    assert 0.11 < len(brief) / len(VISITS) < 0.19
    assert all(len(s) < 40 and "glaucoma" in s.lower() for _, s in brief)
    assert all(("non-glaucoma" in s.lower()) != bool(f.glaucoma) for f, s in brief)


def test_the_other_summaries_name_the_findings() -> None:
    for patient, finding, summary in VISITS:
        if "C/D" not in summary and "cup" not in summary:
            continue
        assert f"{finding.cup_to_disc:.2f}" in summary
        assert f"{int(patient.age)}" in summary or summary.lower().startswith(("gl", "non-gl"))
        assert ("defect" in summary or "step" in summary) == bool(finding.glaucoma)
        assert ("full visual field" in summary or "normal visual field" in summary) != bool(
            finding.glaucoma
        )


def test_the_long_note_holds_the_summary_and_the_placeholders() -> None:
    for patient, finding, summary in VISITS[:50]:
        note = dictate(patient, finding, summary)
        assert summary in note
        assert all(word in note for word in ("PERSON", "DATE_TIME", "LOCATION"))
        assert f"{finding.md:.1f} dB" in note
