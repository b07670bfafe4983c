"""Limits: what a threshold file may ask of a value, one class a kind. No other module tells the kinds apart.

Each kind knows the keys under which a check has it, which values it lets pass, and how it is said: in a reason, in a
table, in a threshold file. A new kind is a class here, named in `KINDS`, and a field of `checks.thresholds.Check`.
"""

import math
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import ClassVar, Self, cast

from msgspec import Struct

from checks.exact import difference, number_text, total
from checks.ranges import End, Range

_PERCENT = 100
_ROUNDINGS = (
    8  # units in the last place that a difference of doubles may be from that of what they are written as
)


class Zone(Enum):
    """Where an interval is: all of it within what a limit lets pass, all of it without, or some of it."""

    INSIDE = auto()
    OUTSIDE = auto()
    ACROSS = auto()

    # Zones are looked up by their hash, and that of an enumeration is a function of Python.
    __hash__ = object.__hash__


class Limit(Struct, frozen=True):
    """What a check asks of a value.

    `keys` are those under which a threshold file and a decision record have it. The first one says which kind it is;
    the others belong to it.
    """

    keys: ClassVar[tuple[str, ...]]
    is_fixed: ClassVar[bool] = True  # whether the file alone says which values pass
    __match_args__: ClassVar[tuple[str, ...]]

    @property
    @abstractmethod
    def ranges(self) -> tuple[Range, ...]:
        """The values that pass, lowest first. Exact: ends compare as the decimals that are written."""

    @property
    @abstractmethod
    def as_written(self) -> dict[str, object]:
        """What the file and the record say under each of `keys`, such as `{"between": [-0.8, 0.8]}`."""

    @property
    @abstractmethod
    def symbols(self) -> str:
        """The limit as the eye takes it in, with numbers of at most six digits: `>= 0.8`."""

    @abstractmethod
    def relation(self, *, holds: bool) -> str:
        """Say how a value that meets the limit, or one that misses it, relates to it: `at least 0.8`, `below 0.8`."""

    @abstractmethod
    def as_shares(self) -> tuple["Limit", str]:
        """Return the limit with its numbers taken for percent, and what a person would write for it."""

    @classmethod
    def read(cls, written: Mapping[str, object]) -> Self | None:
        """Return the limit that `written` says under `keys`; `None` where that is no limit of this kind."""
        numbers: list[float] = []
        for key in cls.keys:
            value = written.get(key)
            for number in value if isinstance(value, (list, tuple)) else [value]:
                if not isinstance(number, int | float):
                    return None
                numbers.append(number)
        # Each kind is a struct of numbers, and can be matched by all of them.
        return cls(*numbers) if len(numbers) == len(cls.__match_args__) else None

    def __str__(self) -> str:
        """Return the limit as a line of a threshold file has it: `between: [-0.8, 0.8]`."""
        return " with ".join(f"{key}: {text}" for key, text in self.lines())

    def lines(self) -> Iterator[tuple[str, str]]:
        """Yield each key with what a threshold file says under it, with numbers of at most six digits."""
        for key, value in self.as_written.items():
            if isinstance(value, list):
                yield key, f"[{', '.join(map(short_number, value))}]"
            else:
                yield key, short_number(float(str(value)))

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest value that pass; infinite where there is no such end."""
        return self.ranges[0].begin[0], self.ranges[-1].end[0]

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The lower and the upper number at which a chart draws the limit; `None` where it has none."""
        return self.ranges[0].low, self.ranges[-1].high

    def zone(self, low: float, high: float) -> Zone:
        """Return where the interval from `low` to `high` is, both ends included."""
        interval = Range(low, high)
        if self.covers(interval):
            return Zone.INSIDE
        return Zone.ACROSS if self.meets(interval) else Zone.OUTSIDE

    def passes(self, value: float) -> bool:
        """Whether a value meets the limit; a kind that need not make its `ranges` for this says how."""
        return self.passes_at((value, 0))

    def passes_at(self, end: End) -> bool:
        """Whether values at the end of a range pass."""
        return any(values.begin <= end <= values.end for values in self.ranges)

    def covers(self, values: Range) -> bool:
        """Whether every one of `values` passes."""
        return any(passing.covers(values) for passing in self.ranges)

    def meets(self, values: Range) -> bool:
        """Whether any of `values` passes."""
        return any(passing.meets(values) for passing in self.ranges)

    def only_value(self, values: Range) -> float | None:
        """Return the only one of `values` that passes; `None` where more do, or none."""
        met = [passing for passing in self.ranges if passing.meets(values)]
        if len(met) != 1:
            return None
        begin, end = max(met[0].begin, values.begin), min(met[0].end, values.end)
        return begin[0] if begin[0] == end[0] else None

    @property
    def turning_points(self) -> tuple[float, ...]:
        """The numbers at which values begin to pass, or cease to."""
        ends = [end for values in self.ranges for end in (values.low, values.high)]
        return tuple(end for end in ends if end is not None)


