/**
 * Makes a fresh clone ready: installs what package-lock.json names and compiles, when either is out of date.
 * Plain JavaScript, because it has to run before anything is installed.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'

const installed = 'node_modules/.package-lock.json'
const current =
  existsSync(installed) && statSync(installed).mtimeMs >= statSync('package-lock.json').mtimeMs

function run(command, args) {
  const { status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) process.exit(status ?? 1)
}

if (!current) run('npm', ['ci', '--no-fund', '--no-audit'])
run(process.execPath, ['node_modules/typescript/bin/tsc', '-b'])
