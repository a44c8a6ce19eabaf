"""Refusing impossible settings in one form: key, rule, value, remedy."""


def require(kept: bool, name: str, rule: str, value: object, remedy: str) -> None:
    """Raise a ValueError that begins with the setting's name unless the rule is kept."""
    if not kept:
        raise ValueError(f"{name} {rule}: got {value}; {remedy}")


def at_least(low: int | float, name: str, value: int | float) -> None:
    """Raise a ValueError where `value` is below `low` (or NaN)."""
    require(value >= low, name, f"must be at least {low}", value, f"choose {low} or more")
