"""What trades at the simulated exchange: contracts with realistic grids, and the character of each market.

Stocks, funds, futures, currency pairs, coins, a bond and an option chain, plus the five special symbols that behave
by rule instead of by market. `MarketCharacter` feeds the order flow; options take theirs from their underlying.
Long because it lists every contract.
"""

import datetime as dt

import msgspec

from workstation.domain.instruments import AssetClass, Instrument, OptionRight, OptionTerms, TickBand

VENUE = "SIM"

SIM_FILL = "SIM-FILL"
SIM_PARTIAL = "SIM-PARTIAL"
SIM_REJECT = "SIM-REJECT"
SIM_SLOW = "SIM-SLOW"
SIM_DOWN = "SIM-DOWN"
SPECIAL_SYMBOLS = (SIM_FILL, SIM_PARTIAL, SIM_REJECT, SIM_SLOW, SIM_DOWN)

OPTION_STRIKES = (220, 225, 230, 235, 240)
OPTION_UNDERLYING = "AAPL"
OPTION_DAYS_MIN = 30
"""The chain expires on the first third Friday at least this many days after the venue's first start."""


class MarketCharacter(msgspec.Struct, frozen=True, kw_only=True):
    """How one market trades.

    start: opening price, text. volatility: per year of 365 days, 0.3 = 30 %. half_spread: ticks from fair value to the
    nearest quotes. size: usual order in lots. activity: share of the venue's events. factor, beta: common driver of
    log returns and the loading on it.
    """

    start: str
    volatility: float
    half_spread: float = 0.7
    size: int = 3
    activity: float = 1.0
    factor: str = ""
    beta: float = 0.0


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """One contract with the character of its market; specials have none."""

    instrument: Instrument
    character: MarketCharacter | None


_ISINS = {
    "AAPL": "US0378331005",
    "MSFT": "US5949181045",
    "NVDA": "US67066G1040",
    "TSLA": "US88160R1014",
    "AMZN": "US0231351067",
    "META": "US30303M1027",
    "GOOGL": "US02079K3059",
    "JPM": "US46625H1005",
    "KO": "US1912161007",
    "XOM": "US30231G1022",
    "SPY": "US78462F1030",
    "QQQ": "US46090E1038",
    "IWM": "US4642876555",
    "GLD": "US78463V1070",
    "TLT": "US4642874329",
}
"""Numbers of the real securities that the simulated ones are named after, by ISO 6166."""


def _equity(symbol: str, name: str, exchange: str, kind: AssetClass, character: MarketCharacter) -> Listing:
    instrument = Instrument(
        symbol=symbol,
        asset_class=kind,
        currency="USD",
        price_decimals=4,
        qty_decimals=0,
        # Below one dollar United States equities trade in hundredths of a cent.
        ticks=(TickBand(0, 1), TickBand(10_000, 100)),
        max_qty=1_000_000,
        name=name,
        exchange=exchange,
        isin=_ISINS[symbol],
    )
    return Listing(instrument=instrument, character=character)


def _future(
    symbol: str,
    name: str,
    exchange: str,
    *,
    decimals: int,
    tick: int,
    multiplier: int,
    negative: bool,
    character: MarketCharacter,
) -> Listing:
    instrument = Instrument(
        symbol=symbol,
        asset_class=AssetClass.FUTURE,
        currency="USD",
        price_decimals=decimals,
        qty_decimals=0,
        ticks=(TickBand(0, tick),),
        max_qty=10_000,
        multiplier=multiplier,
        name=name,
        exchange=exchange,
        price_may_be_negative=negative,
    )
    return Listing(instrument=instrument, character=character)


def _pair(symbol: str, name: str, *, quote: str, decimals: int, tick: int, character: MarketCharacter) -> Listing:
    instrument = Instrument(
        symbol=symbol,
        asset_class=AssetClass.FOREX,
        currency=quote,
        price_decimals=decimals,
        qty_decimals=0,
        ticks=(TickBand(0, tick),),
        lot=1_000,
        min_qty=1_000,
        max_qty=50_000_000,
        name=name,
        exchange="IDEALPRO",
    )
    return Listing(instrument=instrument, character=character)


def _coin(
    symbol: str, name: str, *, decimals: int, tick: int, qty_decimals: int, lot: int, character: MarketCharacter
) -> Listing:
    instrument = Instrument(
        symbol=symbol,
        asset_class=AssetClass.CRYPTO,
        currency="USD",
        price_decimals=decimals,
        qty_decimals=qty_decimals,
        ticks=(TickBand(0, tick),),
        lot=lot,
        min_qty=lot,
        max_qty=10_000_000 * lot,
        name=name,
        exchange="SIMX",
    )
    return Listing(instrument=instrument, character=character)


def _character(
    start: str, volatility: float, activity: float, factor: str, beta: float, *, half: float = 0.7, size: int = 3
) -> MarketCharacter:
    return MarketCharacter(
        start=start, volatility=volatility, activity=activity, factor=factor, beta=beta, half_spread=half, size=size
    )


