"""Proposing again for a tenant that has a policy: what people chose before stays chosen."""

from collections.abc import Sequence
from dataclasses import replace

from udsync_pipelines.posting.checking import wrong_choices
from udsync_pipelines.posting.company import Company
from udsync_pipelines.posting.policy import PostingPolicy
from udsync_pipelines.posting.policy_fields import field_of, with_field
from udsync_pipelines.posting.proposal import Confidence, Finding, Proposal

_CHOSEN_FROM_BOOKS = ("items.", "new_items.", "taxes.", "gateways.")
_NOTHING = PostingPolicy(gateways={})


def keep_choices(proposal: Proposal, current: PostingPolicy, company: Company) -> Proposal:
    """The proposal with everything kept that the policy in force has chosen and that still works.

    Statuses, dates, prefix and the like stay as they are. A chosen account, item, code or method
    gives way only when the books no longer offer it.
    """
    new = {
        name: rules
        for name, rules in proposal.policy.gateways.items()
        if name not in current.gateways
    }
    policy = replace(current, gateways={**current.gateways, **new})
    findings: list[Finding] = []
    for finding in proposal.findings:
        kept = _kept(finding, current, company)
        findings.append(kept)
        if _is_choice(kept) and (kept.value or field_of(policy, kept.field)):
            policy = with_field(policy, kept.field, kept.value or "")
    return Proposal(policy, tuple(findings))


def chosen_by_hand(findings: Sequence[Finding], policy: PostingPolicy) -> tuple[Finding, ...]:
    """The findings of a proposal after a person edited it: what was chosen is no longer open."""
    return tuple(_edited(finding, policy) for finding in findings)


def _is_choice(finding: Finding) -> bool:
    """True for one id of the books; `taxes.codes` alone speaks of all sets of rates."""
    return finding.field.startswith(_CHOSEN_FROM_BOOKS) and finding.field != "taxes.codes"


def _kept(finding: Finding, current: PostingPolicy, company: Company) -> Finding:
    if _is_choice(finding):
        return _kept_choice(finding, current, company)
    if finding.field == "timezone" and finding.value != current.timezone:
        sentence = (
            f"Documents stay dated in {current.timezone}, as chosen before; the store is in "
            f"{finding.value}."
        )
        return replace(
            finding, value=current.timezone, confidence=Confidence.CONFIRM, sentence=sentence
        )
    if finding.field == "start_on" and current.start_on:
        sentence = f"Orders since {current.start_on} are posted, as chosen before."
        value = current.start_on.isoformat()
        return replace(finding, value=value, confidence=Confidence.CERTAIN, sentence=sentence)
    return finding


def _kept_choice(finding: Finding, current: PostingPolicy, company: Company) -> Finding:
    before = field_of(current, finding.field)
    if not isinstance(before, str) or not before:
        return finding
    if wrong_choices(with_field(_NOTHING, finding.field, before), company):
        doubt = f"The former choice, {before}, no longer works. {finding.sentence}"
        is_open = finding.confidence is Confidence.OPEN or not (finding.value or finding.creates)
        confidence = Confidence.OPEN if is_open else Confidence.CONFIRM
        return replace(finding, confidence=confidence, sentence=doubt)
    if before == finding.value:
        return replace(finding, confidence=Confidence.CERTAIN)
    sentence = f"Stays {before}, as chosen before."
    return replace(
        finding, value=before, confidence=Confidence.CERTAIN, sentence=sentence, creates=""
    )


def _edited(finding: Finding, policy: PostingPolicy) -> Finding:
    if not _is_choice(finding) and finding.field not in ("timezone", "start_on"):
        return finding
    value = field_of(policy, finding.field)
    if value == finding.value or (not value and not finding.value):
        return finding
    if not value:
        sentence = "Nothing is chosen here any more."
        return replace(finding, value=None, confidence=Confidence.OPEN, sentence=sentence)
    return replace(
        finding,
        value=str(value),
        confidence=Confidence.CERTAIN,
        sentence="Chosen by hand.",
        creates="",
    )
