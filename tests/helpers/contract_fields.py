"""What bodies and answers should hold: the contract of the fields in our own words, and where ours part from it.

One block a model; each line a kind and the fields of that kind. `!`: needed on create; `?`: may be null;
`@name`: one of ENUMS; `text N`: at most N characters; `dec P.S`: P digits in all, S after the point, `+` for none below
0.
"""

ENUMS = {
    "order_type": "MARKET LIMIT STOP STOP_LIMIT TRAILING_STOP TRAILING_STOP_LIMIT PEGGED AUCTION VOLATILITY ADAPTIVE",
    "side": "BUY SELL BUY_TO_COVER SELL_SHORT",
    "time_in_force": "DAY GTC IOC FOK GTD OPG CLS MOC LOC",
    "state": "NEW PENDING_SUBMIT SUBMITTED PENDING_CANCEL CANCELLED FILLED PARTIALLY_FILLED REJECTED EXPIRED"
    " PENDING_REPLACE REPLACED ROUTED INSUFFICIENT_FUNDS RISK_REJECTED COMPLIANCE_REJECTED",
    "leg_role": "TAKE_PROFIT STOP_LOSS OCO",
    "request": "submit cancel replace status",
    "execution_kind": "TRADE CORRECTION BUST",
    "instrument_type": "STOCK OPTION FUTURE FOREX BOND ETF MUTUAL_FUND CRYPTO OTHER",
    "exchange": "NYSE NASDAQ ARCA BATS EDGX EDGA IB_SMART IB_CRYPTO IB_FOREX IB_FUTURES CBOE CME ICE LSE TSE OTHER",
    "option_type": "CALL PUT",
    "frequency": "REALTIME 1S 5S 15S 1M 5M",
    "delivery_method": "SSE WEBHOOK POLLING",
    "subscription_status": "ACTIVE PAUSED CANCELLED ERROR",
    "data_type": "REALTIME SNAPSHOT HISTORICAL OPTION_CHAIN LEVEL_1 LEVEL_2 NEWS FUNDAMENTALS",
    "tick_type": "BID ASK TRADE BID_SIZE ASK_SIZE LAST_SIZE HIGH LOW OPEN CLOSE VOLUME OPTION_IMPLIED_VOLATILITY"
    " OPTION_VOLUME OPTION_OPEN_INTEREST OPTION_DELTA OPTION_GAMMA OPTION_THETA OPTION_VEGA FUTURE_BASIS"
    " FUTURE_OPEN_INTEREST NEWS FUNDAMENTAL",
    "interval": "1m 5m 15m 30m 1h 4h 1d 1w 1mo",
    "strategy_type": "MEAN_REVERSION MOMENTUM ARBITRAGE PAIRS_TRADING GRID_TRADING SCALPING SWING_TRADING"
    " OPTIONS_STRATEGY QUANTITATIVE CUSTOM",
    "strategy_status": "DRAFT ACTIVE PAUSED STOPPED ARCHIVED",
    "risk_profile": "CONSERVATIVE MODERATE AGGRESSIVE",
    "run_status": "PENDING RUNNING PAUSED COMPLETED STOPPED ERROR CANCELLED",
    "level": "DEBUG INFO WARNING ERROR CRITICAL",
    "period_type": "DAILY WEEKLY MONTHLY",
    "signal_type": "BUY SELL HOLD",
    "broker_type": "PAPER INTERACTIVE_BROKERS DERIV TD_AMERITRADE CHARLES_SCHWAB ETRADE FIDELITY ROBINHOOD ALPACA"
    " TRADIER CUSTOM",
    "connection_status": "DISCONNECTED CONNECTING CONNECTED ERROR MAINTENANCE",
    "connection_type": "SIM PAPER REPLAY IB CRYPTO ALPACA FIX",
    "reconcile": "OK RUNNING REQUIRED FAILED",
    "on_disconnect": "KEEP CANCEL DEAD_MAN",
    "account_type": "INDIVIDUAL JOINT IRA 401K TRUST CORPORATE PARTNERSHIP LLC OTHER",
    "account_status": "ACTIVE INACTIVE SUSPENDED CLOSED PENDING",
    "connection_event": "CONNECT DISCONNECT RECONNECT ERROR HEARTBEAT LOGIN LOGOUT API_CALL ORDER_PLACE ORDER_CANCEL"
    " ORDER_MODIFY EXECUTION",
    "credential_kind": "LOCAL API_KEY SESSION",
    "plan": "FREE BASIC PROFESSIONAL ENTERPRISE",
    "role": "OWNER ADMIN TRADER VIEWER ANALYST RISK_MANAGER COMPLIANCE",
    "invitation_status": "PENDING ACCEPTED DECLINED EXPIRED",
    "limit_type": "ORDER_QUANTITY ORDER_NOTIONAL POSITION_QUANTITY POSITION_NOTIONAL DAILY_LOSS DRAWDOWN"
    " ORDERS_PER_MINUTE OPEN_ORDERS PRICE_COLLAR",
    "period": "ORDER MINUTE DAY TOTAL",
    "limit_scope": "TENANT ACCOUNT STRATEGY INSTRUMENT",
    "arm_state": "DISARMED SIM LIVE",
    "kill_scope": "GLOBAL ACCOUNT STRATEGY INSTRUMENT",
    "rule_type": "RESTRICTED_SYMBOL MARKET_HOURS WASH_TRADE SHORT_SALE ACCOUNT_PERMISSION CUSTOM",
    "delivery_status": "PENDING RETRYING DELIVERED DEAD",
    "audit_action": "CREATE UPDATE DELETE LOGIN LOGOUT API_CALL ORDER_PLACE ORDER_CANCEL ORDER_MODIFY EXECUTION"
    " POSITION_CHANGE RISK_CHECK STRATEGY_START STRATEGY_STOP BROKER_CONNECT BROKER_DISCONNECT RISK_OVERRIDE"
    " KILL_SWITCH WEBHOOK CONFIG_CHANGE",
    "actor_kind": "USER API_KEY LOCAL ENGINE STRATEGY VENUE",
    "outcome": "SUCCESS REFUSED ERROR",
    "component_status": "SUCCESS WARNING ERROR CRITICAL",
    "readiness": "ready not_ready",
}

