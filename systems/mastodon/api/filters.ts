import { z } from "zod";

import { notFound } from "#kernel/errors.ts";
import { DAY_MS } from "#kernel/time.ts";
import { feedRoutes as r } from "#systems/feed/index.ts";

import { FILTER_TITLE_CHARS_MAX, FILTER_WORDS_MAX, FILTERS_MAX } from "../bounds.ts";
import * as store from "../filters/store.ts";
import { listOf, parseFields } from "../wire/fields.ts";
import { zFlag, zList, zSeconds, zWords } from "../wire/shapes.ts";
import { type Asked, type Desk, person, refuse, type Serve } from "./endpoint.ts";

/**
 * Filters are muted words. One of Mastodon's has a name, several words and one way for all of them; so it is a name over words of
 * the house, and a word that stands in none is a filter by itself. What is not named in a change stays as it is.
 */

type Word = {
  id: string;
  phrase: string;
  matches: "word" | "part";
  kind: "hide" | "warn";
  place: "home" | "everywhere";
  expires_at: string | null;
};
/** How a filter's words are muted. */
interface Way {
  kind: Word["kind"];
  place: Word["place"];
  expires_at: Date | null;
}
interface Filter extends Way {
  id: string;
  title: string;
  words: Word[];
  /** Null for a word by itself. */
  row: store.FilterRow | null;
}

const zFilter = z.object({
  title: zWords(500),
  phrase: zWords(500),
  context: zList(z.string().max(40), 10),
  filter_action: zWords(40),
  irreversible: zFlag,
  whole_word: zFlag,
  expires_in: zSeconds,
});
type Said = z.output<typeof zFilter>;
const zKeyword = z.object({
  id: z.coerce.string().max(40).optional(),
  keyword: zWords(500),
  whole_word: zFlag,
  _destroy: zFlag,
});
type Keyword = z.output<typeof zKeyword>;

const contextOf = (place: Word["place"]) =>
  place === "home" ? ["home"] : ["home", "notifications", "public", "thread", "account"];
const keywordOf = ({ id, phrase, matches }: Word) => ({ id, keyword: phrase, whole_word: matches === "word" });
const filterOf = ({ id, title, words, kind, place, expires_at }: Filter) => ({
  id,
  title,
  context: contextOf(place),
  expires_at: expires_at && expires_at.toISOString(),
  filter_action: kind,
  keywords: words.map(keywordOf),
  statuses: [],
});
/** As the first version of the API has it: each word by itself. */
const oldFilterOf = (word: Word) => ({
  id: word.id,
  phrase: word.phrase,
  context: contextOf(word.place),
  whole_word: word.matches === "word",
  expires_at: word.expires_at,
  irreversible: word.kind === "hide",
});

const wayOf = ({ kind, place, expires_at }: Word): Way => ({
  kind,
  place,
  expires_at: expires_at === null ? null : new Date(expires_at),
});