class OneSided(Limit, frozen=True):
    """A limit that is one number: what is on its other side misses it. `is_floor`: what is below."""

    is_floor: ClassVar[bool]

    @property
    @abstractmethod
    def number(self) -> float:
        """The worst number that passes."""

    @abstractmethod
    def opposite(self, number: float) -> "OneSided":
        """Return the limit to the other side, at `number`."""

    @property
    def as_written(self) -> dict[str, object]:
        """See `Limit`."""
        return {self.keys[0]: self.number}

    def zone(self, low: float, high: float) -> Zone:
        """See `Limit`; where neither end passes nothing between them does, since what passes goes on without end."""
        if self.passes(low):
            return Zone.INSIDE if self.passes(high) else Zone.ACROSS
        return Zone.ACROSS if self.passes(high) else Zone.OUTSIDE

    def moved_to(self, number: float) -> Self:
        """Return the same limit at another number."""
        return type(self)(number)  # pyrefly: ignore[bad-argument-count]  # each kind is a struct of this number

    def as_shares(self) -> tuple[Limit, str]:
        """See `Limit`."""
        shares = self.moved_to(self.number / _PERCENT)
        return shares, f"{short_number(shares.number)}, which is {short_number(self.number)} %"


class AtLeast(OneSided, frozen=True):
    """A value of `low` or more."""

    low: float
    keys = ("at_least",)
    is_floor = True

    @property
    def number(self) -> float:
        """See `OneSided`."""
        return self.low

    def passes(self, value: float) -> bool:
        """See `Limit`."""
        return value >= self.low

    @property
    def ranges(self) -> tuple[Range, ...]:
        """See `Limit`."""
        return (Range(self.low, None),)

    @property
    def symbols(self) -> str:
        """See `Limit`."""
        return f">= {self.low:.6g}"

    def relation(self, *, holds: bool) -> str:
        """See `Limit`."""
        return f"{'at least' if holds else 'below'} {number_text(self.low)}"

    def opposite(self, number: float) -> OneSided:
        """See `OneSided`."""
        return AtMost(number)


class AtMost(OneSided, frozen=True):
    """A value of `high` or less."""

    high: float
    keys = ("at_most",)
    is_floor = False

    @property
    def number(self) -> float:
        """See `OneSided`."""
        return self.high

    def passes(self, value: float) -> bool:
        """See `Limit`."""
        return value <= self.high

    @property
    def ranges(self) -> tuple[Range, ...]:
        """See `Limit`."""
        return (Range(None, self.high),)

    @property
    def symbols(self) -> str:
        """See `Limit`."""
        return f"<= {self.high:.6g}"

    def relation(self, *, holds: bool) -> str:
        """See `Limit`."""
        return f"{'at most' if holds else 'above'} {number_text(self.high)}"

    def opposite(self, number: float) -> OneSided:
        """See `OneSided`."""
        return AtLeast(number)


