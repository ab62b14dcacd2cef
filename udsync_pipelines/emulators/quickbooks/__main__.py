"""Serve an emulated company: ``python -m udsync_pipelines.emulators.quickbooks``."""

import argparse

from udsync_pipelines.emulators.quickbooks.emulator import serve


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and serve until told to stop."""
    parser = argparse.ArgumentParser(prog="quickbooks-emulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="TCP port; 0 takes any free one")
    parser.add_argument("--country", choices=("CA", "US", "GB", "AU"), default="CA")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--realm-id", default="4620816365000000001")
    parser.add_argument("--limits-factor", type=float, default=1.0, help="0 lifts the limits")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds per answer")
    parser.add_argument("--no-requestid", dest="requestid", action="store_false")
    parser.add_argument("--tax-override", action="store_true", help="honour TotalTax")
    parser.add_argument("--multicurrency", action="store_true")
    parser.add_argument("--own-numbers", dest="doc_number_custom", action="store_false")
    parser.add_argument("--warn-duplicate-numbers", action="store_true")
    parser.add_argument("--allow-shipping", action="store_true")
    parser.add_argument("--allow-discount", action="store_true")
    parser.add_argument("--sales-items", action="store_true", help="Shipping, Fees and others")
    parser.add_argument("--book-close-date", default="")
    parser.add_argument("--visibility-delay", type=float, default=0.0, help="seconds")
    parser.add_argument("--rotate-seconds", type=float, default=86_400)
    serve(**vars(parser.parse_args(arguments)))


if __name__ == "__main__":
    main()
