import type { Post } from "../posts/contract.ts";
import { tokenize } from "../tokens.ts";

/** What XML 1.0 has no way to say is left out; posts have none of it, names from elsewhere might. */
const UNSPEAKABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

export const escapeXml = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(UNSPEAKABLE, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");

/** A text as HTML: its links, hashtags and the people of this house are links, its lines are lines. Everything else is escaped. */
export function htmlOf(text: string, known_handles: ReadonlySet<string>, origin: string): string {
  const link = (href: string, words: string) => `<a href="${escapeXml(href)}">${escapeXml(words)}</a>`;
  const html = tokenize(text)
    .map((token) => {
      switch (token.kind) {
        case "link":
          return link(token.url, token.text);
        case "hashtag":
          return link(`${origin}/tags/${encodeURIComponent(token.tag)}`, token.text);
        case "mention":
          return known_handles.has(token.handle)
            ? link(`${origin}/@${token.handle}`, token.text)
            : escapeXml(token.text);
        case "text":
          return escapeXml(token.text);
      }
    })
    .join("");
  return html
    .split(/\n{2,}/)
    .filter((paragraph) => paragraph !== "")
    .map((paragraph) => `<p>${paragraph.replaceAll("\n", "<br>")}</p>`)
    .join("");
}

/** The first words of a post, for those who list titles: cut at a word, at most `chars_max` code points. */
export function titleOf(
  post: Pick<Post, "text" | "video" | "images" | "content_warning" | "author">,
  chars_max = 80,
): string {
  if (post.content_warning !== null) return post.content_warning;
  const flat = post.text.replace(/\s+/g, " ").trim();
  if (flat === "") return post.video?.title || `${post.video ? "A film" : "A picture"} by ${post.author.display_name}`;
  const chars = [...flat];
  if (chars.length <= chars_max) return flat;
  const cut = chars.slice(0, chars_max - 1).join("");
  const space = cut.lastIndexOf(" ");
  return `${space > cut.length - 25 ? cut.slice(0, space) : cut}…`;
}
