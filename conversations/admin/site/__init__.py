"""How the site is set up, and what it is doing.

prices     dated rows; what has set a cost stays as it was
presets    how chats begin: the site's own (examples)
people     accounts: everything about one taken away, or erased
text       what everybody is told in the app
running    what is being written now, and who waits; with a way to stop it
"""
