/** The node of a path is between two servers, or its server cannot be reached: nothing was asked of it, and it may be asked for again. */
import { EngineError } from '@tenure/engine'

export class UnreachedError extends EngineError {
  override name = 'UnreachedError'
}
