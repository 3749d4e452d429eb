import type { Scope, SignedIn } from "#kernel/viewer.ts";

/** Mastodon's scopes, pure: which there are, what one covers, and what they are in the house's words. */

const READ = "accounts blocks bookmarks favourites filters follows lists mutes notifications search statuses".split(
  " ",
);
const WRITE =
  "accounts blocks bookmarks conversations favourites filters follows lists media mutes notifications reports statuses".split(
    " ",
  );
const KNOWN = new Set([
  "read",
  "write",
  "follow",
  "push",
  "profile",
  ...READ.map((name) => `read:${name}`),
  ...WRITE.map((name) => `write:${name}`),
]);
/** What `follow` was before scopes had parts. */
const FOLLOW = new Set(["follows", "blocks", "mutes"].flatMap((name) => [`read:${name}`, `write:${name}`]));

/** What an endpoint asks for. */
export type Needed = `read:${string}` | `write:${string}` | "push" | "profile" | null;

export const SCOPES_SUPPORTED: readonly string[] = [...KNOWN];
export const SCOPES_MAX = 40;

/**
 * The scopes in a text as clients write it. Those of administration are left out: this door opens no office.
 * @returns null where one is none that there is, or none is left
 */
export function scopesIn(text: string): string[] | null {
  const asked = [...new Set(text.split(/[\s+]+/).filter(Boolean))];
  const kept = asked.filter((scope) => scope !== "admin" && !scope.startsWith("admin:"));
  if (kept.length === 0 || kept.length > SCOPES_MAX || kept.some((scope) => !KNOWN.has(scope))) return null;
  return kept;
}

/** Whether what was granted covers what is needed. */
export function covers(granted: readonly string[], needed: Needed): boolean {
  if (needed === null) return true;
  if (needed === "profile") return granted.some((s) => s === "profile" || s === "read" || s === "read:accounts");
  const [kind = ""] = needed.split(":");
  return granted.includes(needed) || granted.includes(kind) || (FOLLOW.has(needed) && granted.includes("follow"));
}

export const coversAll = (granted: readonly string[], asked: readonly string[]): boolean =>
  asked.every((scope) =>
    scope === "follow"
      ? granted.includes("follow") || (granted.includes("read") && granted.includes("write"))
      : covers(granted, scope as Needed),
  );

/**
 * Who calls, as the house's own routes are to know them behind this door: each endpoint asked for its own scope before, and what
 * writes also reads what it answers with. Nothing that a program could never be granted is among these, whoever it is.
 */
export const behindDoor = (viewer: SignedIn): SignedIn => ({ ...viewer, scopes: ["read", "write"] });

/** What these are in the house's words, for the person's list of tokens. */
export function houseScopes(granted: readonly string[]): Scope[] {
  const reads = granted.some((s) => s === "profile" || s === "follow" || s.startsWith("read"));
  const writes = granted.some((s) => s === "follow" || s.startsWith("write"));
  return [...(reads ? (["read"] as const) : []), ...(writes ? (["write"] as const) : [])];
}

/** Of a token that its owner made by hand, or a session. */
export const scopesOfHouse = (scopes: readonly Scope[]): string[] => [
  ...(scopes.includes("read") ? ["read"] : []),
  ...(scopes.includes("write") ? ["write", "follow"] : []),
];

/** For people, the widest first. */
export function scopeSentences(granted: readonly string[]): string[] {
  const has = (scope: string) => granted.includes(scope);
  const some = (kind: string) => granted.some((s) => s.startsWith(`${kind}:`));
  return [
    has("write") ? "Post, reply, like, boost and upload as you, change your profile, and delete what is yours" : "",
    !has("write") && some("write") ? `Change as you: ${partsOf(granted, "write")}` : "",
    has("follow") || has("write") ? "Follow, mute and block people as you" : "",
    has("read") ? "Read all that you see here: your home, lists, bookmarks and notifications" : "",
    !has("read") && some("read") ? `Read what you see of: ${partsOf(granted, "read")}` : "",
    !has("read") && !some("read") && has("profile") ? "See who you are" : "",
  ].filter(Boolean);
}

const partsOf = (granted: readonly string[], kind: string) =>
  granted
    .filter((s) => s.startsWith(`${kind}:`))
    .map((s) => s.slice(kind.length + 1))
    .join(", ");

/** The code is shown to be copied by hand. */
export const OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob";
/** Addresses that run something, or show a page of ours as if it were theirs. */
const NEVER = new Set([
  "javascript",
  "data",
  "vbscript",
  "blob",
  "file",
  "about",
  "view-source",
  "filesystem",
  "ws",
  "wss",
]);

/** Whether an answer may be sent there at all. It is compared whole, so it must be whole: no fragment, nothing hidden. */
export function isRedirectUri(uri: string, chars_max: number): boolean {
  if (uri === OUT_OF_BAND) return true;
  if (uri.length > chars_max || !/^[\x21-\x7e]+$/.test(uri) || uri.includes("#") || !URL.canParse(uri)) return false;
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1]?.toLowerCase();
  if (scheme === undefined || NEVER.has(scheme)) return false;
  const { hostname, username, password } = new URL(uri);
  if (username !== "" || password !== "") return false;
  if (scheme === "https") return hostname !== "";
  // A code in clear text is for this very device only.
  if (scheme === "http") return ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
  return true;
}

/** Where it leads, for people to read before they say yes. */
export function placeOf(uri: string): string {
  if (uri === OUT_OF_BAND) return "";
  const { protocol, host } = new URL(uri);
  return /^https?:$/.test(protocol) ? host : protocol.slice(0, -1);
}
