/** Coordination nodes as a program sees them. */

export type ConsistencyMode = 'strict' | 'relaxed'

/** Settings of a node; what is absent is left as it is, or at the server's default. */
export interface NodeConfig {
  /** 500 to 10,000 take effect; the default is 1,000. */
  readonly selfCheckPeriodMs?: number
  /** How much longer than their timeout sessions live after the server restarted; up to 30,000, by default 10,000. */
  readonly sessionGracePeriodMs?: number
  readonly readConsistency?: ConsistencyMode
  readonly attachConsistency?: ConsistencyMode
  readonly rateLimiterCounters?: 'aggregated' | 'detailed'
}

export interface NodeDescription {
  readonly path: string
  readonly config: NodeConfig
}
