from __future__ import annotations

from generations.models.activity import (
    ActivityHour,
    ActivityLatest,
    ActivityLatestTotal,
    ActivityMoney,
    ActivityTotal,
    PlatformGauge,
    TenantMove,
)
from generations.models.batch import BATCH_ACTIVE, BATCH_ENDED, Batch, BatchItem, BatchStatus, ItemStatus
from generations.models.derivative import Derivative
from generations.models.finding import Collection, CollectionOutput, GenerationTag, GenerationTerms
from generations.models.generation import TERMINAL, Generation, GenerationContent, Priority, Status, Worker
from generations.models.guard_rule import GuardFallback, GuardRule, GuardRuleType, GuardStage, PlatformGuardRule
from generations.models.legal_hold import LegalHold
from generations.models.objects import File, Output, Upload
from generations.models.prompt_template import PromptTemplate, PromptTemplateVersion
from generations.models.share_link import ShareLink
from generations.models.token_version import TokenVersion
from generations.models.upstream_call import UpstreamCall

__all__ = [
    "BATCH_ACTIVE",
    "BATCH_ENDED",
    "TERMINAL",
    "ActivityHour",
    "ActivityLatest",
    "ActivityLatestTotal",
    "ActivityMoney",
    "ActivityTotal",
    "Batch",
    "BatchItem",
    "BatchStatus",
    "Collection",
    "CollectionOutput",
    "Derivative",
    "File",
    "Generation",
    "GenerationContent",
    "GenerationTag",
    "GenerationTerms",
    "GuardFallback",
    "GuardRule",
    "GuardRuleType",
    "GuardStage",
    "ItemStatus",
    "LegalHold",
    "Output",
    "PlatformGauge",
    "PlatformGuardRule",
    "Priority",
    "PromptTemplate",
    "PromptTemplateVersion",
    "ShareLink",
    "Status",
    "TenantMove",
    "TokenVersion",
    "Upload",
    "UpstreamCall",
    "Worker",
]
