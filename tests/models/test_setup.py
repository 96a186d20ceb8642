import pytest
from django.db import IntegrityError

from conversations.models import SetupClaim


def test_a_site_is_claimed_once(alice, bob):
    SetupClaim(user=alice).save(force_insert=True)

    with pytest.raises(IntegrityError):
        SetupClaim(user=bob).save(force_insert=True)


@pytest.mark.parametrize("place", [0, 2])
def test_there_is_no_second_place(alice, place):
    with pytest.raises(IntegrityError):
        SetupClaim(id=place, user=alice).save(force_insert=True)
