"""What answers should hold, in the notation of `contract_fields`; every field is always there, null where it is empty.

`+made`: has an id, its tenant and when it was made; `+updated`: and when it was changed. Long because it is one table.
"""

ANSWERS = """
Order +updated
  uuid: user_id broker_account_id instrument_id
  uuid?: strategy_run_id parent_order_id replaces replaced_by
  text: instrument_symbol client_order_id
  text?: broker_order_id reject_reason reject_code notes
  @order_type: order_type
  @side: side
  @time_in_force: time_in_force
  @state: state
  @leg_role?: leg_role
  dec: quantity filled_quantity commission remaining_quantity
  dec?: price stop_price trailing_percent average_price total_value
  time?: expire_at submitted_at filled_at cancelled_at cancel_requested_at
  flag: needs_reconcile
  flag?: risk_check_passed compliance_check_passed
  json: metadata
  json?: pending_changes
  UnknownOutcome?: unknown_outcome
  list of Order?: legs
UnknownOutcome
  @request: request
  time?: since
  text: cause
OrderPreview
  flag: valid
  dec?: estimated_value estimated_commission buying_power_effect
  PreviewRisk: risk
  PreviewCompliance: compliance
  list of PreviewWarning: warnings
  text?: confirm_token
PreviewRisk
  flag: passed
  list of PreviewLimit: limits
PreviewLimit
  text: limit_id limit_type
  text?: limit used headroom
PreviewCompliance
  flag: passed
  list of PreviewRule: rules
PreviewRule
  text: rule_id rule_type message
PreviewWarning
  text: code message
BulkOrderResult
  list of Order: accepted
  list of BulkError: rejected
BulkCancelResult
  list of uuid: accepted
  list of BulkError: rejected
BulkError
  int: index
  text: code
  BulkFault: error
  uuid?: order_id
  any: data
BulkFault
  int: code
  text: message type
  json: details
Transition +made
  uuid: order_id
  int: sequence
  @state?: from_state
  @state: to_state
  text: trigger actor
  text?: reason trace_id
  time?: broker_time
Execution +made
  uuid: order_id broker_account_id
  uuid?: corrects
  text: instrument_symbol execution_id currency
  text?: broker_execution_id exchange liquidity
  @side: side
  @execution_kind: kind
  dec: quantity price commission
  time: executed_at
  json: metadata
Position +updated
  uuid: broker_account_id instrument_id
  text: instrument_symbol cost_method
  dec: quantity unrealized_pnl realized_pnl
  dec?: average_cost market_price market_value
  time: last_updated
  flag: is_long is_short is_flat
  json: metadata
PnlSnapshotOut +updated
  uuid: broker_account_id
  date: snapshot_date
  dec: total_unrealized_pnl total_realized_pnl total_commission total_market_value total_cost_basis net_pnl
  int: total_positions long_positions short_positions
  json: positions_snapshot metadata
Instrument +updated
  text: symbol name currency
  text?: contract_id sec_type description sector industry
  @instrument_type: instrument_type
  @exchange: exchange
  @option_type?: option_type
  date?: expiration_date
  dec: multiplier min_tick_size min_order_size lot_size
  dec?: strike_price max_order_size last_price bid_price ask_price
  int?: volume
  time?: last_updated
  flag: is_active is_tradable
  json: metadata
MarketData +updated
  uuid: instrument_id
  text: instrument_symbol data_source
  dec?: last_price bid_price ask_price mid_price bid_size ask_size high_price low_price open_price close_price
  dec?: implied_volatility delta gamma theta vega
  int?: volume delay_minutes
  time: timestamp last_updated
  flag: is_delayed
  json: metadata
LastPrice
  text: instrument_symbol data_source
  dec: last_price
  time: timestamp
  flag: is_delayed
Subscription +updated
  uuid: user_id
  list of text: instrument_symbols
  list of @data_type: data_types
  @frequency: update_frequency
  @delivery_method: delivery_method
  @subscription_status: status
  dec?: price_threshold
  int?: volume_threshold
  text?: callback_url notes
  flag: include_metadata is_active
  json: metadata
  time?: last_heartbeat last_update
  int: total_updates error_count
BulkSubscriptionResult
  list of Subscription: accepted
  list of BulkError: rejected
Tick +made
  uuid: instrument_id
  text: instrument_symbol data_source
  text?: exchange currency
  @tick_type: tick_type
  dec?: price size bid_price ask_price last_price
  time: timestamp
  time?: exchange_timestamp
  flag: is_delayed
  json: metadata
Bar
  time: start_time end_time
  dec: open high low close
  int?: volume open_interest
HistoricalData
  text: instrument_symbol data_source
  @interval: interval
  list of Bar: data_points
  int: total_points
  flag: has_next
  text?: next_cursor
  time?: start_date end_date
  json: metadata
FeedQuality +made
  time: snapshot_time
  text: data_source
  int: total_instruments active_instruments price_updates volume_updates delayed_data_count error_count
  dec?: average_latency_ms max_latency_ms
  json: metadata
Strategy +updated
  text: name version timezone rebalance_frequency
  text?: description start_time end_time
  @strategy_type: strategy_type
  @strategy_status: status
  @risk_profile: risk_profile
  json: config parameters metadata trading_hours
  dec: total_pnl win_rate
  dec?: max_position_size max_daily_loss max_drawdown stop_loss take_profit max_slippage sharpe_ratio
  dec?: max_drawdown_actual
  flag: is_active auto_start paper_trading_only is_approved
  int: total_trades total_runs successful_runs
  list of text: tags instruments
  uuid: user_id
  uuid?: approved_by
  time?: approved_at
StrategyRunOut +updated
  uuid: strategy_definition_id user_id broker_account_id
  @run_status: status
  flag: is_active
  time?: started_at ended_at last_trade_at
  int?: duration_seconds max_positions
  int: total_trades winning_trades losing_trades run_number current_positions total_positions_taken
  dec: total_pnl max_drawdown_amount initial_capital current_capital total_return current_drawdown
  dec: max_drawdown_actual win_rate
  dec?: sharpe_ratio sortino_ratio max_position_size max_drawdown daily_pnl daily_return
  text: run_name
  text?: error_message notes
  json: metadata
  date: start_date
  date?: end_date
BulkStrategyRunResult
  list of StrategyRunOut: accepted
  list of BulkError: rejected
StrategyChangeOut +made
  uuid: strategy_definition_id
  int: row_version
  text: actor
  list of FieldChangeOut: changes
FieldChangeOut
  text: field
  any: old new
RunLogOut +made
  uuid: strategy_run_id
  @level: level
  text?: event_type
  text: message
  json?: data
PerformanceOut +updated
  uuid: strategy_run_id
  @period_type: period_type
  date: period_start period_end
  dec: period_return cumulative_return win_rate starting_capital ending_capital period_pnl
  dec?: annualized_return period_volatility sharpe_ratio sortino_ratio max_drawdown
  int: total_trades winning_trades losing_trades
  json: metadata
SignalOut +made
  uuid: strategy_run_id instrument_id
  uuid?: order_id
  text: instrument_symbol
  text?: signal_reason
  @signal_type: signal_type
  dec: confidence
  dec?: target_price stop_loss take_profit quantity execution_price execution_quantity
  json: market_conditions metadata
  flag: is_executed
  time: signal_time
  time?: executed_at
Broker +updated
  text: name
  text?: display_name description host api_version website support_email documentation_url
  @broker_type: broker_type
  int?: port
  int: timeout_seconds max_retries
  flag: use_ssl is_active is_testing
  json: metadata config
BrokerStatus
  uuid: broker_id
  @connection_status: status
  list of ConnectionHealth: connections
  Capabilities: capabilities
  time: timestamp
ConnectionHealth
  uuid: connection_id
  text: name
  @connection_status: status
  time?: last_connected last_disconnected last_heartbeat
  int?: heartbeat_age_ms
  dec?: latency_ms
  text?: last_error
  @reconcile: reconcile
  @on_disconnect: on_disconnect
  flag: on_disconnect_verified
Capabilities
  list of text: order_types sides time_in_force
  flag: supports_replace supports_preview
Connection +updated
  uuid: broker_id
  text: name timezone
  text?: description host username trading_hours_start trading_hours_end
  @connection_type: connection_type
  @connection_status: status
  int?: port client_id
  int: heartbeat_interval
  flag?: use_ssl_override
  flag: is_active is_paper_trading has_credentials auto_reconnect enable_logging
  dec?: max_order_value max_daily_loss
  time?: last_connected last_disconnected last_heartbeat
  json: metadata
BrokerAccount +updated
  uuid: broker_id broker_connection_id
  text: account_number currency base_currency
  text?: account_name
  @account_type: account_type
  @account_status: status
  @risk_profile: risk_tolerance
  flag: is_active is_paper can_trade_stocks can_trade_options can_trade_futures can_trade_forex can_trade_bonds
  flag: can_trade_mutual_funds
  dec?: max_leverage day_trading_buying_power overnight_buying_power balance buying_power
  json: metadata
ConnectionLogOut +made
  uuid: broker_connection_id
  @connection_event: event_type
  @level: level
  text: message
  text?: request_id error_code
  int?: response_time_ms
  json?: error_details
  json: metadata
User +updated
  text: email timezone language
  text?: first_name last_name phone_number profile_picture bio
  flag: is_active email_verified two_factor_enabled
  time?: locked_until last_login last_activity
Me from User
  list of Place: tenants
  list of text: scopes
  CredentialOut: credential
Place
  uuid: id
  text: name role
CredentialOut
  @credential_kind: kind
  uuid?: id
  time?: expires_at
TokenPair
  text: access_token refresh_token
  always Bearer: token_type
  int: expires_in
  list of text: scopes
MfaSetup
  text: secret otpauth_uri
ApiKey +updated
  text: name key_prefix
  list of text: scopes
  flag: is_active
  time?: last_used_at expires_at
  int: rate_limit
  dec?: max_order_notional
  LivePermit?: live_permit
ApiKeyCreated from ApiKey
  text: key
LivePermit
  time: expires_at
  json: caps
Session +updated
  text?: ip_address user_agent
  flag: is_active is_current
  time: last_activity expires_at
Tenant +updated
  text: name slug contact_email default_currency
  text?: subdomain business_type
  @plan: plan
  int?: max_users max_strategies max_orders_per_day
  flag: is_suspended
  json: metadata
Member +updated
  uuid: user_id
  text: email
  @role: role
  list of text: scopes
  flag: is_active
Invitation +updated
  text: email
  @role: role
  @invitation_status: status
  uuid: invited_by
  time: expires_at
InvitationCreated from Invitation
  text: token
RiskLimitOut +updated
  text: name
  text?: instrument_symbol reason
  @limit_type: limit_type
  @period: period
  @limit_scope: scope
  dec: limit_value
  dec?: previous_value
  uuid?: broker_account_id strategy_id instrument_id
  flag: is_active
  time?: expires_at
RiskStatus
  list of LimitStanding: limits
  list of KillSwitch: kill_switches
  list of LockedAccountOut: trading_locked
  @arm_state: arm_state
  list of LivePermitOut: live_permits
  time: timestamp
LimitStanding
  uuid: limit_id
  text: limit_type
  @limit_scope: scope
  dec: limit used headroom
  flag: breached
LockedAccountOut
  uuid: broker_account_id
  text: reason
  time?: since
LivePermitOut
  uuid: holder
  time: expires_at
  json: caps used left
RiskOverrideOut +updated
  uuid: limit_id broker_account_id created_by
  uuid?: instrument_id order_id
  text: reason
  time: expires_at
  time?: used_at
  flag: is_active
KillSwitch +updated
  @kill_scope: scope
  uuid?: scope_id activated_by released_by
  flag: is_on
  text?: reason release_reason
  time: activated_at
  time?: released_at
  int: cancels_sent
  list of uuid: cancels_unconfirmed
ComplianceRuleOut +updated
  text: name
  @rule_type: rule_type
  json: config
  @limit_scope: scope
  uuid?: scope_id
  flag: is_active
  text?: description
Webhook +updated
  text: name endpoint_url
  list of text: event_types
  flag: is_active
  int: max_retries retry_delay_s timeout_s failure_count
  time?: last_success_at
  text?: disabled_reason
  json: metadata
WebhookCreated from Webhook
  text: secret
Delivery +updated
  uuid: webhook_id
  int: event_id attempt_count
  text: message_id event_type
  json: payload
  @delivery_status: status
  time?: next_attempt_at delivered_at
  int?: response_status
  json?: response_headers
  text?: response_body error
WebhookSource +updated
  text: name
  text?: description secret
  flag: is_active has_secret
  time?: last_received_at
Event
  always 1.0: specversion
  text: id source type subject dataversion
  always application/json: datacontenttype
  time: time
  int: sequence
  uuid: tenantid
  text?: traceid
  json: data
AuditEntry +made
  uuid?: user_id credential_id
  @audit_action: action
  @actor_kind: actor_kind
  @outcome: outcome
  text?: resource_type resource_id ip_address user_agent session_id request_id trace_id
  json?: old_values new_values metadata
  int: sequence
  text: prev_hash entry_hash
AuditVerification
  flag: valid
  int: entries
  int?: first_sequence last_sequence first_broken_sequence
  text: last_hash
ConfigEntry
  text: key category
  any: value
  text?: description
  time: updated_at
Health
  always ok: status
HealthCheck
  @readiness: status
  text: service version
  time: timestamp
  json: checks
  list of HealthComponent?: components
HealthComponent
  text: component
  @component_status: status
  text?: message
  int?: response_time_ms
Version
  text: version
  always v1: api_version
  text?: build
SystemInfo
  text: database_kind python_version
  int: uptime_s streams_open
  time: started_at
  json: queues limits
CommandInfo
  text: id title scope
  json: parameters
  flag: desktop_only
CommandParameter
  text: type
  flag: required
  list of text?: allowed
ActionResult
  flag: success
  text: message
  json?: data
Problem
  text: type title detail instance code trace_id
  int: status
  text?: hint
  json: details
  ErrorInfo: error
ErrorInfo
  int: code
  text: message type
  json: details
Report
  text: name
  json: parameters totals
  list of ReportColumn: columns
  list of list of any: rows
  time: generated_at
"""
