"""What tests of the review pages share: who reviews, and where."""

from django.contrib.auth.models import Permission, User

from conversations.models import Conversation
from tests.admin.pages import CONVERSATIONS
from tests.people import make_person

FLAGS = "/admin/conversations/flag/"
VIEWS = "/admin/conversations/transcriptview/"
REVIEWS = ("view_conversation", "view_transcript", "change_flag")
NASTY = "<script>alert(1)</script>"


def address(talk: Conversation, act: str = "change") -> str:
    return f"{CONVERSATIONS}{talk.pk}/{act}/"


def make_reviewer(name: str, *rights: str) -> User:
    person = make_person(name, is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=rights or REVIEWS))
    return person