def _equities() -> list[Listing]:
    rows = (
        ("AAPL", "Apple Inc.", "NASDAQ", _character("230.00", 0.26, 6, "EQUITY", 1.1, half=0.8, size=120)),
        ("MSFT", "Microsoft Corp.", "NASDAQ", _character("428.50", 0.24, 4, "EQUITY", 1.0, half=1.6, size=60)),
        ("NVDA", "NVIDIA Corp.", "NASDAQ", _character("141.20", 0.48, 6, "EQUITY", 1.7, half=0.8, size=200)),
        ("TSLA", "Tesla Inc.", "NASDAQ", _character("342.10", 0.58, 5, "EQUITY", 1.6, half=2.2, size=80)),
        ("AMZN", "Amazon.com Inc.", "NASDAQ", _character("198.40", 0.30, 4, "EQUITY", 1.2, half=0.9, size=90)),
        ("META", "Meta Platforms Inc.", "NASDAQ", _character("561.00", 0.33, 3, "EQUITY", 1.2, half=3.0, size=40)),
        ("GOOGL", "Alphabet Inc.", "NASDAQ", _character("171.30", 0.28, 3, "EQUITY", 1.1, half=0.9, size=90)),
        ("JPM", "JPMorgan Chase & Co.", "NYSE", _character("245.60", 0.22, 2, "EQUITY", 0.9, half=1.4, size=50)),
        ("KO", "Coca-Cola Co.", "NYSE", _character("63.80", 0.15, 2, "EQUITY", 0.4, half=0.7, size=220)),
        ("XOM", "Exxon Mobil Corp.", "NYSE", _character("119.40", 0.24, 2, "ENERGY", 0.5, half=0.8, size=110)),
    )
    funds = (
        ("SPY", "SPDR S&P 500 ETF", "ARCA", _character("595.00", 0.15, 7, "EQUITY", 0.97, half=0.8, size=150)),
        ("QQQ", "Invesco QQQ Trust", "NASDAQ", _character("507.00", 0.20, 5, "EQUITY", 1.25, half=0.8, size=120)),
        ("IWM", "iShares Russell 2000 ETF", "ARCA", _character("238.00", 0.21, 3, "EQUITY", 1.15, half=0.8, size=110)),
        ("GLD", "SPDR Gold Shares", "ARCA", _character("246.00", 0.15, 2, "METAL", 0.95, half=0.9, size=80)),
        (
            "TLT",
            "iShares 20+ Year Treasury ETF",
            "NASDAQ",
            _character("91.20", 0.14, 2, "RATES", 0.95, half=0.7, size=200),
        ),
    )
    listings = [
        _equity(symbol, name, exchange, AssetClass.STOCK, character) for symbol, name, exchange, character in rows
    ]
    return listings + [
        _equity(symbol, name, exchange, AssetClass.ETF, character) for symbol, name, exchange, character in funds
    ]


_FUTURES = (
    (
        "ES",
        "E-mini S&P 500",
        "CME",
        2,
        25,
        50,
        False,
        _character("5950.00", 0.15, 8, "EQUITY", 0.97, half=0.6, size=14),
    ),
    (
        "NQ",
        "E-mini Nasdaq-100",
        "CME",
        2,
        25,
        20,
        False,
        _character("20800.00", 0.20, 6, "EQUITY", 1.25, half=1.5, size=4),
    ),
    ("YM", "E-mini Dow", "CBOT", 0, 1, 5, False, _character("44300", 0.14, 2, "EQUITY", 0.9, half=1.3, size=4)),
    (
        "CL",
        "Crude Oil WTI",
        "NYMEX",
        2,
        1,
        1_000,
        True,
        _character("70.10", 0.36, 4, "ENERGY", 1.0, half=0.7, size=8),
    ),
    ("GC", "Gold", "COMEX", 1, 1, 100, False, _character("2665.0", 0.15, 3, "METAL", 0.95, half=1.0, size=4)),
    (
        "ZN",
        "10-Year Note",
        "CBOT",
        6,
        15_625,
        1_000,
        False,
        _character("110.375", 0.06, 3, "RATES", 0.4, half=0.6, size=60),
    ),
)
"""Symbol, name, exchange, price decimals, tick, multiplier, whether prices below zero are legal, character."""


def _futures() -> list[Listing]:
    return [
        _future(
            symbol, name, exchange, decimals=decimals, tick=tick, multiplier=worth, negative=below, character=character
        )
        for symbol, name, exchange, decimals, tick, worth, below, character in _FUTURES
    ]


