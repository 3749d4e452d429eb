import { join } from "node:path";

import type { Clock } from "#ports/clock/index.ts";

import type { Config, Secrets } from "../../server/config.ts";
import { openSmtp } from "../../server/ground.ts";
import { broken, type Finding, ok, warn } from "./finding.ts";

/** On which ways the house can reach people who do not look at it. Push keys come from its secret, so there are always some. */
export async function reach(config: Config, secrets: Secrets, clock: Clock): Promise<Finding[]> {
  return [push(config.public_url), await mail(config, secrets, clock)];
}

function push(public_url: string | null): Finding {
  if (public_url?.startsWith("https:")) return ok("push", "signed by the house's own key, which comes from its secret");
  return warn(
    "push",
    public_url === null ? "the house does not know its own address" : `the house is at ${public_url}`,
    "Browsers take push only over https (or on this machine itself). Put the house behind https and set FOLKHUS_URL to that address.",
  );
}

async function mail(config: Config, secrets: Secrets, clock: Clock): Promise<Finding> {
  const { public_url, data_folder, mail_from } = config;
  if (public_url === null)
    return warn(
      "mail",
      "no letters are written",
      "Set FOLKHUS_URL, so that letters can hold links that lead to the house.",
    );
  if (secrets.smtp_url === null) {
    const outbox = join(data_folder, "outbox");
    return warn(
      "mail",
      `letters are written into ${outbox} and go no further`,
      "Set SMTP_URL to a mail server; until then nobody outside gets a digest.",
    );
  }
  try {
    // Nothing is sent, so the secret that names letters is not asked for.
    await using server = await openSmtp(config, secrets, "", clock);
    await server?.check();
    const signed = config.dkim ? `, signed as ${config.dkim.selector}` : "";
    return ok("mail", `the server of SMTP_URL takes letters from ${mail_from}${signed}`);
  } catch (error) {
    return broken(
      "mail",
      (error as Error).message,
      "Letters wait and are tried again for a day. Look at SMTP_URL and at that server.",
    );
  }
}
