"""Without the right to read, the same pages show figures and no words; and what each right opens."""

import pytest
from asgiref.sync import sync_to_async

from conversations.models import (
    Completion,
    Flag,
    FlagReason,
    Message,
    Note,
    Preset,
    Role,
    TranscriptView,
)
from conversations.review import flags, notes
from tests.admin.ledger import ask, book
from tests.admin.pages import COMPLETIONS, CONVERSATIONS, column, rows, words
from tests.admin.reviewing import FLAGS, VIEWS, address, make_reviewer
from tests.people import make_conversation, say

SECRET = "Lapsang"  # in every place where words can be
ALL = ("view_conversation", "view_completion", "view_flag", "view_note", "view_runninganswer")
ALL += ("view_transcriptview", "add_flag", "change_flag", "add_note")


@pytest.fixture
def talk(alice, carol):
    talk = make_conversation(
        alice,
        title=f"{SECRET} title",
        stop=[SECRET],
        json_schema={SECRET: 1},
        response_format="json_schema",
        preset=Preset.objects.create(name=SECRET, model="m"),
    )
    talk.system_message = say(talk, Role.SYSTEM, f"{SECRET} rules")
    say(talk, Role.SYSTEM, f"{SECRET} earlier rules")
    talk.current_leaf = None
    talk.save()
    call = {
        "error": "bad_request",
        "error_detail": f"{SECRET} is not allowed",
        "context_note": f"There is no summary: {SECRET} is not allowed",
        "parameters": {"stop": [SECRET], "temperature": 0.5, "response_format": {"s": SECRET}},
        "context": [{"role": "system", "state": "sent", "literal": f"{SECRET} summary"}],
    }
    ask(talk, f"{SECRET}?", f"{SECRET}.", **call)
    Message.objects.filter(role=Role.ASSISTANT).update(
        reasoning=SECRET, format_problem=f"{SECRET} is no JSON", status="failed"
    )
    book(None, talk, **call)
    running = say(
        make_conversation(alice, title=SECRET), Role.ASSISTANT, SECRET, status="streaming"
    )
    assert running.is_running
    flag = flags.raise_flag(
        talk, carol, FlagReason.OTHER, SECRET, talk.messages.get(role=Role.USER)
    )
    done = flags.raise_flag(talk, carol, FlagReason.COST, SECRET)
    flags.resolve(Flag.objects.filter(pk=done.pk), carol, SECRET)
    assert flag.state == "unresolved"
    notes.write(talk, carol, SECRET)
    return talk


def pages(talk):
    call = talk.completions.order_by("pk").first()
    return [
        CONVERSATIONS,
        f"{CONVERSATIONS}?_facets=True",
        address(talk),
        f"{FLAGS}?state=all",
        VIEWS,
        COMPLETIONS,
        f"{COMPLETIONS}{call.pk}/change/",
        f"{COMPLETIONS}export/",
        address(talk, "usage"),
        "/admin/conversations/runninganswer/",
    ]


async def body(response):
    if not response.streaming:
        return response.content.decode()
    return "".join([piece.decode() async for piece in response.streaming_content])


@pytest.mark.django_db(transaction=True)
async def test_without_the_right_to_read_no_page_shows_a_word(async_client, talk):
    person = await sync_to_async(make_reviewer)("dora", *ALL)
    await sync_to_async(async_client.force_login)(person)

    for page in await sync_to_async(pages)(talk):
        response = await async_client.get(page)

        assert (response.status_code, SECRET in await body(response)) == (200, False), page


@pytest.mark.django_db(transaction=True)
async def test_with_it_each_of_them_but_figures_alone_does(async_client, talk):
    person = await sync_to_async(make_reviewer)("dora", *ALL, "view_transcript")
    await sync_to_async(async_client.force_login)(person)

    silent = [
        page
        for page in await sync_to_async(pages)(talk)
        if SECRET not in await body(await async_client.get(page))
    ]

    # The log names what was read by its title once somebody has read it: the page before it.
    call = await talk.completions.order_by("pk").afirst()
    ledger = [f"{COMPLETIONS}{call.pk}/change/", f"{COMPLETIONS}export/", address(talk, "usage")]
    assert silent == ledger


