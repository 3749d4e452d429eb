import { createHash } from "node:crypto";

import { Transient } from "#kernel/errors.ts";

/** All that the limits ask of a Redis, so that whoever has another client brings that (`packages/limiter`). */
export interface RedisCommands {
  /** A script by its digest; sent whole where Redis does not know it. A cluster needs the keys. @throws RedisAway */
  script(script: Script, args: string[], keys?: string[]): Promise<unknown>;
}

export interface Script {
  text: string;
  sha: string;
}

export const scriptOf = (text: string): Script => ({ text, sha: createHash("sha1").update(text).digest("hex") });

/** It did not answer, or not in time, or was not asked because it did not a moment ago. */
export class RedisAway extends Transient {
  override readonly name = "RedisAway";
}
