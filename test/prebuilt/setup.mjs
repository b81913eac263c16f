/** What Vitest runs before the commit tier, in a process that reads no TypeScript by itself. */
import { tsImport } from 'tsx/esm/api'

export const { setup } = await tsImport('./programs.ts', import.meta.url)
