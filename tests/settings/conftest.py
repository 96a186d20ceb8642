import os
import runpy

import pytest

from chatsite import environment
from tests.site import ROOT


@pytest.fixture
def read(monkeypatch, tmp_path):
    """The settings that an environment of these variables alone makes."""

    def read(**variables):
        monkeypatch.setattr(environment, "problems", [])
        monkeypatch.setattr(
            os, "environ", {"HOME": str(tmp_path / "home"), "DATA_DIR": str(tmp_path), **variables}
        )
        return runpy.run_path(str(ROOT / "chatsite" / "settings.py"))

    return read


def chosen(settings, names):
    return {name: settings.get(name) for name in names}
