import pytest
from django.db import IntegrityError

from conversations.models import Parameters, Preset
from tests.people import make_conversation


def make_preset(owner=None, name="Support", **fields):
    return Preset.objects.create(**{"owner": owner, "name": name, "model": "gpt-4o-mini", **fields})


def test_a_person_sees_the_sites_presets_and_then_their_own(alice, bob):
    make_preset(alice, "A of mine")
    make_preset(bob, "B of Bob")
    make_preset(None, "Writing")
    make_preset(None, "Code")

    names = [each.name for each in Preset.objects.for_person(alice)]

    assert names == ["Code", "Writing", "A of mine"]


@pytest.mark.parametrize("is_the_sites", [True, False])
def test_a_name_stands_once_for_each_owner(alice, is_the_sites):
    owner = None if is_the_sites else alice
    make_preset(owner)
    make_preset(alice if is_the_sites else None)

    with pytest.raises(IntegrityError):
        make_preset(owner)


def test_it_holds_every_parameter_that_a_conversation_holds(alice):
    talk = make_conversation(alice, seed=7, stop=["END"], strategy_numbers={"turns": 3})

    made = make_preset(**{**talk.parameters(), "name": "Copy"})

    made.refresh_from_db()
    assert made.parameters() == talk.parameters()
    assert {*made.parameters()} == {field.name for field in Parameters._meta.fields}


def test_it_goes_with_its_owner_and_leaves_chats_behind(alice, bob):
    talk = make_conversation(bob, preset=make_preset(alice))

    alice.delete()

    talk.refresh_from_db()
    assert talk.preset is None
