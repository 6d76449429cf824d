#!/usr/bin/env python3
"""Starts graft where Enterprise Gateway wants a kernel: in a pod of its own, or on another host.

    launch_graft.py [--RemoteProcessProxy.kernel-id ID] [--RemoteProcessProxy.response-address HOST:PORT]
                    [--RemoteProcessProxy.public-key KEY] [--RemoteProcessProxy.port-range LOW..HIGH]

In a pod the four come from the environment: KERNEL_ID, RESPONSE_ADDRESS, PUBLIC_KEY, PORT_RANGE, the last three with EG_ before.
The gateway's own server_listener.py chooses the ports, sends the connection to the gateway and listens for its signals; it is
looked for in KERNEL_LAUNCHERS_DIR/R/scripts, where the gateway's kernel image files put it. It stays behind as a child process,
while this one becomes graft, so that the gateway's signals reach graft itself.
"""
import argparse
import os
import sys
import tempfile


def main():
    env = lambda name, other="": os.environ.get("EG_" + name) or os.environ.get(name) or other
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    for name, value in (("kernel-id", os.environ.get("KERNEL_ID")), ("response-address", env("RESPONSE_ADDRESS")),
                        ("public-key", env("PUBLIC_KEY")), ("port-range", env("PORT_RANGE", "0..0"))):
        p.add_argument("--RemoteProcessProxy." + name, "--" + name, dest=name.replace("-", "_"), default=value)
    a = p.parse_known_args()[0]  # the gateway passes Spark's options to every kernel
    missing = [n for n in ("kernel_id", "response_address", "public_key") if not getattr(a, n)]
    if missing:
        p.error("%s: neither an argument nor in the environment" % ", ".join(missing))
    try:
        low, high = (int(n) for n in a.port_range.split(".."))
    except ValueError:
        p.error("--port-range %s: expected LOW..HIGH, such as 40000..42000" % a.port_range)
    sys.path.insert(0, os.path.join(os.environ.get("KERNEL_LAUNCHERS_DIR", "/usr/local/bin/kernel-launchers"), "R", "scripts"))
    from server_listener import setup_server_listener

    connection = os.path.join(tempfile.mkdtemp(), "kernel-%s.json" % a.kernel_id)
    kernel = os.getpid()
    ready, tell = os.pipe()
    if os.fork() == 0:
        os.close(ready)
        setup_server_listener(connection, kernel, low, high, a.response_address, a.kernel_id, a.public_key)
        os.write(tell, b"1")
        os.close(tell)
        return  # the listener is a thread: the process lasts as long as it does
    os.close(tell)
    if not os.read(ready, 1):
        sys.exit("launch_graft.py: the gateway at %s was not told where the kernel is" % a.response_address)
    os.execvp("graft", ["graft", "kernel", "--connection-file", connection])


if __name__ == "__main__":
    main()