class Between(Limit, frozen=True):
    """A value from `low` to `high`, both included."""

    low: float
    high: float
    keys = ("between",)

    def passes(self, value: float) -> bool:
        """See `Limit`."""
        return self.low <= value <= self.high

    @property
    def ranges(self) -> tuple[Range, ...]:
        """See `Limit`."""
        return (Range(self.low, self.high),)

    @property
    def as_written(self) -> dict[str, object]:
        """See `Limit`."""
        return {self.keys[0]: [self.low, self.high]}

    @property
    def symbols(self) -> str:
        """See `Limit`."""
        return f"[{self.low:.6g}, {self.high:.6g}]"

    def relation(self, *, holds: bool) -> str:
        """See `Limit`."""
        return f"{'' if holds else 'not '}between {number_text(self.low)} and {number_text(self.high)}"

    def as_shares(self) -> tuple[Limit, str]:
        """See `Limit`."""
        shares = Between(self.low / _PERCENT, self.high / _PERCENT)
        return shares, f"{shares}, which is {short_number(self.low)} % to {short_number(self.high)} %"


class Target(Limit, frozen=True):
    """A value within `tolerance` of `target`, both ends included."""

    target: float
    tolerance: float
    keys = ("target", "tolerance")

    def passes(self, value: float) -> bool:
        """See `Limit`; doubles decide, unless the value is so near to an end that their rounding might."""
        beyond = abs(float(value) - float(self.target)) - float(self.tolerance)
        # Three doubles that are half a unit from what is written, and two roundings of at most three times the largest.
        uncertain = _ROUNDINGS * math.ulp(max(abs(value), abs(self.target), self.tolerance))
        if uncertain < abs(beyond) < math.inf:
            return beyond < 0
        return self.passes_at((value, 0))

    @property
    def ranges(self) -> tuple[Range, ...]:
        """See `Limit`; 0.7 is within 0.1 of 0.8."""
        return (Range(difference(self.target, self.tolerance), total((self.target, self.tolerance))),)

    @property
    def as_written(self) -> dict[str, object]:
        """See `Limit`."""
        return {"target": self.target, "tolerance": self.tolerance}

    @property
    def symbols(self) -> str:
        """See `Limit`."""
        return f"{self.target:.6g} +- {self.tolerance:.6g}"

    def relation(self, *, holds: bool) -> str:
        """See `Limit`."""
        return f"{'' if holds else 'not '}within {number_text(self.tolerance)} of {number_text(self.target)}"

    def as_shares(self) -> tuple[Limit, str]:
        """See `Limit`; a tolerance of 0.1 beside a target of 90 is a share already."""
        target, tolerance = (
            number / _PERCENT if abs(number) > 1 else number for number in (self.target, self.tolerance)
        )
        shares = Target(target, tolerance)
        return shares, str(shares)


