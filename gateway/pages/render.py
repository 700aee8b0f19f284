"""
Pages as HTML: one environment a language, every value escaped, no script and no style in a page.

Rooms with pages bring their templates: `Pages("gateway.console")`. They extend `page.html`, which is here.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import escape

from gateway.http import line_of
from gateway.pages.assets import assets
from gateway.pages.languages import Language, Wording, language_of, messages, translations

UTC: Final = ZoneInfo("UTC")
_ASKED_FOR: Final = ("GET", "HEAD")
# What nothing here needs and what would turn a value into markup.
_UNSAFE: Final = ("safe", "xmlattr", "tojson")


class Pages:
    """The pages of one room."""

    def __init__(self, package: str) -> None:
        self._package = package

    def page(
        self,
        request: Request,
        template: str,
        values: Mapping[str, object],
        status: int = 200,
        *,
        zone: ZoneInfo = UTC,
    ) -> HTMLResponse:
        """Return a page in the reader's language, with times in `zone`."""
        line_of(request.scope).is_page = True
        language = language_of(request)
        written = (
            self._environments[language]
            .get_template(template)
            .render(
                **values,
                language=language,
                languages=list(Language),
                wording=Wording(language, zone),
                may_switch=not values.get("answers_form", False),
                # What answered a form cannot be asked for: whoever changes the language there begins at the front.
                here=request.url.path if request.method in _ASKED_FOR else values.get("root", "/"),
            )
        )
        return HTMLResponse(written, status, headers={"content-language": language.value, "vary": "cookie"})

    @cached_property
    def _environments(self) -> dict[Language, Environment]:
        return {language: self._environment(language) for language in Language}

    def _environment(self, language: Language) -> Environment:
        made = Environment(
            loader=ChoiceLoader([PackageLoader(self._package), PackageLoader("gateway.pages")]),
            extensions=["jinja2.ext.i18n"],
            autoescape=True,  # everywhere: there is no template here that is not a page
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        for name in _UNSAFE:
            del made.filters[name]
        extended: Any = made  # the extension adds its methods to the class at run time
        known = translations(language)
        extended.install_gettext_callables(_believed(known.gettext), known.ngettext, newstyle=True)
        made.globals["asset"] = assets()
        return made


def _believed(gettext: Callable[[str], str]) -> Callable[[str], str]:
    """
    Return `gettext` for templates, which believe what it returns and escape none of it.

    INVARIANT: only sentences of our own are believed. Whatever else a template hands to `_`, such as a value with a
    name for most of its kind, is escaped like any other value.
    """
    return lambda said: gettext(said) if said in messages() else str(escape(said)).replace("%", "%%")
