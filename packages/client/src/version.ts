/** The version of this package, which the client tells its servers. */
export const VERSION = '0.1.0'
