/**
 * Who the client is: nobody, the bearer of a token, or a user with a password.
 */

export type Credentials =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'static'; readonly user: string; readonly password: string }

export interface TlsOptions {
  /** Certificates of the authorities to trust, in PEM; by default those of the system. */
  readonly ca?: Uint8Array | string
  /** The client's own certificate and key, in PEM. */
  readonly certificate?: Uint8Array | string
  readonly privateKey?: Uint8Array | string
}

type Environment = Readonly<Record<string, string | undefined>>

/** Reads YDB's variables; the first that is set wins, in this order: anonymous, access token, user and password. */
export function credentialsFrom(environment: Environment): Credentials {
  const {
    YDB_ANONYMOUS_CREDENTIALS: anonymous,
    YDB_ACCESS_TOKEN_CREDENTIALS: token,
    YDB_STATIC_CREDENTIALS_USER: user,
    YDB_STATIC_CREDENTIALS_PASSWORD: password = '',
  } = environment
  if (anonymous === '1') return { kind: 'anonymous' }
  // An empty variable counts as none, as in a shell.
  if (token !== undefined && token !== '') return { kind: 'token', token }
  if (user !== undefined && user !== '') return { kind: 'static', user, password }
  return { kind: 'anonymous' }
}

/**
 * Reads YDB's variables; a certificate can stand in the variable itself or in a file that it names.
 *
 * @param read gives the content of a file
 */
export function tlsFrom(environment: Environment, read: (file: string) => Uint8Array): TlsOptions {
  const pem = (name: string): Uint8Array | string | undefined => {
    const text = environment[name]
    if (text !== undefined && text !== '') return text
    const file = environment[`${name}_FILE`]
    return file === undefined || file === '' ? undefined : read(file)
  }
  const ca = pem('YDB_SSL_ROOT_CERTIFICATES')
  const certificate = pem('YDB_SSL_CERTIFICATE')
  const privateKey = pem('YDB_SSL_PRIVATE_KEY')
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(privateKey === undefined ? {} : { privateKey }),
  }
}
