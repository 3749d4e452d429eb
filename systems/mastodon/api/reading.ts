import { z } from "zod";

import { notFound } from "#kernel/errors.ts";
import { rfc3339 } from "#kernel/time.ts";
import { feedRoutes as r } from "#systems/feed/index.ts";

import { listOf, parseFields } from "../wire/fields.ts";
import { zFlag, zList, zOptionalId, zSeconds, zWords } from "../wire/shapes.ts";
import { type Asked, type Desk, person, refuse, type Serve } from "./endpoint.ts";

/** How somebody reads: where they stopped, and the words that they muted. */

const DAY_S = 86_400;
const KEYWORDS_MAX = 20;
const zMarkers = z.object({
  home: z.object({ last_read_id: zOptionalId }).optional(),
  notifications: z.object({ last_read_id: zOptionalId }).optional(),
});

export function serveReading(serve: Serve, desk: Desk): void {
  const { inbox, ground } = desk;
  const marker = (last_read_id: string, at: string) => ({ last_read_id, version: 0, updated_at: at });

  async function markers(asked: Asked, timelines: readonly string[]) {
    const body: Record<string, object> = {};
    if (timelines.includes("home")) {
      const { position } = await asked.call(r.getPosition, { params: { timeline: "home" } });
      if (position) body.home = marker(position.entry_id, position.at);
    }
    if (timelines.includes("notifications")) {
      const { read_seq } = await inbox.position(asked.me.person_id);
      if (read_seq !== "0") body.notifications = marker(read_seq, rfc3339(ground.clock.now()));
    }
    return body;
  }

  serve("GET", "/api/v1/markers", person("read:statuses"), async (asked) => {
    const { timeline } = parseFields(z.object({ timeline: zList(z.string().max(40), 10) }), asked.fields);
    return { body: await markers(asked, timeline) };
  });

  serve("POST", "/api/v1/markers", person("write:statuses"), async (asked) => {
    const { home, notifications } = parseFields(zMarkers, asked.fields);
    if (home?.last_read_id)
      await asked.call(r.putPosition, {
        params: { timeline: "home" },
        body: { entry_id: home.last_read_id, device: "" },
      });
    if (notifications?.last_read_id) await inbox.read(asked.me.person_id, notifications.last_read_id);
    return { body: await markers(asked, [...(home ? ["home"] : []), ...(notifications ? ["notifications"] : [])]) };
  });

  serveFilters(serve);
}

type Word = {
  id: string;
  phrase: string;
  matches: "word" | "part";
  kind: "hide" | "warn";
  place: "home" | "everywhere";
  expires_at: string | null;
};

const contextOf = ({ place }: Word) =>
  place === "home" ? ["home"] : ["home", "notifications", "public", "thread", "account"];
const keywordOf = ({ id, phrase, matches }: Word) => ({ id, keyword: phrase, whole_word: matches === "word" });
/** A muted word of ours is a filter with one word. */
const filterOf = (word: Word) => ({
  id: word.id,
  title: word.phrase,
  context: contextOf(word),
  expires_at: word.expires_at,
  filter_action: word.kind,
  keywords: [keywordOf(word)],
  statuses: [],
});
/** As the first version of the API has it. */
const oldFilterOf = (word: Word) => ({
  id: word.id,
  phrase: word.phrase,
  context: contextOf(word),
  whole_word: word.matches === "word",
  expires_at: word.expires_at,
  irreversible: word.kind === "hide",
});

const zFilter = z.object({
  title: zWords(500),
  phrase: zWords(500),
  context: zList(z.string().max(40), 10),
  filter_action: zWords(40),
  irreversible: zFlag,
  whole_word: zFlag,
  expires_in: zSeconds,
});
type FilterAsked = z.output<typeof zFilter>;
const zKeyword = z.object({ keyword: zWords(500), whole_word: zFlag });

