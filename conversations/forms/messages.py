"""What is said, and what becomes of it."""

from django import forms
from django.conf import settings

from conversations.models import Role, Standing
from conversations.text import one_line

from .fields import MessageField, ModelField, answer_limit


class TextForm(forms.Form):
    """Words that become a message. The same client id again is the same message."""

    text = MessageField(error_messages={"required": "Write a message first."})
    client_id = forms.UUIDField()

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if not text.strip():
            raise forms.ValidationError("Write a message first.")
        longest = settings.MAX_MESSAGE_LENGTH
        if len(text) > longest:
            raise forms.ValidationError(
                f"This message has {len(text):,} characters; {longest:,} are allowed."
            )
        return text


class MessageForm(TextForm):
    parent = forms.UUIDField(required=False)
    limit = answer_limit()


class EditForm(TextForm):
    """Another version of a message; a person's is answered, unless they say no."""

    send = forms.ChoiceField(choices=[("yes", "Send"), ("no", "Save")], required=False)
    limit = answer_limit()


class WriteForm(TextForm):
    """A message by hand."""

    role = forms.ChoiceField(
        choices=Role.choices, error_messages={"required": "Choose whose message it is."}
    )


class StandingForm(forms.Form):
    standing = forms.ChoiceField(choices=Standing.choices)


class CompareForm(forms.Form):
    """Two versions of a turn; one of them may be named by the address alone."""

    one = forms.UUIDField(required=False)
    other = forms.UUIDField()


class AnswerForm(forms.Form):
    """A wish for an answer, or for a branch. The same client id again is the same wish."""

    client_id = forms.UUIDField()
    limit = answer_limit()


class RetryForm(AnswerForm):
    """Blank: the chat's own model."""

    model = ModelField(required=False)


class CallForm(forms.Form):
    """Which call of an answer to look at; blank: the newest."""

    call = forms.IntegerField(required=False)


class RenameForm(forms.Form):
    title = forms.CharField(
        max_length=200, error_messages={"required": "A chat needs a name."}, empty_value=""
    )

    def clean_title(self) -> str:
        return one_line(self.cleaned_data["title"], 200)
