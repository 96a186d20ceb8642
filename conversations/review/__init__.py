"""What staff do with conversations: look at them, mark them, keep them for a time.

flags        what somebody should look at, until it is resolved; whose it is to look at
notes        reviewers' words to each other
looks        who read what, and in what form
transcripts  a conversation to take away: Markdown, JSON
person       everything about one person to take away
removing     what was deleted long ago goes, its money stays
erasing      one person goes, their figures stay
"""
