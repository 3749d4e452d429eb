import type { Api } from "#ports/http/index.ts";
import type { Video } from "#systems/media/contract.ts";
import type { House } from "#systems/people/contract.ts";

import type { PageBuild } from "../web/build.ts";
import { embedHtml, embedPolicy, refusalHtml } from "../web/embed/embed-html.ts";

export interface EmbedNeeds {
  api: Api;
  build: PageBuild;
  house: () => Promise<House>;
  public_url: string | null;
  media_origins: string[];
}

const START_S_MAX = 24 * 60 * 60;

/**
 * `/embed/{id}`: the player for a frame on another site. It asks the API as nobody, whatever cookie the browser sends, so that it
 * never shows more than a stranger may see.
 */
export function createEmbed(needs: EmbedNeeds) {
  const policy = {
    plays: embedPolicy({ media_origins: needs.media_origins, plays: true }),
    refuses: embedPolicy({ plays: false }),
  };

  return async (request: Request, peer_address: string): Promise<Response> => {
    const asked = new URL(request.url);
    const origin = needs.public_url ?? `${asked.protocol}//${request.headers.get("host") ?? asked.host}`;
    const id = /^\/embed\/([1-9]\d{0,18})\/?$/.exec(asked.pathname)?.[1];
    const [house, video] = await Promise.all([
      needs.house(),
      id === undefined ? null : ask(needs.api, `${origin}/v1/videos/${id}`, peer_address, request),
    ]);
    if (!video?.hls_url || video.embed_url === null) {
      return answer(404, refusalHtml(house.name, origin), policy.refuses);
    }
    const html = embedHtml({
      build: needs.build,
      house_name: house.name,
      title: video.title,
      author: video.owner.display_name,
      watch_url: `${origin}/watch/${video.id}`,
      video_id: video.id,
      hls_url: video.hls_url,
      poster_url: video.poster_url,
      chapters_url: video.chapters_url,
      start_s: startOf(asked.searchParams.get("t")),
      autoplay: asked.searchParams.get("autoplay") === "1",
    });
    return answer(200, html, policy.plays);
  };
}

async function ask(api: Api, url: string, peer_address: string, request: Request): Promise<Video | null> {
  const headers: Record<string, string> = {};
  // What a proxy said of the caller, so that the API counts them and not the proxy.
  for (const name of ["x-forwarded-for", "x-forwarded-proto", "host"]) {
    const value = request.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  const response = await api.fetch(new Request(url, { headers }), peer_address);
  return response.ok ? ((await response.json()) as Video) : null;
}

/** `90` or `90s`. */
function startOf(said: string | null): number {
  const seconds = /^(\d{1,5})s?$/.exec(said ?? "")?.[1];
  return seconds === undefined ? 0 : Math.min(START_S_MAX, Number(seconds));
}

const answer = (status: number, html: string, policy: string): Response =>
  new Response(html, {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      // Asked each time: a video that is taken back is gone from every site at once.
      "cache-control": "no-cache",
      "content-security-policy": policy,
      "x-content-type-options": "nosniff",
      "referrer-policy": "strict-origin-when-cross-origin",
      "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    },
  });
