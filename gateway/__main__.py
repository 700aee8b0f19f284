"""`python -m gateway` is `pactgate`."""

from gateway.cli import main

if __name__ == "__main__":
    main()
