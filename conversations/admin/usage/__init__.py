"""The ledger rolled up.

page        the page, for a period and whom and what it is about
selecting   what was chosen
figures     cells: what one shows, and the calls that it leads to
tables      rows by day, user, group, model, purpose; as CSV too
"""
