"""What comes in from a page, checked and put into words.

fields      what several forms have
parameters  how a model is asked: what settings and a preset both hold
settings    how the next message is answered
presets     how a chat begins
messages    what is said, and what becomes of it
"""

from .fields import MessageField
from .messages import (
    AnswerForm,
    CallForm,
    CompareForm,
    EditForm,
    MessageForm,
    RenameForm,
    RetryForm,
    StandingForm,
    TextForm,
    WriteForm,
)
from .parameters import ParametersForm
from .presets import PresetChoiceForm, PresetNameForm, SavePresetForm
from .settings import SettingsForm

__all__ = [
    "AnswerForm",
    "CallForm",
    "CompareForm",
    "EditForm",
    "MessageField",
    "MessageForm",
    "ParametersForm",
    "PresetChoiceForm",
    "PresetNameForm",
    "RenameForm",
    "RetryForm",
    "SavePresetForm",
    "SettingsForm",
    "StandingForm",
    "TextForm",
    "WriteForm",
]
