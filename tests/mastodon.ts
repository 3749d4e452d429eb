import { mastodonRoutes } from "#systems/mastodon/contract.ts";

import type { House } from "./house.ts";

/** What the journeys of Mastodon's clients begin with. */

export const OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob";

/** A person's answer to a program on the page's own route, with their session. @returns the code */
export async function allow(
  house: House,
  session: string,
  asked: { client_id: string; redirect_uri: string; scope: string },
): Promise<string> {
  const { status, body, code } = await house.client.call(mastodonRoutes.authorizeApp, {
    token: session,
    body: { ...asked, response_type: "code", allow: true },
  });
  if (status !== 200) throw new Error(`the program was not let in: ${status} ${code}`);
  return body.code ?? new URL(body.redirect_to!).searchParams.get("code")!;
}

/** A picture that is one: 64 × 48 points of grey, as a BMP. */
export function picture(): Blob {
  const [width, height] = [64, 48];
  const bytes = new Uint8Array(54 + width * height * 3).fill(0x80, 54);
  const head = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  head.setUint32(2, bytes.length, true);
  head.setUint32(10, 54, true);
  head.setUint32(14, 40, true);
  head.setInt32(18, width, true);
  head.setInt32(22, height, true);
  head.setUint16(26, 1, true);
  head.setUint16(28, 24, true);
  return new Blob([bytes], { type: "image/bmp" });
}
