"""What staff see: conversations to read, the ledger of calls, the prices.

    conversations   the list, and one conversation read whole (readings)
    completions     the ledger, and its export
    prices          dated rows; what has set a cost stays as it was
    presets         how chats begin: the site's own (examples)
    running         what is being written now, and who waits; with a way to stop it

Conversations and the ledger are read here and never written. Accounts are Django's own pages;
a message is seen within its conversation only.
"""

from django.contrib import admin

from .completions import CompletionAdmin
from .conversations import ConversationAdmin
from .presets import PresetAdmin
from .prices import ModelPriceAdmin
from .running import RunningAnswerAdmin

admin.site.site_header = "Chatsite"
admin.site.site_title = "Chatsite"
# The header has a link of its own, in plainer words than "View site" (admin/base_site.html).
admin.site.site_url = None

__all__ = [
    "CompletionAdmin",
    "ConversationAdmin",
    "ModelPriceAdmin",
    "PresetAdmin",
    "RunningAnswerAdmin",
]
