import pytest

from conversations.forms import PresetChoiceForm, PresetNameForm, SavePresetForm
from conversations.models import Preset


def make_preset(owner=None, name="Support"):
    return Preset.objects.create(owner=owner, name=name, model="gpt-4o-mini")


@pytest.mark.parametrize(
    ("whose", "is_valid"), [("site", True), ("alice", True), ("bob", False), ("nobody", False)]
)
def test_ones_own_and_the_sites_can_be_chosen(alice, bob, whose, is_valid):
    owner = {"site": None, "alice": alice, "bob": bob, "nobody": alice}[whose]
    made = make_preset(owner)
    wanted = made.pk + 1 if whose == "nobody" else made.pk

    assert PresetChoiceForm(alice, {"preset": wanted}).is_valid() is is_valid


@pytest.mark.parametrize("wanted", ["x", "-1", "9" * 40, "1\x00"])
def test_what_is_no_number_is_no_preset(alice, wanted):
    assert not PresetChoiceForm(alice, {"preset": wanted}).is_valid()


def test_none_need_be_chosen(alice):
    form = PresetChoiceForm(alice, {})

    assert form.is_valid()
    assert form.cleaned_data["preset"] is None


@pytest.mark.parametrize(
    ("typed", "name"), [("  Tea  ", "Tea"), ("Tea\ntime", "Tea time"), ("دعم", "دعم")]
)
def test_a_name_is_one_line(db, typed, name):
    form = PresetNameForm({"name": typed})

    assert form.is_valid()
    assert form.cleaned_data["name"] == name


@pytest.mark.parametrize(
    ("name", "words"),
    [("", "A preset needs a name."), (" ", "A preset needs a name."), ("x" * 61, "at most 60")],
)
def test_a_name_has_bounds(db, name, words):
    assert words in PresetNameForm({"name": name}).errors["name"][0]


def test_a_name_that_is_taken_is_asked_about_once(alice):
    make_preset(alice)
    form = SavePresetForm(alice, {"name": "Support"})

    assert form.errors == {"name": ["You have a preset “Support” already."]}
    assert form.would_replace
    assert SavePresetForm(alice, {"name": "Support", "replace": "on"}).is_valid()


def test_the_names_of_others_are_free(alice, bob):
    make_preset(bob)
    make_preset()

    assert SavePresetForm(alice, {"name": "Support"}).is_valid()
