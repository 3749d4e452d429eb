import { natureOf, Problem } from "#kernel/errors.ts";
import { MINUTE_MS } from "#kernel/time.ts";
import type { JobRun } from "#ports/jobs/index.ts";
import type { FromOutside } from "#ports/outside/index.ts";
import type { Query } from "#ports/sql/index.ts";

import { type LinkLookedEvent, LINKS_TOPIC } from "../events.ts";
import type { Ground } from "../ground.ts";
import type { LinkNeeds } from "../needs.ts";
import { tellChanged } from "../polls/counting.ts";
import * as b from "./bounds.ts";
import { readHead, textOf } from "./html.ts";
import { LOOK_JOB } from "./link.ts";
import * as store from "./store.ts";
import type { Card, LinkId, LinkRow } from "./store.ts";

const PAGES = new Set(["text/html", "application/xhtml+xml"]);
const PICTURES = new Set(["image/jpeg", "image/png", "image/webp", "image/gif"]);

/**
 * Looks at what is behind a link, once for everybody who names it. A page has bounds in bytes and time, is read as text and
 * not beyond its head; its picture is made anew by the house. Whatever the other side does, a post stands without a card.
 */
export function defineLooking(ground: Ground, links: LinkNeeds): void {
  const { sql, clock, jobs, log } = ground;
  const gap_ms = links.host_gap_ms ?? b.HOST_GAP_MS;

  jobs.define({
    name: LOOK_JOB,
    class: "batch",
    tries_max: b.LOOK_TRIES_MAX,
    lease_ms: 30_000,
    run_ms_max: MINUTE_MS,
    concurrency_max: 4,
    tenant_concurrency_max: 1,
    backoff: { base_ms: 2_000, delay_ms_max: 10 * MINUTE_MS },
    async handle(payload, run) {
      const link = await store.findLink(sql.pool, payload.link_id as LinkId);
      if (!link || link.fresh_until.getTime() > clock.now()) return;
      try {
        await look(link, run);
      } catch (error) {
        if (run.signal.aborted || !(error instanceof Problem) || natureOf(error) !== "permanent") throw error;
        await run.fenced((tx) => none(tx, link.id, error.code));
      }
      // The host has a moment to itself before the next of its pages.
      await clock.sleep(gap_ms, run.signal);
    },
    onDead: (tx, payload) => none(tx, payload.link_id as LinkId, "unreachable"),
  });

  jobs.define({
    name: "feed.forget_links",
    class: "maintenance",
    tries_max: 5,
    lease_ms: MINUTE_MS,
    run_ms_max: 10 * MINUTE_MS,
    concurrency_max: 1,
    every_ms: 24 * 60 * MINUTE_MS,
    async handle(_payload, run) {
      for (;;) {
        run.signal.throwIfAborted();
        const gone = await store.deleteUnused(
          sql.pool,
          new Date(clock.now() - b.UNUSED_KEPT_MS),
          b.LINKS_PER_SWEEP_MAX,
        );
        for (const id of gone) await links.pictures.dropOthers(id, null);
        if (gone.length < b.LINKS_PER_SWEEP_MAX) return;
      }
    },
  });

  async function look(link: LinkRow, run: JobRun): Promise<void> {
    const page = await links.outside.fetchOutside(link.url, {
      bytes_max: b.PAGE_BYTES_MAX,
      ms_max: links.page_ms_max ?? b.PAGE_MS_MAX,
      accepts: (media_type) => PAGES.has(media_type),
      signal: run.signal,
    });
    const { title, description, image_url } = readHead(textOf(await startOf(page), page.charset), page.url);
    if (title === null) return run.fenced((tx) => none(tx, link.id, "no_title"));
    const site = new URL(page.url).host.replace(/^www\./, "").slice(0, b.LINK_SITE_CHARS_MAX);
    const picture = image_url === null ? null : await pictureAt(link.id, image_url, run);
    const card: Card = {
      title,
      description,
      site,
      image_name: picture?.name ?? null,
      image_width: picture?.width ?? null,
      image_height: picture?.height ?? null,
    };
    await run.fenced(async (tx) => {
      const now_ms = clock.now();
      await store.markReady(tx, link.id, card, new Date(now_ms), new Date(now_ms + b.READY_FRESH_MS));
      await tellLooked(tx, link.id);
    });
    await links.pictures.dropOthers(link.id, card.image_name);
  }

  /** A card is as good without a picture, so nothing that happens here stops it. */
  async function pictureAt(id: LinkId, url: string, run: JobRun) {
    try {
      const picture = await links.outside.fetchOutside(url, {
        bytes_max: b.PICTURE_BYTES_MAX,
        ms_max: b.PICTURE_MS_MAX,
        accepts: (media_type) => PICTURES.has(media_type),
        signal: run.signal,
      });
      try {
        return await links.pictures.keep(id, picture.body, run.signal);
      } finally {
        await picture.drop();
      }
    } catch (error) {
      run.signal.throwIfAborted();
      links.onPictureLost?.(error);
      return null;
    }
  }

  async function none(tx: Query, id: LinkId, reason: string): Promise<void> {
    const now_ms = clock.now();
    await store.markNone(tx, id, reason.slice(0, 100), new Date(now_ms), new Date(now_ms + b.NONE_FRESH_MS));
    await tellLooked(tx, id);
  }

  /** To posts, and to what else shows the card. */
  async function tellLooked(tx: Query, link_id: LinkId): Promise<void> {
    await tellChanged(log, tx, await store.postsNaming(tx, link_id, b.POSTS_TOLD_MAX));
    const holders = await store.usesOf(tx, link_id, b.POSTS_TOLD_MAX);
    if (holders.length === 0) return;
    const event: LinkLookedEvent = { type: "feed.link_looked", version: 1, data: { link_id, holders } };
    await log.append(tx, LINKS_TOPIC, link_id, event);
  }
}

/** As far as a head reaches; the rest is never asked for. */
async function startOf(page: FromOutside): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of page.body) {
    parts.push(part);
    bytes += part.byteLength;
    if (bytes >= b.PAGE_READ_BYTES_MAX || endsHead(parts)) break;
  }
  return Buffer.concat(parts).subarray(0, b.PAGE_READ_BYTES_MAX);
}

/** Looks at the last two parts only, so that a page in a million small ones costs no more than its bytes. */
const endsHead = (parts: readonly Uint8Array[]): boolean =>
  Buffer.concat([(parts.at(-2) ?? Buffer.alloc(0)).slice(-16), parts.at(-1)!]).includes("</head");