class NoWorse(Limit, frozen=True):
    """A value that is no worse than the baseline's, but for an amount, or for a share of the baseline's.

    Which values that are is known beside a baseline (`checks.baseline.limit_beside`); until then none pass.
    """

    absolute: float | None = None
    relative: float | None = None
    keys = ("no_worse_than_baseline",)
    is_fixed = False

    @classmethod
    def read(cls, written: Mapping[str, object]) -> Self | None:
        """See `Limit`."""
        said = written.get(cls.keys[0])
        if said is True:
            return cls()
        return None if said is None or explain_allowance(said) else cls(**cast("dict[str, float]", said))

    @property
    def ranges(self) -> tuple[Range, ...]:
        """See `Limit`."""
        return ()

    @property
    def ends(self) -> tuple[float, float]:
        """See `Limit`."""
        return math.inf, -math.inf

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """See `Limit`."""
        return None, None

    @property
    def as_written(self) -> dict[str, object]:
        """See `Limit`."""
        given = {"absolute": self.absolute, "relative": self.relative}
        allowed = {key: number for key, number in given.items() if number is not None}
        return {self.keys[0]: allowed or True}

    def lines(self) -> Iterator[tuple[str, str]]:
        """See `Limit`."""
        for key, said in self.as_written.items():
            numbers = (
                [f"{name}: {short_number(number)}" for name, number in said.items()]
                if isinstance(said, dict)
                else []
            )
            yield key, f"{{{', '.join(numbers)}}}" if numbers else "true"

    @property
    def symbols(self) -> str:
        """See `Limit`."""
        return f"no worse{self._but_for}"

    def relation(self, *, holds: bool) -> str:
        """See `Limit`."""
        return f"{'no worse' if holds else 'worse'} than the baseline{self._but_for}"

    def as_shares(self) -> tuple[Limit, str]:
        """See `Limit`; a relative amount is a share already."""
        shares = self if self.absolute is None else NoWorse(absolute=self.absolute / _PERCENT)
        return shares, str(shares)

    def allows_no_more(self, other: "NoWorse") -> bool:
        """Whether this lets pass no more than `other`; of an amount and a share that cannot be told."""
        if self == NoWorse():
            return True
        pairs = ((self.absolute, other.absolute), (self.relative, other.relative))
        return any(mine is not None and its is not None and mine <= its for mine, its in pairs)

    @property
    def _but_for(self) -> str:
        if self.absolute is not None:
            return f" by {short_number(self.absolute)}"
        return "" if self.relative is None else f" by {short_number(_PERCENT * self.relative)} %"


_ALLOWANCES = {"absolute", "relative"}


def explain_allowance(said: object) -> str | None:
    """Return what is wrong with what a file says under `no_worse_than_baseline`, or `None`."""
    if said is True:
        return None
    if not isinstance(said, Mapping) or len(said) != 1 or not said.keys() <= _ALLOWANCES:
        return "must be true, {absolute: a number} or {relative: a share of the baseline}"
    ((key, number),) = said.items()
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number < math.inf:
        return f"{key} must be a finite number of zero or more"
    if key == "relative" and number >= 1:
        return f"relative must be a share below 1; 2 % is 0.02, not {short_number(number)}"
    return None


KINDS: tuple[type[Limit], ...] = (AtLeast, AtMost, Between, Target, NoWorse)


def kind_keys() -> tuple[str, ...]:
    """Return the keys that say which kind a limit is."""
    return tuple(kind.keys[0] for kind in KINDS)


def limit_problem(given: Mapping[str, object]) -> str | None:
    """Return what is wrong with the choice of limit among the keys `given` of one check, or `None`."""
    kinds = [kind for kind in KINDS if given.get(kind.keys[0]) is not None]
    choice = f"exactly one of {', '.join(' with '.join(kind.keys) for kind in KINDS)}"
    if not kinds:
        return f"a check needs a limit: {choice}"
    if len(kinds) > 1:
        names = " and ".join(kind.keys[0] for kind in kinds)
        return f"{names} are two limits; a check has {choice} (write two checks)"
    for kind in KINDS:
        is_given = kind is kinds[0]
        if any((given.get(key) is not None) != is_given for key in kind.keys[1:]):
            return f"{' and '.join(kind.keys)} belong together: give both, or neither"
    return None


def limit_among(given: Mapping[str, object]) -> Limit:
    """Return the limit that is among the keys `given` of one check, which `limit_problem` finds nothing wrong with.

    Raises:
        ValueError: there is none.
    """
    of_kind = next((kind for kind in KINDS if given.get(kind.keys[0]) is not None), None)
    limit = None if of_kind is None else of_kind.read(given)
    if limit is None:
        raise ValueError(limit_problem(given))
    return limit


def read_limit(written: Mapping[str, object]) -> Limit | None:
    """Return the limit that a check or a record has; `None` where it has none, or none of a kind that is known here."""
    for kind in KINDS:
        if set(kind.keys) == written.keys():
            return kind.read(written)
    return None


def short_number(number: float) -> str:
    """Return a number of a limit with at most six digits."""
    return f"{number + 0.0:.6g}"  # which makes 0 of -0
