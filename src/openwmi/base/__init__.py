"""What every room stands on: names, statuses, errors, cursors, deadlines and limits. No I/O, no clock of its own."""
