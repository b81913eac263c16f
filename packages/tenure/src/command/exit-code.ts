/**
 * What the command's exit code says. Scripts rely on these numbers; they follow sysexits.h and the shell.
 */
import { constants } from 'node:os'

export const EXIT_DONE = 0
/** The server did not do what was asked, and said why: not found, already there, in use. */
export const EXIT_REFUSED = 1
/** The command line was wrong. */
export const EXIT_USAGE = 64
/** What is stored is not what was written. */
export const EXIT_DAMAGED = 65
/** No server could be reached, or none could be started. */
export const EXIT_UNREACHABLE = 69
/** A fault inside tenure. */
export const EXIT_INTERNAL = 70
/** What is to be kept could not be written: the disk fails. */
export const EXIT_DISK = 74
/** The lock was not to be had in time. */
export const EXIT_CONFLICT = 75
/** The lock was lost while the command ran; the command has been stopped. */
export const EXIT_LOST = 76
/** The server does not permit it. */
export const EXIT_NOT_PERMITTED = 77
/** As the shell: the command cannot be run. (127, that it does not exist, comes from the shell itself.) */
export const EXIT_CANNOT_RUN = 126
/** The shell's way to say that a signal ended a process. */
export function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal]
}
