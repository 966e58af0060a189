"""What a KPI is called in each language: English in kpis.py, the others in labels/<code>.toml."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from schemas.funnel_kpis import FUNNEL_KPIS, FunnelKpi
from schemas.kpis import KPIS, Kpi

ENGLISH = "en"
LANGUAGES: Mapping[str, str] = {
    ENGLISH: "English",
    "ko": "한국어",
    "ms": "Bahasa Melayu",
    "vi": "Tiếng Việt",
}
"""Code -> what the language calls itself."""


@cache
def titles(language: str) -> Mapping[str, str]:
    """Return the title of every KPI by its name; a test checks that none is missing.

    Raises:
        KeyError: *language* is not among LANGUAGES.
    """
    if language not in LANGUAGES:
        raise KeyError(f"no labels in {language!r}; there are {', '.join(LANGUAGES)}")
    if language == ENGLISH:
        of_funnel = {kpi.name: kpi.title for kpi in FUNNEL_KPIS}
        return {kpi.name: kpi.title for kpi in KPIS} | of_funnel
    path = files("schemas").joinpath("labels", f"{language}.toml")
    return {name: str(title) for name, title in tomllib.loads(path.read_text("utf-8")).items()}


def title(kpi: Kpi | FunnelKpi, language: str = ENGLISH) -> str:
    """Return what the KPI is called in *language*."""
    return titles(language)[kpi.name]
