"""What is new for whoever is answerable for the site."""

from django import template

from conversations.models import Alert

register = template.Library()


@register.simple_tag
def new_alerts() -> int:
    """How many nobody has taken note of."""
    return Alert.objects.filter(seen_at=None).count()