export function serveFilters(serve: Serve, { ground }: Desk): void {
  const read = person("read:filters");
  const write = person("write:filters");
  const { sql, ids, clock } = ground;
  const now = () => new Date(clock.now());

  const words = async (asked: Asked): Promise<Word[]> => (await asked.call(r.listMutedWords)).items;
  const wordAt = async (asked: Asked, id = asked.params.id!): Promise<Word> => {
    const found = (await words(asked)).find((word) => word.id === id);
    if (!found) throw notFound("filter");
    return found;
  };

  async function filters(asked: Asked): Promise<Filter[]> {
    const [all, rows] = await Promise.all([words(asked), store.filtersOf(sql.pool, asked.me.person_id)]);
    const byId = new Map(all.map((word) => [word.id, word]));
    const named = rows.map((row): Filter => {
      const own = row.word_ids.flatMap((id) => byId.get(id) ?? []);
      for (const { id } of own) byId.delete(id);
      const way = own[0] ? wayOf(own[0]) : { kind: row.action, place: row.place, expires_at: row.expires_at };
      return { id: row.id, title: row.title, words: own, row, ...way };
    });
    const alone = [...byId.values()].map((word): Filter => ({
      id: word.id,
      title: word.phrase,
      words: [word],
      row: null,
      ...wayOf(word),
    }));
    return [...named, ...alone];
  }
  const filterAt = async (asked: Asked): Promise<Filter> => {
    const found = (await filters(asked)).find(({ id }) => id === asked.params.id);
    if (!found) throw notFound("filter");
    return found;
  };

  /** What was said over what was so; what was not said stays. */
  const wayIn = (said: Said, before: Way): Way => ({
    kind: said.filter_action === undefined ? before.kind : said.filter_action === "hide" ? "hide" : "warn",
    place:
      said.context.length === 0 ? before.place : said.context.every((one) => one === "home") ? "home" : "everywhere",
    expires_at:
      said.expires_in === undefined
        ? before.expires_at
        : said.expires_in <= 0
          ? null
          : new Date(clock.now() + said.expires_in * 1000),
  });
  const NEW: Way = { kind: "warn", place: "everywhere", expires_at: null };
  /** An empty `expires_in` says: never. */
  const saidIn = (asked: Asked): Said => {
    const said = parseFields(zFilter, asked.fields);
    return "expires_in" in asked.fields && said.expires_in === undefined ? { ...said, expires_in: 0 } : said;
  };
  const keywordsIn = (asked: Asked): Keyword[] =>
    listOf(asked.fields.keywords_attributes).map((field) => parseFields(zKeyword, (field ?? {}) as Asked["fields"]));

  const mute = (asked: Asked, phrase: string, whole_word: boolean, { kind, place, expires_at }: Way): Promise<Word> =>
    asked.call(r.muteWord, {
      body: {
        phrase,
        matches: whole_word ? "word" : "part",
        kind,
        place,
        ...(expires_at === null ? {} : { expires_in_d: (expires_at.getTime() - clock.now()) / DAY_MS }),
      },
    });
  const unmute = (asked: Asked, id: string) => asked.call(r.unmuteWord, { params: { id } });

  /** A word as it is from now on; the same phrase keeps its id, another one takes its place. */
  async function change(asked: Asked, before: Word, phrase: string, whole_word: boolean, way: Way): Promise<Word> {
    const after = await mute(asked, phrase, whole_word, way);
    if (after.id === before.id) return after;
    await store.replaceWord(sql.pool, asked.me.person_id, before.id, after.id);
    await unmute(asked, before.id);
    return after;
  }

  const rowOf = (asked: Asked, filter: Filter): store.FilterRow => ({
    id: filter.id as store.FilterRow["id"],
    person_id: asked.me.person_id,
    title: filter.title,
    word_ids: filter.words.map(({ id }) => id),
    action: filter.kind,
    place: filter.place,
    expires_at: filter.expires_at,
  });
  async function keep(asked: Asked, filter: Filter): Promise<Filter> {
    const row = rowOf(asked, filter);
    if (filter.row) await store.updateFilter(sql.pool, row);
    else if (!(await store.insertFilter(sql.pool, row, now(), FILTERS_MAX)))
      throw refuse(`You have ${FILTERS_MAX} filters, which is the most. Delete one first.`);
    return { ...filter, row };
  }
  const titleIn = (said: Said, before: string): string => {
    const title = (said.title ?? before).trim().slice(0, FILTER_TITLE_CHARS_MAX).toWellFormed().trim();
    if (title === "") throw refuse("Validation failed: Title can't be blank");
    return title;
  };
  const tooMany = () => refuse(`A filter has ${FILTER_WORDS_MAX} words at most.`);

  serve("GET", "/api/v2/filters", read, async (asked) => ({ body: (await filters(asked)).map(filterOf) }));
  serve("GET", "/api/v2/filters/:id", read, async (asked) => ({ body: filterOf(await filterAt(asked)) }));
  serve("POST", "/api/v2/filters", write, async (asked) => {
    const said = saidIn(asked);
    const wanted = keywordsIn(asked).filter(({ keyword }) => keyword?.trim());
    if (wanted.length > FILTER_WORDS_MAX) throw tooMany();
    const title = titleIn(said, "");
    const way = wayIn(said, NEW);
    // The name first: whatever stops in between leaves a filter with fewer words, and none without its name.
    const empty: Filter = { id: ids.next<"filter">(), title, words: [], row: null, ...way };
    let made = await keep(asked, empty);
    for (const { keyword, whole_word } of wanted) {
      const word = await mute(asked, keyword!, whole_word ?? false, way);
      await store.replaceWord(sql.pool, asked.me.person_id, word.id, null);
      made = await keep(asked, { ...made, words: [...made.words.filter(({ id }) => id !== word.id), word] });
    }
    return { body: filterOf(made) };
  });
  serve("PUT", "/api/v2/filters/:id", write, async (asked) => {
    const before = await filterAt(asked);
    const said = saidIn(asked);
    const title = titleIn(said, before.title);
    const way = wayIn(said, before);
    const named = keywordsIn(asked);
    // Clients of single words name the new word and no id.
    const [only] = before.words;
    if (before.words.length === 1 && named.length === 1 && named[0]!.id === undefined && named[0]!._destroy !== true)
      named[0]!.id = only!.id;
    const kept: Word[] = [];
    for (const word of before.words) {
      const asWanted = named.find(({ id }) => id === word.id);
      if (asWanted?._destroy === true) await unmute(asked, word.id);
      else {
        const phrase = asWanted?.keyword?.trim() ? asWanted.keyword : word.phrase;
        kept.push(await change(asked, word, phrase, asWanted?.whole_word ?? word.matches === "word", way));
      }
    }
    const more = named.filter(({ id, keyword }) => id === undefined && keyword?.trim());
    if (kept.length + more.length > FILTER_WORDS_MAX) throw tooMany();
    for (const { keyword, whole_word } of more) kept.push(await mute(asked, keyword!, whole_word ?? false, way));
    const after: Filter = { ...before, title, ...way, words: kept };
    // A word by itself that got no name of its own stays one.
    if (!before.row && kept.length === 1 && (said.title === undefined || title === kept[0]!.phrase))
      return { body: filterOf({ ...after, id: kept[0]!.id, title: kept[0]!.phrase }) };
    return { body: filterOf(await keep(asked, after)) };
  });
  serve("DELETE", "/api/v2/filters/:id", write, async (asked) => {
    const { words: own, row, id } = await filterAt(asked);
    for (const word of own) await unmute(asked, word.id);
    if (row) await store.deleteFilter(sql.pool, asked.me.person_id, id);
    return { body: {} };
  });

  serve("GET", "/api/v2/filters/:id/keywords", read, async (asked) => ({
    body: (await filterAt(asked)).words.map(keywordOf),
  }));
  serve("POST", "/api/v2/filters/:id/keywords", write, async (asked) => {
    const { keyword, whole_word } = parseFields(zKeyword, asked.fields);
    const filter = await filterAt(asked);
    if (filter.words.length >= FILTER_WORDS_MAX) throw tooMany();
    const word = await mute(asked, keyword ?? "", whole_word ?? false, filter);
    if (!filter.words.some(({ id }) => id === word.id)) {
      await store.replaceWord(sql.pool, asked.me.person_id, word.id, null);
      // A word by itself becomes a filter with a name by its second word.
      if (!filter.row) await keep(asked, filter);
      if (!(await store.addWord(sql.pool, asked.me.person_id, filter.id, word.id, FILTER_WORDS_MAX))) throw tooMany();
    }
    return { body: keywordOf(word) };
  });
  serve("GET", "/api/v2/filters/keywords/:id", read, async (asked) => ({ body: keywordOf(await wordAt(asked)) }));
  serve("PUT", "/api/v2/filters/keywords/:id", write, async (asked) => {
    const before = await wordAt(asked);
    const { keyword, whole_word } = parseFields(zKeyword, asked.fields);
    const phrase = keyword?.trim() ? keyword : before.phrase;
    return {
      body: keywordOf(await change(asked, before, phrase, whole_word ?? before.matches === "word", wayOf(before))),
    };
  });
  serve("DELETE", "/api/v2/filters/keywords/:id", write, async (asked) => {
    await unmute(asked, asked.params.id!);
    await store.replaceWord(sql.pool, asked.me.person_id, asked.params.id!, null);
    return { body: {} };
  });
  serve("GET", "/api/v2/filters/:id/statuses", read, async () => ({ body: [] }));
  serve("POST", "/api/v2/filters/:id/statuses", write, async () => {
    throw refuse("A filter of this house mutes words, not single posts.");
  });

  serve("GET", "/api/v1/filters", read, async (asked) => ({ body: (await words(asked)).map(oldFilterOf) }));
  serve("POST", "/api/v1/filters", write, async (asked) => {
    const said = saidIn(asked);
    const way: Way = { ...wayIn(said, NEW), kind: said.irreversible ? "hide" : "warn" };
    return { body: oldFilterOf(await mute(asked, said.phrase ?? "", said.whole_word ?? true, way)) };
  });
  serve("GET", "/api/v1/filters/:id", read, async (asked) => ({ body: oldFilterOf(await wordAt(asked)) }));
  serve("PUT", "/api/v1/filters/:id", write, async (asked) => {
    const before = await wordAt(asked);
    const said = saidIn(asked);
    const kind = said.irreversible === undefined ? before.kind : said.irreversible ? "hide" : "warn";
    const way: Way = { ...wayIn(said, wayOf(before)), kind };
    const phrase = said.phrase?.trim() ? said.phrase : before.phrase;
    return {
      body: oldFilterOf(await change(asked, before, phrase, said.whole_word ?? before.matches === "word", way)),
    };
  });
  serve("DELETE", "/api/v1/filters/:id", write, async (asked) => {
    await unmute(asked, asked.params.id!);
    await store.replaceWord(sql.pool, asked.me.person_id, asked.params.id!, null);
    return { body: {} };
  });
}
