"""How the books work out tax: one strategy a regime."""

from udsync_pipelines.posting.company import Regime
from udsync_pipelines.posting.tax.arithmetic import TaxArithmetic
from udsync_pipelines.posting.tax.global_model import GlobalTax
from udsync_pipelines.posting.tax.united_states import AutomatedSalesTax, ManualSalesTax

_REGIMES: dict[Regime, TaxArithmetic] = {
    Regime.GLOBAL: GlobalTax(),
    Regime.US_MANUAL: ManualSalesTax(),
    Regime.US_AUTOMATED: AutomatedSalesTax(),
}


def arithmetic_of(regime: Regime) -> TaxArithmetic:
    """The tax arithmetic of a regime."""
    return _REGIMES[regime]
