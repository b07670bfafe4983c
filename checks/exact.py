"""Numbers as the decimals that are written: compared with all their digits, more than a double holds.

A number is a plain `float` where the shortest notation of that double is the decimal that was written; nearly every
number is. Any other decimal is an `ExactFloat`: a double that carries the decimal and is compared by it. So `<` and
`==` between numbers are exact everywhere, and as fast as doubles where doubles tell the numbers apart.
"""

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, Inexact, InvalidOperation
from typing import Any, Self

from checks.errors import GovernanceError

MAX_CHARACTERS = 4_000  # of one number; the longest double has some 1,100
MAX_EXPONENT = 5_000  # a number below 10 to the minus 5,000 is a mistake, and slow to add to others
MAX_SHOWN = 60  # characters of a number in a message

_SURELY_SHORT = (
    16  # characters: at most 15 digits beside a point or an exponent, which every double keeps apart
)
_MOST_OF_A_LIMIT = 10  # digits: nobody writes a limit of more
_QUOTIENT_DIGITS = 30
_SMALLEST_NORMAL = 2.3e-308  # below it doubles keep fewer digits
_MOST_EXACT = 2**53  # up to here every integer is a double

# Inexact is an error, so that no digit is ever lost in silence; the precision holds all numbers that can be written.
_EXACT = Context(prec=4 * (MAX_CHARACTERS + MAX_EXPONENT), traps=[Inexact, InvalidOperation])


class NumberError(GovernanceError):
    """A number of more digits, or nearer to zero, than any figure has."""


class ExactFloat(float):
    """A double that carries the decimal it was written as, which its own shortest notation does not show.

    It is never equal to a plain double. Arithmetic with it gives plain doubles; `difference`, `product` and `total` are
    exact.
    """

    __slots__ = ("decimal",)

    decimal: Decimal

    def __new__(cls, decimal: Decimal) -> Self:
        """Return the double nearest to `decimal`, with `decimal`."""
        number = super().__new__(cls, str(decimal))
        number.decimal = decimal
        return number

    def __reduce__(self) -> tuple[type[Self], tuple[Decimal]]:
        return type(self), (self.decimal,)

    def __repr__(self) -> str:
        return str(self.decimal).lower()

    def __hash__(self) -> int:
        return hash(self.decimal)

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return self._compared(operator.eq, other)

    def __ne__(self, other: object) -> bool:
        return self._compared(operator.ne, other)

    def __lt__(self, other: float) -> bool:
        return self._compared(operator.lt, other)

    def __le__(self, other: float) -> bool:
        return self._compared(operator.le, other)

    def __gt__(self, other: float) -> bool:
        return self._compared(operator.gt, other)

    def __ge__(self, other: float) -> bool:
        return self._compared(operator.ge, other)

    def _compared(self, holds: Callable[[Any, Any], bool], other: object) -> bool:
        if not isinstance(other, int | float):
            return NotImplemented  # Python then asks the other operand
        if isinstance(other, float) and math.isnan(other):
            return holds(0.0, other)  # a decimal would raise
        return holds(self.decimal, exact(other))

    def is_integer(self) -> bool:
        """Whether the decimal is a whole number."""
        return self.decimal == self.decimal.to_integral_value()


def exact(number: float) -> Decimal:
    """Return the decimal that `number` was written as; order and equality of doubles are kept."""
    if isinstance(number, ExactFloat):
        return number.decimal
    return Decimal(number) if isinstance(number, int) else Decimal(repr(float(number)))


