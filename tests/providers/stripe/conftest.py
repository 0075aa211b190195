from tests.doubles import double, payments

__all__ = ["double", "payments"]
