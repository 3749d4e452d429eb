import type { PersonCard } from "#kernel/cards.ts";
import type { CommentId, PersonId, PostId } from "#kernel/ids.ts";
import type { Json } from "#kernel/json.ts";
import type { Viewer } from "#kernel/viewer.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Log } from "#ports/log/index.ts";
import type { Mail } from "#ports/mail/index.ts";
import type { Outside } from "#ports/outside/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";
import type { Relations } from "#systems/people/index.ts";

import type { Sources } from "./sources.ts";

/** What the inbox takes of other systems: these few functions and no more, by shape. */
export interface NotifyPeople {
  cards(ids: readonly PersonId[]): Promise<ReadonlyMap<PersonId, PersonCard>>;
  relations(person_id: PersonId): Promise<Relations>;
}

/** A post as far as an inbox shows it; feed's own fits. */
export interface ReadPost {
  id: PostId;
  author: PersonCard;
  text: string;
  /** What stands before it; then that is shown in its place. */
  content_warning: string | null;
  video: object | null;
  images: readonly object[];
}

export interface NotifyFeed {
  /** Of these, what this viewer may read now; the rest is missing. */
  posts(viewer: Viewer, ids: readonly PostId[]): Promise<ReadonlyMap<PostId, ReadPost>>;
  /** The words of these comments; what was deleted is missing. Says nothing of whether their post may be read. */
  commentTexts(ids: readonly CommentId[]): Promise<ReadonlyMap<CommentId, string>>;
  /** For each of these texts: whether its reader muted a word in it everywhere, and how. */
  mutedIn(person_id: PersonId, texts: readonly (readonly string[])[]): Promise<("hide" | "warn" | null)[]>;
}

/** The line to devices that are connected now. */
export interface NotifyLine {
  append(tx: Query, stream: string, items: readonly { kind: string; data: Json }[]): Promise<unknown>;
  /** Whoever is not in the map is neither connected nor active. */
  active(person_ids: readonly PersonId[]): Promise<ReadonlyMap<PersonId, { active: boolean }>>;
}

export interface NotifyNeeds {
  sql: Sql;
  log: Log;
  jobs: Jobs;
  clock: Clock;
  people: NotifyPeople;
  feed: NotifyFeed;
  mail: Mail;
  outside: Outside;
  /** Of the house: the push key comes from it, and what signs links in letters. */
  secret: string;
  /** Where people reach the house; without it letters have no links, so there are none. */
  public_url: string | null;
  house_name: () => Promise<string>;
  /** Without it nobody is known to be here, and whoever looks asks. */
  line?: NotifyLine;
  /** Push services at `http:`; for tests, which have no internet. */
  test_plain_push?: boolean;
}

/** What the capabilities of this system stand on; each takes the part that it needs. */
export interface Ground extends Omit<NotifyNeeds, "line" | "test_plain_push"> {
  line: NotifyLine | null;
  test_plain_push: boolean;
  sources: Sources;
}