BODIES = """
OrderCreate
  text 32!: instrument_symbol
  uuid!: broker_account_id
  @order_type!: order_type
  @side!: side
  dec 18.8+!: quantity
  dec 18.8?: price stop_price
  dec 5.2+?: trailing_percent
  @time_in_force: time_in_force
  time?: expire_at
  like ^[A-Za-z0-9._:-]{1,100}$?: client_order_id
  uuid?: strategy_run_id parent_order_id
  @leg_role?: leg_role
  text 2000?: notes
  json?: metadata
  text 200?: confirm_token
OrderUpdate
  dec 18.8: price stop_price
  dec 18.8+: quantity
  dec 5.2+: trailing_percent
  @time_in_force: time_in_force
  time?: expire_at
  text 2000?: notes
  json?: metadata
CancelRequest
  text 2000?: reason
BulkOrderCreate
  list 1..100 of OrderCreate!: orders
  like ^[!-~]{1,255}$?: idempotency_key
BulkCancel
  list 1..100 of uuid!: order_ids
  text 2000?: reason
  like ^[!-~]{1,255}$?: idempotency_key
PnlSnapshotCreate
  uuid!: broker_account_id
  date?: snapshot_date
  json?: metadata
InstrumentCreate
  text 32!: symbol
  text 200!: name
  @instrument_type!: instrument_type
  @exchange!: exchange
  text 100?: contract_id sector industry
  text 20?: sec_type
  like ^[A-Z]{3}$: currency
  dec 10.4+: multiplier
  dec 10.2+?: strike_price
  date?: expiration_date
  @option_type?: option_type
  dec 10.6+: min_tick_size
  dec 18.8+: min_order_size lot_size
  dec 18.8+?: max_order_size
  flag: is_active is_tradable
  text 2000?: description
  json?: metadata
InstrumentUpdate from InstrumentCreate less symbol instrument_type
SubscriptionCreate
  list 1..100 of text 32!: instrument_symbols
  list 1..8 of @data_type!: data_types
  @frequency!: update_frequency
  @delivery_method!: delivery_method
  dec 18.8+?: price_threshold
  int 0..9007199254740991?: volume_threshold
  text 2000?: callback_url notes
  flag: include_metadata
  json?: metadata
SubscriptionUpdate from SubscriptionCreate
  flag: is_active
BulkSubscriptionCreate
  list 1..100 of SubscriptionCreate!: subscriptions
  like ^[!-~]{1,255}$?: idempotency_key
StrategyCreate
  text 200!: name
  @strategy_type!: strategy_type
  list ..500 of text 32!: instruments
  text 20!: rebalance_frequency
  text 2000?: description
  text 20: version
  @risk_profile: risk_profile
  dec 15.2+?: max_position_size max_daily_loss
  dec 5.2+?: max_drawdown stop_loss max_slippage
  dec 7.2+?: take_profit
  json: trading_hours config parameters
  flag: auto_start paper_trading_only
  clock?: start_time end_time
  text 50: timezone
  list ..50 of text 50?: tags
  json?: metadata
StrategyUpdate from StrategyCreate
  flag: is_active
ApproveRequest
  text 2000?: reason
StrategyRunCreate
  uuid!: broker_account_id
  uuid?: strategy_definition_id
  dec 15.2+!: initial_capital
  int 1..10000?: max_positions
  dec 15.2+?: max_position_size
  dec 5.2+?: max_drawdown
  date!: start_date
  date?: end_date
  json?: parameters metadata
  text 2000?: notes
StrategyRunUpdate
  date?: end_date
  dec 15.2+?: max_position_size
  dec 5.2+?: max_drawdown
  flag: is_active
  text 2000?: notes
  json?: metadata
BulkStrategyRunCreate
  list 1..100 of StrategyRunCreate!: runs
  like ^[!-~]{1,255}$?: idempotency_key
BrokerCreate
  text 100!: name
  @broker_type!: broker_type
  text 200?: display_name website documentation_url
  text 2000?: description
  text 255?: host
  text 254?: support_email
  text 20?: api_version
  int 1..65535?: port
  int 1..600: timeout_seconds
  int 0..10: max_retries
  flag: use_ssl is_active is_testing
  json: config metadata
BrokerUpdate from BrokerCreate less broker_type
ConnectionCreate
  text 100!: name
  @connection_type!: connection_type
  text 2000?: description
  text 255?: host
  int 1..65535?: port
  flag?: use_ssl_override
  int 0..2147483647?: client_id
  flag: is_paper_trading auto_reconnect enable_logging
  text 100?: username
  Credentials?: credentials
  clock?: trading_hours_start trading_hours_end
  zone: timezone
  dec 15.2+?: max_order_value max_daily_loss
  int 1..3600: heartbeat_interval
  json: metadata
ConnectionUpdate from ConnectionCreate less connection_type
  Credentials: credentials
  flag: is_active
AccountCreate
  text 100!: account_number
  @account_type!: account_type
  uuid?: broker_connection_id
  text 200?: account_name
  like ^[A-Z]{3,8}$: currency base_currency
  flag: can_trade_stocks can_trade_options can_trade_futures can_trade_forex can_trade_bonds can_trade_mutual_funds
  @risk_profile: risk_tolerance
  dec 5.2+?: max_leverage
  json: metadata
AccountUpdate
  text 200?: account_name
  @account_type: account_type
  @account_status: status
  like ^[A-Z]{3,8}$: currency base_currency
  flag: can_trade_stocks can_trade_options can_trade_futures can_trade_forex can_trade_bonds can_trade_mutual_funds
  flag: is_active
  @risk_profile: risk_tolerance
  dec 5.2+?: max_leverage
  json: metadata
UserCreate
  text 254!: email
  text 12..128!: password
  text 150?: first_name last_name
  text 20?: phone_number
  zone: timezone
  tongue: language
UserUpdate from UserCreate less email password
  text 200?: profile_picture
  text 500?: bio
  flag: is_active
ProfileUpdate from UserUpdate less is_active
Login
  text 254!: email
  text 128!: password
  text 8?: totp
Refresh
  text 500!: refresh_token
Register
  text 254!: email
  text 12..128!: password
  text 150?: first_name last_name
  text 20?: phone_number
  zone: timezone
  tongue: language
  text 500!: invitation_token
PasswordChange
  text 128!: current_password
  text 12..128!: new_password
MfaVerify
  like ^[0-9]{6,8}$!: totp
ApiKeyCreate
  text 100!: name
  list 1..37 of text!: scopes
  time?: expires_at
  int 1..100000?: rate_limit
  dec 15.2+?: max_order_notional
ApiKeyUpdate
  text 100: name
  list 1..37 of text: scopes
  time?: expires_at
  flag: is_active
TenantCreate
  text 200!: name
  like ^[a-z0-9-]{1,50}$!: slug
  text 254!: contact_email
  like ^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$?: subdomain
  text 50?: business_type
  like ^[A-Z]{3}$: default_currency
  @plan: plan
  json?: metadata
TenantUpdate from TenantCreate less slug
  int 0..2147483647?: max_users max_strategies max_orders_per_day
  flag: is_suspended
MemberCreate
  uuid!: user_id
  @role!: role
MemberUpdate
  @role: role
  flag: is_active
InvitationCreate
  text 254!: email
  @role!: role
InvitationAccept
  text 500!: token
RiskLimitCreate
  text 200?: name
  @limit_type!: limit_type
  dec 15.4+!: limit_value
  @limit_scope: scope
  uuid?: broker_account_id strategy_id
  text 32?: instrument_symbol
  flag: is_active
  time?: expires_at
  text 2000!: reason
RiskLimitUpdate
  text 200: name
  dec 15.4+: limit_value
  flag: is_active
  time?: expires_at
  text 2000!: reason
RiskOverrideCreate
  uuid!: limit_id broker_account_id
  text 32?: instrument_symbol
  text 2000!: reason
  time?: expires_at
KillSwitchOn
  @kill_scope: scope
  uuid?: scope_id
  text 2000?: reason
  flag: cancel_orders keep_protective_stops
KillSwitchOff
  @kill_scope: scope
  uuid?: scope_id
  text 2000!: reason
ComplianceRuleCreate
  text 200!: name
  @rule_type!: rule_type
  json!: config
  @limit_scope: scope
  uuid?: scope_id
  flag: is_active
  text 2000?: description
ComplianceRuleUpdate from ComplianceRuleCreate less rule_type
WebhookCreate
  text 200!: name
  text 2000!: endpoint_url
  list ..50 of like ^[a-z_]+(\\.[a-z_]+)*(\\.\\*)?$: event_types
  int 0..10: max_retries
  int 1..3600: retry_delay_s
  int 1..30: timeout_s
  flag: is_active
  json?: metadata
WebhookUpdate from WebhookCreate
WebhookSourceCreate
  like ^[A-Za-z0-9._-]{1,100}$!: name
  text 2000?: description
  flag: is_active with_secret
WebhookSourceUpdate
  text 2000?: description
  flag: is_active rotate_secret
CommandCall
  json: parameters
ConfigUpdate
  any!: value
Credentials
  text 4096?: password api_key api_secret access_token refresh_token
"""

