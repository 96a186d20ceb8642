"""What every test may ask for: people, prices, a provider, a site."""

import weakref

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.contenttypes.management import create_contenttypes
from django.core.management import call_command
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from hypothesis import settings as hypothesis_settings

from conversations import accounting
from conversations.models import ModelPrice
from tests.copies import Copy
from tests.people import make_person
from tests.upstream_server import UpstreamServer

# A busy machine makes no example wrong.
hypothesis_settings.register_profile("patient", deadline=None)
hypothesis_settings.load_profile("patient")


def pytest_configure():
    # Tests of pages read them from the working copy; the browser's server collects its own.
    settings.STORAGES["staticfiles"]["BACKEND"] = (
        "django.contrib.staticfiles.storage.StaticFilesStorage"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """After every test that had a database, every total must be the sum of the ledger."""
    result = yield
    has_database = {"db", "transactional_db"} & set(item.fixturenames)
    if (has_database or item.get_closest_marker("django_db")) and is_audited(item):
        assert accounting.audit() == []
    return result


def is_audited(item):
    return not item.get_closest_marker("unaudited") and not connection.needs_rollback


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """PostgreSQL drops no database that somebody is connected to, and the threads of runners and
    sockets outlive their tests: what they still hold at the end is given back for them."""
    with django_db_blocker.unblock():
        keep_permissions()
    if connection.vendor == "postgresql":
        delete_rather_than_truncate()
    opened = weakref.WeakSet()

    def remember(connection, **_):
        opened.add(connection)

    connection_created.connect(remember)
    yield
    for each in opened:
        each.inc_thread_sharing()
        each.close()


def keep_permissions():
    """A test that commits leaves an empty database, for which Django works out every permission
    anew: here they are copied instead."""
    permissions = Copy("django_content_type", "auth_permission")
    post_migrate.disconnect(create_contenttypes)
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    post_migrate.connect(permissions.put_back, sender=apps.get_app_config("auth"), weak=False)


def delete_rather_than_truncate():
    """PostgreSQL makes every file of a truncated table anew: a tenth of a second for each test.
    The lock waits for whoever still writes, as truncating does."""

    def sql_flush(self, style, tables, **_):
        names = [self.quote_name(table) for table in tables]
        return [f"LOCK TABLE {', '.join(names)}", *(f"DELETE FROM {name}" for name in names)]

    DatabaseOperations.sql_flush = sql_flush


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def alice(db):
    """Owns conversations."""
    return make_person("alice")


@pytest.fixture
def bob(db):
    """Owns others."""
    return make_person("bob")


@pytest.fixture
def carol(db):
    """Is answerable for the site."""
    return make_person("carol", is_staff=True, is_superuser=True)


@pytest.fixture
def prices(db, loaded):
    if loaded:
        loaded[0].put_back()
    else:
        call_command("load_prices", verbosity=0)
        loaded.append(Copy(ModelPrice._meta.db_table))
    return ModelPrice.objects


@pytest.fixture(scope="session")
def loaded():
    """The price table, once it has been loaded."""
    return []


@pytest.fixture
def impossible(tmp_path):
    """A folder that nobody can make, not even root: below a file."""
    (tmp_path / "file").touch()
    return str(tmp_path / "file" / "data")


@pytest.fixture
def upstream(settings):
    """A provider that plays what a test tells it to, over real HTTP."""
    with UpstreamServer() as server:
        settings.OPENAI_BASE_URL = server.base_url
        settings.OPENAI_API_KEY = "sk-test-0123456789abcdefghij"
        settings.DEMO_MODE = False
        settings.DEFAULT_MODEL = "gpt-4o-mini"
        # What fails has failed; tests of retries say how long to go on.
        settings.RETRY_SECONDS = 0
        settings.MAX_MESSAGES_PER_MINUTE = 1_000
        yield server
