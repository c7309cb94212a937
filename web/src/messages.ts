// What the server says, as TypeScript: the proto3 JSON form of proto/ats/v1 and the few shapes that only the dashboard has.
// The one definition. Amounts are exact decimals as strings; 64-bit numbers are strings; Duration is "1.5s"; Timestamp is
// RFC 3339. What may be absent has a question mark.

export type Amount = string;
export type Count = string;
export type Span = string;
export type Moment = string;

// ---- the engine

export interface Latency {
  count: Count;
  p50?: Span;
  p99?: Span;
  p999?: Span;
}

export interface VenueLine {
  venue: string;
  marketUp: boolean;
  tradingUp: boolean;
  messages: Count;
  perSecond: Count;
  reconnects: Count;
  refusedFrames: Count;
  lastLoss: string;
  connections: Count;
  rest: string;
}

export interface Counts {
  opportunities: Count;
  refused: Record<string, Count>;
  sent: Count;
  completed: Count;
  unwound: Count;
  residual: Count;
  missed: Count;
  handedOver: Count;
  ordersPlaced: Count;
  fillsBooked: Count;
  duplicateFills: Count;
}

export interface EngineState {
  name: string;
  title: string;
  paper: boolean;
  asOf?: Moment;
  running?: Span;
  incarnation: number;
  journal: Count;
  journalBytes: Count;
  reconciled: boolean;
  stopping: boolean;
  venues: VenueLine[];
  counts?: Counts;
  decision?: Latency;
  order?: Latency;
  reportingAsset: string;
  profit?: Amount;
  lastFill: Count;
  lastTrade: Count;
}

// ---- books and opportunities

export interface BookLevel {
  price: Amount;
  quantity: Amount;
}

export interface Book {
  venue: string;
  pair: string;
  state: string;
  reason: string;
  age?: Span;
  bids: BookLevel[];
  asks: BookLevel[];
  snapshots: Count;
  deltas: Count;
  gaps: Count;
  checksumsRight: Count;
  checksumsWrong: Count;
  crossings: Count;
  resyncs: Count;
  audits: Count;
  auditsDiffering: Count;
  auditDifference: number;
  polls: Count;
}

export interface OpportunityLeg {
  venue: string;
  pair: string;
}

export interface Opportunity {
  strategy: string;
  pair: string;
  legs: OpportunityLeg[];
  grossBps: Amount;
  netBps: Amount;
  refused: string;
}

// ---- orders, trades, balances

export interface Order {
  orderId: string;
  venueOrderId: string;
  venue: string;
  pair: string;
  side: string;
  price: Amount;
  quantity: Amount;
  filled: Amount;
  state: string;
  timeInForce: string;
  placed?: Span;
}

export interface OpenTrade {
  trade: Count;
  pair: string;
  buyVenue: string;
  sellVenue: string;
  quantity: Amount;
  netBase: Amount;
  opened?: Span;
  unwindAttempts: number;
}

export interface Execution {
  execution: Count;
  pair: string;
  outcome: string;
  bought: Amount;
  sold: Amount;
  residual: Amount;
  realised: Amount;
}

// Of the topic `executions`: those that are over.
export interface ExecutionMessage {
  source: string;
  number: Count;
  at?: Moment;
  execution?: Execution;
}

export interface TradesAnswer {
  open: OpenTrade[];
  over: ExecutionMessage[];
}

export interface Balance {
  venue: string;
  asset: string;
  total: Amount;
  reserved: Amount;
  reported?: Amount;
  foreign: Amount;
}

// ---- risk

export interface Scope {
  venue?: string;
  pair?: string;
  strategy?: string;
  asset?: string;
}

export type RiskState =
  | "RISK_STATE_UNSPECIFIED"
  | "RISK_STATE_ACTIVE"
  | "RISK_STATE_REDUCE_ONLY"
  | "RISK_STATE_HALTED";

export interface Hold {
  scope?: Scope;
  state: RiskState;
  resolving: boolean;
  limit: string;
  by: string;
  flatten: boolean;
}

export interface LeasingEngine {
  name: string;
  silent: boolean;
  granted: Count;
  held: Count;
  heard?: Span;
  profit?: Amount;
  leftOut: number;
}

export interface RiskStatus {
  asOf?: Moment;
  paper: boolean;
  incarnation: number;
  reconciled: boolean;
  stopping: boolean;
  state: RiskState;
  holds: Hold[];
  openAlerts: number;
  openOrders: number;
  openTrades: number;
  lease?: { live: boolean; version: Count; left?: Span };
  engines: LeasingEngine[];
}

