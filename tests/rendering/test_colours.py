from conversations.rendering import colours


def test_the_stylesheet_is_what_the_function_makes():
    assert colours.STYLESHEET.read_text() == colours.stylesheet()


def test_every_class_has_a_rule():
    sheet = colours.stylesheet()

    assert [name for name in colours.CLASSES.values() if f".{name}" not in sheet] == []


def test_both_themes_are_there():
    assert ".hl :is(.na) { color: light-dark(#7f4707, #ffd700); }\n" in colours.stylesheet()
