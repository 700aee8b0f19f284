"""Refusals of the pages' own room."""

from gateway.errors import GatewayError


class AssetsMissing(GatewayError):
    """The pages' stylesheets and pictures were not built."""

    code = "assets_missing"
    remedy = "Run `python -m gateway.pages.build` once, or install the wheel, which has them."


class NoSuchAsset(GatewayError):
    """There is no file at this address; an older page may have named one that is no more."""

    code = "not_found"
    public_detail = "There is no such file. Load the page again."


class BadList(GatewayError):
    """A field in the address of a list holds what it cannot hold."""

    code = "invalid_list"
    remedy = "Open the list anew."

    def __init__(self, sentence: str) -> None:
        """`sentence` names the field, and never says what was typed."""
        super().__init__(sentence)
        self.public_detail = sentence
