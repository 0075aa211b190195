"""Filters of lists."""

from typing import Any

import django_filters

from tenants.serializers import choose_one_of


class OneOfFilter(django_filters.ChoiceFilter):
    """Rows with one of the values; an unknown value's error names those that can be chosen."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        messages = {"invalid_choice": choose_one_of(choices)}
        super().__init__(choices=choices, error_messages=messages, **kwargs)
