"""The checks, a file for each, with its CHECK; `openwmi.client.doctor.table` has them in their order."""
