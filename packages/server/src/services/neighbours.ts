/** The other servers of the cluster, as far as clients hear of them. */

/** Where a client of Tenure's own protocol is sent for a node. */
export interface Place {
  /** `host:port` */
  readonly address: string
  /** What the server there calls itself in its hello. */
  readonly server: string
}

export interface Neighbours {
  /** `host:port` of all servers of the cluster; empty for one that is alone. */
  readonly addresses: readonly string[]
  /** What this server calls itself in its hello; empty for one that is alone. */
  readonly name: string
  /** The other server that has the node; null when this one has it. */
  placeOf(path: string): Place | null
  /** A client has been sent to such a place. */
  sent(): void
  /** A client cannot reach the place, and is forwarded. */
  unreached(place: Place): void
}

/** Of a server that is alone. */
export const NO_NEIGHBOURS: Neighbours = {
  addresses: [],
  name: '',
  placeOf: () => null,
  sent() {},
  unreached() {},
}
