"""Answers that are being written or stand in line, as the admin lists them."""

from .message import Message


class RunningAnswer(Message):
    """A page of its own, and rights of its own: to see what runs is not to read what is said."""

    class Meta:
        proxy = True
        verbose_name = "running answer"
        verbose_name_plural = "running now"
        default_permissions = ("view",)
        permissions = [("stop_runninganswer", "Can stop running answer")]
