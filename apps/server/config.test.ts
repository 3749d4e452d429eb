import { describe, expect, test } from "bun:test";

import { readConfig } from "./config.ts";

describe("configuration", () => {
  const refused: [Record<string, string>, string][] = [
    [{ PORT: "http" }, "PORT"],
    [{ PORT: "70000" }, "PORT"],
    [{ FOLKHUS_SIGNUP: "maybe" }, "FOLKHUS_SIGNUP"],
    [{ FOLKHUS_ROLES: "web,cook" }, "cook"],
    [{ DATABASE_URL: "mysql://x" }, "DATABASE_URL"],
    [{ FOLKHUS_URL: "ftp://x" }, "FOLKHUS_URL"],
    [{ FOLKHUS_SECRET: "short" }, "FOLKHUS_SECRET"],
    [{ FOLKHUS_FREE_MIB_MIN: "-1" }, "FOLKHUS_FREE_MIB_MIN"],
    [{ FOLKHUS_LOG: "loud" }, "FOLKHUS_LOG"],
    [{ REDIS_URL: "http://x" }, "REDIS_URL"],
    [{ SMTP_URL: "http://x" }, "SMTP_URL"],
    [{ SMTP_URL: "smtp://mail.example?tls=off", FOLKHUS_MAIL_FROM: "a@b.se" }, "SMTP_URL"],
    [{ FOLKHUS_MAIL_FROM: "the house", SMTP_URL: "smtp://mail.example" }, "FOLKHUS_MAIL_FROM"],
    [{ FOLKHUS_DKIM_SELECTOR: "house1" }, "FOLKHUS_DKIM_KEY_FILE"],
    [{ NATS_URL: "nats://x" }, "NATS_URL"],
    [{ FOLKHUS_JOBS_BATCH_WAIT_S_MAX: "1h" }, "FOLKHUS_JOBS_BATCH_WAIT_S_MAX"],
    [{ FOLKHUS_JOBS_INTERACTIVE_WAIT_S_MAX: "86401" }, "FOLKHUS_JOBS_INTERACTIVE_WAIT_S_MAX"],
    [{ FOLKHUS_ACCESS_LOG: "a.log", FOLKHUS_ACCESS_LOG_MIB_MAX: "0" }, "FOLKHUS_ACCESS_LOG_MIB_MAX"],
    [{ FOLKHUS_TIMELINE: "magic" }, "FOLKHUS_TIMELINE"],
    [{ FOLKHUS_PUSH_FOLLOWERS_MAX: "many" }, "FOLKHUS_PUSH_FOLLOWERS_MAX"],
  ];
  for (const [env, named] of refused) {
    test(`SV1: nonsense in ${Object.keys(env)[0]} (${Object.values(env)[0]}) is refused by a sentence that names it`, () => {
      expect(() => readConfig(env)).toThrow(named);
    });
  }

  test("SV2: a refused database URL is not repeated, because it holds a password", () => {
    expect(() => readConfig({ DATABASE_URL: "mysql://u:hunter2@h/db" })).toThrow(
      expect.not.stringContaining("hunter2") as unknown as Error,
    );
  });

  test("SV2: so is that of Redis", () => {
    expect(() => readConfig({ REDIS_URL: "https://u:hunter2@h" })).toThrow(
      expect.not.stringContaining("hunter2") as unknown as Error,
    );
    expect(readConfig({ REDIS_URL: "redis://u:hunter2@h" }).secrets.redis_url).toBe("redis://u:hunter2@h");
  });

  test("SV2: and that of the mail server, whose user is who writes where nothing else is said", () => {
    const smtp_url = "smtp://house%40h.se:hunter2@mail.example";
    expect(readConfig({ SMTP_URL: smtp_url })).toMatchObject({
      config: { mail_from: "house@h.se" },
      secrets: { smtp_url },
    });
    expect(() => readConfig({ SMTP_URL: "smtp://house:hunter2@mail.example" })).toThrow(
      expect.not.stringContaining("hunter2") as unknown as Error,
    );
    expect(JSON.stringify(readConfig({ SMTP_URL: smtp_url }).config)).not.toContain("hunter2");
  });

  test("SV3: an empty environment gives the documented defaults", () => {
    const { config, secrets } = readConfig({});
    expect(config).toMatchObject({
      port: 4000,
      host: "127.0.0.1",
      signup: "invitation",
      database_url: null,
      access_log: null,
      jobs_wait_ms_max: { interactive: 120_000, batch: 3_600_000, maintenance: 21_600_000 },
      trusted_proxies: 0,
      timeline: "pull",
      push_followers_max: 10_000,
    });
    expect(config.data_folder.endsWith("/data")).toBe(true);
    expect([...config.roles]).toEqual(["web", "worker", "media"]);
    expect(secrets).toEqual({
      signing_secret: null,
      s3_url: null,
      redis_url: null,
      smtp_url: null,
      metrics_token: null,
    });
  });
});
