import { Problem } from "#kernel/errors.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Api, SocketLine } from "#ports/http/index.ts";

import { anyone, type Asked, type Desk, person, type Serve } from "../api/endpoint.ts";
import * as b from "../bounds.ts";
import { behindDoor } from "../policy.ts";
import { refusal } from "../wire/reply.ts";
import type { Hub, Listener } from "./hub.ts";
import { isSameTopic, subscriptionOf } from "./streams.ts";

const PATH = "/api/v1/streaming";
const SUBPROTOCOL = /^[\x21-\x7e]{1,256}$/;

/** Where clients put it: the header, the query (old ones, and EventSource), or the name of a subprotocol (browsers' sockets have no headers). */
export function tokenIn(request: Request): string | null {
  const bearer = /^Bearer +([\x21-\x7e]{1,256})$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  const { searchParams } = new URL(request.url);
  const offered = (request.headers.get("sec-websocket-protocol") ?? "").split(",").map((word) => word.trim());
  return bearer ?? searchParams.get("access_token") ?? offered.find((word) => SUBPROTOCOL.test(word)) ?? null;
}

const unknownStream = () => new Problem(400, "mastodon.unknown_stream", "Unknown stream type");

export function serveStreaming(api: Api, serve: Serve, desk: Desk, hub: Hub): void {
  api.socket({
    path: PATH,
    summary: "Mastodon's streaming",
    tag: "mastodon",
    access: { who: "signed_in", scope: "read" },
    cost_tokens: 5,
    refuse: (problem, _request, request_id) => refusal(problem, request_id),
    async authenticate(request) {
      const token = tokenIn(request);
      if (token === null) return null;
      const { viewer } = await desk.tokens.caller(token);
      return viewer.kind === "person" ? behindDoor(viewer) : null;
    },
    async open({ request, viewer, address, origin }) {
      const me = viewer as SignedIn;
      const token = tokenIn(request)!;
      const { scopes } = await desk.tokens.caller(token);
      const { searchParams } = new URL(request.url);
      const stream = searchParams.get("stream");
      const first =
        stream === null
          ? null
          : subscriptionOf(
              { stream, tag: searchParams.get("tag") ?? undefined, list: searchParams.get("list") ?? undefined },
              scopes,
            );
      if (stream !== null && !first) throw unknownStream();
      let line: SocketLine | null = null;
      const listener: Listener = {
        viewer: me,
        token,
        address,
        origin,
        subscriptions: first ? [first] : [],
        send: (message) => line?.send(JSON.stringify(message)) ?? true,
        // The socket's own pings go below this.
        beat() {},
        close: (because) => line?.close(because === "the house closes" ? 1001 : 1008, because),
      };
      const joined = hub.join(listener);
      const saying = { since_ms: desk.ground.clock.monotonic(), words: 0 };
      return {
        protocol: offeredToken(request, token),
        opened(opened) {
          line = opened;
        },
        said(text) {
          const now_ms = desk.ground.clock.monotonic();
          if (now_ms - saying.since_ms >= 1_000) Object.assign(saying, { since_ms: now_ms, words: 0 });
          if (++saying.words > b.SAID_PER_S_MAX) return line?.close(1008, "too many words");
          hear(listener, text, scopes, (answer) => line?.send(JSON.stringify(answer)));
        },
        closed() {
          joined[Symbol.dispose]();
          line = null;
        },
      };
    },
  });

  serve("GET", `${PATH}/health`, anyone, async () => new Response("OK", { headers: { "content-type": "text/plain" } }));
  for (const [path, stream] of [
    ["user", "user"],
    ["user/notification", "user:notification"],
    ["public", "public"],
    ["public/local", "public:local"],
    ["public/remote", "public:remote"],
    ["hashtag", "hashtag"],
    ["hashtag/local", "hashtag:local"],
    ["list", "list"],
    ["direct", "direct"],
  ] as const)
    serve("GET", `${PATH}/${path}`, person(null), async (asked) => eventSource(asked, stream));

  /** Server-sent events: the same, over plain HTTP. */
  function eventSource(asked: Asked, stream: string): Response {
    const { tag, list, only_media } = asked.fields as { tag?: string; list?: string; only_media?: string };
    const name =
      stream.startsWith("public") && (only_media === "true" || only_media === "1") ? `${stream}:media` : stream;
    const subscription = subscriptionOf({ stream: name, tag, list }, asked.scopes);
    if (!subscription) throw unknownStream();
    const encoder = new TextEncoder();
    let joined: Disposable | null = null;
    let out: ReadableStreamDefaultController<Uint8Array> | null = null;
    const write = (text: string): boolean => {
      if (!out) return false;
      if ((out.desiredSize ?? 0) <= 0) return false;
      out.enqueue(encoder.encode(text));
      return true;
    };
    const end = () => {
      joined?.[Symbol.dispose]();
      joined = null;
      try {
        out?.close();
      } catch {
        // The reader left first.
      }
      out = null;
    };
    const listener: Listener = {
      viewer: asked.me,
      token: tokenIn(asked.request)!,
      address: asked.address,
      origin: asked.origin,
      subscriptions: [subscription],
      send: ({ event, payload }) => write(`event: ${event}\ndata: ${payload}\n\n`),
      beat: () => void write(":thump\n"),
      close: end,
    };
    joined = hub.join(listener);
    const body = new ReadableStream<Uint8Array>(
      {
        start(controller) {
          out = controller;
          write(":)\n");
        },
        cancel: end,
      },
      new ByteLengthQueuingStrategy({ highWaterMark: b.SSE_BUFFERED_BYTES_MAX }),
    );
    return new Response(body, {
      headers: { "content-type": "text/event-stream", "cache-control": "private, no-store", "x-accel-buffering": "no" },
    });
  }
}

/** A browser's socket fails when what it offered is not taken. */
const offeredToken = (request: Request, token: string): string | null =>
  (request.headers.get("sec-websocket-protocol") ?? "")
    .split(",")
    .map((word) => word.trim())
    .includes(token)
    ? token
    : null;

function hear(listener: Listener, text: string, scopes: readonly string[], answer: (value: object) => void): void {
  let said: { type?: unknown; stream?: unknown; tag?: unknown; list?: unknown };
  try {
    said = JSON.parse(text) as typeof said;
  } catch {
    return answer({ error: "This is no JSON", status: 400 });
  }
  const word = (value: unknown) => (typeof value === "string" ? value : undefined);
  const subscription = subscriptionOf(
    { stream: word(said?.stream) ?? "", tag: word(said?.tag), list: word(said?.list) },
    scopes,
  );
  if (!subscription) return answer({ error: "Unknown stream type", status: 400 });
  const others = listener.subscriptions.filter((known) => !isSameTopic(known, subscription));
  if (said.type === "unsubscribe") {
    listener.subscriptions = others;
  } else if (said.type === "subscribe") {
    if (others.length >= b.SUBSCRIPTIONS_MAX)
      return answer({ error: "Too many streams on one connection", status: 429 });
    listener.subscriptions = [...others, subscription];
  } else {
    answer({ error: "Say subscribe or unsubscribe", status: 400 });
  }
}
