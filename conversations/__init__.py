"""Chatsite's one app: conversations with a model, every word stored, every token priced.

Floors, from the ground up; a module imports lower floors only (tests/test_layers.py):

    errors/  text                what can go wrong, in words; what may be stored and quoted
    metrics  charts              what this process counts; bars in figures
    tokens                       counting, before and after a call
    json_mode/                   answers in JSON: the schema, the format asked for, what is wrong
    rendering/  upstream/        Markdown to safe HTML; the one way to an OpenAI-compatible API
    models/                      one noun a file: Conversation, Message, Completion, Budget, Flag
    threads/  context/           a thread and its shaping; what of it goes into a request
    search/                      the messages that say what a text says, found by the database
    accounting/  first_account   money: costs, budgets, what is held back; who may set the site up
    line/                        who may call the provider now, who waits, why
    turns/                       one turn, from the door to its one ending
    transcript/  seen/           a conversation as one reads it; what of it a model saw
    presets  usage               how a chat begins; what was spent on what
    review/                      flags, notes, who read what; exports, removing, erasing
    wire  backlog  sessions      what goes over a socket, and how much; those that end with a session
    forms/  checks  templatetags
    views/  consumers  admin/    edges: they translate and decide nothing

One turn:

    views.messages ── turns.admission ──▶ message and queued answer, in one transaction
                           │
                      turns.dispatch ── line                        whose turn it is
                           │
                      turns/writing/, one asyncio task an answer
                           ├── turns/drafting/ ── context, accounting   request, estimate, what is held back
                           ├── upstream                                 deltas
                           ├── rendering ── turns/sharing/ ──▶ consumers ──▶ pages
                           ├── store                                    beats and partial text
                           └── endings                                  text, usage, cost, once
"""
