"""How much may be spent, and what there is to know about it.

budgets     what is set, spent, held back and left
allowing    more for one period, with a reason
overrides   the log of that
alerts      what is new about budgets and unusual use
forms       what is typed for these
"""
