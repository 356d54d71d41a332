"""Which guidelines a community accepts, with scores, reasons and differences."""