@pytest.mark.parametrize("model", ["completion", "flag", "note"])
def test_nobody_is_told_titles_to_choose_from(client, carol, model):
    """Django's own answer to a box that completes what is typed; no page of ours has one."""
    client.force_login(carol)
    of = {"app_label": "conversations", "model_name": model, "field_name": "conversation"}

    assert client.get("/admin/autocomplete/", {**of, "term": ""}).status_code == 404


@pytest.fixture
def figures(client, talk):
    client.force_login(make_reviewer("dora", *ALL))
    return client


def test_the_figures_are_all_there(figures, talk):
    shown = words(figures.get(address(talk)).content.decode())

    assert "Figures alone: what was said is for who may read transcripts." in shown
    assert "100 in · 20 out · $0.0010 · actual · finish reason stop" in shown
    assert "Error bad_request" in shown
    assert "Cost per turn" in shown
    assert '"temperature": 0.5' in shown
    assert '"stop": "(for who may read transcripts)"' in shown
    assert "Something else , turn #1" in shown
    assert "User, alice #1" in shown


@pytest.mark.parametrize(
    "query",
    [
        *("title__startswith=L", "title=Lapsang+title", "stop__contains=L", "json_schema__a=1"),
        *("messages__text__contains=L", "preset__name=L", "flags__words__contains=L"),
    ],
)
def test_an_address_cannot_find_words_out(figures, query):
    assert figures.get(f"{CONVERSATIONS}?{query}").status_code == 400


@pytest.mark.parametrize(
    "address",
    [
        f"{COMPLETIONS}?error_detail__contains=L",
        f"{COMPLETIONS}?parameters__stop__contains=L",
        f"{COMPLETIONS}?context__contains=L",
        f"{COMPLETIONS}?conversation__title=L",
        f"{FLAGS}?words__contains=L",
        f"{FLAGS}?outcome__contains=L",
        f"{VIEWS}?conversation__title=L",
        "/admin/conversations/runninganswer/?text__contains=L",
        "/admin/conversations/runninganswer/?reasoning__contains=L",
    ],
)
def test_nor_does_one_of_another_list(figures, address):
    assert figures.get(address).status_code == 400


def test_a_search_by_words_finds_nothing_and_one_by_name_or_id_does(figures, talk):
    def found(query):
        return column(figures.get(CONVERSATIONS, {"q": query}), 0)

    assert found(SECRET) == []
    assert str(talk.pk) in found("alice")
    assert found(str(talk.pk)) == found(talk.pk.hex) == [str(talk.pk)]


def test_by_title_nothing_is_sorted(figures, talk, alice, staff_with):
    make_conversation(alice, title="A")

    shown = [row[0] for row in rows(figures.get(CONVERSATIONS, {"o": "1"}))]

    assert shown == sorted(shown)


def test_the_history_names_no_title(figures, talk):
    assert figures.get(address(talk, "history")).status_code == 403


# --- what each right opens ---------------------------------------------------------------------

ACTS = {
    "flag": {"reason": "cost"},
    "flags/{}/resolve": {"outcome": "Told them."},
    "flags/{}/hand-over": {"why": "You know tea."},
    "note": {"text": "Asked them."},
}


@pytest.mark.parametrize(
    ("rights", "may"),
    [
        ((), []),
        (("view_conversation",), []),
        (("view_transcript", "add_flag", "change_flag", "add_note"), []),
        (("view_conversation", "add_flag"), ["flag"]),
        (("view_conversation", "change_flag"), ["flags/{}/resolve", "flags/{}/hand-over"]),
        (("view_conversation", "add_note"), []),
        (("view_conversation", "view_transcript", "add_note"), ["note"]),
        (("view_conversation", "view_transcript", "view_flag", "view_note"), []),
    ],
)
def test_an_act_takes_its_right_and_the_page(client, talk, rights, may):
    client.force_login(make_reviewer("dora", *rights) if rights else talk.owner)
    erin = make_reviewer("erin")
    before = (Flag.objects.count(), Note.objects.count())

    done = []
    for act, form in ACTS.items():
        flag = flags.raise_flag(talk, erin, FlagReason.HARMFUL, act)
        form = {**form, "reviewer": erin.pk}
        response = client.post(address(talk, act.format(flag.pk)), form)
        is_done = response.status_code == 302 and "login" not in response.url
        done += [act] if is_done else []
        flag.refresh_from_db()
        assert is_done or (flag.state, flag.reviewer) == ("unresolved", None)
        Flag.objects.filter(raised_by=erin).delete()

    assert done == may
    changed = (Flag.objects.count(), Note.objects.count()) != before
    assert changed == any("resolve" not in act for act in may)


