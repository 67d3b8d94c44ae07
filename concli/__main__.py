"""``python -m concli``."""

from concli.cli import main

if __name__ == "__main__":
    main()
