from django.core.management import call_command

from conversations.models import Preset
from conversations.presets import check_examples
from tests.people import make_person


def load():
    call_command("load_presets", verbosity=0)


def test_a_new_site_begins_with_presets_for_everybody(db, settings):
    load()

    presets = Preset.objects.all()
    assert [each.name for each in presets] == ["Assistant", "Code", "Support", "Writing"]
    assert {(each.owner, each.model) for each in presets} == {(None, settings.DEFAULT_MODEL)}
    for each in presets:
        each.clean_fields(exclude=["owner"])
        check_examples(each.examples)


def test_support_shows_the_model_how_to_hand_over(db):
    load()

    assert "HAND-OVER:" in Preset.objects.get(name="Support").examples[-1]["text"]


def test_what_staff_changed_or_deleted_does_not_come_again(db):
    load()
    Preset.objects.exclude(name="Code").delete()
    load()
    assert [each.name for each in Preset.objects.all()] == ["Code"]
    Preset.objects.all().delete()
    make_person("ada")

    load()

    assert not Preset.objects.exists()
