import { createHash } from "node:crypto";

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

export class RedisAway extends Error {
  override readonly name = "RedisAway";
}
