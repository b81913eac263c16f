/**
 * The second door of this room: Tenure's own protocols as generated code. It takes long to load, so it is opened when the first
 * task is carried to a handler, or the first description asked for.
 */
export { file_tenure_v1_coordination as TENURE_FILE } from './gen/tenure/v1/coordination_pb.ts'
export {
  type DialerMessage,
  DialerMessageSchema,
  file_tenure_v1_handler as HANDLER_FILE,
  type HandlerMessage,
  HandlerMessageSchema,
  type HandOut,
  HandOutSchema,
  type Outcome,
  OutcomeSchema,
} from './gen/tenure/v1/handler_pb.ts'
