/** The options of `tenure backup`, `restore` and `migrate`, as they were typed. */

export interface BackupOptions {
  readonly from: string
  readonly replace?: boolean
}

export interface RestoreOptions {
  readonly to?: string
  readonly check?: boolean
  readonly allowUnsafeEngine?: boolean
}

export interface MigrateOptions {
  readonly from: string
  readonly to: string
  readonly allowUnsafeEngine?: boolean
}
