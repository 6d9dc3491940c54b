# SPDX-License-Identifier: BSD-2-Clause
"""tests/run itself: which tests its words choose, and what a caller's signals are to them."""
import importlib.machinery
import importlib.util
import io

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


def runner():
    """tests/run as a module; a file beside this one has the name of a module that it uses."""
    sys.path.remove(os.path.dirname(os.path.abspath(__file__)))
    loader = importlib.machinery.SourceFileLoader("runner", RUN)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("runner", loader))
    loader.exec_module(module)
    return module


def told(module, results):
    """What is printed of results, and the exit status."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        tally = module.Tally()
        for result in results:
            tally.add(*result)
        return tally.status(), out.getvalue()


def test_skipped_is_failed_unless_it_passes_elsewhere(box):
    module, skips = runner(), [("skip", "a/one", "no tcx"), ("skip", "a/one (sanitized)", "no tcx")]
    elsewhere = ("ok", "a/one (bookworm)", "")
    assert told(module, skips)[0] == 0
    os.environ["CI"] = "true"
    status, out = told(module, skips)
    assert status == 1 and "skipped, and passed nowhere:\n    a/one\n" in out, out
    assert told(module, skips + [elsewhere])[0] == 0
    assert told(module, skips + [("skip", "a/one (bookworm)", "no tcx")])[0] == 1


def test_results_of_a_machine_are_those_printed_there(box):
    module, rest = runner(), []
    results = [("ok", "a/one", ""), ("fail", "a/two", "wrong:\n  1\n\n2\n"),
               ("skip", "a/three", "no tcx: 5.10")]
    _, out = told(module, results)
    assert list(module.parse(out.splitlines(True), rest)) == results, out
    assert module.SUMMARY.match(rest[-1]), rest


run(__name__)