export interface Position {
  venue: string;
  asset: string;
  held: Amount;
  worth?: Amount;
  mark?: Amount;
  fresh: boolean;
  markAge?: Span;
}

export interface Exposure {
  asset: string;
  held: Amount;
  worth?: Amount;
  change: Amount;
  changeWorth?: Amount;
}

export interface Positions {
  asOf?: Moment;
  reportingAsset: string;
  positions: Position[];
  exposures: Exposure[];
  equity: Amount;
  gross: Amount;
  net: Amount;
  unmarked: number;
}

export interface Profit {
  total: Amount;
  realised: Amount;
  unrealised: Amount;
  trades: Count;
}

export interface ProfitLine {
  name: string;
  profit?: Profit;
}

export interface ProfitPeriod {
  kind: "KIND_UNSPECIFIED" | "DAY" | "WEEK" | "MONTH" | "EVER";
  label: string;
  since?: Moment;
  profit?: Profit;
  complete: boolean;
  venues: ProfitLine[];
  assets: ProfitLine[];
  strategies: ProfitLine[];
}

export interface ProfitAndLoss {
  asOf?: Moment;
  reportingAsset: string;
  periods: ProfitPeriod[];
  peak: Amount;
  drawdown: Amount;
  lossesInARow: Count;
}

export type LimitLevel = "LIMIT_LEVEL_UNSPECIFIED" | "LIMIT_LEVEL_WELL" | "LIMIT_LEVEL_WARNING" | "LIMIT_LEVEL_HARD";
export type LimitEffect =
  | "LIMIT_EFFECT_UNSPECIFIED"
  | "LIMIT_EFFECT_REFUSES"
  | "LIMIT_EFFECT_REDUCE_ONLY"
  | "LIMIT_EFFECT_HALTS";

export interface Limit {
  name: string;
  scope?: Scope;
  value?: Amount;
  warn?: Amount;
  hard: Amount;
  unit: string;
  usedPercent?: Amount;
  level: LimitLevel;
  effect: LimitEffect;
  changed: boolean;
  share?: Amount;
  promised?: Amount;
}

export type Severity =
  | "SEVERITY_UNSPECIFIED"
  | "SEVERITY_INFO"
  | "SEVERITY_WARNING"
  | "SEVERITY_CRITICAL"
  | "SEVERITY_EMERGENCY";

export interface Alert {
  number: Count;
  severity: Severity;
  code: string;
  scope?: Scope;
  subject: string;
  message: string;
  first?: Moment;
  last?: Moment;
  times: number;
  told: number;
  open: boolean;
  acknowledged?: { who: string; reason: string; at?: Moment };
  ended?: Moment;
  endedBy: string;
}

export type HaltMode = "RESOLVE" | "REDUCE_ONLY" | "AT_ONCE";

// What an acting call answers; with four eyes, an approval that waits instead.
export interface Told {
  told?: string[];
  holds?: Hold[];
  approval?: Approval;
}

// ---- the dashboard's own

export interface Session {
  signedIn: boolean;
  setup?: boolean;
  name?: string;
  roles?: string[];
  permissions?: Permission[];
  scopes?: { venue?: string; pair?: string }[];
  csrf?: string;
  totp?: "none" | "enrolled" | "required";
  steppedUp?: boolean;
  expires?: Moment;
  idleExpires?: Moment;
}

export type Permission =
  | "view"
  | "halt"
  | "acknowledge"
  | "backtest"
  | "notify"
  | "resume"
  | "limits"
  | "write-off"
  | "configuration"
  | "audit"
  | "users";

export interface User {
  name: string;
  roles: string[];
  scopes?: { venue?: string; pair?: string }[];
  disabled: boolean;
  totp: boolean;
  created?: Moment;
  lastSignIn?: Moment;
}

export interface SignedInSession {
  id: string;
  name: string;
  from: string;
  agent: string;
  started?: Moment;
  seen?: Moment;
  current: boolean;
}

export interface Token {
  id: string;
  label: string;
  permissions: string[];
  created?: Moment;
  expires?: Moment;
  lastUsed?: Moment;
}

export interface AuditEntry {
  number: number | string;
  at?: Moment;
  who: string;
  from: string;
  what: string;
  target: string;
  before: unknown;
  after: unknown;
  outcome: string;
}

export interface Approval {
  id: string;
  at?: Moment;
  by: string;
  what: string;
  summary: string;
  reason: string;
  expires?: Moment;
  state: "waiting" | "done" | "refused" | "expired";
  decidedBy?: string;
}

export interface ServiceLine {
  name: string;
  kind: string;
  address: string;
  up: boolean;
  error: string;
}

