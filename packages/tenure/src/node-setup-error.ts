/** Why a server could not set up its nodes. */

/** A node could not be made, or did not take a theme. */
export class NodeSetupError extends Error {
  override name = 'NodeSetupError'
}
