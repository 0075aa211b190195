"""Cursor pagination: stable while rows come and go, and as fast on the last page as on the first."""

from rest_framework import pagination


class CursorPagination(pagination.CursorPagination):
    """Newest first; `cursor` comes from the answer's `next` and `previous`, `page_size` goes up to 200."""

    ordering = ("-created_at", "-id")
    page_size_query_param = "page_size"
    max_page_size = 200
