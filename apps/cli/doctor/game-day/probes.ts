import { z } from "zod";

import type { Answered, Ask } from "./ask.ts";
import type { OpenLine } from "./line.ts";
import type { Notes } from "./notes.ts";
import type { SignedInGuest } from "./person.ts";
import type { Probe } from "./watch.ts";

export const PROBE_NAMES = ["home", "post", "sign in", "upload", "line", "notifications", "search"] as const;
export type ProbeName = (typeof PROBE_NAMES)[number];

/** A picture of one point. */
const PICTURE = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

const zBegun = z.object({ id: z.string() });
const zSigned = z.object({ parts: z.array(z.object({ url: z.string() })).min(1) });
const zImage = z.object({ id: z.string() });

/** What people do in a house, at the pace of a small one: about twenty requests a second. */
export function probesOf(
  ask: Ask,
  line: OpenLine,
  notes: Notes,
  reader: SignedInGuest,
  signer: SignedInGuest,
): (Probe & { name: ProbeName })[] {
  const { token } = reader;
  return [
    { name: "home", every_ms: 100, run: () => ask("GET", "/v1/feeds/home?limit=20", { token }) },
    { name: "post", every_ms: 250, run: (turn) => notes.write(turn) },
    { name: "line", every_ms: 500, run: (turn) => line.ping(turn) },
    { name: "notifications", every_ms: 500, run: () => ask("GET", "/v1/notifications?limit=20", { token }) },
    { name: "search", every_ms: 500, run: () => ask("GET", "/v1/people?q=a", { token }) },
    {
      name: "sign in",
      every_ms: 1_000,
      // A session a second for a minute; the oldest of fifty goes, so this is another guest than the one who reads.
      run: () => ask("POST", "/v1/sessions", { body: { handle: signer.handle, password: signer.password } }),
    },
    { name: "upload", every_ms: 1_000, run: () => upload(ask, token) },
  ];
}

/** All the way to a picture; it is taken away again, which is not counted. */
async function upload(ask: Ask, token: string): Promise<Answered> {
  const begun = await ask("POST", "/v1/uploads", {
    token,
    body: { filename: "game-day.png", size_bytes: PICTURE.length, media_type: "image/png" },
  });
  const upload_id = zBegun.safeParse(begun.body).data?.id;
  if (begun.fate !== "ok" || upload_id === undefined) return begun;
  const path = `/v1/uploads/${upload_id}`;
  const give_up = async (answered: Answered) => {
    if (answered.fate !== "unanswered") await ask("DELETE", path, { token });
    return answered;
  };
  const signed = await ask("POST", `${path}/parts`, { token, body: { part_numbers: [1] } });
  const url = zSigned.safeParse(signed.body).data?.parts[0]?.url;
  if (signed.fate !== "ok" || url === undefined) return give_up(signed);
  const put = await ask("PUT", url, { bytes: PICTURE });
  if (put.fate !== "ok") return give_up(put);
  const parts = [{ part_number: 1, etag: put.etag ?? "" }];
  const completed = await ask("POST", `${path}/complete`, { token, body: { parts } });
  if (completed.fate !== "ok") return give_up(completed);
  const made = await ask("POST", "/v1/images", { token, body: { upload_id, alt: "A point" } });
  const image_id = zImage.safeParse(made.body).data?.id;
  if (made.fate !== "ok" || image_id === undefined) return give_up(made);
  const { fate, because } = made;
  await ask("DELETE", `/v1/images/${image_id}`, { token });
  return { ...made, fate, because };
}
