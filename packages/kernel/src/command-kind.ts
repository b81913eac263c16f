/**
 * Which machine a command is for, by its kind.
 */
import type { Command, NodeCommand } from './command.ts'
import type { LogCommand, LogQuestion } from './log/command.ts'
import type { OperatorCommand } from './operator-command.ts'
import type { RecordCommand } from './records/command.ts'

const NODE_KINDS: Readonly<Record<NodeCommand['kind'], true>> = {
  'create-node': true,
  'alter-node': true,
  'drop-node': true,
  'describe-node': true,
}

const OPERATOR_KINDS: Readonly<Record<OperatorCommand['kind'], true>> = {
  'check-token': true,
  'list-sessions': true,
  'end-session': true,
  'force-release': true,
  'explain-semaphore': true,
}

const RECORD_KINDS: Readonly<Record<RecordCommand['kind'], true>> = {
  'create-record': true,
  'put-record': true,
  'cas-record': true,
  'delete-record': true,
  'get-record': true,
  'range-records': true,
  'wait-record': true,
  'watch-records': true,
  forget: true,
  transact: true,
  'grant-lease': true,
  'release-lease': true,
  'describe-lease': true,
  'keep-lease': true,
}

const LOG_KINDS: Readonly<Record<LogCommand['kind'], true>> = {
  'open-task': true,
  'append-task': true,
  'replace-task': true,
  'delete-task': true,
  'store-task': true,
  'read-task': true,
  'handle-theme': true,
  'stop-handling': true,
  'take-task': true,
}

const LOG_QUESTION_KINDS: Readonly<Record<LogQuestion['kind'], true>> = {
  'configure-theme': true,
  'list-themes': true,
  'list-tasks': true,
  'show-task': true,
  'requeue-task': true,
  'drop-task': true,
}

export function isNodeCommand(command: Command): command is NodeCommand {
  return command.kind in NODE_KINDS
}

export function isOperatorCommand(command: Command): command is OperatorCommand {
  return command.kind in OPERATOR_KINDS
}

export function isRecordCommand(command: Command): command is RecordCommand {
  return command.kind in RECORD_KINDS
}

export function isLogCommand(command: Command): command is LogCommand {
  return command.kind in LOG_KINDS
}

export function isLogQuestion(command: Command): command is LogQuestion {
  return command.kind in LOG_QUESTION_KINDS
}
