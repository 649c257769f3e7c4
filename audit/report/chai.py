"""chai.xml: an Applied Model Card of the Coalition for Health AI, version 0.2 of its schema.

An audit knows how a model did on these data, by group. What only its maker knows reads
`not stated`; elements that may be absent are (source: https://mc.chai.org/v0.2/schema.xsd).
"""

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias
from xml.etree import ElementTree

from audit.page.overview import limits, worst_groups
from audit.policy.verdict import Judgement
from audit.report import layout
from audit.report.chai_results import Result, of_everybody, of_groups, of_the_answers
from audit.report.markdown import escape
from audit.report.meanings import identity_of, meanings
from fairness.outcomes import GroupReport
from fairness.tasks.catalogue import tables_of
from fairness.text import one_line

NAMESPACE = "https://mc.chai.org/v0.2/schema.xsd"
NOT_STATED = "not stated"
NOTHING = (Result("no number is shown", None),)

Content: TypeAlias = str | Mapping[str, "Content"] | Sequence[tuple[str, "Content"]]
"""A text, elements by their names, or elements of which some have the same name."""


def to_chai(report: GroupReport, judgement: Judgement | None) -> str:
    """The whole card; groups without a shown number are left out."""
    about = report.provenance["model"]
    asked = "server" in report.provenance
    target, method = about.get("target"), about.get("method")
    card: dict[str, Content] = {
        "BasicInfo": {
            "ModelName": plain(report.rows[0].model),
            **unknown("ModelDeveloper", "DeveloperContact"),
        },
        "ReleaseInfo": {
            **unknown("ReleaseStage", "ReleaseDate"),
            "ReleaseVersion": plain(about.get("version") or NOT_STATED),
            **unknown("GlobalAvailability"),
        },
        "ModelSummary": {"Summary": " ".join(map(sentence, layout.headline(report)))}
        | {"Keywords": {}},
        "UsesAndDirections": unknown(
            "IntendedUseAndWorkflow",
            "PrimaryIntendedUsers",
            "HowToUse",
            "TargetedPatientPopulation",
            "CautionedOutOfScopeSettings",
        ),
        "Warnings": {
            "KnownRisksAndLimitations": " ".join(map(sentence, limits(report))),
            "KnownBiasesOrEthicalConsiderations": biases(report),
            **unknown("ClinicalRiskLevel"),
        },
        "TrustIngredients": {
            "AISystemFacts": {
                "OutcomesAndOutputs": plain(f"{report.kind} of {target}" if target else NOT_STATED),
                "ModelType": plain(method or NOT_STATED),
                **unknown("InputDataSource"),
                "OutputAndInputDataTypes": f"images in, {report.kind} out" if asked else NOT_STATED,
                **unknown(
                    "DevelopmentDataCharacterization",
                    "BiasMitigationApproaches",
                    "OngoingMaintenance",
                ),
            },
            "TransparencyInformation": unknown("FundingSource", "StakeholdersConsulted"),
        },
        "KeyMetrics": key_metrics(report, judgement, asked=asked),
        "Resources": unknown("PeerReviewedPublications", "PatientConsentOrDisclosure"),
        **unknown("Bibliography"),
    }
    root = element("AppliedModelCard", card)
    root.set("xmlns", NAMESPACE)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def key_metrics(report: GroupReport, judgement: Judgement | None, *, asked: bool) -> Content:
    """The three parts that hold numbers.

    Args:
        report: of the audit.
        judgement: of the policy, if there was one.
        asked: whether a model answered, or scores were in a file.
    """
    statistics = report.provenance["statistics"]
    how = {
        "TestType": "retrospective, on stored samples, of the model as it is served"
        if asked
        else "retrospective, of scores found in a file",
        "TestingDataDescription": " ".join(map(sentence, layout.headline(report)[1:])),
        "ValidationProcessAndJustification": f"Intervals at {statistics['confidence']:.0%}. "
        f"{sentence(': '.join(identity_of(report)))} Every number, test and family of tests: "
        "report.json and report.html of the same report.",
    }
    level = round(100 * statistics["confidence"], 3)
    metric = next(iter(tables_of(report).groups))

    def part(goal: str, found: Sequence[Result], told: str) -> Content:
        return {
            "MetricGoal": goal,
            "Results": [("MetricResult", result(one, level)) for one in found or NOTHING],
            "Interpretation": told,
            **how,
        }

    return {
        "UsefulnessUsabilityEfficacy": part(
            "To measure the model on all samples.",
            of_everybody(report),
            sentence(meanings(report, judgement)),
        ),
        "FairnessEquity": part(
            f"To measure the model in each demographic group, {metric} first, and how far groups "
            "are apart.",
            of_groups(report),
            f"{biases(report)} {sentence(meanings(report, judgement))}",
        ),
        "SafetyReliability": part(
            "To count samples that could not be read, and to know what answered.",
            of_the_answers(report),
            sentence(": ".join(identity_of(report))),
        ),
    }


def result(one: Result, level: float) -> Content:
    """A number with its limits where it has them; `not stated` where there is none."""
    value: dict[str, object] = {"kind": "single", "value": one.value}
    if one.value is None:
        value["value"] = NOT_STATED
    elif one.low is not None and one.high is not None:
        value = {"kind": "estimate_ci", "estimate": one.value, "lower": one.low, "upper": one.high}
        value["level"] = level
    if one.unit:
        value["unit"] = one.unit
    return {"Label": plain(one.label), "ValueJson": json.dumps(value)}


def biases(report: GroupReport) -> str:
    """The lowest group of each attribute, and how sure that is; or that nothing can be said."""
    metric = next(iter(tables_of(report).groups))
    found = [
        f"{one.attribute}: lowest {metric} in {one.group}, {one.value}; "
        + "; ".join(filter(None, (one.gap and f"gap {one.gap}", one.sure)))
        for one in worst_groups(report)
    ]
    return " ".join(map(sentence, found)) or "No two groups can be compared in these data."


def unknown(*names: str) -> dict[str, Content]:
    """Elements that no audit can fill."""
    return dict.fromkeys(names, NOT_STATED)


def plain(text: object) -> str:
    """Text from outside as one line without control characters or Markdown.

    A reader may take any text of a card for Markdown, and Markdown lets HTML through.
    """
    return escape(one_line(text))


def sentence(text: str) -> str:
    """The same, ended by a full stop."""
    return f"{plain(text).rstrip('.')}."


def element(name: str, content: Content) -> ElementTree.Element:
    """An element with its text or its children, in their order."""
    made = ElementTree.Element(name)
    if isinstance(content, str):
        made.text = content
        return made
    for child, inner in content.items() if isinstance(content, Mapping) else content:
        made.append(element(child, inner))
    return made
