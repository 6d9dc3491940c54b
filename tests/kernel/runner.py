# SPDX-License-Identifier: BSD-2-Clause
"""tests/run itself: which tests its words choose, and what a caller's signals are to them."""
from bpfsh import *

RUN = os.path.join(ROOT, "tests/run")


def test_words(box):
    done = box.run(RUN, "-k", "examples/every", "-k", "unit/cfg_test", BUILD).expect(0)
    assert sorted(done.out.splitlines()) == [
        "2 passed, 0 failed", "ok   examples/every_example_is_tested", "ok   unit/cfg_test"], done
    done = box.run(RUN, "-k", "unit/cfg_test", "-k", "no_such_test", BUILD)
    done.expect(1, err="no test has 'no_such_test' in its name")
    assert not done.out, done


def test_failures_are_repeated(box):
    """A build without programs fails all that need one."""
    os.makedirs("empty/tests")
    done = box.run(RUN, "-k", "examples/demo_fail_alone", "empty").expect(1)
    assert done.out.endswith("failed:\n    kernel/examples.py\n0 passed, 1 failed\n"), done


def test_ignored_signals(box):
    text = 'trap "" INT QUIT HUP; exec "$@"'
    box.run("sh", "-c", text, "sh", RUN, "-k", "control/watch_is_interrupted", BUILD).expect(0)


run(__name__)
