/** The line has frames and no routes of HTTP. What the page and the server both rest on is here. */

/** Where the line is opened, as a WebSocket. */
export const LINE_PATH = "/v1/socket";
export const LINE_VERSION = 1;
export const PULL_ITEMS_MAX = 200;
/** Streams in one `resume` or `leave`. */
export const RESUME_STREAMS_MAX = 100;
export const FRAME_BYTES_MAX = 64 * 1024;

export {
  type ClientFrame,
  CLOSE,
  type Cursor,
  type Hello,
  type HouseFrame,
  type Page,
  type PullAsked,
  type Readiness,
  type Refusal,
  type WireItem,
} from "./frames-contract.ts";
