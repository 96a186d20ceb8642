from tests.turns_kit import *  # noqa: F403 - fixtures of every test with a running answer
