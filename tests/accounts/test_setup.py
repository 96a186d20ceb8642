import re
import threading

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from conversations.first_account import setup_code
from tests.people import PASSWORD

FORM = {"username": "ada", "password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture(autouse=True)
def own_code_file(settings, tmp_path):
    settings.SETUP_CODE_FILE = tmp_path / "setup-code"


def test_a_new_site_leads_to_setup(client, db):
    response = client.get("/", follow=True)

    assert response.redirect_chain[-1] == ("/setup/", 302)
    assert "Create account" in response.content.decode()


def test_setup_makes_a_staff_superuser_who_is_signed_in(client, db):
    response = client.post("/setup/", FORM, follow=True)

    ada = User.objects.get()
    assert (ada.username, ada.is_staff, ada.is_superuser) == ("ada", True, True)
    assert response.wsgi_request.user == ada
    assert response.redirect_chain[-1] == ("/", 302)


def test_setup_is_open_only_while_there_is_no_account(client, alice):
    for response in (client.get("/setup/"), client.post("/setup/", FORM)):
        assert (response.status_code, response.url) == (302, "/login/")
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"password2": "other"}, "match"),
        ({"password1": "1234", "password2": "1234"}, "too short"),
        ({"username": ""}, "required"),
        ({"username": "<b>"}, "valid username"),
    ],
)
def test_what_is_wrong_is_said(client, db, changes, words):
    response = client.post("/setup/", FORM | changes)

    assert response.status_code == 422
    assert words in response.content.decode()
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_is_first():
    start, statuses = threading.Barrier(2), []

    def claim(name):
        try:
            start.wait()
            response = Client().post("/setup/", FORM | {"username": name})
            statuses.append((response.status_code, response.url))
        finally:
            connection.close()

    both = [threading.Thread(target=claim, args=[name]) for name in ("ada", "eve")]
    for each in both:
        each.start()
    for each in both:
        each.join()

    assert sorted(statuses) == [(302, "/"), (302, "/login/")]
    assert User.objects.count() == 1


def test_a_local_site_asks_for_no_code(client, db):
    assert "Setup code" not in client.get("/setup/").content.decode()


def test_an_exposed_site_asks_for_the_code_that_bin_serve_printed(client, db, settings):
    settings.EXPOSED = True
    code = setup_code()

    without = client.post("/setup/", FORM)
    wrong = client.post("/setup/", FORM | {"code": "guess"})
    accounts = User.objects.count()
    right = client.post("/setup/", FORM | {"code": f" {code} "})

    assert (without.status_code, wrong.status_code, accounts) == (422, 422, 0)
    assert "Enter the setup code" in without.content.decode()
    assert code not in wrong.content.decode()
    assert (right.status_code, User.objects.count()) == (302, 1)
    assert not settings.SETUP_CODE_FILE.exists()


def test_login_logout_and_login_again(client, alice):
    wrong = client.post("/login/", {"username": "alice", "password": "guess"})
    right = client.post("/login/?next=/admin/", {"username": "alice", "password": PASSWORD})
    out = client.post("/logout/")

    assert "correct username and password" in re.sub(r"\s+", " ", wrong.content.decode())
    assert (right.status_code, right.url) == (302, "/admin/")
    assert (out.status_code, out.url) == (302, "/login/")
    assert client.get("/").status_code == 302


def test_login_leads_to_no_other_site(client, alice):
    form = {"username": "alice", "password": PASSWORD}

    assert client.post("/login/?next=https://evil.example/", form).url == "/"


def test_a_password_can_be_changed(client, alice):
    client.force_login(alice)
    new = "a wholly other pass phrase"

    wrong = client.post(
        "/password/", {"old_password": "guess", "new_password1": new, "new_password2": new}
    )
    right = client.post(
        "/password/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    )

    alice.refresh_from_db()
    assert "entered incorrectly" in wrong.content.decode()
    assert (right.status_code, right.url) == (302, "/password/done/")
    assert alice.check_password(new)
    assert client.get("/").status_code == 200


def test_someone_who_is_not_staff_is_kept_out_of_the_admin(client, alice):
    client.force_login(alice)

    assert client.get("/admin/").status_code == 302
