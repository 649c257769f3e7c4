"""The order and number of the elements of a CHAI card v0.2, as its published schema has them.

Source: https://mc.chai.org/v0.2/schema.xsd, without its signature. Every element that holds no
others holds a text of any kind.
"""

import re
from collections.abc import Iterator
from xml.etree import ElementTree

NAMESPACE = "{https://mc.chai.org/v0.2/schema.xsd}"

KEY_METRIC = """
    MetricGoal
    Results
      MetricResult+
        Label
        ValueJson
    Interpretation
    TestType
    TestingDataDescription
    ValidationProcessAndJustification"""

OUTLINE = f"""
AppliedModelCard
 BasicInfo
  ModelName
  ModelDeveloper
  DeveloperContact
 ReleaseInfo
  ReleaseStage
  ReleaseDate
  ReleaseVersion
  GlobalAvailability
  EHRCompatibility?
   EHR*
  RegulatoryApproval?
 ModelSummary
  Summary
  Keywords
   Keyword*
 UsesAndDirections
  IntendedUseAndWorkflow
  PrimaryIntendedUsers
  HowToUse
  TargetedPatientPopulation
  CautionedOutOfScopeSettings
 Warnings
  KnownRisksAndLimitations
  KnownBiasesOrEthicalConsiderations
  ClinicalRiskLevel
 TrustIngredients
  AISystemFacts
   OutcomesAndOutputs
   ModelType
   FoundationModels?
   InputDataSource
   OutputAndInputDataTypes
   DevelopmentDataCharacterization
   BiasMitigationApproaches
   OngoingMaintenance
   Security?
   Transparency?
  TransparencyInformation
   FundingSource
   ThirdPartyInformation?
   StakeholdersConsulted
 KeyMetrics
  UsefulnessUsabilityEfficacy{KEY_METRIC}
  FairnessEquity{KEY_METRIC}
  SafetyReliability{KEY_METRIC}
 Resources
  EvaluationReferences?
  ClinicalTrial?
  PeerReviewedPublications
  ReimbursementStatus?
  PatientConsentOrDisclosure
 Bibliography
"""
"""A name a line, deeper ones inside; `?` may be absent, `*` any number, `+` at least one."""

Node = tuple[str, "list[Node]"]


def outlined() -> Node:
    """The outline as a tree."""
    root: Node = ("", [])
    above: list[tuple[int, Node]] = [(-1, root)]
    for line in OUTLINE.strip("\n").splitlines():
        depth = len(line) - len(line.lstrip())
        node: Node = (line.strip(), [])
        while above[-1][0] >= depth:
            above.pop()
        above[-1][1][1].append(node)
        above.append((depth, node))
    return root[1][0]


def faults(found: ElementTree.Element, said: Node | None = None) -> Iterator[str]:
    """What an element and those in it have that the outline does not allow."""
    name, inside = said or outlined()
    name = name.rstrip("?*+")
    if found.tag != NAMESPACE + name or found.attrib:
        yield f"{found.tag} in place of {name}"
        return
    if inside and (found.text or "").strip():
        yield f"text in {name}"
    if any((child.tail or "").strip() for child in found):
        yield f"text between elements of {name}"
    patterns = (re.escape(n.rstrip("?*+")) + ";" for n, _ in inside)
    counts = (n[-1] if n[-1] in "?*+" else "" for n, _ in inside)
    allowed = "".join(f"({p}){c}" for p, c in zip(patterns, counts, strict=True))
    names = [child.tag.removeprefix(NAMESPACE) for child in found]
    if not re.fullmatch(allowed, "".join(f"{n};" for n in names)):
        yield f"{name} holds {names}"
        return
    known = {n.rstrip("?*+"): (n, deeper) for n, deeper in inside}
    for child, child_name in zip(found, names, strict=True):
        yield from faults(child, known[child_name])
