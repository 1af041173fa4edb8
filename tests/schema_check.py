#!/usr/bin/env python3
"""Does a JSON document match its schema?

    tests/schema_check.py SCHEMA [FILE...]      without FILE: standard input

SCHEMA is a file, or the name of one in tests/schema ("report-1", "view-1"). Prints where and why not, one
line each; exit status 0 if all match, 1 if one does not, 2 if it could not be looked at. Duplicate keys and
NaN are refused: no schema sees them. Needs the package jsonschema (pinned in the tests' virtual
environment).
"""

import json
import os
import sys

import jsonschema

HERE = os.path.dirname(os.path.abspath(__file__))


def schema_of(name):
    """The schema, itself checked against the draft that it names."""
    path = name if os.path.exists(name) else os.path.join(HERE, "schema", name.removesuffix(".json") + ".json")
    with open(path, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


def unique(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) < len(keys):
        raise ValueError(f"duplicate key among {sorted(keys)}")
    return dict(pairs)


def no_number(text):
    raise ValueError(f"{text} is no JSON number")


def parse(text):
    return json.loads(text, object_pairs_hook=unique, parse_constant=no_number)


def problems(schema, document):
    """What is wrong, as "$.findings[0].unit: ..." lines."""
    errors = jsonschema.Draft202012Validator(schema).iter_errors(document)
    return [f"{error.json_path}: {error.message}" for error in sorted(errors, key=lambda error: error.json_path)]


def valid(document):
    """The document, if it is a report or a view as its schema wants it."""
    wrong = problems(schema_of(document["schema"].removeprefix("srdiag.").replace("/", "-")), document)
    if wrong:
        raise AssertionError("\n".join(wrong))
    return document


def main():
    if len(sys.argv) < 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    schema, bad = schema_of(sys.argv[1]), 0
    for name in sys.argv[2:] or ["-"]:
        try:
            if name == "-":
                document = parse(sys.stdin.buffer.read().decode("utf-8"))
            else:
                with open(name, encoding="utf-8") as file:
                    document = parse(file.read())
            lines = problems(schema, document)
        except ValueError as error:
            lines = [str(error)]
        for line in lines:
            print(f"{name}: {line}")
        bad += bool(lines)
    return 1 if bad else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except OSError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
