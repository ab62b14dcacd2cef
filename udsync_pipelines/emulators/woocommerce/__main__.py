"""Serve an emulated store: ``python -m udsync_pipelines.emulators.woocommerce``."""

import argparse

from udsync_pipelines.emulators.woocommerce.emulator import serve


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and serve until told to stop."""
    parser = argparse.ArgumentParser(prog="woocommerce-emulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="TCP port; 0 takes any free one")
    parser.add_argument("--orders", type=int, default=0, help="orders to generate; 0: recording")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--until", help="UTC time shortly before which generated orders end")
    parser.add_argument("--one-second", action="store_true", help="equal stamps on all orders")
    parser.add_argument("--customers", type=int, default=400)
    parser.add_argument("--products", type=int, default=150)
    parser.add_argument("--zone", default="America/Edmonton", help="the site's time zone")
    parser.add_argument("--storage", choices=("hpos", "cpt"), default="hpos")
    parser.add_argument("--plain-http", action="store_true", help="PHP does not see https")
    parser.add_argument("--no-permalinks", dest="permalinks", action="store_false")
    parser.add_argument("--no-global-refunds", dest="global_refunds", action="store_false")
    parser.add_argument("--recorded", action="store_true", default=None, help="recording as well")
    parser.add_argument("--database", default=":memory:", help="file for the index")
    serve(**vars(parser.parse_args(arguments)))


if __name__ == "__main__":
    main()
