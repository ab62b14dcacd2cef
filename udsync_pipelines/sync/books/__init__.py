"""From the shop to the books: one document for each sale and refund, once and to the cent."""
