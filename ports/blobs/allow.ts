import { Problem } from "#kernel/errors.ts";
import type { Clock } from "#ports/clock/index.ts";

import { problemAnswer, wrongMethod } from "./answers.ts";
import { ALLOWED_AWAY_PUBLIC_S, ALLOWED_AWAY_SIGNED_S, ALLOWED_S } from "./bounds.ts";
import type { Blobs, Guard } from "./index.ts";
import type { Access, Urls } from "./urls.ts";

/**
 * Whether an address still holds, apart from its bytes. A cache in front of the house keys what it keeps by the blob's name,
 * without the signature, and asks here about each address and folder, at most once a second:
 *
 *     /blobs-allow/public/videos/1/4f…/          what is below a public folder
 *     /blobs-allow/s/<token>/videos/1/4f…/       what is below a signed prefix
 *     /blobs-allow/o/<token>/<name>[?as=…]       one name
 *
 * 204, or 403 with the reason in `x-refused`. How long an answer may be kept, and for how long it may be used when the house
 * is away, is said by `cache-control`.
 */
export interface Allow {
  guardWith(guard: Guard): void;
  isAsked(target: string): boolean;
  answer(request: Request, target: string): Promise<Response>;
  /** @throws Problem 403 `blob.revoked`, 404 `blob.gone` */
  check(access: Access): Promise<void>;
}

export function createAllow(needs: {
  base_path: string;
  urls: Urls;
  clock: Clock;
  blobs: Pick<Blobs, "head" | "list">;
}): Allow {
  const { base_path, urls, clock, blobs } = needs;
  const ask_path = `${base_path}-allow`;
  let guard: Guard | null = null;

  const check = async (access: Access) => {
    if (access.kind === "part" || guard === null) return;
    if (access.holder !== null && guard.isRevoked(access.holder))
      throw new Problem(403, "blob.revoked", "This address was given to somebody who may not see it any more.");
    if (await guard.isWithdrawn?.(access.name, access.holder)) throw gone();
  };
  const isThere = async (name: string) =>
    name.endsWith("/") ? (await blobs.list(name, { limit: 1 })).names.length > 0 : (await blobs.head(name)) !== null;

  async function decide(target: string): Promise<Response> {
    const now_ms = clock.now();
    const query = target.indexOf("?");
    const path = target.slice(ask_path.length, query < 0 ? undefined : query);
    const folder = path.endsWith("/");
    // A folder is asked about by any name in it.
    const access = urls.read(
      `${base_path}${path}${folder ? "any" : ""}${query < 0 ? "" : target.slice(query)}`,
      now_ms,
    );
    if (access.kind === "part") throw new Problem(403, "blob.signature", "Parts are never kept.");
    await check(access);
    const name = folder ? access.name.slice(0, -"any".length) : access.name;
    const shown = (await guard?.isShown(name)) ?? (await isThere(name));
    if (!shown) throw gone();
    const away_s =
      access.expires_at_ms === null
        ? ALLOWED_AWAY_PUBLIC_S
        : Math.max(0, Math.min(ALLOWED_AWAY_SIGNED_S, Math.floor((access.expires_at_ms - now_ms) / 1000) - ALLOWED_S));
    return new Response(null, {
      status: 204,
      headers: { "cache-control": `max-age=${ALLOWED_S}, stale-if-error=${away_s}` },
    });
  }

  return {
    guardWith(named) {
      guard = named;
    },
    isAsked: (target) => target.startsWith(ask_path) && target[ask_path.length] === "/",
    check,
    async answer(request, target) {
      if (request.method !== "GET" && request.method !== "HEAD") throw wrongMethod("GET, HEAD");
      try {
        return await decide(target);
      } catch (error) {
        if (!(error instanceof Problem) || error.status >= 500) throw error;
        const answer = problemAnswer(new Problem(403, error.code, error.detail));
        answer.headers.set("x-refused", error.code);
        // What was right once replaces the "yes" that a cache may have; what never was is not worth keeping.
        if (KEPT.has(error.code)) answer.headers.set("cache-control", `max-age=${ALLOWED_S}`);
        return answer;
      }
    },
  };
}

const gone = () => new Problem(404, "blob.gone", "This was taken down.");
const KEPT = new Set(["blob.gone", "blob.revoked", "blob.url_expired"]);
