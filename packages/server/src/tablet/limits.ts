/** Bounds of one tablet. */

export interface TabletLimits {
  /** Commands that have been taken and not answered yet, of all streams together. */
  readonly commandsMax: number
  /** The same of one stream, so that one client cannot use up the room of all. */
  readonly streamCommandsMax: number
  /** Writes and descriptions that wait for a commit. May be passed by what one command makes. */
  readonly bytesMax: number
  /** How often a full engine is asked whether there is room again. */
  readonly fullProbeMs: number
  /**
   * How often a node with streams makes sure that no other host has it. A session outlives its timeout on a new host by the
   * node's grace period, which is longer than this by a second at least.
   */
  readonly selfCheckMs: number
}

export const DEFAULT_TABLET_LIMITS: TabletLimits = {
  commandsMax: 65_536,
  streamCommandsMax: 16_384,
  bytesMax: 64 * 1024 * 1024,
  fullProbeMs: 1_000,
  selfCheckMs: 500,
}
