"""What reviewers fill in: a flag, how it was resolved, who goes on with it, a note."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib.auth.models import User
from django.utils.text import capfirst

from conversations.models import Conversation, FlagReason, Message
from conversations.review import flags

SAY_WHAT = "Say what it is."


class ReasonForm(forms.Form):
    """Why something is flagged; with a reason of one's own, words are needed."""

    reason = forms.ChoiceField(
        choices=[(value, capfirst(words)) for value, words in FlagReason.choices], label="Reason"
    )
    words = forms.CharField(
        max_length=500,
        required=False,
        label="Words",
        widget=forms.Textarea({"rows": 2}),
    )

    def clean_reason(self) -> FlagReason:
        return FlagReason(self.cleaned_data["reason"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        is_unsaid = "words" in cleaned and not cleaned["words"]
        if cleaned.get("reason") == FlagReason.OTHER and is_unsaid:
            self.add_error("words", SAY_WHAT)
        return cleaned


class FlagForm(ReasonForm):
    """A flag of one turn, or of the whole conversation."""

    message = forms.ModelChoiceField(
        Message.objects.none(), required=False, widget=forms.HiddenInput
    )

    def __init__(self, conversation: Conversation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "flagging-%s"
        field = cast("forms.ModelChoiceField[Message]", self.fields["message"])
        field.queryset = conversation.messages.all()


class OutcomeForm(forms.Form):
    outcome = forms.CharField(max_length=500, label="Outcome", widget=forms.Textarea({"rows": 2}))


class HandOverForm(forms.Form):
    reviewer = forms.ChoiceField(label="To")
    why = forms.CharField(max_length=500, label="Why", widget=forms.Textarea({"rows": 2}))

    def __init__(self, people: list[User], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(person.pk): person for person in people}
        field = cast("forms.ChoiceField", self.fields["reviewer"])
        field.choices = [(key, person.get_username()) for key, person in self.people.items()]

    def clean_reviewer(self) -> User:
        return self.people[self.cleaned_data["reviewer"]]


class NoteForm(forms.Form):
    text = forms.CharField(
        max_length=5_000, label="A note for reviewers", widget=forms.Textarea({"rows": 3})
    )


def others(person: User) -> list[User]:
    """Whom this person can hand a flag over to."""
    return [each for each in flags.reviewers() if each.pk != person.pk]
