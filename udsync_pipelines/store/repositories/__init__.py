"""Reading and writing the state store, one module per topic; plain values in and out."""
