/** Where a server listens, and what others call that. */
export interface ListenAddress {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
}

/** `127.0.0.1:2136`, `[::1]:2136` */
export function writtenAddress({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Whether it stands for all addresses of the machine, and so is none by which others reach it. */
export function isWildcard({ host }: ListenAddress): boolean {
  return host === '' || host === '0.0.0.0' || /^[0:]+$/.test(host)
}