@pytest.mark.parametrize("act", ACTS)
def test_an_act_is_a_post(staff, talk, act):
    flag = Flag.objects.first()

    response = staff.put(address(talk, act.format(flag.pk)))

    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize("act", ACTS)
def test_its_address_leads_to_the_page_whoever_may_see_that(client, talk, act):
    where = address(talk, act.format(Flag.objects.first().pk))
    client.force_login(make_reviewer("dora", "view_conversation"))
    assert client.get(where).url == address(talk)

    client.force_login(make_reviewer("erin", "view_transcript", "add_flag", "add_note"))
    assert client.get(where).status_code == 403


def test_who_settles_flags_sees_them(client, talk):
    client.force_login(make_reviewer("dora"))  # with no right to view flags by name

    html = client.get(address(talk)).content.decode()

    assert ("Flag: something else" in html, ">Resolve</button>" in html) == (True, True)


@pytest.mark.parametrize("act", ["markdown", "json"])
@pytest.mark.parametrize(
    ("rights", "status"),
    [
        (("view_conversation",), 403),
        (("view_transcript",), 403),
        (("view_conversation", "view_transcript"), 200),
    ],
)
def test_words_are_taken_away_by_who_may_read_them(client, talk, act, rights, status):
    client.force_login(make_reviewer("dora", *rights))

    assert client.get(address(talk, act)).status_code == status


def test_notes_are_words(client, talk):
    client.force_login(make_reviewer("dora", "view_conversation", "view_note", "add_note"))

    assert b"Notes" not in client.get(address(talk)).content


def test_without_the_right_to_flags_none_are_shown(client, talk):
    client.force_login(make_reviewer("dora", "view_conversation", "view_transcript"))

    html = client.get(address(talk)).content.decode()

    assert ("Flags" in html, "Flag:" in html) == (False, False)
    assert client.get(FLAGS).status_code == 403


def test_a_stranger_and_a_person_without_rights_are_sent_to_log_in(client, talk):
    for person in (None, talk.owner):
        if person:
            client.force_login(person)
        for act in ("change", "markdown", "json", "usage", "flag", "note"):
            assert "login" in client.get(address(talk, act)).url


def test_the_ledger_shows_words_to_nobody_and_leads_to_where_reading_is_logged(client, talk):
    call = Completion.objects.order_by("pk").first()
    client.force_login(make_reviewer("dora", "view_completion", "view_transcript"))

    shown = words(client.get(f"{COMPLETIONS}{call.pk}/change/").content.decode())
    assert "The provider did not accept this request: …" in shown
    assert '"stop": "(see: what the model saw)"' in shown
    assert not TranscriptView.objects.exists()

    seen = words(client.get(f"{COMPLETIONS}{call.pk}/seen/").content.decode())
    assert f"The provider did not accept this request: {SECRET} is not allowed" in seen
    assert f'stop ["{SECRET}"]' in seen
    assert TranscriptView.objects.get().how == "seen"


@pytest.mark.parametrize(
    "address",
    [
        *(f"{FLAGS}?reason__exact=%00", f"{VIEWS}?how=%00", f"{VIEWS}?conversation_key=%00"),
        *(f"{CONVERSATIONS}?cost__startswith=%00", f"{CONVERSATIONS}?title=%00"),
        "/admin/conversations/alert/?kind=%00",
        "/admin/conversations/preset/?name=%00",
    ],
)
def test_what_no_database_can_hold_is_not_asked_for(staff, address):
    response = staff.get(address)

    assert (response.status_code, response.url) == (302, f"{address.partition('?')[0]}?e=1")


def test_a_filters_own_name_opens_no_column_of_that_name(staff):
    for asked in (f"{CONVERSATIONS}?cost__startswith=1", f"{COMPLETIONS}?user__username=a"):
        assert staff.get(asked).status_code == 400
