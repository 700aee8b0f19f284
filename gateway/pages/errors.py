"""Refusals of the pages' own room."""

from gateway.errors import GatewayError, SaidHere


class AssetsMissing(GatewayError):
    """The pages' stylesheets and pictures were not built."""

    code = "assets_missing"
    remedy = "Run `python -m gateway.pages.build` once, or install the wheel, which has them."


class NoSuchAsset(GatewayError):
    """There is no file at this address; an older page may have named one that is no more."""

    code = "not_found"
    public_detail = "There is no such file. Load the page again."


class BadList(SaidHere):
    """A field in the address of a list holds what it cannot hold."""

    code = "invalid_list"
    remedy = "Open the list anew."
