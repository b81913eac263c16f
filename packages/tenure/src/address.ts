/** Addresses as people give them: which one counts, and what it says. */

/** Where a server listens that was started without options. */
const DEFAULT_ADDRESS = 'grpc://127.0.0.1:2136/local'

export const DEFAULT_DATABASE = '/local'
/** Where a server listens when nobody says otherwise: for clients, and for people. */
export const DEFAULT_LISTEN = '127.0.0.1:2136'
export const DEFAULT_HTTP = '127.0.0.1:8765'

/** The address that was given, else the one of the environment, else the default. An empty one counts as none. */
export function effectiveAddress(address?: string): string {
  const { TENURE_CONNECTION_STRING, YDB_CONNECTION_STRING } = process.env
  return address || TENURE_CONNECTION_STRING || YDB_CONNECTION_STRING || DEFAULT_ADDRESS
}

/** What all paths of that server begin with. */
export function databaseOf(address: string): string {
  const [, path = '', query = ''] = /^grpcs?:\/\/[^/?]*([^?]*)(?:\?(.*))?$/.exec(address) ?? []
  const database = new URLSearchParams(query).get('database') ?? path.replace(/\/+$/, '')
  return database === '' ? DEFAULT_DATABASE : database
}
