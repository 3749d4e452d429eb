import { tokenize } from "#systems/feed/index.ts";

/** Text as the sanitized HTML that Mastodon's clients show. Made from tokens alone: nothing that a person wrote is ever markup. */

const ESCAPED: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
export const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (char) => ESCAPED[char]!);

const LINK_SHOWN_CHARS_MAX = 30;

/** The scheme and what is behind the first letters stay in the text, unseen, so that copying gives the whole address. */
function linkHtml(url: string): string {
  const [, scheme = "", rest = ""] = /^(https?:\/\/(?:www\.)?)(.*)$/is.exec(url) ?? [];
  const shown = rest.slice(0, LINK_SHOWN_CHARS_MAX);
  const more = rest.slice(LINK_SHOWN_CHARS_MAX);
  const seen = `<span class="${more ? "ellipsis" : ""}">${escapeHtml(shown)}</span>`;
  return `<a href="${escapeHtml(url)}" target="_blank" rel="nofollow noopener noreferrer" translate="no"><span class="invisible">${escapeHtml(scheme)}</span>${seen}<span class="invisible">${escapeHtml(more)}</span></a>`;
}

export interface HtmlAround {
  origin: string;
  /** Handles that name somebody, in lower case; others stay words. */
  handles: ReadonlySet<string>;
}

export function contentHtml(text: string, { origin, handles }: HtmlAround): string {
  if (text === "") return "";
  const html = tokenize(text).map((token) => {
    switch (token.kind) {
      case "text":
        return escapeHtml(token.text);
      case "link":
        return linkHtml(token.url);
      case "hashtag":
        return `<a href="${origin}/tags/${encodeURIComponent(token.tag)}" class="mention hashtag" rel="tag">#<span>${escapeHtml(token.text.slice(1))}</span></a>`;
      case "mention":
        return handles.has(token.handle)
          ? `<span class="h-card" translate="no"><a href="${origin}/@${token.handle}" class="u-url mention">@<span>${escapeHtml(token.text.slice(1))}</span></a></span>`
          : escapeHtml(token.text);
    }
  });
  return `<p>${html
    .join("")
    .replaceAll(/\n{2,}/g, "</p><p>")
    .replaceAll("\n", "<br>")}</p>`;
}

/** Of a profile, where everybody who is named is drawn as a link by the page too. */
export const bioHtml = (text: string, origin: string): string =>
  contentHtml(text, {
    origin,
    handles: new Set(tokenize(text).flatMap((token) => (token.kind === "mention" ? [token.handle] : []))),
  });
