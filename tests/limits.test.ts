import { afterAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import type { Locator } from "playwright-core";

import type { BodyIn } from "#kernel/contract.ts";
import { limitsRoutes as r } from "#systems/limits/contract.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import { openBrowser } from "./browser.ts";
import { PASSWORD, personOf, startHouse } from "./house.ts";

const folder = await mkdtemp(join(tmpdir(), "limits-"));
const ROOT = join(import.meta.dirname, "..");
const shelf = join(folder, "shelf");
const ACCESS_LOG = join(folder, "access.log");
const house = await startHouse({ FOLKHUS_ACCESS_LOG: ACCESS_LOG });
const browser = await openBrowser();
afterAll(async () => {
  await browser.close();
  await house[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});
const MINUTE = 60_000;

test(
  "WEB241, WEB242, WEB243, WEB244, WEB254, WEB255, WEB256: an admin sees what the limits decide, drafts a rule as a shadow, is told what is wrong at the rule, publishes it, sees whom it would refuse and why somebody was, gives a tier, and takes it all back, also a set that refuses everybody",
  async () => {
    const { client } = house;
    await client.call(peopleRoutes.signUp, {
      body: { handle: "root", password: PASSWORD, display_name: "Root", setup_token: house.setup_token ?? "" },
    });
    const { token } = (await client.call(peopleRoutes.signIn, { body: { handle: "root", password: PASSWORD } })).body;
    const astrid = await personOf(house, "astrid");
    const page = await (await browser.newContext({ baseURL: house.url })).newPage();
    page.setDefaultTimeout(MINUTE);
    const broken: string[] = [];
    page.on("pageerror", (error) => broken.push(error.message));
    await page.request.post("/v1/sessions", { data: { handle: "root", password: PASSWORD } });

    await page.goto("/admin/limits");
    const inForce = page.getByRole("list", { name: "Rules in force" });
    await inForce.getByText(/^Each address: 3,000 at once/).waitFor();
    await page.getByRole("list", { name: "What always holds" }).getByText("limits-desk", { exact: true }).waitFor();

    await page.getByRole("button", { name: "Rule sets", exact: true }).click();
    await page
      .getByRole("listitem", { name: "The house's own" })
      .getByRole("button", { name: "New draft from this" })
      .click();
    const editor = page.getByRole("dialog", { name: "A new draft" });
    // Opening a rule moves the list, and not the sheet: its head stands where it was.
    await editor.getByRole("button", { name: "Change person" }).click();
    await editor.getByRole("button", { name: "Close person" }).waitFor();
    await expectInView(editor);
    await editor.getByRole("button", { name: "Add a rule" }).click();
    const rule = editor.getByRole("region", { name: /^Rule (?:rule-4|me)$/ });
    await rule.getByRole("textbox", { name: "Name" }).fill("me");
    await rule.getByRole("spinbutton", { name: "At once" }).fill("2");
    await rule.getByRole("spinbutton", { name: "Then, a second" }).fill("0.001");
    const only = rule.getByRole("textbox", { name: "Only for these routes" });
    await only.fill("GET /v1/nowhere");
    await editor.getByRole("button", { name: "Look at it and publish" }).click();
    await rule.getByRole("alert").getByText("is no route of this house").waitFor();
    await only.fill("GET /v1/people/me");
    await editor.getByRole("button", { name: "Look at it and publish" }).click();
    const sheet = page.getByRole("dialog", { name: "Publish rule set 1" });
    await sheet.getByRole("list", { name: "What will be different" }).getByText("me").waitFor();
    await sheet.getByRole("textbox", { name: "Why" }).fill("To see who asks so often");
    await sheet.getByRole("button", { name: "Publish", exact: true }).click();
    await sheet.waitFor({ state: "detached" });
    await page.getByRole("listitem", { name: "Rule set 1" }).getByText("in force", { exact: true }).waitFor();

    // It refuses nobody, and tells whom it would.
    for (let i = 0; i < 5; i++) expect((await client.call(peopleRoutes.me, { token: astrid })).status).toBe(200);
    await page.getByRole("button", { name: "In force", exact: true }).click();
    const mine = inForce.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "me Shadow" }) });
    await mine.getByText("would be refused").waitFor();
    await mine.getByText("Whom it refuses most").click();
    await mine.getByText("astrid @astrid").waitFor();

    await page.getByRole("button", { name: "Somebody", exact: true }).click();
    await page.getByRole("textbox", { name: "Whom to look up" }).fill("@astrid");
    await page.getByRole("button", { name: "Look up" }).click();
    await page
      .getByRole("list", { name: "What refused them" })
      .getByRole("listitem")
      .filter({ hasText: "me" })
      .getByText("3 would be, on trial")
      .waitFor();
    // Whom one looked up is whom one gives a tier.
    expect(await page.getByRole("textbox", { name: "Handle" }).inputValue()).toBe("astrid");
    await page.getByRole("textbox", { name: "Handle" }).fill("astrid");
    await page.getByRole("combobox", { name: "Tier" }).selectOption("custom");
    await page.getByRole("spinbutton", { name: "Percent of free" }).fill("250");
    await page.getByRole("button", { name: "Give it" }).click();
    const given = page.getByRole("list", { name: "People and spaces with a tier" });
    await given.getByText("250 % of free").waitFor();
    const answer = await client.call(peopleRoutes.me, { token: astrid });
    expect(answer.headers.get("ratelimit-policy")).toContain('"person";q=3750');
    await given.getByRole("button", { name: "Back to free: astrid @astrid" }).click();
    await page.getByText("Nobody yet").waitFor();

    await page.getByRole("button", { name: "Rule sets", exact: true }).click();
    await page
      .getByRole("listitem", { name: "The house's own" })
      .getByRole("button", { name: "Go back to this" })
      .click();
    await page
      .getByRole("dialog", { name: "Back to the house's own" })
      .getByRole("button", { name: "Publish", exact: true })
      .click();
    await page.getByRole("listitem", { name: "The house's own" }).getByText("in force", { exact: true }).waitFor();
    const { body } = await client.call(r.inForce, { token });
    expect(body.publishings.map(({ version, note }) => [version, note])).toEqual([
      ["0", ""],
      ["1", "To see who asks so often"],
    ]);

    // A set that refuses everybody, admins too: the page comes, and with it the way back.
    const limit = { kind: "bucket", burst_tokens: 1, tokens_per_s: 0.001 } as const;
    const rules = (["person", "address", "global"] as const).map((level) => ({ id: `shut-${level}`, level, limit }));
    const shut = (await client.call(r.createSet, { token, body: { set: { rules } } })).body.version;
    await client.call(r.publishSet, { token, params: { version: shut }, body: { instead_of: "0" } });
    expect((await client.call(peopleRoutes.me, { token: astrid })).status).toBe(200);
    expect((await client.call(peopleRoutes.me, { token: astrid })).status).toBe(429);
    for (let i = 0; i < 2; i++) await page.goto("/admin/limits");
    await inForce.getByRole("heading", { name: "shut-global On" }).waitFor();
    await page.getByRole("button", { name: "Rule sets", exact: true }).click();
    await page
      .getByRole("listitem", { name: "The house's own" })
      .getByRole("button", { name: "Go back to this" })
      .click();
    await page
      .getByRole("dialog", { name: "Back to the house's own" })
      .getByRole("button", { name: "Publish", exact: true })
      .click();
    await page.getByRole("listitem", { name: "The house's own" }).getByText("in force", { exact: true }).waitFor();
    expect((await client.call(peopleRoutes.me, { token: astrid })).status).toBe(200);
    expect(broken).toEqual([]);
  },
  4 * MINUTE,
);

