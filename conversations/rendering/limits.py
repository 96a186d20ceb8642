"""What one text may cost. Each limit is one line, and none of them loses a character."""

# A text is formatted up to the block that holds this many characters; what follows is verbatim.
FORMATTED_CHARACTERS = 200_000
# Verbatim text comes in elements of at most so many characters.
VERBATIM_CHARACTERS = 20_000

# Lists and quotes inside one another, in levels (a list is two: itself and its item). What is
# deeper stays text.
NESTED_BLOCKS = 12
# Emphasis, links and the like inside one another, in levels. Deeper: shown as written.
NESTED_INLINES = 20

# Columns of a table; a wider one is shown as written.
TABLE_COLUMNS = 40
# Characters of a table's accessible name, or of a language's.
NAME_CHARACTERS = 80

# Characters of one code block that are coloured, and of its lines; a longer one is plain.
COLOURED_CHARACTERS = 30_000
COLOURED_LINE_CHARACTERS = 1_000
# Processor seconds that colouring may take: so many, or so many per 1,000 characters if that is
# more. Ordinary code needs a tenth.
COLOURING_SECONDS = 0.2
COLOURING_SECONDS_PER_THOUSAND = 0.05

# Characters of one formula; a longer one is shown as written.
FORMULA_CHARACTERS = 2_000

# The unsettled end of a stream is parsed again when it has grown by this share of itself, and
# by the larger share once it is longer than so many characters. In between it grows as text.
REPARSED_SHARE = 1 / 32
REPARSED_SHARE_OF_LONG = 1 / 4
LONG_CHARACTERS = 8_000
# Characters of an unsettled block that are formatted; the rest of it is text until it settles.
TAIL_CHARACTERS = 32_000

# Rendered pieces that are kept for the next time: the tail of a stream is rendered often.
KEPT_CODE_BLOCKS = 64
KEPT_FORMULAS = 512
