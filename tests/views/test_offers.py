import re

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient, Client
from django.utils import timezone

from conversations.models import ModelPrice
from tests.upstream_server import error_response, model_list

OPTION = re.compile(r'<option value="([^"]*)" label="([^"]*)"')


@pytest.fixture
async def page(alice):
    client = AsyncClient()
    await client.aforce_login(alice)
    return client


async def offered(page):
    html = (await page.get("/models/")).content.decode()
    return dict(OPTION.findall(html.replace("&#x27;", "'")))


async def test_priced_models_come_first_with_price_and_window(page, upstream):
    upstream.models = model_list("house-model", "gpt-4o-mini")

    models = await offered(page)

    assert models["gpt-4o-mini"] == "$0.15 in, $0.60 out per 1M tokens · 128k window"
    assert models["house-model"] == "cost unknown"
    assert [*models][-1] == "house-model"


async def test_what_the_provider_does_not_list_is_marked(page, upstream):
    models = await offered(page)

    assert "not in the provider's list" not in models["gpt-4o"]
    assert models["gpt-5-mini"].endswith(" · not in the provider's list")


async def test_without_a_list_nothing_is_marked(page, upstream):
    upstream.models = error_response(500, "server_error", "Down")

    assert not any("list" in label for label in (await offered(page)).values())


async def test_what_answers_no_chats_or_is_withdrawn_is_not_offered(page, upstream):
    upstream.models = model_list("gpt-5-pro", "gpt-4o")
    gone = ModelPrice.objects.filter(model="gpt-4o")
    await gone.aupdate(withdrawn_on=timezone.localdate())

    models = await offered(page)

    assert not {"gpt-5-pro", "gpt-4o", "demo"} & {*models}


async def test_what_a_model_ignores_comes_along(page, upstream):
    html = (await page.get("/models/")).content.decode()

    assert re.search(r'value="gpt-5-mini"[^>]* data-ignores="stop temperature top_p"', html)
    assert not re.search(r'value="gpt-4o-mini"[^>]* data-ignores', html)


async def test_a_name_from_outside_is_escaped(page, upstream, settings):
    settings.DEFAULT_MODEL = '"><b>'

    assert b"<b>" not in (await page.get("/models/")).content


async def test_the_demo_offers_itself(page, settings):
    settings.DEMO_MODE = True

    assert [*await offered(page)] == ["demo"]


async def test_a_page_does_not_wait_for_the_list(page, upstream):
    await page.get("/")

    assert upstream.model_requests == []


async def test_it_is_read_only_and_for_people_of_this_site(page, upstream):
    assert (await page.post("/models/")).status_code == 405
    stranger = await sync_to_async(Client().get)("/models/", headers={"HX-Request": "true"})
    assert stranger.status_code == 401


async def test_one_that_was_withdrawn_is_known_where_it_is_chosen(page, upstream):
    gone = ModelPrice.objects.filter(model="gpt-4o")
    await gone.aupdate(withdrawn_on=timezone.localdate())

    html = (await page.get("/models/?model=gpt-4o")).content.decode()

    assert 'value="gpt-4o"' in html
    assert "withdrawn on" in html
