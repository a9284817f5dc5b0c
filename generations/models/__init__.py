from __future__ import annotations

from generations.models.generation import TERMINAL, Generation, GenerationContent, Priority, Status, Worker
from generations.models.objects import File, Output

__all__ = ["TERMINAL", "File", "Generation", "GenerationContent", "Output", "Priority", "Status", "Worker"]
