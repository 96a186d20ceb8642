"""What was said, for whoever reviews it.

conversations   the list
page            one conversation: what its page shows
readings        its turns with every branch, and their calls
costs           what each turn cost, as a chart
parameters      what it is answered with
acts            flagging, noting, resolving, handing over, taking away
forms           what is typed for these
flags           the queue
views           who read what
filters         by cost, flag, reader
"""
