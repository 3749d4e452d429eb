import type { AnswerOf, BodyIn, QueryIn, Route } from "#kernel/contract.ts";

/**
 * The page's one way to the house. Every call names a route of a contract, so a renamed field is a type error here.
 * The session is a cookie that scripts cannot read; nothing secret is kept by the page.
 */
export interface Asked<R extends Route> {
  params?: Record<string, string>;
  query?: QueryIn<R>;
  body?: BodyIn<R>;
  signal?: AbortSignal;
  headers?: Record<string, string>;
  /** Sent as `Idempotency-Key`: the same key twice does the thing once. */
  once?: string;
  /** Lets the call outlive the page that made it (bodies under 64 KiB). */
  keepalive?: boolean;
}

/** A refusal that the house explained. `message` is its sentence, written for people. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly code: string;
  readonly request_id: string | null;
  readonly retry_after_s: number | null;
  /** Sentences by field name (`display_name`), where the house told. */
  readonly fields: Readonly<Record<string, string>>;
  /** All of them, with their whole places. */
  readonly errors: readonly { pointer: string; detail: string }[];

  constructor(status: number, told: Partial<ProblemJson>) {
    super(told.detail ?? sentenceFor(status));
    this.status = status;
    this.code = told.code ?? `http.${status}`;
    this.request_id = told.request_id ?? null;
    this.retry_after_s = told.retry_after_s ?? null;
    this.errors = told.errors ?? [];
    this.fields = Object.fromEntries(this.errors.map(({ pointer, detail }) => [fieldOf(pointer), detail]));
  }
}

/** No answer came at all: the network or the house is away. */
export class Away extends Error {
  override readonly name = "Away";
  constructor() {
    super("The house cannot be reached. Check your connection; we keep trying.");
  }
}

interface ProblemJson {
  code: string;
  detail: string;
  request_id: string;
  retry_after_s: number;
  errors: { pointer: string; detail: string }[];
}

export interface ClientNeeds {
  fetch: (request: Request) => Promise<Response>;
  origin: string;
  /** Told after every call whether the house answered. */
  reached?: (answered: boolean) => void;
}

export type Call = <R extends Route>(route: R, asked?: Asked<R>) => Promise<AnswerOf<R>>;

export function createClient(needs: ClientNeeds): Call {
  const inOrder = createOrder();
  return async (route, asked = {}) => {
    const headers = new Headers(asked.headers);
    headers.set("accept", "application/json");
    if (asked.once !== undefined) headers.set("idempotency-key", asked.once);
    if (asked.body !== undefined) headers.set("content-type", "application/json");
    const request = new Request(`${needs.origin}${pathFor(route, asked)}`, {
      method: route.method,
      headers,
      body: asked.body === undefined ? null : JSON.stringify(asked.body),
      credentials: "same-origin",
      keepalive: asked.keepalive ?? false,
      ...(asked.signal ? { signal: asked.signal } : {}),
    });
    let response: Response;
    try {
      response = await (asked.keepalive ? needs.fetch(request) : inOrder(request, () => needs.fetch(request)));
    } catch (error) {
      if (asked.signal?.aborted) throw error;
      needs.reached?.(false);
      throw new Away();
    }
    // A proxy in front of a stopped house answers 502 or 504 in its own words: that is "away" too.
    if (response.status === 502 || response.status === 504) {
      needs.reached?.(false);
      throw new Away();
    }
    needs.reached?.(true);
    if (!response.ok) throw await refusalOf(response);
    if (response.status === 204) return null as AnswerOf<typeof route>;
    const text = await response.text();
    return (text === "" ? null : JSON.parse(text)) as AnswerOf<typeof route>;
  };
}

/**
 * What changes one thing goes out after the change before it was answered: two on the way at once may cross, and then the older
 * choice would hold. What a leaving page sends waits for nothing, because nobody is there to send it later.
 */
function createOrder() {
  const last = new Map<string, Promise<unknown>>();
  return async (request: Request, send: () => Promise<Response>): Promise<Response> => {
    if (!CHANGES.has(request.method)) return send();
    const before = last.get(request.url);
    const sent = (async () => {
      await before;
      request.signal.throwIfAborted();
      return send();
    })();
    const over = sent.then(
      () => {},
      () => {},
    );
    last.set(request.url, over);
    void over.then(() => last.get(request.url) === over && last.delete(request.url));
    return sent;
  };
}

const CHANGES = new Set(["PUT", "PATCH", "DELETE"]);

/** Path and query of a call, with every parameter encoded. */
export function pathFor<R extends Route>(route: R, asked: Pick<Asked<R>, "params" | "query">): string {
  const path = route.path.replace(/\{(\w+)\}/g, (_whole, name: string) => {
    const value = asked.params?.[name];
    if (value === undefined) throw new Error(`${route.path} needs ${name}`);
    return encodeURIComponent(value);
  });
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked.query ?? {})) {
    if (value !== undefined && value !== null) query.set(name, String(value));
  }
  return query.size > 0 ? `${path}?${query.toString()}` : path;
}

async function refusalOf(response: Response): Promise<Refusal> {
  const type = response.headers.get("content-type") ?? "";
  let told: Partial<ProblemJson> = {};
  if (type.includes("json")) {
    told = ((await response.json().catch(() => null)) as Partial<ProblemJson> | null) ?? {};
  }
  const after = Number(response.headers.get("retry-after"));
  if (told.retry_after_s === undefined && after > 0) told.retry_after_s = after;
  return new Refusal(response.status, told);
}

const fieldOf = (pointer: string) => pointer.replace(/^#?\/?(?:body\/)?/, "").split("/")[0] ?? "";

function sentenceFor(status: number): string {
  if (status === 401) return "Please sign in first.";
  if (status === 403) return "This is not for you to do.";
  if (status === 404) return "There is nothing here, or it is not for you.";
  if (status === 413) return "This is larger than the house takes.";
  if (status === 429) return "That was a little quick. Wait a moment and try again.";
  if (status >= 500) return "The house stumbled. Try again; if it stays so, tell whoever runs it.";
  return "That did not work. Try again.";
}

/** A sentence for anything that was thrown; never a stack or a class name. */
export function sentenceOf(error: unknown): string {
  if (error instanceof Refusal) {
    return error.status === 429 && error.retry_after_s !== null
      ? `${error.message} (${waitFor(error.retry_after_s)})`
      : error.message;
  }
  if (error instanceof Away) return error.message;
  return "Something went wrong on this page. Reload it; what you sent is safe if it was confirmed.";
}

const waitFor = (seconds: number) => (seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`);

/** Whether asking again may help: never after a refusal that would be the same the next time. */
export const mayRetry = (error: unknown): boolean =>
  error instanceof Away || (error instanceof Refusal && (error.status === 429 || error.status >= 500));
