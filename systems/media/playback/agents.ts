/** What is kept of a browser's name: the kind of device and its family, and nothing else. */
export interface Agent {
  device: Device;
  browser: Browser;
}

export const DEVICES = ["phone", "tablet", "desktop", "tv", "other"] as const;
export type Device = (typeof DEVICES)[number];
export const BROWSERS = ["chrome", "safari", "firefox", "edge", "samsung", "opera", "other"] as const;
export type Browser = (typeof BROWSERS)[number];

const AGENT_CHARS_MAX = 512;

/**
 * Those that say what they are. Who lies about it meets the other bounds: time that has to pass, an address's share.
 * Headless browsers count as machines.
 */
const BOTS =
  /bot\b|bot[/;_-]|crawl|spider|slurp|headless|phantom|preview|facebookexternalhit|whatsapp|telegram|embedly|lighthouse|pingdom|monitor|curl\/|wget\/|libwww|python|scrapy|httpclient|okhttp|go-http|java\/|ruby|perl|axios|node-fetch|undici|bun\/|deno\//i;

/** Who loads a page that nobody looks at yet says so. */
const AHEAD = /prefetch|prerender|preview/i;

/** @returns whether this is no person who watches: a machine, or a page that is loaded ahead of time */
export function isMachine(agent: string | null, signed_in: boolean, header: (name: string) => string | null): boolean {
  if (["sec-purpose", "purpose", "x-purpose", "x-moz"].some((name) => AHEAD.test(header(name) ?? ""))) return true;
  // A client of somebody's own with their token need not have a name; of who is nobody it is the least.
  if (agent === null || agent === "") return !signed_in;
  return BOTS.test(agent.slice(0, AGENT_CHARS_MAX));
}

export function agentOf(agent: string | null): Agent {
  const text = (agent ?? "").slice(0, AGENT_CHARS_MAX);
  return { device: deviceOf(text), browser: browserOf(text) };
}

function deviceOf(text: string): Device {
  if (/smart-?tv|smarttv|hbbtv|appletv|apple tv|bravia|roku|crkey|aft[a-z]|tizen.*tv|web0s|googletv/i.test(text))
    return "tv";
  if (/ipad|tablet|kindle|silk\//i.test(text) || (/android/i.test(text) && !/mobile/i.test(text))) return "tablet";
  if (/mobi|iphone|ipod|android/i.test(text)) return "phone";
  if (/windows nt|macintosh|x11|cros|linux/i.test(text)) return "desktop";
  return "other";
}

function browserOf(text: string): Browser {
  if (/edg(?:e|a|ios)?\//i.test(text)) return "edge";
  if (/opr\/|opera|opios/i.test(text)) return "opera";
  if (/samsungbrowser/i.test(text)) return "samsung";
  if (/firefox|fxios/i.test(text)) return "firefox";
  if (/chrome|chromium|crios/i.test(text)) return "chrome";
  if (/safari/i.test(text)) return "safari";
  return "other";
}
