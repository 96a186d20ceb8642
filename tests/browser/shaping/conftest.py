import pytest

from tests.browser.shaping.acts import PHONE, WIDE, talk


@pytest.fixture
def tea(page, upstream):
    return talk(page, upstream, ("Which tea?", "Green tea."), ("Why?", "Because."))


@pytest.fixture(params=[WIDE, PHONE], ids=["wide", "phone"])
def anywhere(request, open_page, upstream):
    width, height = request.param
    page = open_page(width=width, height=height, has_touch=width < 700)
    return talk(page, upstream, ("Which tea?", "Green tea."), ("Why?", "Because."))
