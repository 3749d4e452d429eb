import { createHash } from "node:crypto";

import type { PageBuild } from "../build.ts";
import { escapeHtml, jsonInHtml } from "../page-html.ts";

export interface EmbedHead {
  build: Pick<PageBuild, "embed_js" | "icon">;
  house_name: string;
  title: string;
  author: string;
  /** Absolute: the video's own page. */
  watch_url: string;
  video_id: string;
  hls_url: string;
  poster_url: string | null;
  chapters_url: string | null;
  start_s: number;
  autoplay: boolean;
}

/** All that the frame looks like. The policy knows it by its hash, so it must stay one exact text. */
export const EMBED_CSS = `
:root{color-scheme:dark;font:15px/1.4 system-ui,sans-serif}
*{box-sizing:border-box}
html,body{margin:0;height:100%;background:#161210;color:#faf6f0;overflow:hidden}
video{position:absolute;inset:0;width:100%;height:100%;background:#000}
header{position:absolute;inset:0 0 auto;padding:12px 16px 32px;background:linear-gradient(#161210cc,transparent);transition:opacity .2s}
header a{color:inherit;text-decoration:none;display:block;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;font-weight:600}
header a:hover,header a:focus-visible{text-decoration:underline}
header small{opacity:.8}
button{position:absolute;inset:0;margin:auto;width:72px;height:72px;border:0;border-radius:50%;background:#a5281b;color:#fff;cursor:pointer}
button:hover{background:#8c2116}
button:focus-visible,a:focus-visible{outline:3px solid #faf6f0;outline-offset:2px}
button svg{display:block;margin:auto;width:32px;height:32px;fill:currentColor}
[data-state=loading] button{opacity:.6;cursor:progress}
[data-state=playing] button,[data-state=playing] header:not(:hover,:focus-within){display:none}
p{position:absolute;inset:auto 0 0;margin:0;padding:12px 16px;background:#161210;display:none}
[data-state=lost] p,.refusal p{display:block}
.refusal p{inset:0;display:grid;place-content:center;text-align:center;gap:8px}
.refusal a{color:inherit}
@media (prefers-reduced-motion:reduce){header{transition:none}}
`;

/** The player alone. Pure; whatever comes from people is escaped. */
export function embedHtml(head: EmbedHead): string {
  const link = escapeHtml(head.watch_url);
  const { video_id, hls_url, start_s, autoplay } = head;
  return document(`${head.title} · ${head.house_name}`, [
    `<link rel="canonical" href="${link}">`,
    `<link rel="icon" type="image/svg+xml" href="${escapeHtml(`/assets/${head.build.icon}`)}">`,
    `<script type="module" src="${escapeHtml(`/assets/${head.build.embed_js}`)}"></script>`,
    "</head>",
    '<body data-state="waiting">',
    `<video playsinline preload="none" tabindex="-1"${head.poster_url === null ? "" : ` poster="${escapeHtml(head.poster_url)}"`}>`,
    ...(head.chapters_url === null
      ? []
      : [`<track kind="chapters" label="Chapters" srclang="und" default src="${escapeHtml(head.chapters_url)}">`]),
    "</video>",
    `<header><a href="${link}" target="_blank" rel="noopener">${escapeHtml(head.title)}</a><small>${escapeHtml(head.author)} · ${escapeHtml(head.house_name)}</small></header>`,
    `<button type="button" aria-label="Play ${escapeHtml(head.title)}"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M7 4v16l13-8z"/></svg></button>`,
    `<p role="status">This video does not play here now. <a href="${link}" target="_blank" rel="noopener">Watch it at ${escapeHtml(head.house_name)}</a>.</p>`,
    "<noscript>Please allow JavaScript to play this video.</noscript>",
    `<script type="application/json" id="facts">${jsonInHtml({ video_id, hls_url, start_s, autoplay })}</script>`,
  ]);
}

/** The same words for a video that is not there, is not for everyone, or may not stand elsewhere: it tells nothing of it. */
export const refusalHtml = (house_name: string, house_url: string): string =>
  document(house_name, [
    "</head>",
    '<body class="refusal">',
    `<p>This video is not shown here.<br><a href="${escapeHtml(house_url)}" target="_blank" rel="noopener">Visit ${escapeHtml(house_name)}</a></p>`,
  ]);

const document = (title: string, rest: string[]): string =>
  [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    `<title>${escapeHtml(title)}</title>`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="robots" content="noindex">',
    `<style>${EMBED_CSS}</style>`,
    ...rest,
    "</body>",
    "</html>",
    "",
  ].join("\n");

/**
 * The one policy of the house that lets another site put it into a frame. It holds no form, no cookie and nothing to press that
 * does more than play, so nothing can be had by laying something over it.
 */
export function embedPolicy({ media_origins = [], plays }: { media_origins?: string[]; plays: boolean }): string {
  const media = ["'self'", ...media_origins].join(" ");
  const style = createHash("sha256").update(EMBED_CSS).digest("base64");
  return [
    "default-src 'none'",
    `style-src 'sha256-${style}'`,
    ...(plays
      ? [
          "script-src 'self'",
          `img-src ${media} data: blob:`,
          // hls.js makes a track for captions of an empty file in a `data:` address.
          `media-src ${media} blob: data:`,
          `connect-src ${media}`,
          "worker-src 'self' blob:",
        ]
      : []),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors *",
  ].join("; ");
}
