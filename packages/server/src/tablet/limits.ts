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
}

export const DEFAULT_TABLET_LIMITS: TabletLimits = {
  commandsMax: 65_536,
  streamCommandsMax: 16_384,
  bytesMax: 64 * 1024 * 1024,
  fullProbeMs: 1_000,
}