def written(literal: str) -> float:
    """Return the number that a literal of JSON or YAML means; infinite where a double cannot hold it.

    Raises:
        NumberError: it has more digits, or is nearer to zero, than any figure.
    """
    number = float(literal)
    if len(literal) <= _SURELY_SHORT and abs(number) > _SMALLEST_NORMAL:
        return number
    if math.isinf(number) or repr(number) == literal:
        return number
    shown = literal if len(literal) <= MAX_SHOWN else f"{literal[:MAX_SHOWN]}…"
    if len(literal) > MAX_CHARACTERS:
        raise NumberError(f"the number {shown} has more than {MAX_CHARACTERS:,} characters; round it")
    try:
        decimal = Decimal(literal)
    except InvalidOperation as error:  # an exponent beyond what a decimal has
        raise NumberError(f"the number {shown} has an impossible exponent; round it") from error
    if decimal and decimal.adjusted() < -MAX_EXPONENT:
        raise NumberError(f"the number {shown} is nearer to zero than any figure; write 0")
    return _nearest(decimal)


def of_integer(integer: int) -> float:
    """Return `integer` as a number.

    Raises:
        OverflowError: a double cannot hold it.
    """
    number = float(integer)
    return number if -_MOST_EXACT <= integer <= _MOST_EXACT else _nearest(Decimal(integer))


def total(numbers: Iterable[float]) -> float:
    """Return the exact sum."""
    added = Decimal(0)
    for number in numbers:
        added = _EXACT.add(added, exact(number))
    return _nearest(added)


def difference(number: float, subtracted: float) -> float:
    """Return `number` less `subtracted`, exactly."""
    return _nearest(_EXACT.subtract(exact(number), exact(subtracted)))


def product(number: float, factor: float) -> float:
    """Return `number` times `factor`, exactly."""
    return _nearest(_EXACT.multiply(exact(number), exact(factor)))


def size(number: float) -> float:
    """Return `number` without its sign, exactly."""
    return number if number >= 0 else difference(0.0, number)


def mean(numbers: Sequence[float]) -> float:
    """Return the mean of one number or more, as exact as `quotient`.

    Raises:
        OverflowError: a double cannot hold it.
    """
    try:
        nearly = math.fsum(numbers) / len(numbers)
    except OverflowError:
        nearly = math.inf
    short = float(f"{nearly:.{_MOST_OF_A_LIMIT}g}")
    error = 4 * math.ulp(max(map(abs, numbers)))
    # Exact sums of many numbers are slow, and needed only near what may be a limit.
    if math.isfinite(nearly) and abs(nearly - short) > error:
        return nearly
    return quotient(total(numbers), float(len(numbers)))


def quotient(dividend: float, divisor: float) -> float:
    """Return `dividend` by `divisor`, on the right side of every short decimal: it is 0.8 only if it is exactly 0.8.

    Few quotients are decimals, so most are the nearest double. Where that double is written shorter than the quotient
    is, it would count as a number that the quotient is not; it is then the quotient with more digits.

    Raises:
        OverflowError: a double cannot hold it.
    """
    numerator, denominator = exact(dividend), exact(divisor)
    number = float(str(Context(prec=_QUOTIENT_DIGITS).divide(numerator, denominator)))
    if math.isinf(number):
        raise OverflowError("the quotient is too large for a double")
    shortest = Decimal(repr(number))
    if len(shortest.as_tuple().digits) > _MOST_OF_A_LIMIT:
        return number
    beyond = _EXACT.subtract(_EXACT.multiply(shortest, denominator), numerator)
    if not beyond:
        return number
    rounding = ROUND_FLOOR if (beyond > 0) == (denominator > 0) else ROUND_CEILING
    return ExactFloat(Context(prec=_QUOTIENT_DIGITS, rounding=rounding).divide(numerator, denominator))


def number_text(number: float) -> str:
    """Return a number as a person reads it: `0.8`, `3`, `-1.25e-07`; whole, unless it is longer than a line."""
    if type(number) is float:  # as nearly every number is; none has as many characters as a line
        return repr(number).removesuffix(".0")
    text = repr(number) if isinstance(number, ExactFloat) else repr(float(number)).removesuffix(".0")
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def _nearest(decimal: Decimal) -> float:
    number = float(str(decimal))
    return number if Decimal(repr(number)) == decimal else ExactFloat(decimal)