def _pairs() -> list[Listing]:
    return [
        _pair(
            "EUR/USD",
            "Euro / US Dollar",
            quote="USD",
            decimals=5,
            tick=5,
            character=_character("1.05250", 0.075, 6, "DOLLAR", -0.9, half=0.6, size=400),
        ),
        _pair(
            "GBP/USD",
            "Pound Sterling / US Dollar",
            quote="USD",
            decimals=5,
            tick=5,
            character=_character("1.25800", 0.08, 3, "DOLLAR", -0.8, half=0.9, size=300),
        ),
        _pair(
            "USD/JPY",
            "US Dollar / Japanese Yen",
            quote="JPY",
            decimals=3,
            tick=5,
            character=_character("152.400", 0.095, 4, "DOLLAR", 0.9, half=0.7, size=400),
        ),
        _pair(
            "USD/CHF",
            "US Dollar / Swiss Franc",
            quote="CHF",
            decimals=5,
            tick=5,
            character=_character("0.88400", 0.075, 2, "DOLLAR", 0.8, half=0.9, size=250),
        ),
        _pair(
            "AUD/USD",
            "Australian Dollar / US Dollar",
            quote="USD",
            decimals=5,
            tick=5,
            character=_character("0.64900", 0.095, 2, "DOLLAR", -0.7, half=0.8, size=300),
        ),
    ]


def _coins() -> list[Listing]:
    return [
        _coin(
            "BTC/USD",
            "Bitcoin",
            decimals=2,
            tick=50,
            qty_decimals=6,
            lot=100,
            character=_character("96400.00", 0.55, 7, "COIN", 1.0, half=1.5, size=900),
        ),
        _coin(
            "ETH/USD",
            "Ether",
            decimals=2,
            tick=5,
            qty_decimals=5,
            lot=100,
            character=_character("3420.00", 0.65, 5, "COIN", 1.15, half=1.2, size=700),
        ),
        _coin(
            "SOL/USD",
            "Solana",
            decimals=3,
            tick=10,
            qty_decimals=4,
            lot=100,
            character=_character("238.000", 0.80, 3, "COIN", 1.3, half=1.5, size=900),
        ),
        _coin(
            "DOGE/USD",
            "Dogecoin",
            decimals=5,
            tick=1,
            qty_decimals=0,
            lot=1,
            character=_character("0.39500", 0.90, 2, "COIN", 1.4, half=3.0, size=6_000),
        ),
    ]


def _bond() -> Listing:
    instrument = Instrument(
        symbol="T-4.25-2034",
        asset_class=AssetClass.BOND,
        currency="USD",
        price_decimals=6,
        qty_decimals=0,
        ticks=(TickBand(0, 15_625),),
        multiplier=10,
        max_qty=100_000,
        name="US Treasury 4.25 % November 2034",
        exchange="OTC",
        expiry="2034-11-15",
    )
    return Listing(
        instrument=instrument, character=_character("99.093750", 0.07, 0.8, "RATES", 0.45, half=1.0, size=100)
    )


def chain_expiry(today: dt.date) -> dt.date:
    """Return the first third Friday at least OPTION_DAYS_MIN days after `today`."""
    year, month = today.year, today.month
    while True:
        first = dt.date(year, month, 1)
        friday = first + dt.timedelta(days=(4 - first.weekday()) % 7 + 14)
        if (friday - today).days >= OPTION_DAYS_MIN:
            return friday
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def _options(today: dt.date) -> list[Listing]:
    expiry = chain_expiry(today)
    listings: list[Listing] = []
    for strike in OPTION_STRIKES:
        for right in OptionRight:
            instrument = Instrument(
                symbol=f"{OPTION_UNDERLYING} {expiry:%y%m%d}{right[0]}{strike}",
                asset_class=AssetClass.OPTION,
                currency="USD",
                price_decimals=2,
                qty_decimals=0,
                # Penny pilot class: a cent below three dollars, five cents from there.
                ticks=(TickBand(0, 1), TickBand(300, 5)),
                multiplier=100,
                max_qty=10_000,
                name=f"Apple {expiry:%d %b %Y} {strike} {right.lower()}",
                exchange="CBOE",
                option=OptionTerms(OPTION_UNDERLYING, strike * 100, expiry.isoformat(), right),
                expiry=expiry.isoformat(),
            )
            character = MarketCharacter(start="", volatility=0.26, half_spread=1.6, size=12, activity=0.5)
            listings.append(Listing(instrument=instrument, character=character))
    return listings


def _special(symbol: str) -> Listing:
    instrument = Instrument(
        symbol=symbol,
        asset_class=AssetClass.STOCK,
        currency="USD",
        price_decimals=2,
        qty_decimals=0,
        ticks=(TickBand(0, 1),),
        name=f"Simulator test symbol {symbol.removeprefix('SIM-').lower()}",
        exchange=VENUE,
    )
    return Listing(instrument=instrument, character=None)


def listings(today: dt.date) -> tuple[Listing, ...]:
    """Return everything listed at the venue; `today` (UTC) picks the expiry of the option chain."""
    specials = [_special(symbol) for symbol in SPECIAL_SYMBOLS]
    return (*_equities(), *_futures(), *_pairs(), *_coins(), _bond(), *_options(today), *specials)