DEFAULTS = """
OrderCreate time_in_force=DAY
InstrumentCreate currency=USD multiplier=1 min_tick_size=0.01 min_order_size=1 lot_size=0.0001 is_active=true
InstrumentCreate is_tradable=true
SubscriptionCreate include_metadata=true
StrategyCreate version=1.0.0 risk_profile=MODERATE auto_start=false timezone=UTC
BrokerCreate use_ssl=true timeout_seconds=30 max_retries=3 is_active=true is_testing=false
ConnectionCreate is_paper_trading=true timezone=UTC auto_reconnect=true heartbeat_interval=30 enable_logging=true
AccountCreate currency=USD base_currency=USD risk_tolerance=MODERATE can_trade_stocks=true can_trade_options=false
AccountCreate can_trade_futures=false can_trade_forex=false can_trade_bonds=false can_trade_mutual_funds=false
AccountCreate initial_cash=1000000
UserCreate timezone=UTC language=en
TenantCreate default_currency=USD plan=FREE
RiskLimitCreate scope=TENANT is_active=true
KillSwitchOn scope=GLOBAL cancel_orders=true keep_protective_stops=true
KillSwitchOff scope=GLOBAL
ComplianceRuleCreate scope=TENANT is_active=true
WebhookCreate is_active=true
WebhookSourceCreate is_active=true with_secret=true
"""
