/** Field numbers of what can be one of many, by the names of the plain objects. The proto file is their source. */

export const FRAME_MESSAGE = 1

export const CLIENT_FIELD = {
  hello: 1,
  ping: 2,
  attach: 3,
  stop: 4,
  leave: 5,
  forget: 6,
  ask: 7,
  'ask-node': 8,
} as const

export const OPERATION_FIELD = {
  acquire: 3,
  release: 4,
  'create-record': 5,
  'put-record': 6,
  'cas-record': 7,
  'delete-record': 8,
  'get-record': 9,
  'append-task': 10,
  'open-task': 11,
  'delete-task': 12,
  'store-task': 13,
  'replace-task': 14,
  describe: 16,
  create: 17,
  update: 18,
  delete: 19,
  'range-records': 20,
  'wait-record': 21,
  'watch-records': 22,
  transact: 23,
  'grant-lease': 24,
  'release-lease': 25,
  'describe-lease': 26,
  'keep-lease': 27,
  'read-task': 40,
  'handle-theme': 41,
  'stop-handling': 42,
  'take-task': 43,
} as const

/** The same in every operation on semaphores, records and leases that has them. */
export const CHANGE_FIELD = 14
export const FENCE_FIELD = 15

export const STEP_FIELD = { put: 1, delete: 2, get: 3 } as const

export const QUESTION_FIELD = {
  'create-node': 3,
  'alter-node': 4,
  'drop-node': 5,
  'describe-node': 6,
  'list-nodes': 7,
  'check-token': 8,
  'list-sessions': 9,
  'end-session': 10,
  'force-release': 11,
  'explain-semaphore': 12,
  'configure-theme': 40,
  'list-themes': 41,
  'list-tasks': 42,
  'show-task': 43,
  'requeue-task': 44,
  'drop-task': 45,
} as const

export const SERVER_FIELD = {
  answer: 1,
  hello: 2,
  pong: 3,
  attached: 4,
  ended: 5,
  notice: 6,
  elsewhere: 7,
  shown: 8,
} as const

export const REPLY_FIELD = {
  refused: 2,
  done: 3,
  acquired: 4,
  released: 5,
  'record-written': 6,
  'record-read': 7,
  'record-deleted': 8,
  'not-acquired': 9,
  pending: 10,
  'task-opened': 11,
  'task-handed-out': 12,
  described: 16,
  changed: 17,
  'records-listed': 18,
  'records-changed': 19,
  transacted: 20,
  'lease-granted': 21,
  'lease-described': 22,
  'node-described': 23,
  'nodes-listed': 24,
  'token-checked': 25,
  'sessions-listed': 26,
  'semaphore-explained': 27,
  'task-records': 40,
  'themes-listed': 41,
  'tasks-listed': 42,
  'task-shown': 43,
} as const

export const RECORD_CHANGE_FIELD = { put: 1, deleted: 2 } as const

export const NOTICE_FIELD = { 'lease-ended': 2, revoked: 3 } as const