async function expectInView(of: Locator): Promise<void> {
  await of.waitFor();
  const { y = -1 } = (await of.boundingBox()) ?? {};
  expect(y).toBeGreaterThanOrEqual(0);
}

test(
  "WEB247, WEB248, SV17: an admin tries rules on the log that the house keeps, is led to what is wrong in them, and sees who would have been refused, by name; the log goes nowhere",
  async () => {
    const { client } = house;
    const birger = await personOf(house, "birger");
    for (let i = 0; i < 6; i++) expect((await client.call(peopleRoutes.me, { token: birger })).status).toBe(200);
    const { id } = (await client.call(peopleRoutes.me, { token: birger })).body;
    const log = () => readFile(ACCESS_LOG, "utf8");
    while ((await log()).split(`"person_id":"${id}"`).length <= 7) await Bun.sleep(50);
    expect(await log()).not.toMatch(/birger|127\.0\.0\.1/);
    // A browser reads no file that changes meanwhile. It is packed piece by piece, as nginx does it.
    const copied = join(folder, "copied.log.gz");
    const lines = (await log()).split(/(?<=\n)/);
    const half = lines.length >> 1;
    const pieces = [lines.slice(0, half), lines.slice(half)].map((piece) => gzipSync(piece.join("")));
    await writeFile(copied, Buffer.concat(pieces));

    const page = await (await browser.newContext({ baseURL: house.url })).newPage();
    page.setDefaultTimeout(MINUTE);
    const broken: string[] = [];
    page.on("pageerror", (error) => broken.push(error.message));
    await page.request.post("/v1/sessions", { data: { handle: "root", password: PASSWORD } });
    await page.goto("/admin/limits");
    await page.getByRole("button", { name: "Try on a log" }).click();
    const rules = page.getByRole("textbox", { name: "Proposed rules" });
    const replay = page.getByRole("button", { name: "Replay the log" });
    await rules.waitFor();
    expect(await replay.isDisabled()).toBe(true);
    await page.getByLabel("Access log", { exact: true }).setInputFiles(copied);
    const sent: string[] = [];
    page.on("request", (request) => request.method() !== "GET" && sent.push(`${request.method()} ${request.url()}`));

    const limit = { kind: "fixed", tokens: 0, window_ms: 86_400_000 };
    const set = { rules: [{ id: "me", level: "person", routes: ["GET /v1/people/me"], limit }] };
    const text = (tokens: number) =>
      JSON.stringify({ rules: [{ ...set.rules[0], limit: { ...limit, tokens } }] }, null, 2);
    await rules.fill("{");
    await replay.click();
    await page.getByRole("alert").getByText("This is not JSON").waitFor();
    await rules.fill(text(0));
    await replay.click();
    const line =
      text(0)
        .split("\n")
        .findIndex((one) => one.includes('"tokens"')) + 1;
    await page.getByRole("alert").getByText(`Line ${line}: tokens`).waitFor();

    await rules.fill(text(2));
    await replay.click();
    const result = page.getByRole("region", { name: "Result" });
    await result.getByText("birger @birger").waitFor();
    await page.getByText(`${lines.length} lines in`).waitFor();
    await result.getByRole("listitem").filter({ hasText: "GET /v1/people/me" }).first().waitFor();
    await result.getByRole("img", { name: /^Refused requests over time/ }).waitFor();
    expect(sent).toEqual([]);
    expect(broken).toEqual([]);
  },
  4 * MINUTE,
);

