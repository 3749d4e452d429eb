import { SECOND_MS } from "#kernel/time.ts";

/** A client subscribes to all its channels at once when it comes, one command each, and may do so in one message. */
export const COMMANDS_WAITING_MAX = 1_000;
/** Subscriptions that wait are asked about together. */
export const SUBSCRIBED_AT_ONCE_MAX = 100;
/** Who has not said `connect` by then is closed with 3502. */
export const CONNECT_MS_MAX = 10 * SECOND_MS;
/** So long before its end a client is told to bring another token. */
export const REFRESH_EARLY_S = 30;
/** As far as a client's clock can count. */
export const TTL_S_MAX = 0x7fff_ffff;
export const TOKEN_CHARS_MAX = 256;
export const EPOCH_CHARS_MAX = 64;
/** Names of channels that are longer are no names of streams. */
export const CHANNEL_CHARS_MAX = 255;
export const CID_CHARS_MAX = 64;
