"""The strategies, one a file: each module here has a `STRATEGY`, and is offered by being here."""

import pkgutil
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module

from conversations.context.material import Material, Strategy
from conversations.context.pieces import Context

_found: list[Strategy] = [
    import_module(f"{__name__}.{module.name}").STRATEGY for module in pkgutil.iter_modules(__path__)
]
STRATEGIES = {each.name: each for each in sorted(_found, key=lambda each: each.rank)}
DEFAULT = "fit"


def strategy_named(name: str) -> Strategy:
    """The default one stands in for one that is not there any more."""
    return STRATEGIES.get(name, STRATEGIES[DEFAULT])


def numbers_of(strategy: Strategy, chosen: Mapping[str, object]) -> dict[str, int]:
    """The numbers of a strategy, where one was chosen and is sane, else its default."""
    numbers = {}
    for number in strategy.numbers:
        value = chosen.get(number.name)
        is_sane = isinstance(value, int) and number.least <= value <= number.most
        numbers[number.name] = int(value) if is_sane and isinstance(value, int) else number.default
    return numbers


def build(name: str, material: Material) -> Context:
    """The context of a thread by the strategy of this name; the same for the same material."""
    strategy = strategy_named(name)
    numbers = numbers_of(strategy, material.numbers)
    context = strategy.choose(replace(material, numbers=numbers))
    return replace(context, strategy=strategy.name)