/** Runs what stands in the README in a folder of its own, which looks like the house's. */
async function inShell(
  script: string,
  env: Record<string, string>,
): Promise<{ code: number; said: string; wrong: string }> {
  const shell = Bun.spawn(["sh", "-ec", script], {
    cwd: shelf,
    env: { PATH: process.env.PATH ?? "", HOME: folder, FOLKHUS_INSTALL: "off", ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [said, wrong] = await Promise.all([new Response(shell.stdout).text(), new Response(shell.stderr).text()]);
  return { code: await shell.exited, said, wrong };
}

test(
  "LM40: the README's examples do what they say: a log is tried and a set is published by the commands, and others have their limits counted by curl",
  async () => {
    const { client } = house;
    await mkdir(shelf);
    for (const name of ["apps", "node_modules", "package.json"]) await symlink(join(ROOT, name), join(shelf, name));
    const blocks = [
      ...(await readFile(join(ROOT, "systems/limits/README.md"), "utf8")).matchAll(/^```\n([^`]+)```$/gm),
    ];
    const [commands, check] = ["folk -- limits", "/v1/limits/check"].map(
      (words) => blocks.map(([, text = ""]) => text).find((text) => text.includes(words)) ?? "",
    ) as [string, string];

    const tokenOf = async (handle: string) =>
      (await client.call(peopleRoutes.signIn, { body: { handle, password: PASSWORD } })).body.token;
    const token = await tokenOf("root");
    const { id } = (await client.call(peopleRoutes.me, { token: await tokenOf("astrid") })).body;
    await using sql = await house.database();
    await sql.pool`UPDATE people_persons SET role = 'admin' WHERE id = ${id}`;
    await writeFile(join(shelf, "access.log"), await readFile(ACCESS_LOG));
    // The house runs already, with a log: that is the first line.
    const [start = "", ...lines] = commands.trim().split("\n");
    expect(start).toMatch(/^FOLKHUS_ACCESS_LOG=access\.log npm start +#/);
    expect(lines).toHaveLength(3);
    const ran = await inShell(lines.join("\n"), { FOLKHUS_DATA: house.data_folder });
    expect([ran.code, ran.wrong]).toEqual([0, ""]);
    expect(ran.said).toMatch(/^\d+ requests of 20/);
    expect(ran.said).toContain("In force is version 0, in force.");
    const { body } = await client.call(r.inForce, { token });
    expect(ran.said).toContain(`Version ${body.version} is in force, instead of 0.`);
    expect(body.publishings[0]).toMatchObject({ note: "A festival", by: { handle: "astrid" } });

    const made = await client.call(peopleRoutes.createToken, { token, body: { name: "shop", scopes: ["limits"] } });
    const sent = JSON.parse(/-d '(.+)'\s*$/s.exec(check)?.[1] ?? "") as BodyIn<typeof r.check>;
    const said = await client.call(r.check, { token: made.body.secret, body: sent });
    expect(said.body.items).toMatchObject([{ allowed: true, key: "customer:7", remaining_tokens: 19 }]);
    if (Bun.which("curl") === null) return;
    const curled = await inShell(check, { TOKEN: made.body.secret, HOUSE: house.url });
    expect(JSON.parse(curled.said)).toMatchObject({ items: [{ allowed: true, key: "customer:7" }] });
  },
  4 * MINUTE,
);
