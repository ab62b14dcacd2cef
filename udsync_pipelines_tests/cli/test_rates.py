"""`udsync rates`: what an operator stores for documents in foreign currencies."""

from pathlib import Path

import pytest

from udsync_pipelines_tests.cli.commands import CommandLine
from udsync_pipelines_tests.cli.test_policy import connect_company
from udsync_pipelines_tests.services.emulated_books import StartCompany, start_company

__all__ = ["start_company"]

pytestmark = pytest.mark.postgres


def test_rates_are_set_imported_and_listed(
    udsync: CommandLine, tenant: str, start_company: StartCompany, tmp_path: Path
) -> None:
    connect_company(udsync, tenant, start_company())
    file = tmp_path / "rates.csv"
    file.write_text("currency,day,rate\nUSD,2026-07-02,1.36\nEUR,2026-07-01,1.4700\n")

    one = udsync("rates", "set", "usd", "2026-07-01", "1.3512", "--tenant", tenant)
    several = udsync("rates", "import", str(file), "--tenant", tenant)
    listed = udsync("rates", "list", "--tenant", tenant)
    as_json = udsync("rates", "list", "--tenant", tenant, "--json").json
    of_books = udsync("rates", "list", "--tenant", tenant, "--books")

    assert (one.code, several.code, listed.code) == (0, 0, 0), one.err + several.err
    assert "1 USD is 1.3512 on 2026-07-01" in one.out
    assert "2 rates are stored" in several.out
    assert listed.out.split() == [
        *("EUR", "2026-07-01", "1.47"),
        *("USD", "2026-07-01", "1.3512"),
        *("USD", "2026-07-02", "1.36"),
    ]
    assert as_json["rates"][0] == {"currency": "EUR", "day": "2026-07-01", "rate": "1.47"}
    assert "No rate is stored." in of_books.out


def test_a_file_that_cannot_be_read_stores_nothing(
    udsync: CommandLine, tenant: str, tmp_path: Path
) -> None:
    missing = udsync("rates", "import", str(tmp_path / "none.csv"), "--tenant", tenant)
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("USD,2026-07-02,1.36\nUSD,2026-07-03,free\n")

    refused = udsync("rates", "import", str(wrong), "--tenant", tenant)

    assert (missing.code, refused.code) == (1, 1)
    assert "Line 2 is no rate above zero" in refused.err
