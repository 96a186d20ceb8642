import pytest

from conversations.models import REVIEW_NOTICE, SiteText

TEXTS = "/admin/conversations/sitetext/"
WORDS = "Our auditors read chats."


def notice(client) -> str:
    html = client.get("/").content.decode()
    return html.partition('<p class="sidebar__notice">')[2].partition("</p>")[0]


def test_the_list_is_the_one_form_which_begins_with_the_words_that_hold(staff):
    response = staff.get(TEXTS, follow=True)

    assert response.redirect_chain == [(f"{TEXTS}add/", 302)]
    assert REVIEW_NOTICE in response.content.decode()
    assert not SiteText.objects.exists()


def test_what_staff_write_is_what_everybody_is_told(staff, client, alice):
    staff.post(f"{TEXTS}add/", {"review_notice": WORDS})
    staff.post(f"{TEXTS}1/change/", {"review_notice": f"{WORDS} Daily."})

    assert staff.get(TEXTS).url == f"{TEXTS}1/change/"
    client.force_login(alice)
    assert notice(client) == f"{WORDS} Daily."


def test_there_is_never_a_second_row_and_never_none(staff):
    SiteText.objects.create(pk=1, review_notice=WORDS)

    answers = [
        staff.post(f"{TEXTS}add/", {"review_notice": "Mine"}).status_code,
        staff.post(f"{TEXTS}1/delete/", {"post": "yes"}).status_code,
    ]

    assert answers == [403, 403]
    assert SiteText.objects.get().review_notice == WORDS


def test_too_long_a_text_is_refused_in_words(staff):
    response = staff.post(f"{TEXTS}add/", {"review_notice": "x" * 501})

    assert "at most 500 characters" in response.content.decode()


@pytest.mark.parametrize(("rights", "status"), [((), 403), (("change_sitetext",), 302)])
def test_who_has_the_right_sets_it(staff_with, rights, status):
    client = staff_with(*rights)

    assert client.post(f"{TEXTS}add/", {"review_notice": WORDS}).status_code == status
    assert SiteText.objects.exists() is (status == 302)


def test_who_may_only_look_finds_a_page(staff_with):
    client = staff_with("view_sitetext")

    assert client.get(TEXTS).status_code == 200
    SiteText.objects.create(review_notice=WORDS)
    assert client.get(TEXTS, follow=True).status_code == 200
