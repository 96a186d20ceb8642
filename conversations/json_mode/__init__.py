"""Answers in JSON: what the API is asked for, and whether what came is that.

    schemas      the schema that a person types, and the response format that goes to the API
    problems     what is wrong with an answer, in words
    formatting   an answer as one reads it: indented, every number as it was written
      matching   a value and its schema, by jsonschema: bounded, and it fetches nothing
      parsing    JSON and nothing more lenient

Whatever text comes, here it costs a bounded amount of work.
"""

from .formatting import formatted
from .problems import problem_of
from .schemas import mentions_json, response_format, schema_in

__all__ = ["formatted", "mentions_json", "problem_of", "response_format", "schema_in"]
