import stat
import threading

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection

from conversations.first_account import claim, has_accounts, is_setup_code, setup_code
from conversations.models import SetupClaim


@pytest.fixture(autouse=True)
def code_file(settings, tmp_path):
    settings.SETUP_CODE_FILE = tmp_path / "setup-code"
    return settings.SETUP_CODE_FILE


def test_a_new_site_has_no_accounts_until_one_is_claimed(db):
    assert not has_accounts()

    claim(User(username="ada"))

    assert has_accounts()


def test_the_first_account_is_a_staff_superuser(db):
    claim(User(username="ada"))

    ada = User.objects.get()
    assert (ada.username, ada.is_staff, ada.is_superuser) == ("ada", True, True)
    assert SetupClaim.objects.get().user == ada


def test_a_second_claim_leaves_no_account_behind(db):
    claim(User(username="ada"))

    with pytest.raises(IntegrityError):
        claim(User(username="eve"))

    assert [user.username for user in User.objects.all()] == ["ada"]


@pytest.mark.parametrize("names", [["ada", "eve", "mallory"], ["ada", "ada", "ada"]])
def test_of_several_at_once_one_is_first(transactional_db, names):
    together = threading.Barrier(len(names))
    outcomes = []

    def try_to_claim(name):
        together.wait()
        try:
            claim(User(username=name))
            outcomes.append("claimed")
        except IntegrityError:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=try_to_claim, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["claimed", "refused", "refused"]
    assert (User.objects.count(), SetupClaim.objects.count()) == (1, 1)


# --- the code -------------------------------------------------------------------------------


def test_the_code_stays_until_the_site_is_claimed(db, code_file):
    code = setup_code()
    assert setup_code() == code

    claim(User(username="ada"))

    assert not code_file.exists()
    assert setup_code() != code


def test_the_code_is_long_and_only_its_user_may_read_it(code_file):
    code = setup_code()

    assert len(code) == 16
    assert stat.S_IMODE(code_file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("typed", "is_right"),
    [
        ("{code}", True),
        ("  {code}\n", True),
        ("{code}x", False),
        ("x", False),
        ("", False),
        ("ünïcode", False),
    ],
)
def test_only_the_code_is_the_code(typed, is_right):
    assert is_setup_code(typed.format(code=setup_code())) == is_right


def test_a_code_file_that_a_crash_left_empty_is_no_code(code_file):
    code_file.touch()

    assert not is_setup_code("")
    assert len(setup_code()) == 16
