from __future__ import annotations

from generations.models.batch import BATCH_ACTIVE, BATCH_ENDED, Batch, BatchItem, BatchStatus, ItemStatus
from generations.models.generation import TERMINAL, Generation, GenerationContent, Priority, Status, Worker
from generations.models.objects import File, Output, Upload
from generations.models.prompt_template import PromptTemplate, PromptTemplateVersion
from generations.models.share_link import ShareLink

__all__ = [
    "BATCH_ACTIVE",
    "BATCH_ENDED",
    "TERMINAL",
    "Batch",
    "BatchItem",
    "BatchStatus",
    "File",
    "Generation",
    "GenerationContent",
    "ItemStatus",
    "Output",
    "Priority",
    "PromptTemplate",
    "PromptTemplateVersion",
    "ShareLink",
    "Status",
    "Upload",
    "Worker",
]