export interface SystemState {
  version: string;
  started?: Moment;
  now?: Moment;
  services: ServiceLine[];
  clients: number;
}

export interface EquityPoint {
  at: Moment;
  equity: Amount;
  profit: Amount;
}

// ---- backtests

export type BacktestState =
  | "BACKTEST_STATE_UNSPECIFIED"
  | "BACKTEST_STATE_QUEUED"
  | "BACKTEST_STATE_RUNNING"
  | "BACKTEST_STATE_DONE"
  | "BACKTEST_STATE_FAILED"
  | "BACKTEST_STATE_CANCELLED";

export interface BacktestPlan {
  name?: string;
  recordings: string[];
  from?: Moment;
  to?: Moment;
  pairs?: string[];
  venues?: string[];
  fees?: string[];
  acceptFaults?: boolean;
  configuration?: string;
  overrides?: Record<string, string>;
}

export interface Backtest {
  id: string;
  plan?: BacktestPlan;
  who: string;
  reason: string;
  state: BacktestState;
  asked?: Moment;
  started?: Moment;
  ended?: Moment;
  error: string;
  progress?: {
    playing: boolean;
    doneBps: number;
    at?: Moment;
    records: Count;
    events: Count;
    eventsPerSecond: Count;
    left?: Span;
  };
  summary?: {
    from?: Moment;
    to?: Moment;
    records: Count;
    events: Count;
    reportingAsset: string;
    capital?: Amount;
    profit: Amount;
    profitComplete: boolean;
    seen: Count;
    sent: Count;
    completed: Count;
    unwound: Count;
    residual: Count;
    missed: Count;
    trades: Count;
    won: Count;
    lost: Count;
    winRate?: number;
    profitFactor?: number;
    totalReturn?: number;
    annualReturn?: number;
    sharpe?: number;
    sortino?: number;
    calmar?: number;
    deepestDrawdown?: number;
    stoppedInOrder: boolean;
    violations: string[];
  };
}

export interface Recording {
  name: string;
  form: string;
  bytes: Count;
  changed?: Moment;
}

// ---- the notifier

export interface NotifierState {
  asOf?: Moment;
  running?: Span;
  redisUp: boolean;
  rules: number;
  openMatters: number;
  heldHits: Count;
}

export interface NoticeRule {
  name: string;
  channels: string[];
  atLeast: Severity;
  categories: string[];
  scopes: string[];
  sources: string[];
  digest: string;
  dailyAt: string;
  zone: string;
  quiet: string;
  quietPasses: Severity;
  againAfter?: Span;
  escalateAfter?: Span;
  escalateTo: string[];
  allClear: boolean;
}

export interface NoticeChannel {
  name: string;
  kind: string;
  breaker: string;
  waiting: Count;
  delivered: Count;
  dead: Count;
  oldest?: Moment;
  attempts: Count;
  failures: Count;
  lastFailure: string;
}

export type DeliveryState =
  | "DELIVERY_STATE_UNSPECIFIED"
  | "DELIVERY_STATE_WAITING"
  | "DELIVERY_STATE_TRYING"
  | "DELIVERY_STATE_DELIVERED"
  | "DELIVERY_STATE_DEAD";

export interface Delivery {
  number: Count;
  key: string;
  channel: string;
  rule: string;
  severity: Severity;
  state: DeliveryState;
  made?: Moment;
  ended?: Moment;
  attempts: number;
  reason: string;
  title: string;
}

export interface DeliveryDetail {
  delivery?: Delivery;
  hits: { key: string; kind: string; message: string }[];
  tried: { number: number; began?: Moment; ended?: Moment; outcome: string; answer: string }[];
}

// ---- the stream

export type ServerMessage =
  | { type: "hello"; name: string; version: string }
  | {
      type: "update";
      n: number;
      topic: string;
      snapshot?: boolean;
      at?: Moment;
      rows?: Record<string, unknown>;
      gone?: string[];
    }
  | { type: "error"; topic?: string; code: string; message: string };

export type ClientMessage = { type: "subscribe" | "unsubscribe" | "snapshot"; topic: string };

// Which row a topic has, for the topics of fixed name; `ladder/VENUE/BASE/QUOTE` has Book.
export interface Topics {
  engine: EngineState;
  risk: RiskStatus;
  pnl: ProfitAndLoss;
  books: Book;
  opportunities: Opportunity;
  orders: Order;
  trades: OpenTrade;
  executions: ExecutionMessage;
  balances: Balance;
  positions: Position;
  exposures: Exposure;
  limits: Limit;
  alerts: Alert;
  system: SystemState;
  equity: EquityPoint;
  approvals: Approval;
  backtests: Backtest;
}
