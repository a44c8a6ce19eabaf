"""The run as an object: its schema, the YAML it is composed from, and the door between the two."""
