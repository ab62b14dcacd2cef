"""Field mapping: rules as data (source path → function chain → target field). Pure."""
