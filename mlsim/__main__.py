"""`python -m mlsim`, for where the command `mlsim` is not on the path."""

from mlsim.cli import main

if __name__ == "__main__":
    main()
