// The names of every enumerator of the vocabulary, as logs, metrics and screens print them.

#include "domain/action.hpp"
#include "domain/config.hpp"
#include "domain/event.hpp"
#include "domain/instrument.hpp"
#include "domain/limit.hpp"
#include "domain/number.hpp"
#include "domain/order.hpp"
#include "domain/status.hpp"

namespace ats {

const char* name(Side side) {
  switch (side) {
    case Side::Buy:
      return "buy";
    case Side::Sell:
      return "sell";
  }
  return "?";
}

const char* name(InstrumentStatus status) {
  switch (status) {
    case InstrumentStatus::Trading:
      return "trading";
    case InstrumentStatus::CancelOnly:
      return "cancel_only";
    case InstrumentStatus::PostOnly:
      return "post_only";
    case InstrumentStatus::Halted:
      return "halted";
  }
  return "?";
}

const char* name(OrderFault fault) {
  switch (fault) {
    case OrderFault::OffTick:
      return "off_tick";
    case OrderFault::OffLot:
      return "off_lot";
    case OrderFault::BelowMinQuantity:
      return "below_min_quantity";
    case OrderFault::AboveMaxQuantity:
      return "above_max_quantity";
    case OrderFault::BelowMinNotional:
      return "below_min_notional";
    case OrderFault::NotTrading:
      return "not_trading";
  }
  return "?";
}

const char* name(OrderState state) {
  switch (state) {
    case OrderState::Placed:
      return "placed";
    case OrderState::Acked:
      return "acked";
    case OrderState::PartlyFilled:
      return "partly_filled";
    case OrderState::Filled:
      return "filled";
    case OrderState::Cancelled:
      return "cancelled";
    case OrderState::Rejected:
      return "rejected";
    case OrderState::Unknown:
      return "unknown";
  }
  return "?";
}

const char* name(TimeInForce tif) {
  switch (tif) {
    case TimeInForce::Ioc:
      return "ioc";
    case TimeInForce::Gtc:
      return "gtc";
    case TimeInForce::Fok:
      return "fok";
  }
  return "?";
}

const char* name(RejectReason reason) {
  switch (reason) {
    case RejectReason::InsufficientFunds:
      return "insufficient_funds";
    case RejectReason::InvalidOrder:
      return "invalid_order";
    case RejectReason::InstrumentClosed:
      return "instrument_closed";
    case RejectReason::RateLimited:
      return "rate_limited";
    case RejectReason::DuplicateId:
      return "duplicate_id";
    case RejectReason::AuthFailed:
      return "auth_failed";
    case RejectReason::VenueBusy:
      return "venue_busy";
    case RejectReason::Other:
      return "other";
  }
  return "?";
}

const char* name(Channel channel) {
  switch (channel) {
    case Channel::MarketData:
      return "market_data";
    case Channel::Trading:
      return "trading";
  }
  return "?";
}

const char* name(BookFaultReason reason) {
  switch (reason) {
    case BookFaultReason::MalformedFrame:
      return "malformed_frame";
    case BookFaultReason::NumberFault:
      return "number_fault";
    case BookFaultReason::SubscriptionLost:
      return "subscription_lost";
    case BookFaultReason::SnapshotFailed:
      return "snapshot_failed";
    case BookFaultReason::SequenceGap:
      return "sequence_gap";
  }
  return "?";
}

const char* name(UnknownReason reason) {
  switch (reason) {
    case UnknownReason::TimedOut:
      return "timed_out";
    case UnknownReason::ConnectionLost:
      return "connection_lost";
    case UnknownReason::VenueSaysUnknown:
      return "venue_says_unknown";
  }
  return "?";
}

const char* name(LegSize size) {
  switch (size) {
    case LegSize::Small:
      return "small";
    case LegSize::Medium:
      return "medium";
    case LegSize::Large:
      return "large";
  }
  return "?";
}

const char* name(Mutant mutant) {
  switch (mutant) {
    case Mutant::None:
      return "none";
    case Mutant::BookFillTwice:
      return "book_fill_twice";
    case Mutant::LoseFill:
      return "lose_fill";
    case Mutant::WrongFeeSign:
      return "wrong_fee_sign";
    case Mutant::RoundFee:
      return "round_fee";
    case Mutant::BookOnOtherVenue:
      return "book_on_other_venue";
    case Mutant::BookBuyAsSell:
      return "book_buy_as_sell";
    case Mutant::PlaceWithoutApproval:
      return "place_without_approval";
    case Mutant::SendTwice:
      return "send_twice";
    case Mutant::SendOneLeg:
      return "send_one_leg";
    case Mutant::ReuseOrderId:
      return "reuse_order_id";
    case Mutant::ResendOnTimeout:
      return "resend_on_timeout";
    case Mutant::TimeoutIsReject:
      return "timeout_is_reject";
    case Mutant::TimeoutIsFill:
      return "timeout_is_fill";
    case Mutant::NotFoundIsReject:
      return "not_found_is_reject";
    case Mutant::IgnoreReject:
      return "ignore_reject";
    case Mutant::ForgetUnknown:
      return "forget_unknown";
    case Mutant::ForgetResidual:
      return "forget_residual";
    case Mutant::KeepAnyResidual:
      return "keep_any_residual";
    case Mutant::UnwindTwice:
      return "unwind_twice";
    case Mutant::GiveUpSilently:
      return "give_up_silently";
    case Mutant::IgnoreStaleBook:
      return "ignore_stale_book";
    case Mutant::UnwindOnStaleBook:
      return "unwind_on_stale_book";
    case Mutant::IgnoreFees:
      return "ignore_fees";
    case Mutant::ForgetHalt:
      return "forget_halt";
    case Mutant::ForgetHaltAtStart:
      return "forget_halt_at_start";
    case Mutant::ResumeAll:
      return "resume_all";
    case Mutant::TradeUnreconciled:
      return "trade_unreconciled";
    case Mutant::SpendWithoutFunds:
      return "spend_without_funds";
    case Mutant::IgnoreOrderNotional:
      return "ignore_order_notional";
    case Mutant::IgnoreOpenExecutions:
      return "ignore_open_executions";
    case Mutant::IgnoreDailyLoss:
      return "ignore_daily_loss";
    case Mutant::SkipJournalWrite:
      return "skip_journal_write";
    case Mutant::ForgetHedge:
      return "forget_hedge";
    case Mutant::LeaveStaleQuote:
      return "leave_stale_quote";
    case Mutant::AmendIsDone:
      return "amend_is_done";
    case Mutant::IgnoreReduceOnly:
      return "ignore_reduce_only";
    case Mutant::UnwindPastClosed:
      return "unwind_past_closed";
    case Mutant::ForgetLimitChange:
      return "forget_limit_change";
    case Mutant::SkipLimits:
      return "skip_limits";
    case Mutant::StaleApproval:
      return "stale_approval";
    case Mutant::IgnoreLease:
      return "ignore_lease";
    case Mutant::LeaseFromArrival:
      return "lease_from_arrival";
    case Mutant::PromiseTwice:
      return "promise_twice";
    case Mutant::ForgetForeignFill:
      return "forget_foreign_fill";
    case Mutant::ForeignFillIsTrade:
      return "foreign_fill_is_trade";
  }
  return "?";
}

const char* name(ForeignPolicy policy) {
  switch (policy) {
    case ForeignPolicy::Halt:
      return "halt";
    case ForeignPolicy::Report:
      return "report";
    case ForeignPolicy::Adopt:
      return "adopt";
  }
  return "?";
}

const char* name(OrderRoute route) {
  switch (route) {
    case OrderRoute::Stream:
      return "stream";
    case OrderRoute::Rest:
      return "rest";
  }
  return "?";
}

const char* name(OrderStage stage) {
  switch (stage) {
    case OrderStage::Encoded:
      return "encoded";
    case OrderStage::Written:
      return "written";
    case OrderStage::Acked:
      return "acked";
    case OrderStage::FirstFill:
      return "first_fill";
  }
  return "?";
}

const char* name(RefuseReason reason) {
  switch (reason) {
    case RefuseReason::None:
      return "none";
    case RefuseReason::EdgeBelowThreshold:
      return "edge_below_threshold";
    case RefuseReason::EdgeTooGood:
      return "edge_too_good";
    case RefuseReason::BookNotValid:
      return "book_not_valid";
    case RefuseReason::BelowMinNotional:
      return "below_min_notional";
    case RefuseReason::BelowMinQuantity:
      return "below_min_quantity";
    case RefuseReason::NoBalanceToBuy:
      return "no_balance_to_buy";
    case RefuseReason::NoBalanceToSell:
      return "no_balance_to_sell";
    case RefuseReason::OrderNotional:
      return "order_notional";
    case RefuseReason::Exposure:
      return "exposure";
    case RefuseReason::DailyLoss:
      return "daily_loss";
    case RefuseReason::OpenExecutions:
      return "open_executions";
    case RefuseReason::PairBusy:
      return "pair_busy";
    case RefuseReason::Halted:
      return "halted";
    case RefuseReason::NotReconciled:
      return "not_reconciled";
    case RefuseReason::VenueDown:
      return "venue_down";
    case RefuseReason::InstrumentNotTrading:
      return "instrument_not_trading";
    case RefuseReason::ObserveOnly:
      return "observe_only";
    case RefuseReason::CurrencyExposure:
      return "currency_exposure";
    case RefuseReason::BookPolled:
      return "book_polled";
    case RefuseReason::PriceBand:
      return "price_band";
    case RefuseReason::SelfTrade:
      return "self_trade";
    case RefuseReason::ReduceOnly:
      return "reduce_only";
    case RefuseReason::RiskLimit:
      return "risk_limit";
    case RefuseReason::NoLease:
      return "no_lease";
    case RefuseReason::LegCost:
      return "leg_cost";
  }
  return "?";
}

const char* name(Strategy strategy) {
  switch (strategy) {
    case Strategy::CrossVenue:
      return "cross_venue";
    case Strategy::CrossCurrency:
      return "cross_currency";
    case Strategy::Triangular:
      return "triangular";
    case Strategy::Maker:
      return "maker";
    case Strategy::Cycle:
      return "cycle";
  }
  return "?";
}

const char* name(StrategyMode mode) {
  switch (mode) {
    case StrategyMode::Off:
      return "off";
    case StrategyMode::Observe:
      return "observe";
    case StrategyMode::Trade:
      return "trade";
  }
  return "?";
}

const char* name(ExecutionOutcome outcome) {
  switch (outcome) {
    case ExecutionOutcome::Completed:
      return "completed";
    case ExecutionOutcome::Unwound:
      return "unwound";
    case ExecutionOutcome::Residual:
      return "residual";
    case ExecutionOutcome::Missed:
      return "missed";
    case ExecutionOutcome::HandedOver:
      return "handed_over";
    case ExecutionOutcome::Unfilled:
      return "unfilled";
  }
  return "?";
}

const char* name(Account account) {
  switch (account) {
    case Account::Venue:
      return "venue";
    case Account::Trading:
      return "trading";
    case Account::Fees:
      return "fees";
    case Account::External:
      return "external";
  }
  return "?";
}

const char* name(RiskState state) {
  switch (state) {
    case RiskState::Active:
      return "active";
    case RiskState::ReduceOnly:
      return "reduce_only";
    case RiskState::Halted:
      return "halted";
  }
  return "?";
}

const char* name(LimitUnit unit) {
  switch (unit) {
    case LimitUnit::Money:
      return "money";
    case LimitUnit::Asset:
      return "asset";
    case LimitUnit::Bps:
      return "bps";
    case LimitUnit::Percent:
      return "percent";
    case LimitUnit::Seconds:
      return "seconds";
    case LimitUnit::Count:
      return "count";
  }
  return "?";
}

const char* name(LimitEffect effect) {
  switch (effect) {
    case LimitEffect::Refuses:
      return "refuses";
    case LimitEffect::ReduceOnly:
      return "reduce_only";
    case LimitEffect::Halts:
      return "halts";
  }
  return "?";
}

const char* name(LimitLevel level) {
  switch (level) {
    case LimitLevel::Well:
      return "well";
    case LimitLevel::Warning:
      return "warning";
    case LimitLevel::Hard:
      return "hard";
  }
  return "?";
}

const char* name(HoldBy by) {
  switch (by) {
    case HoldBy::Engine:
      return "engine";
    case HoldBy::RiskRole:
      return "risk_role";
    case HoldBy::NoLease:
      return "no_lease";
  }
  return "?";
}

const char* name(Severity severity) {
  switch (severity) {
    case Severity::Info:
      return "info";
    case Severity::Warning:
      return "warning";
    case Severity::Critical:
      return "critical";
    case Severity::Emergency:
      return "emergency";
  }
  return "?";
}

const char* name(MeasureFault fault) {
  switch (fault) {
    case MeasureFault::None:
      return "none";
    case MeasureFault::NoMarks:
      return "no_marks";
    case MeasureFault::TooFewObservations:
      return "too_few_observations";
    case MeasureFault::TooFewInCommon:
      return "too_few_in_common";
    case MeasureFault::OutOfRange:
      return "out_of_range";
  }
  return "?";
}

const char* name(AlertCode code) {
  switch (code) {
    case AlertCode::Halt:
      return "halt";
    case AlertCode::Resume:
      return "resume";
    case AlertCode::LedgerBreak:
      return "ledger_break";
    case AlertCode::ForeignOrder:
      return "foreign_order";
    case AlertCode::UnwindFailed:
      return "unwind_failed";
    case AlertCode::OrderUnknown:
      return "order_unknown";
    case AlertCode::DailyLoss:
      return "daily_loss";
    case AlertCode::FillMismatch:
      return "fill_mismatch";
    case AlertCode::Reconciled:
      return "reconciled";
    case AlertCode::LateFill:
      return "late_fill";
    case AlertCode::LimitWarning:
      return "limit_warning";
    case AlertCode::LimitReached:
      return "limit_reached";
    case AlertCode::LimitChanged:
      return "limit_changed";
    case AlertCode::JournalFailed:
      return "journal_failed";
    case AlertCode::Lease:
      return "lease";
  }
  return "?";
}

const char* name(BookState state) {
  switch (state) {
    case BookState::Resyncing:
      return "resyncing";
    case BookState::Valid:
      return "valid";
    case BookState::Suspect:
      return "suspect";
    case BookState::Polled:
      return "polled";
  }
  return "?";
}

const char* name(BookReason reason) {
  switch (reason) {
    case BookReason::None:
      return "none";
    case BookReason::NeverSynced:
      return "never_synced";
    case BookReason::Disconnected:
      return "disconnected";
    case BookReason::Gap:
      return "gap";
    case BookReason::BadChecksum:
      return "bad_checksum";
    case BookReason::Crossed:
      return "crossed";
    case BookReason::Stale:
      return "stale";
    case BookReason::Malformed:
      return "malformed";
    case BookReason::NumberFault:
      return "number_fault";
    case BookReason::SubscriptionLost:
      return "subscription_lost";
    case BookReason::OutsideWindow:
      return "outside_window";
    case BookReason::AuditDiffers:
      return "audit_differs";
  }
  return "?";
}

}  // namespace ats
