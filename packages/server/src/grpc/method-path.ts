/** The path of a gRPC method: `/package.Service/Method`. */

/** The full name of the service. */
export function serviceOf(path: string): string {
  return path.split('/')[1] ?? ''
}

export function methodOf(path: string): string {
  return path.split('/')[2] ?? ''
}
