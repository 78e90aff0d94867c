# SPDX-License-Identifier: Apache-2.0
"""Short cases: each starts the program once or twice and says what must be true of it."""
import os
import time
import traceback

from .harness import CASES, Case, CaseSkipped
from . import doctor, endings, options, readers, kernel, pressure, selftest  # noqa: F401,E402
from . import following, command_ends, running, rotation, rotation_ends, privileges, practice, relabelling  # noqa: F401,E402


def run(world, directory, names):
    unknown = set(names or ()) - set(CASES)
    if unknown:
        raise SystemExit(f"no such case: {', '.join(sorted(unknown))}")
    passed = failed = skipped = 0
    for name, play in CASES.items():
        if names is not None and name not in names:
            continue
        case, began = Case(world, os.path.join(directory, name)), time.monotonic()
        try:
            play(case)
            passed += 1
            continue
        except CaseSkipped as reason:
            print(f"skipped case {name}: {reason}")
            skipped += 1
        except AssertionError as fault:
            print(f"FAILED case {name} ({time.monotonic() - began:.1f} s): {fault}")
            failed += 1
        except Exception:
            print(f"FAILED case {name}: {traceback.format_exc()}")
            failed += 1
        finally:
            case.end()
    print(f"cases: {passed} passed, {failed} failed, {skipped} skipped")
    return failed == 0
