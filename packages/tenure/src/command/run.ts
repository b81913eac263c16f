/** How the subcommands are hung into the tree. */
import type { Command } from 'commander'
import type { Action } from './context.ts'

/** Puts an action behind a subcommand. */
export type Run = <Options extends object = object>(
  command: Command,
  action: Action<Options>,
) => void
