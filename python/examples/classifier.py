# SPDX-License-Identifier: Apache-2.0
"""From a capture and rules to a classifier, step by step.

    python examples/classifier.py [CAPTURE RULES]

Needs scikit-learn. Without arguments it takes samples/web.pcap of the repository: 42 flows of real programs. That
is enough to show the steps, and much too little to tell how good a classifier is.
"""

from __future__ import annotations

import pathlib
import sys
import tempfile

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import confusion_matrix

import pcapml

SAMPLES = pathlib.Path(__file__).resolve().parents[2] / "samples"
LAYERS = ("ipv4", "ipv6", "tcp", "udp", "icmp", "payload")
FIRST_PACKETS = 8
DIVISIONS = 6


def features(part: pcapml.Part, mask: tuple[str, ...] | str) -> tuple[npt.NDArray[np.int8], tuple[str, ...]]:
    """A row for each sample: the bits of its first packets, one after the other."""
    tensor = pcapml.bits(part.read(), LAYERS, payload_bytes=16, mask=mask, first_n=FIRST_PACKETS)
    return tensor.values.reshape(len(tensor), -1), tensor.labels


def print_matrix(truth: tuple[str, ...], predicted: npt.NDArray[np.str_]) -> None:
    labels = sorted({*truth, *predicted})
    width = max(map(len, labels)) + 1
    print("truth \\ predicted".ljust(18) + "".join(label.rjust(width) for label in labels))
    for label, row in zip(labels, confusion_matrix(truth, predicted, labels=labels)):
        print(label.ljust(18) + "".join(str(count).rjust(width) for count in row))


def evaluate(
    split: pcapml.Split, mask: tuple[str, ...] | str
) -> tuple[tuple[str, ...], npt.NDArray[np.str_], int]:
    """What is true of the test part, what a model trained on the other says, and how often that is right."""
    values, labels = features(split.train, mask)
    model = RandomForestClassifier(n_estimators=100, random_state=1).fit(values, labels)
    test_values, truth = features(split.test, mask)
    predicted = model.predict(test_values)
    return truth, predicted, int((predicted == np.array(truth)).sum())


def main(capture: str, rules: str, folder: str) -> None:
    # 1. Ground truth: each flow that a rule names is a sample.
    labelled, dataset = f"{folder}/labelled.pcapng", f"{folder}/dataset.pcapng"
    pcapml.label(capture, rules, labelled, sample="flow")
    pcapml.sort(labelled, dataset)

    # 2. Parts, and what they have in common all the same. One division says little, so there are several.
    splits = [
        pcapml.split_dataset(dataset, by="sample", fractions=(0.6, 0.4), seed=seed) for seed in range(DIVISIONS)
    ]
    print(splits[0].report())

    # 3. A model that may see everything, and one that may not see what can be learnt by heart.
    for title, mask in (("Without a mask", ()), ('With mask="all"', "all")):
        results = [evaluate(split, mask) for split in splits]
        truth, predicted, right = results[0]
        print(f"\n{title}: {right} of {len(truth)} samples right")
        print_matrix(truth, predicted)
        print("in other divisions: " + ", ".join(str(right) for _, _, right in results[1:]))


if __name__ == "__main__":
    given = sys.argv[1:] or [str(SAMPLES / "web.pcap"), str(SAMPLES / "web.rules")]
    if len(given) != 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as temporary:
        main(given[0], given[1], temporary)
