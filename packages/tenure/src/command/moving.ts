/** `tenure backup`, `restore` and `migrate`: the options. What they do is loaded only when it is asked for. */
import type { Command } from 'commander'
import type { BackupOptions, MigrateOptions, RestoreOptions } from './moving-options.ts'
import type { Run } from './run.ts'

const ENGINES = 'file:DIR, etcd://HOSTS/PREFIX or postgres://HOSTS/DATABASE'

const AFTER_BACKUP = `
Everything is as it was at one moment. Servers may go on meanwhile: nothing is taken from them, with file:DIR too.
Not compressed; a pipe does that:  tenure backup --from file:./data - | zstd > nightly.zst

Exit codes: 1 there is a file of that name, or nothing to back up; 65 the store is damaged; 69 it cannot be reached; 74 the file cannot be written.`

const AFTER_RESTORE = `
The place must be empty, and no server may use it. All ids, fencing tokens, versions and attempts that it gives out afterwards are
greater than those before. A file is checked whole before anything is written; stdin while it is read. Until all is there no
server starts on the place; a restore that was interrupted is run again.
  zstd -dc nightly.zst | tenure restore --to file:./data -

Exit codes: 1 the place is not empty or in use; 65 the backup is not whole; 69 the place cannot be reached; 74 it has no room.`

const AFTER_MIGRATE = `
As a backup and a restore in one. Stop the servers of the old place first, and start none on it again: what they did would be lost.
Sessions keep what they hold; their clients find them under the address of the new servers.

Exit codes: 1 one of the places is in use, or the new one not empty; 65 the store is damaged; 69 a place cannot be reached; 74 it has no room.`

const UNSAFE = 'write to an engine whose settings may lose what was acknowledged'

export function addMoving(program: Command, run: Run): void {
  const backup = program
    .command('backup')
    .description('write all that a store holds to a file')
    .requiredOption('--from <engine>', ENGINES)
    .option('--replace', 'a file of that name gives way')
    .argument('<file>', 'where to; - for stdout')
    .addHelpText('after', AFTER_BACKUP)
  run<BackupOptions>(backup, async (context, options, operands) =>
    (await import('./moving-work.ts')).backup(context, options, operands),
  )
  const restore = program
    .command('restore')
    .description('put a backup into an empty place')
    .option('--to <engine>', ENGINES)
    .option('--check', 'only look whether the backup is whole')
    .option('--allow-unsafe-engine', UNSAFE)
    .argument('<file>', 'where from; - for stdin')
    .addHelpText('after', AFTER_RESTORE)
  run<RestoreOptions>(restore, async (context, options, operands) =>
    (await import('./moving-work.ts')).restoreBackup(context, options, operands),
  )
  const migrate = program
    .command('migrate')
    .description('put all that a store holds into another, empty one')
    .requiredOption('--from <engine>', ENGINES)
    .requiredOption('--to <engine>', ENGINES)
    .option('--allow-unsafe-engine', UNSAFE)
    .addHelpText('after', AFTER_MIGRATE)
  run<MigrateOptions>(migrate, async (context, options) =>
    (await import('./moving-work.ts')).migrate(context, options),
  )
}
