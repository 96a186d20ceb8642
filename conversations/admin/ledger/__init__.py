"""The ledger of calls.

completions   the list, one call, what the model saw, the export
columns       how a call is written
filters       by what it is looked through, quick at a million rows
search        the same for what is typed
"""
