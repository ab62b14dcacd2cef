"""Generated stores: any number of orders with the anatomy of the recorded ones."""
