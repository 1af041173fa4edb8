#!/usr/bin/env python3
"""Do the golden documents match their schemas, and are the schemas strict?"""

import copy
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import schema_check
import tap

GOLDEN = os.path.join(schema_check.HERE, "golden", "json.txt")


def documents():
    """name -> document of every section of the golden file."""
    with open(GOLDEN, encoding="utf-8") as file:
        parts = re.split(r"^==== (.*) ====\n", file.read(), flags=re.MULTILINE)
    return {name: schema_check.parse(text) for name, text in zip(parts[1::2], parts[2::2])}


def schema_for(document):
    return schema_check.schema_of(document["schema"].removeprefix("srdiag.").replace("/", "-"))


def objects(value, path=()):
    """Every object inside of a document, with the way to it."""
    if isinstance(value, dict):
        yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from objects(item, path + (key,))


def at(document, path):
    for key in path:
        document = document[key]
    return document


# their keys are names of the cluster, of a view's columns or arguments
FREE = {"rows", "arguments"}


class Schemas(unittest.TestCase):
    def test_match(self):
        "every golden document matches its schema"
        for name, document in documents().items():
            with self.subTest(name):
                self.assertEqual(schema_check.problems(schema_for(document), document), [])

    def test_strict(self):
        "a member that the schema does not know is refused, wherever it stands"
        for name, document in documents().items():
            schema = schema_for(document)
            for path, _ in objects(document):
                if FREE & set(path):
                    continue
                changed = copy.deepcopy(document)
                at(changed, path)["surprise"] = 1
                self.assertTrue(schema_check.problems(schema, changed), f"{name}: {path}")

    def test_complete(self):
        "a member that is missing is refused"
        for name, document in documents().items():
            schema = schema_for(document)
            for path, value in objects(document):
                for key in set(value) - {"sql", "parts"}:
                    if FREE & set(path):
                        continue
                    changed = copy.deepcopy(document)
                    del at(changed, path)[key]
                    self.assertTrue(schema_check.problems(schema, changed), f"{name}: {path}.{key}")

    def test_not_available(self):
        "rows of a view that is not available are null, never an empty list"
        for document in documents().values():
            if "rows" in document and document["rows"] is None:
                self.assertTrue(schema_check.problems(schema_for(document), document | {"rows": []}))

    def test_duplicate(self):
        "a duplicate key is refused"
        with self.assertRaises(ValueError):
            schema_check.parse('{"a": 1, "a": 2}')


if __name__ == "__main__":
    tap.main()
