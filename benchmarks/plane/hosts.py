"""Being a host of twins that are not the program's own."""

import argparse
import sys

from twin.runtime.command import add_arguments
from twin.runtime.host import Host
from twin.runtime.serving import Service


def be_host(make) -> None:
    """Serve a kernel elsewhere, as the command line says that is called with `host ...`."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    options = parser.parse_args(sys.argv[2:])
    Service(Host(options.name, options.epoch, make), options.connect, options.parent).run(options.wait)
