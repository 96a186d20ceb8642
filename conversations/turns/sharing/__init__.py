"""What happens in a conversation, told to whoever watches it, in this process or another.

broadcasts, live      readers in this process, and the answers that it writes
changes, told         numbers by which a lost hint is noticed
others                hints to the other processes and from them
elsewhere             text sent to a process that watches
mirror, overheard     an answer that another process writes, shown here
lookout               finds out in the database what no hint has said
"""
