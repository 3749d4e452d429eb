import type { PersonCard } from "#kernel/cards.ts";
import type { PersonId } from "#kernel/ids.ts";
import type { Cache } from "#ports/cache/index.ts";
import type { ProfileFacts } from "#systems/people/index.ts";

import { PROFILE_CACHED_MS, PROFILES_CACHED_MAX } from "../bounds.ts";
import type { Ground } from "../ground.ts";
import { bioHtml, escapeHtml } from "./html.ts";
import type { AccountEntity, FieldEntity } from "./types.ts";

interface Profile extends ProfileFacts {
  posts: number;
  last_ms: number | null;
}

/** People as accounts. Who may see whom is asked before: these only draw. */
export interface Accounts {
  of(cards: Iterable<PersonCard>, origin: string): Promise<Map<PersonId, AccountEntity>>;
  one(card: PersonCard, origin: string): Promise<AccountEntity>;
  /** Somebody changed: here by a direct call, elsewhere by the event. */
  forget(id: PersonId): void;
}

const HUES = 8;
const NO_FACTS: ProfileFacts = {
  bio: "",
  links: [],
  role: "member",
  followers: 0,
  following: 0,
  created_at: "1970-01-01T00:00:00.000Z",
};

export function createAccounts({ caches, people, feed }: Pick<Ground, "caches" | "people" | "feed">): Accounts {
  const cache: Cache<Profile> = caches.create<Profile>({
    name: "mastodon.profiles",
    version: 1,
    entries_max: PROFILES_CACHED_MAX,
    ttl_ms: PROFILE_CACHED_MS,
  });

  async function profiles(ids: readonly PersonId[]): Promise<Map<PersonId, Profile>> {
    const known = new Map<PersonId, Profile>();
    const missing = new Set<PersonId>();
    for (const id of ids) {
      const profile = cache.peek(id);
      if (profile) known.set(id, profile);
      else missing.add(id);
    }
    if (missing.size === 0) return known;
    const wanted = [...missing];
    const [facts, authored] = await Promise.all([people.profileFacts(wanted), feed.windows.authored(wanted)]);
    for (const id of wanted) {
      const profile = { ...(facts.get(id) ?? NO_FACTS), ...(authored.get(id) ?? { posts: 0, last_ms: null }) };
      cache.set(id, profile);
      known.set(id, profile);
    }
    return known;
  }

  async function of(cards: Iterable<PersonCard>, origin: string): Promise<Map<PersonId, AccountEntity>> {
    const all = new Map([...cards].map((card) => [card.id, card]));
    const known = await profiles([...all.keys()]);
    return new Map([...all.values()].map((card) => [card.id, accountEntity(card, known.get(card.id)!, origin)]));
  }

  return {
    of,
    one: async (card, origin) => (await of([card], origin)).get(card.id)!,
    forget: (id) => cache.delete(id),
  };
}

/** An address of ours as everybody reaches it; those of a store elsewhere are whole already. */
export const absolute = (url: string, origin: string): string => (url.startsWith("/") ? origin + url : url);

function accountEntity(card: PersonCard, profile: Profile, origin: string): AccountEntity {
  const avatar = card.avatar
    ? absolute(card.avatar.url_large, origin)
    : `${origin}/api/pictures/avatar-${Number(BigInt(card.id) % BigInt(HUES))}.png`;
  const header = `${origin}/api/pictures/header.png`;
  const url = `${origin}/@${card.handle}`;
  return {
    id: card.id,
    username: card.handle,
    acct: card.handle,
    display_name: card.display_name,
    locked: card.private,
    bot: false,
    discoverable: true,
    indexable: true,
    group: false,
    noindex: false,
    created_at: profile.created_at,
    note: bioHtml(profile.bio, origin),
    url,
    uri: url,
    avatar,
    avatar_static: avatar,
    header,
    header_static: header,
    followers_count: profile.followers,
    following_count: profile.following,
    statuses_count: profile.posts,
    last_status_at: profile.last_ms === null ? null : new Date(profile.last_ms).toISOString().slice(0, 10),
    hide_collections: false,
    emojis: [],
    roles:
      profile.role === "member" ? [] : [{ id: profile.role === "admin" ? "1" : "2", name: profile.role, color: "" }],
    fields: profile.links.map(fieldEntity),
    suspended: card.suspended,
    limited: card.limited,
    moved: null,
    feature_approval: { automatic: [], manual: [], current_user: "denied" },
  };
}

const fieldEntity = ({ label, url }: { label: string; url: string }): FieldEntity => ({
  name: label === "" ? hostOf(url) : label,
  value: `<a href="${escapeHtml(url)}" target="_blank" rel="nofollow noopener noreferrer me" translate="no">${escapeHtml(url)}</a>`,
  verified_at: null,
});

const hostOf = (url: string) => (URL.canParse(url) ? new URL(url).host : url);
