/** The door has commands and no routes of HTTP. What a client meets is here. */

/** Where Centrifugo has it. */
export const CENTRIFUGO_PATH = "/connection/websocket";

/** One message of a client, which may hold many commands. */
export const MESSAGE_BYTES_MAX = 128 * 1024;
/** Publications in one answer; fewer where they are large. */
export const HISTORY_ITEMS_MAX = 200;
/** The house says `{}` so often, and waits so long for the answer. */
export const PING_S = 25;
export const PONG_S_MAX = 10;

/** What a command is refused with. Those below 400 are Centrifugo's own; from 400 on a code is the status of our problem. */
export const REFUSAL = {
  internal: 100,
  unauthorized: 101,
  unknown_channel: 102,
  permission_denied: 103,
  method_not_found: 104,
  already_subscribed: 105,
  limit_exceeded: 106,
  bad_request: 107,
  not_available: 108,
  token_expired: 109,
  too_many_requests: 111,
  unrecoverable_position: 112,
} as const;

/** Why a connection is closed. From 3500 on a client does not come back by itself. */
export const DISCONNECT = {
  shutdown: 3001,
  server_error: 3004,
  expired: 3005,
  slow: 3008,
  no_pong: 3012,
  too_many_requests: 3013,
  invalid_token: 3500,
  bad_request: 3501,
  stale: 3502,
  force_no_reconnect: 3503,
  inappropriate_protocol: 3506,
  not_available: 3508,
} as const;

/** Why a subscription ended. From 2500 on a client subscribes again at once, from where it is. */
export const UNSUBSCRIBE = {
  permission_denied: 2103,
  insufficient_state: 2500,
} as const;
