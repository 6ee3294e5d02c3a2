"""Speed and memory beside their goals: `python -m bench`. Each module with `FIGURES` adds its own; see `figure`."""
