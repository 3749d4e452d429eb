import type { End } from "#systems/realtime/index.ts";

import { REFUSAL } from "./contract.ts";
import type { Refusal } from "./words.ts";

export const refusal = (name: keyof typeof REFUSAL, message: string = name.replaceAll("_", " ")): Refusal => ({
  code: REFUSAL[name],
  message,
});

/** Whoever asks again a moment later may have better luck. */
export const notNow = (message = "a part of the house is away for a moment"): Refusal => ({
  ...refusal("internal", message),
  temporary: true,
});

const BY_STATUS: { [status: number]: keyof typeof REFUSAL } = {
  400: "bad_request",
  401: "unauthorized",
  403: "permission_denied",
  404: "unknown_channel",
};

/** Our own reasons stand in the words; the code is Centrifugo's where it has one that means the same. */
export function ofFailure(end: Pick<End, "refusalOf">, error: unknown): Refusal {
  const { status, code, detail } = end.refusalOf(error);
  const message = `${code}: ${detail}`;
  if (status >= 500) return notNow(message);
  if (status === 429) return { ...refusal("too_many_requests", message), temporary: true };
  const name = BY_STATUS[status];
  return name ? refusal(name, message) : { code: status, message };
}

/** What a stream was refused for. */
export function ofStream(code: string): Refusal {
  switch (code) {
    case "realtime.unknown_stream":
      return refusal("unknown_channel");
    case "realtime.not_yours":
      return refusal("permission_denied");
    case "realtime.too_many_streams":
      return refusal("limit_exceeded", "as many channels as a connection may have");
    default:
      return notNow();
  }
}
