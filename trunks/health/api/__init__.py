"""The API of the watch on gateways."""
