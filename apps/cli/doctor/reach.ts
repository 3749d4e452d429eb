import { join } from "node:path";

import type { Config } from "../../server/config.ts";
import { type Finding, ok, warn } from "./finding.ts";

/** On which ways the house can reach people who do not look at it. Push keys come from its secret, so there are always some. */
export function reach({ public_url, data_folder }: Config): Finding[] {
  return [push(public_url), mail(public_url, data_folder)];
}

function push(public_url: string | null): Finding {
  if (public_url?.startsWith("https:")) return ok("push", "signed by the house's own key, which comes from its secret");
  return warn(
    "push",
    public_url === null ? "the house does not know its own address" : `the house is at ${public_url}`,
    "Browsers take push only over https (or on this machine itself). Put the house behind https and set FOLKHUS_URL to that address.",
  );
}

function mail(public_url: string | null, data_folder: string): Finding {
  const outbox = join(data_folder, "outbox");
  return public_url === null
    ? warn("mail", "no letters are written", "Set FOLKHUS_URL, so that letters can hold links that lead to the house.")
    : warn(
        "mail",
        `letters are written into ${outbox} and go no further`,
        "This version has no mail engine that leaves the house; nobody outside gets a digest.",
      );
}
