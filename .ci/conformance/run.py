"""The kernel against the protocol, through jupyter_client.

    run.py --graft BINARY [unittest's arguments, such as -v or Spec.test_interrupt_busy]

Installs the kernelspec in a place of its own and runs jupyter_kernel_test's whole suite (test_jkt.py), what the messaging
specification says beyond it (test_messages.py) and what graft promises (test_spec.py), and the clients that people use
(test_clients.py), and how stored notebooks look where there is no kernel (test_views.py). Every message is held against its schema (schemas.py). Times are printed, never judged: machines are shared.
"""
import argparse
import os
import pathlib
import sys
import unittest

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent)]

from kernelspec import installed  # noqa: E402


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--graft", required=True)
    a, rest = p.parse_known_args()
    with installed(a.graft) as work:
        os.environ["XDG_DATA_HOME"] = str(work / "data")  # a history of its own
        os.chdir(work)
        import test_clients
        import test_jkt
        import test_messages
        import test_spec
        import test_views
        everything = argparse.Namespace(
            Kernel=test_jkt.Kernel, Welcome=test_jkt.Welcome, Spec=test_spec.Spec, Life=test_spec.Life, Hostile=test_spec.Hostile,
            Messages=test_messages.Messages, Subshells=test_messages.Subshells, Comms=test_messages.Comms,
            Files=test_clients.Files, Console=test_clients.Console, Server=test_clients.Server, VSCode=test_clients.VSCode, Hub=test_clients.Hub,
            Views=test_views.Views, Opened=test_views.Opened)
        program = unittest.main(module=everything, argv=[sys.argv[0], *rest], exit=False)
    return not program.result.wasSuccessful()


if __name__ == "__main__":
    sys.exit(main())
