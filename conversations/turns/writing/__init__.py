"""One answer written: called, read, stored, ended once.

run         the runner: pump, shower, keeper
keeper      stores what has arrived and beats
pump        makes the calls and reads the stream, into what has arrived
showing     what its readers have been shown
store       what a runner reads and writes; every write only as long as it holds its answer
endings     the one ending, with calls, the rows of the ledger
chronicle   the line in the log that says how it went
summaries   written before they are needed, by asides: calls that no page watches
"""
