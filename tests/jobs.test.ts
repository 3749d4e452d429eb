import { afterAll, expect, test } from "bun:test";

import { jobsRoutes } from "#systems/jobs/contract.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import { openBrowser } from "./browser.ts";
import { PASSWORD, startHouse } from "./house.ts";

const house = await startHouse();
const browser = await openBrowser();
afterAll(async () => {
  await browser.close();
  await house[Symbol.asyncDispose]();
});

test("WEB253, WEB257, WEB258, WEB259, JP16: an admin reads why a job died, puts it back, sees that it is done, and finds it in the log; puts back all of a reason after a count, and runs what comes by the clock; what starves is said to who runs the house", async () => {
  const { client } = house;
  const rut = { handle: "rut", password: PASSWORD };
  await client.call(peopleRoutes.signUp, {
    body: { ...rut, display_name: "Rut", setup_token: house.setup_token ?? "" },
  });
  const { token } = (await client.call(peopleRoutes.signIn, { body: rut })).body;
  // A job of a kind that this house has, and that ends well when there is nothing to do.
  await using sql = await house.database();
  const [dead] = await sql.pool<{ id: string }[]>`
    INSERT INTO jobs_jobs (kind, class, priority, payload, state, attempt, ended_at, reason)
    VALUES ('house.trim_log', 'maintenance', 0, '{"letter": "for nobody else"}', 'dead', 3, clock_timestamp(),
      'connect ECONNREFUSED https://db.example.org/?password=sesame') RETURNING id`;

  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  await context.request.post(`${house.url}/v1/sessions`, { data: rut });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const broken: string[] = [];
  page.on("pageerror", (error) => broken.push(String(error)));
  await page.goto(`${house.url}/admin`);
  await page.getByRole("navigation", { name: "Admin" }).getByRole("link", { name: "Jobs" }).click();
  await page.getByText("1 job died and waits for you below.").waitFor();
  await page.getByText("Something that it calls did not answer.").waitFor();
  expect(await page.content()).not.toMatch(/sesame|for nobody else/);

  await page.getByRole("button", { name: "Look at it" }).click();
  const sheet = page.getByRole("dialog", { name: "house.trim_log" });
  await sheet.getByText("text of 15 characters").waitFor();
  // Nobody here runs this kind, so it waits.
  await sql.pool`
    WITH late AS (
      INSERT INTO jobs_jobs (kind, class, priority, payload) VALUES ('elsewhere.only', 'maintenance', 0, '{}') RETURNING id)
    INSERT INTO jobs_queue (slot, job_id, kind, class, priority, state, sort_at)
    SELECT slot, id, 'elsewhere.only', 'maintenance', 0, 'ready', clock_timestamp() - interval '9 hours' FROM late, jobs_house`;
  await sheet.getByRole("button", { name: "Replay", exact: true }).click();
  // The sheet follows the job by itself.
  await sheet.getByText("Done", { exact: true }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByText("Nothing died.").waitFor();
  expect((await client.call(jobsRoutes.getJob, { token, params: { id: dead!.id } })).body).toMatchObject({
    state: "done",
    attempt: 1,
  });

  // The page looked again by itself.
  await page.getByText("Maintenance waits too long: the oldest for 9 h, where 6 h is the most.").waitFor();
  const late = async () => {
    const { checks } = (await (await fetch(`${house.url}/readyz`)).json()) as { checks: Record<string, string>[] };
    return checks.find(({ name }) => name === "jobs");
  };
  // What is known of the queue is asked anew after 5 s.
  while ((await late())?.state !== "degraded") await Bun.sleep(100);
  expect((await late())?.because).toContain("maintenance jobs wait for 540 min, where 360 are the most");
  const { notes } = (await client.call(peopleRoutes.house)).body;
  expect(notes.map(({ code }) => code)).not.toContain("jobs");

  // All that died of one reason, and no other; nobody here runs them, so they wait.
  await sql.pool`
    INSERT INTO jobs_jobs (kind, class, priority, payload, state, ended_at, reason)
    SELECT 'elsewhere.only', 'batch', 0, '{}', 'dead', clock_timestamp(), reason
    FROM unnest(ARRAY['film 1 is gone', 'film 2 is gone', 'no yarn left']) reason`;
  await page.getByRole("button", { name: "See all 2" }).click();
  await page.getByText("Like “film").waitFor();
  // What was pressed is gone; who goes by keys goes on in the list.
  expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Jobs, one by one");
  await page.getByRole("listitem").filter({ hasText: "film 1 is gone" }).waitFor();
  expect(await page.getByRole("listitem").filter({ hasText: "no yarn left" }).count()).toBe(0);
  await page.getByRole("button", { name: "Replay all", exact: true }).click();
  const asked = page.getByRole("alertdialog", { name: "Replay 2 jobs?" });
  await asked.getByRole("button", { name: "Replay them" }).click();
  await page.getByText("2 jobs back in the queue.").waitFor();
  const left = await client.call(jobsRoutes.countJobs, { token, query: { state: "dead" } });
  expect(left.body).toMatchObject({ jobs: 1 });

  await page.getByRole("button", { name: "By the clock" }).click();
  await page.getByRole("button", { name: "Run now house.trim_log" }).click();
  await page.getByText(/^house\.trim_log is job \d+\.$/).waitFor();

  await page.getByRole("navigation", { name: "Admin" }).getByRole("link", { name: "Log" }).click();
  await page.getByText("put many jobs back into the queue").waitFor();
  await page.getByText("ran at once what runs by the clock").waitFor();
  await page.getByText("put a job back into the queue").waitFor();
  expect(broken).toEqual([]);
}, 180_000);
