"""The titles of the KPIs in all languages."""

import pytest

from schemas.funnel_kpis import FUNNEL_KPIS
from schemas.kpis import BY_NAME, KPIS
from schemas.labels import LANGUAGES, title, titles


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kpi_has_one_title_in_every_language_and_no_title_is_left_over(language: str) -> None:
    assert list(titles(language)) == [kpi.name for kpi in (*KPIS, *FUNNEL_KPIS)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_kpis_are_called_the_same(language: str) -> None:
    assert len(set(titles(language).values())) == len(KPIS) + len(FUNNEL_KPIS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_titles_are_neither_empty_nor_padded(language: str) -> None:
    assert all(text and text == text.strip() for text in titles(language).values())


def test_a_title_is_told_in_the_language_asked_for() -> None:
    assert title(BY_NAME["abandonment"], "ko") == "포기율"
    assert title(BY_NAME["abandonment"]) == "Abandonment"


def test_a_language_without_labels_is_named() -> None:
    with pytest.raises(KeyError, match="'fr'; there are en, ko, ms, vi"):
        titles("fr")
