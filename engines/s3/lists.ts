import { Transient } from "#kernel/errors.ts";

import type { S3Call, S3Client } from "./client.ts";
import { textOf } from "./xml.ts";

/**
 * The text of a list, which every store ends and says of whether it is the last page. What does neither (a page of somebody in between,
 * a body that was cut where nobody told its length) would read as a list of nothing, and whoever clears up would take that for done.
 */
export async function readList(client: S3Client, call: S3Call): Promise<string> {
  const xml = await (await client.call(call)).text();
  const root = /^\s*(?:<\?xml[^>]*>\s*)?<(\w+)[\s>]/.exec(xml)?.[1];
  const truncated = textOf(xml, "IsTruncated");
  if (root === undefined || !xml.trimEnd().endsWith(`</${root}>`) || (truncated !== "true" && truncated !== "false"))
    throw new Transient("S3 answered something else than a list");
  return xml;
}