function serveFilters(serve: Serve): void {
  const read = person("read:filters");
  const write = person("write:filters");
  const words = async (asked: Asked): Promise<Word[]> => (await asked.call(r.listMutedWords)).items;
  const find = async (asked: Asked): Promise<Word> => {
    const found = (await words(asked)).find(({ id }) => id === asked.params.id);
    if (!found) throw notFound("filter");
    return found;
  };
  const mute = (
    asked: Asked,
    said: FilterAsked,
    phrase: string,
    whole_word: boolean,
    kind: "hide" | "warn",
  ): Promise<Word> => {
    const home_only = said.context.length > 0 && said.context.every((context) => context === "home");
    return asked.call(r.muteWord, {
      body: {
        phrase,
        matches: whole_word ? "word" : "part",
        kind,
        place: home_only ? "home" : "everywhere",
        ...(said.expires_in === undefined || said.expires_in <= 0 ? {} : { expires_in_d: said.expires_in / DAY_S }),
      },
    });
  };
  const forget = async (asked: Asked) => {
    await asked.call(r.unmuteWord, { params: { id: asked.params.id! } });
    return { body: {} };
  };
  /** Several words under one title are several of ours. @throws Problem 422 where there is none */
  async function muteAll(asked: Asked): Promise<Word> {
    const said = parseFields(zFilter, asked.fields);
    const keywords = listOf(asked.fields.keywords_attributes).map((field) =>
      parseFields(zKeyword, (field ?? {}) as Asked["fields"]),
    );
    const wanted = keywords.filter(({ keyword }) => keyword?.trim());
    if (wanted.length === 0 || wanted.length > KEYWORDS_MAX)
      throw refuse("A filter of this house mutes words: name at least one, and not more than twenty.");
    const made: Word[] = [];
    for (const { keyword, whole_word } of wanted)
      made.push(await mute(asked, said, keyword!, whole_word ?? true, said.filter_action === "warn" ? "warn" : "hide"));
    return made[0]!;
  }

  serve("GET", "/api/v2/filters", read, async (asked) => ({ body: (await words(asked)).map(filterOf) }));
  serve("POST", "/api/v2/filters", write, async (asked) => ({ body: filterOf(await muteAll(asked)) }));
  serve("GET", "/api/v2/filters/:id", read, async (asked) => ({ body: filterOf(await find(asked)) }));
  serve("PUT", "/api/v2/filters/:id", write, async (asked) => {
    const before = await find(asked);
    const said = parseFields(zFilter, asked.fields);
    const [keyword] = listOf(asked.fields.keywords_attributes).map((field) =>
      parseFields(zKeyword, (field ?? {}) as Asked["fields"]),
    );
    const phrase = keyword?.keyword?.trim() ? keyword.keyword : before.phrase;
    const whole_word = keyword?.whole_word ?? before.matches === "word";
    const kind = said.filter_action === undefined ? before.kind : said.filter_action === "warn" ? "warn" : "hide";
    const after = await mute(asked, said, phrase, whole_word, kind);
    if (after.id !== before.id) await forget(asked);
    return { body: filterOf(after) };
  });
  serve("DELETE", "/api/v2/filters/:id", write, forget);
  serve("GET", "/api/v2/filters/:id/keywords", read, async (asked) => ({ body: [keywordOf(await find(asked))] }));
  serve("GET", "/api/v2/filters/:id/statuses", read, async () => ({ body: [] }));

  serve("GET", "/api/v1/filters", read, async (asked) => ({ body: (await words(asked)).map(oldFilterOf) }));
  serve("POST", "/api/v1/filters", write, async (asked) => {
    const said = parseFields(zFilter, asked.fields);
    const kind = said.irreversible ? "hide" : "warn";
    return { body: oldFilterOf(await mute(asked, said, said.phrase ?? "", said.whole_word ?? true, kind)) };
  });
  serve("GET", "/api/v1/filters/:id", read, async (asked) => ({ body: oldFilterOf(await find(asked)) }));
  serve("DELETE", "/api/v1/filters/:id", write, forget);
}
