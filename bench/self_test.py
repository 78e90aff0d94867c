#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What bench/ promises but for speed: that tables say what results do, and that all rule files label alike.

usage: bench/self_test.py --binary build/release/pcapml
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

import growth
import make_rules
import publish
import report
import rows
from measure import Workplace


class Tables(unittest.TestCase):
    def test_readme_and_performance_say_what_the_newest_results_do(self):
        self.assertTrue(publish.publish(publish.newest(), check=True), "run bench/publish.py")

    def test_each_plot_is_that_of_the_results(self):
        result, _ = publish.load(publish.newest())
        self.assertTrue(result["growth"])
        for each in result["growth"]:
            path = publish.newest().with_name(f"{publish.newest().stem}-{each['name']}.svg")
            self.assertEqual(path.read_text(encoding="utf-8"), growth.plot(each), path.name)
            xml.etree.ElementTree.parse(path)

    def test_what_is_told_apart_is_not_in_a_ratio(self):
        many = report.Series([{"wall": 3.0, "apart_wall": 1.0}, {"wall": 9.0, "apart_wall": 2.0}])
        one = report.Series([{"wall": 1.0}, {"wall": 2.0}])
        self.assertEqual(many.ratio(one, "wall"), (2.75, 2.0, 3.5))

    def test_a_busy_machine_meets_no_aim(self):
        self.assertEqual([report.verdict(True, 0.0), report.verdict(False, 0.0)], ["yes", "no"])
        self.assertEqual(report.verdict(True, 1.0), report.verdict(False, 1.0))


class Rules(unittest.TestCase):
    def test_every_kind_has_different_rules_and_labels_alike(self):
        with tempfile.TemporaryDirectory() as directory:
            place = Workplace(directory, 200_000)
            for names, kinds in ((("web.pcap", "mice.pcap"), (*make_rules.KINDS, "mixed")),
                                 (("labelled.pcapng",), make_rules.LABELLED_KINDS)):
                place.need(names)
                for name in names:
                    outputs = {self.labelled(place, name, kind, count) for kind in kinds for count in (1, 300)}
                    self.assertEqual(len(outputs), 1, name)
                    self.assertGreater(len(outputs.pop()), 150_000, name)

    def labelled(self, place, name, kind, count):
        text = place.rules(kind, count).read_text(encoding="utf-8")
        self.assertEqual(len(set(text.splitlines())), count)
        return subprocess.run([BINARY, "label", "-q", "-i", place.directory / name, "-l", place.rules(kind, count), "-o", "-"],
                              check=True, capture_output=True).stdout

    def test_a_hundred_thousand_of_each_kind_are_different(self):
        for kind in (*make_rules.KINDS, *make_rules.LABELLED_KINDS):
            lines = make_rules.rules(kind, 100_000).splitlines()
            self.assertEqual(len(set(lines)), 100_000, kind)


class Rows(unittest.TestCase):
    def test_aims_are_about_commands_of_their_row(self):
        for row in rows.ROWS:
            names = {tool.name for tool in row.tools}
            for aim in row.aims:
                self.assertIn(aim.against, names, row.name)
                self.assertTrue(not aim.of or aim.of in names, row.name)

    def test_each_line_of_the_readme_has_a_row_of_the_evidence(self):
        evidence = {row.name: {tool.name for tool in row.tools} for row in rows.ROWS if row.evidence}
        for row, name, _ in publish.TABLE:
            self.assertIn(name, evidence[row])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", type=pathlib.Path, required=True)
    asked, rest = parser.parse_known_args()
    BINARY = asked.binary.resolve()
    unittest.main(argv=[sys.argv[0], *rest])
