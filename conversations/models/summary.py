"""A summary of the beginning of a thread, written by the model; it holds for every branch that
goes through its last message.
"""

from __future__ import annotations

from django.db import models

from .completion import Completion
from .conversation import Conversation
from .message import Message


class Summary(models.Model):
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="summaries"
    )
    # The last message that it covers.
    through = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="summaries")
    # The one that it extends.
    previous = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True)
    text = models.TextField()
    # Of the ids and lengths of what it covers: where one is excluded, deleted or continued
    # since, it does not hold any more.
    covers_sha256 = models.CharField(max_length=64)
    call = models.OneToOneField(Completion, on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"summary {self.pk}"
