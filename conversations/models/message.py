"""A message: a node of its conversation's tree. Text once sent is never rewritten."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from .conversation import Conversation
from .parameters import ResponseFormat

if TYPE_CHECKING:
    from .completion import Completion


class Role(models.TextChoices):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class Status(models.TextChoices):
    """`queued` and `streaming` are running; every other one is an ending."""

    QUEUED = "queued"
    STREAMING = "streaming"
    COMPLETE = "complete"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


RUNNING = (Status.QUEUED, Status.STREAMING)


class Origin(models.TextChoices):
    TYPED = "typed"
    GENERATED = "generated"
    WRITTEN = "written", "written by hand"
    SUMMARY = "summary", "summary of another chat"


class Standing(models.TextChoices):
    """How a message stands with the context, whatever the strategy."""

    FREE = "free"
    PINNED = "pinned"
    EXCLUDED = "excluded"


class MessageQuerySet(models.QuerySet["Message"]):
    def running(self) -> Self:
        return self.filter(status__in=RUNNING)

    def in_line(self) -> Self:
        """Queued answers that nobody has begun to write."""
        return self.filter(status=Status.QUEUED, run=None)

    def claimed(self) -> Self:
        """Running answers that a runner holds."""
        return self.running().exclude(run=None)

    def in_order(self) -> Self:
        return self.order_by("created_at", "id")

    def held_by(self, answer: uuid.UUID, run: uuid.UUID) -> Self:
        """The row of a running answer, as long as this run still holds it."""
        return self.running().filter(pk=answer, run=run)

    def in_thread(self) -> Self:
        """Nodes of the tree: all but the system messages that a conversation points at."""
        return self.exclude(role=Role.SYSTEM, origin=Origin.TYPED)

    def with_calls(self) -> Self:
        """With what a turn's footer shows, so that a page asks once for all its turns."""
        from .completion import Completion  # it knows Message

        # A call's record of its context is as long as the conversation was.
        calls = Completion.objects.defer("context")
        return self.prefetch_related(models.Prefetch("completions", calls))


class Message(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages"
    )
    # Whose client id it is: the conversation's owner.
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    # The first messages have no parent and are siblings of each other. The system message
    # stands outside the tree: the conversation points at it.
    parent = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="children"
    )
    # Where the page goes on when somebody steps to this branch.
    last_leaf = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    role = models.CharField(max_length=10, choices=Role)
    origin = models.CharField(max_length=10, choices=Origin)
    status = models.CharField(max_length=12, choices=Status, default=Status.COMPLETE)
    text = models.TextField(blank=True)
    # What a reasoning model thought aloud; shown apart, never sent back.
    reasoning = models.TextField(blank=True)
    html = models.TextField(blank=True)
    html_version = models.PositiveIntegerField(default=0)
    # Tokens of the text by encoding, counted once: {"o200k_base": 12}.
    token_counts = models.JSONField(default=dict, blank=True)
    model = models.CharField(max_length=100, blank=True)
    client_id = models.UUIDField(null=True, blank=True)
    # The requests to continue this answer, so that a repeated one changes nothing.
    continue_ids = models.JSONField(default=list, blank=True)
    # The message of another conversation whose copy this is.
    copied_from = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="copies"
    )
    standing = models.CharField(max_length=8, choices=Standing, default=Standing.FREE)
    # Its place in the thread stays, so that what follows it stays where it is.
    deleted_at = models.DateTimeField(null=True, blank=True)
    # Of an answer: the format it was asked for, and what is wrong with it, in words.
    response_format = models.CharField(
        max_length=12, choices=ResponseFormat, default=ResponseFormat.TEXT
    )
    format_problem = models.CharField(max_length=300, blank=True)
    # Of an answer: its own limit in tokens, where it was asked for with less than the chat's.
    max_tokens = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    # Of an answer in line, queued and without a run: since when, not to be called before when and
    # why (an error's code), the process that has taken it in, and the most tokens it may take. One
    # that was given up because the provider wants nothing for so long keeps that moment.
    queued_at = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    wait = models.CharField(max_length=30, blank=True)
    home = models.UUIDField(null=True, blank=True)
    expected_tokens = models.PositiveIntegerField(default=0)
    # How often it was let go since its last call: more than once means that whoever wrote it died
    # or hung before it called.
    claims = models.PositiveSmallIntegerField(default=0)
    # Why it failed without a call of its own: an error's code.
    failure = models.CharField(max_length=30, blank=True)
    # Of an answer: who writes it now, when that was last said, whether it shall end.
    run = models.UUIDField(null=True, blank=True)
    beat = models.DateTimeField(null=True, blank=True, db_default=Now())
    stop_asked = models.BooleanField(default=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["conversation", "created_at"], name="message_order"),
            models.Index(fields=["beat"], condition=models.Q(status__in=RUNNING), name="running"),
            models.Index(
                fields=["queued_at"],
                condition=models.Q(status=Status.QUEUED, run=None),
                name="in_line",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "client_id"], name="one_message_per_client_id"
            ),
            models.UniqueConstraint(
                fields=["conversation"],
                condition=models.Q(status__in=RUNNING),
                name="one_running_answer",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="message_role_known"
            ),
            models.CheckConstraint(
                condition=models.Q(standing__in=Standing.values), name="message_standing_known"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=Status.values), name="message_status_known"
            ),
            models.CheckConstraint(
                condition=models.Q(role=Role.ASSISTANT) | models.Q(status=Status.COMPLETE),
                name="only_answers_run",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.pk}"

    @property
    def is_running(self) -> bool:
        return self.status in RUNNING

    @property
    def is_in_line(self) -> bool:
        return self.status == Status.QUEUED and self.run is None

    @property
    def is_answer(self) -> bool:
        return self.role == Role.ASSISTANT

    @property
    def is_json(self) -> bool:
        """An answer that was asked for in JSON."""
        return self.response_format != ResponseFormat.TEXT

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    @property
    def calls(self) -> list[Completion]:
        """The calls made for this answer, oldest first: each attempt, each continuation."""
        return sorted(self.completions.all(), key=lambda completion: completion.pk)

    @property
    def call(self) -> Completion | None:
        """The newest call made for this answer, or None."""
        return self.calls[-1] if self.calls else None
