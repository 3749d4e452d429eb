import type { MailMessage } from "#ports/mail/index.ts";

import type { Notification } from "../contract.ts";
import { pathOf } from "../paths.ts";
import { sentence } from "../words-contract.ts";

export interface LetterNeeds {
  house: string;
  /** Without a slash at its end. */
  public_url: string;
  key: "daily" | "weekly";
  items: readonly Notification[];
  /** There is more than these. */
  more: boolean;
  unsubscribe_token: string;
}

/** A letter as text and as HTML. Whatever comes from people is escaped; nothing in it is fetched from anywhere. */
export function letterOf(needs: LetterNeeds): Pick<MailMessage, "subject" | "text" | "html" | "unsubscribe_url"> {
  const { house, public_url, items, more } = needs;
  const lines = items.map((one) => ({
    what: `${sentence(one, house)}${one.thing?.title ? ` ${one.thing.title}` : ""}`,
    words: one.comment?.excerpt ?? one.thing?.text ?? one.post?.excerpt ?? "",
    url: `${public_url}${pathOf(one)}`,
  }));
  const count = items.length === 1 && !more ? "One thing" : `${items.length}${more ? " and more" : ""} things`;
  const subject = oneLine(`${count} happened in ${house}`).slice(0, 200);
  const when = needs.key === "daily" ? "each morning" : "each Monday";
  const inbox = `${public_url}/notifications`;
  const stop = `${public_url}/notifications/unsubscribe?token=${needs.unsubscribe_token}`;
  const settings = `${public_url}/settings/notifications`;
  const rest = more ? "There is more than fits here." : "";
  const text = [
    `What happened in ${oneLine(house)} since the last letter, and you have not read yet:`,
    "",
    ...lines.flatMap(({ what, words, url }) => [
      `* ${oneLine(what)}`,
      ...(words === "" ? [] : [`  "${oneLine(words)}"`]),
      `  ${url}`,
      "",
    ]),
    ...(rest === "" ? [] : [rest]),
    `All of it: ${inbox}`,
    "",
    "--",
    `You get this ${when} while something is unread. Change it: ${settings}`,
    `No more letters: ${stop}`,
  ].join("\n");
  const html = [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">',
    `<title>${escapeHtml(subject)}</title></head>`,
    '<body style="font-family:system-ui,sans-serif;line-height:1.5;max-width:36rem;margin:0 auto;padding:1.5rem">',
    `<p>What happened in <b>${escapeHtml(oneLine(house))}</b> since the last letter, and you have not read yet:</p>`,
    '<ul style="padding-left:1.25rem">',
    ...lines.map(
      ({ what, words, url }) =>
        `<li style="margin:0.75rem 0"><a href="${escapeHtml(url)}">${escapeHtml(oneLine(what))}</a>${
          words === "" ? "" : `<br><span dir="auto" style="opacity:0.75">${escapeHtml(oneLine(words))}</span>`
        }</li>`,
    ),
    "</ul>",
    ...(rest === "" ? [] : [`<p>${escapeHtml(rest)}</p>`]),
    `<p><a href="${escapeHtml(inbox)}">All of it</a></p>`,
    '<hr style="border:0;border-top:1px solid #8884">',
    `<p style="font-size:0.85rem;opacity:0.75">You get this ${when} while something is unread. `,
    `<a href="${escapeHtml(settings)}">Change it</a> or <a href="${escapeHtml(stop)}">have no more letters</a>.</p>`,
    "</body></html>",
  ].join("\n");
  return {
    subject,
    text,
    html,
    unsubscribe_url: `${public_url}/v1/notifications/unsubscribe/${needs.unsubscribe_token}`,
  };
}

const oneLine = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ")
    .trim()
    .slice(0, 300);

const escapeHtml = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
