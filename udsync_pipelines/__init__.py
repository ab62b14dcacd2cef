"""Universal Data Sync: WooCommerce, QuickBooks Online and Supabase kept in step."""
