"""Writes the texts of a simulated visit: a clinical note and its short summary.

Both follow the findings. As in Harvard-FairVLMed, a summary has at most 180 characters and usually
says whether there is glaucoma, and notes carry the placeholders of de-identification.
"""

import numpy as np

from fairness.synthetic.patients import Finding, Patient

_EYES = {"OD": "right eye", "OS": "left eye"}
_SEXES = ("female", "male")

_GLAUCOMA = (
    "{age}-year-old {sex} with glaucoma: C/D {cup} in the {eye}, IOP {iop} mmHg, {field}. {plan}.",
    "Presence of glaucoma in the {eye} of this {age}-year-old {sex}. C/D {cup}, {field}. {plan}.",
    "The {sex} patient, {age}, has glaucoma with a cup of {cup} and {field}, IOP {iop}. {plan}.",
    "Glaucoma, {eye}: C/D {cup}, IOP {iop} mmHg, thin rim, {field}. {plan}.",
)
_HEALTHY = (
    "{age}-year-old {sex}, non-glaucoma: C/D {cup} in the {eye}, IOP {iop} mmHg, {field}. {plan}.",
    "Non-glaucoma in the {eye} of this {age}-year-old {sex}. C/D {cup}, {field}. {plan}.",
    "The {sex} patient, {age}, is non-glaucoma with a cup of {cup} and {field}, IOP {iop}. {plan}.",
    "Non-glaucoma, {eye}: C/D {cup}, IOP {iop} mmHg, healthy rim, {field}. {plan}.",
)
_BRIEF = "Photo of the {eye}: {d}.", "{d}, {eye}.", "The photo shows {d}.", "Patient with {d}."
"""Summaries without findings. Some must be as short as a zero-shot prompt: a model that starts from
random weights and reads long texts only may rank the two prompts either way round."""
_SILENT = "{age}-year-old {sex}: C/D {cup} in the {eye}, IOP {iop} mmHg, {field}. {plan}."

_LOSSES = ("a superior arcuate defect", "an inferior arcuate defect", "a nasal step")
_FULL = ("a full visual field", "a normal visual field")
_TREAT = ("Start latanoprost", "Add timolol", "Continue drops, repeat field in 4 months")
_WATCH = ("Follow-up in 12 months", "Return in one year", "Observe without treatment")


def summarise_visit(rng: np.random.Generator, patient: Patient, finding: Finding) -> str:
    """The summary, at most 180 characters; 15 % are brief, 10 % do not name the disease."""
    template = str(rng.choice(_GLAUCOMA if finding.glaucoma else _HEALTHY))
    kind = rng.random()
    if kind < 0.25:
        template = _SILENT if kind < 0.10 else str(rng.choice(_BRIEF))
    summary = template.format(
        age=int(patient.age),
        sex=_SEXES[patient.codes["gender"]],
        cup=f"{finding.cup_to_disc:.2f}",
        eye=_EYES[finding.eye],
        iop=finding.pressure,
        field=rng.choice(_LOSSES if finding.glaucoma else _FULL),
        plan=rng.choice(_TREAT if finding.glaucoma else _WATCH),
        d="glaucoma" if finding.glaucoma else "non-glaucoma",
    )
    return summary[0].upper() + summary[1:]


def dictate(patient: Patient, finding: Finding, summary: str) -> str:
    """The longer note from which the summary could have been made."""
    state = "glaucomatous cupping" if finding.glaucoma else "no glaucomatous cupping"
    return (
        f"PERSON was seen on DATE_TIME at LOCATION, visit {finding.visit}. "
        f"Age {int(patient.age)}. IOP {finding.pressure} mmHg in the {_EYES[finding.eye]}. "
        f"Optic nerve: C/D {finding.cup_to_disc:.2f}, {state}. "
        f"Visual field mean deviation {finding.md:.1f} dB. "
        f"Assessment: {summary} Discussed with PERSON, who agrees."
    )
