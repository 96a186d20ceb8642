"""What people wrote cannot break out of its place, by a CommonMark parser's own judgement."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from conversations.models import Role
from conversations.review.markdown import as_markdown, fenced, span
from tests.admin.ledger import ask, book, make_talk
from tests.people import make_conversation, say

TEXTS = st.text(st.sampled_from("`~ \n\ta<>#|[](){}!*_-=\\&\r\u2028é"), max_size=60)
NASTY = "```\n# Forged\n- Call 1: $0\n<script>alert(1)</script>\n``````\n![x](http://evil)"


def tokens(text):
    return MarkdownIt("commonmark").parse(text)


@given(TEXTS)
@example("```")
@example("````\n```")
@example("a\r\n```\r\n")
def test_a_text_is_one_block_whatever_it_is(text):
    block, after = (
        each
        for each in tokens(f"{fenced(text)}\nafter")
        if each.type != "inline" and not each.type.endswith("_close")
    )

    assert (block.type, after.type) == ("fence", "paragraph_open")
    # As the parser itself reads line ends.
    assert block.content == text.replace("\r\n", "\n").replace("\r", "\n") + "\n"


@given(TEXTS)
@example("`")
@example(" `a` ")
@example("# a | b")
def test_a_line_is_one_span_whatever_it_is(text):
    inline = next(each for each in tokens(f"x {span(text)} y") if each.type == "inline")
    kinds = [each.type for each in inline.children]

    assert kinds in (["text", "code_inline", "text"], ["text"])


@pytest.fixture
def talk(alice):
    talk = make_talk(alice, "How long?", title="Tea")
    question = talk.messages.get(role=Role.USER)
    book(say(talk, Role.ASSISTANT, "Five.", parent=question, model="gpt-5"), model="gpt-5")
    return talk


def test_every_branch_is_there_numbered(talk):
    written = "".join(as_markdown(talk))

    headings = [line for line in written.splitlines() if line.startswith("#")]
    assert headings == [
        "# `Tea`",
        "## #1 User, begins",
        "## #2 Assistant `gpt-4o-mini`, follows #1",
        "## #3 Assistant `gpt-5`, follows #1",
    ]
    assert written.count("Not shown in the chat now") == 1
    assert "```text\nThree minutes.\n```" in written


def test_figures_stand_with_their_turn(talk):
    written = "".join(as_markdown(talk))

    call = talk.completions.order_by("pk").first()
    assert (
        f"- Call {call.pk}, answer, `gpt-4o-mini`; 100 tokens in (0 cached); "
        "20 out (0 reasoning); $0.0010; actual; finish reason `stop`\n"
    ) in written
    assert "- Total: 2 calls, 200 tokens in, 40 out, $0.0020" in written


def test_the_system_message_reasoning_and_endings_are_there(alice):
    talk = make_conversation(alice, temperature=0.5, stop=["END"])
    talk.system_message = say(talk, Role.SYSTEM, "Be brief.")
    talk.save()
    talk.current_leaf = None
    say(talk, Role.ASSISTANT, "Thr", status="stopped", reasoning="Hm.")
    book(None, talk, purpose="summary", cost=None)

    written = "".join(as_markdown(talk))

    assert "## System message" in written
    assert "```text\nBe brief.\n```" in written
    assert "Reasoning:\n\n```text\nHm.\n```" in written
    assert "- Notice: `Stopped by the person.`" in written
    assert '"stop": [\n    "END"\n  ]' in written
    assert "## Calls for no message" in written
    assert "cost unknown" in written


def test_nobody_forges_a_turn_or_a_figure(alice):
    talk = make_conversation(
        alice, title=NASTY.replace("\n", " ")[:200], model="m`#\n# x", stop=[NASTY]
    )
    ask(talk, NASTY, NASTY, error="bad_request", error_detail=NASTY, finish_reason="a\n# b")

    parsed = tokens("".join(as_markdown(talk)))

    headings = [
        parsed[index + 1].content
        for index, each in enumerate(parsed)
        if each.type == "heading_open"
    ]
    assert headings[1:] == ["#1 User, begins", "#2 Assistant `gpt-4o-mini`, follows #1"]
    kinds = {each.type for each in parsed}
    kinds |= {child.type for each in parsed for child in each.children or ()}
    assert not kinds & {"html_block", "html_inline", "image", "link_open"}
