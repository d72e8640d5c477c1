"""Numbers, durations, money and moments as people say them."""

from datetime import UTC, datetime, timedelta

DAY = 86_400.0
_COARSE = ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s"))
_MIDNIGHT = "1970-01-01"
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def duration(seconds: float) -> str:
    """A duration in its two largest units; below a minute in seconds or milliseconds.

    >>> duration(9 * 86400 + 4 * 3600), duration(12000), duration(0.0062), duration(3599.7)
    ('9 d 4 h', '3 h 20 min', '6.2 ms', '1 h')
    """
    if seconds < 59.5:
        return f"{seconds * 1000:.3g} ms" if 0 < seconds < 1 else f"{seconds:.3g} s"
    seconds = round(seconds)
    size, unit, part, part_unit = next(row for row in _COARSE if seconds >= row[0])
    whole, rest = divmod(round(seconds / part), size // part)
    return f"{whole} {unit} {rest} {part_unit}" if rest else f"{whole} {unit}"


def number(value: float) -> str:
    """A number with thousands separators; three digits where it is small and broken.

    >>> number(124800), number(0.1134), number(12.0), number(1234.6)
    ('124,800', '0.113', '12', '1,235')
    """
    if value == round(value) or abs(value) >= 100:
        # Adding 0.0 turns the -0.0 that rounding may leave into 0.
        return f"{round(value) + 0.0:,.0f}"
    return f"{value:.3g}"


def signed(value: float) -> str:
    """A difference: as `number`, with a plus where it grew.

    >>> signed(312), signed(-12), signed(0)
    ('+312', '-12', '0')
    """
    return f"+{number(value)}" if value > 0 else number(value)


def large(value: float) -> str:
    """A large count, rounded to three digits in words.

    >>> large(3_628_411), large(41_200), large(2_090_000_000)
    ('3.63 million', '41,200', '2.09 billion')
    """
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if abs(value) >= size:
            return f"{value / size:.3g} {word}"
    return number(value)


def money(value: float, currency: str | None) -> str:
    """An amount; with cents only below a hundred.

    >>> money(61200, "EUR"), money(12.5, "EUR"), money(0, "EUR")
    ('61,200 EUR', '12.50 EUR', '0 EUR')
    """
    amount = f"{value:,.2f}" if abs(value) < 100 and value != round(value) else number(value)
    return f"{amount} {currency}" if currency else amount


def about(value: float, currency: str | None) -> str:
    """An amount for a sentence: from ten million on rounded to three digits.

    >>> about(53_847_450, "EUR"), about(1_608_950, "EUR")
    ('53.8 million EUR', '1,608,950 EUR')
    """
    if abs(value) < 1e7:
        return money(value, currency)
    return f"{large(value)} {currency}" if currency else large(value)


def percent(share: float) -> str:
    """A share in whole percent, or to three digits where it is small.

    >>> percent(0.41), percent(0.0021)
    ('41%', '0.21%')
    """
    return f"{share * 100:.0f}%" if share >= 0.1 else f"{share * 100:.3g}%"


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """A count with its noun, in words up to nine.

    >>> counted(1, "rule"), counted(2, "fault"), counted(12, "alert")
    ('one rule', 'two faults', '12 alerts')
    """
    words = _COUNTS[count] if count < len(_COUNTS) else f"{count:,}"
    return f"{words} {noun if count == 1 else plural or noun + 's'}"


def listed(parts: list[str]) -> str:
    """Parts as a sentence lists them.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def day(seconds: float) -> str:
    """A moment as day and time of the scenario; day 0 is the first.

    >>> day(9 * 86400), day(9 * 86400 + 15000), day(90)
    ('day 9', 'day 9, 04:10', 'day 0, 00:01:30')
    """
    days, rest = divmod(round(seconds), round(DAY))
    return f"day {days}, {clock(utc(rest, _MIDNIGHT))}" if rest else f"day {days}"


def moment(seconds: float, start: str | None) -> str:
    """A moment of the scenario in UTC where the scenario has a start, else as `day`.

    >>> moment(9 * 86400 + 15000, "2020-11-02T00:00:00Z")
    '11 Nov 2020, 04:10 UTC (day 9)'
    """
    if start is None:
        return day(seconds)
    at = utc(seconds, start)
    return f"{date(at)} {at.year}, {clock(at)} UTC (day {round(seconds) // round(DAY)})"


def clock(at: datetime) -> str:
    """The time of a day; with seconds only where there are any.

    >>> clock(datetime(2020, 11, 2, 4, 10)), clock(datetime(2020, 11, 2, 4, 10, 5))
    ('04:10', '04:10:05')
    """
    return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"


def utc(seconds: float, start: str) -> datetime:
    """The UTC time of a moment, to the nearest second."""
    begin = datetime.fromisoformat(start)
    # A start without a zone is UTC, as everywhere in a scenario.
    begin = begin.replace(tzinfo=UTC) if begin.tzinfo is None else begin.astimezone(UTC)
    return begin + timedelta(seconds=round(seconds))


def date(at: datetime) -> str:
    """Day and month in English, whatever the machine's locale.

    >>> date(datetime(2020, 11, 2))
    '2 Nov'
    """
    return f"{at.day} {_MONTHS[3 * at.month - 3 : 3 * at.month]}"


def capital(text: str) -> str:
    """The text with its first letter large, unless it begins with a component's name_like_this.

    >>> capital("phone sends temperature in Fahrenheit")
    'Phone sends temperature in Fahrenheit'
    >>> capital("pcr_results no longer sends some of the labels")
    'pcr_results no longer sends some of the labels'
    """
    return text if "_" in text.partition(" ")[0] else text[:1].upper() + text[1:]
