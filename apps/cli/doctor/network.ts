import type { Config, Secrets } from "../../server/config.ts";
import { broken, type Finding, ok, warn } from "./finding.ts";

const ANSWER_MS_MAX = 3_000;

/** Whether the house's port is free, is the house, or belongs to somebody else. */
export async function network(config: Config, secrets: Secrets): Promise<Finding[]> {
  return [engines(config, secrets), await port(config)];
}

function engines({ database_url }: Config, { s3_url, redis_url }: Secrets): Finding {
  const database = database_url === null ? "embedded PostgreSQL" : "PostgreSQL by DATABASE_URL";
  const blobs = s3_url === null ? "files in the data folder" : "S3 by S3_URL";
  const lists = redis_url === null ? "" : "; push lists of homes, limits and bus in Redis by REDIS_URL";
  const here = redis_url === null ? "cache, limits and bus" : "cache";
  return ok("engines", `${database}; ${blobs}${lists}; ${here} in the process`);
}

async function port({ port: number, host }: Config): Promise<Finding> {
  const at = `${host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host}:${number}`;
  const answer = await fetch(`http://${at}/readyz`, { signal: AbortSignal.timeout(ANSWER_MS_MAX) }).catch(() => null);
  if (answer) {
    const ready = (await answer.json().catch(() => null)) as {
      checks?: { name: string; state: string; because: string }[];
    } | null;
    if (!ready)
      return broken("port", `${at} is taken by another program`, "Stop it, or choose another port with PORT.");
    const bad = (ready.checks ?? []).filter((check) => check.state !== "ok");
    if (bad.length === 0) return ok("port", `a house answers at ${at} and is ready`);
    const why = bad.map((check) => `${check.name}: ${check.because}`).join(" ");
    return answer.ok
      ? warn("port", `a house answers at ${at}`, why)
      : broken("port", `a house answers at ${at} and is not ready`, why);
  }
  try {
    const trial = Bun.listen({ hostname: host, port: number, socket: { data() {} } });
    trial.stop(true);
    return ok("port", `${at} is free; no house runs there`);
  } catch {
    return broken("port", `${at} is taken by another program`, "Stop it, or choose another port with PORT.");
  }
}
