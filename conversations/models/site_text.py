"""What staff tell everybody in the app, in their own words."""

from django.db import models

REVIEW_NOTICE = "Staff of this site can read chats to review them. Each reading is logged."


class SiteText(models.Model):
    """One row, made when staff first change it; without it the default words hold."""

    review_notice = models.TextField(
        max_length=500,
        default=REVIEW_NOTICE,
        blank=True,
        help_text="Said in the sidebar of every chat. Plain text; blank: the default words.",
    )

    class Meta:
        verbose_name = "text of the site"
        verbose_name_plural = "texts of the site"

    def __str__(self) -> str:
        return "texts of the site"
