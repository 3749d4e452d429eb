import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Does the line's simulation notice? In a copy of the tree one thing is taken out at a time (what is known is dropped, what comes
 * early is kept, what is missing is looked for), and lives are lived until one goes wrong. A change that no life notices is a hole.
 *
 *     bun tests/long/line-mutations.ts [lives of each = 60] [first seed = 1]
 */
const lives = Number(process.argv[2] ?? 60);
const seed = Number(process.argv[3] ?? 1);
const ROOT = join(import.meta.dirname, "../..");
const CHANNEL = "systems/realtime/channel.ts";
const HUB = "systems/realtime/hub.ts";
const LISTENING = "systems/realtime/listening.ts";
const FOLLOWED = "apps/web/live/followed.ts";

const MUTATIONS: { what: string; file: string; from: string; to: string }[] = [
  {
    what: "a node does not drop what it knows",
    file: CHANNEL,
    from: "if (seq <= head) return;",
    to: "if (seq <= head) return add(item);",
  },
  {
    what: "a node keeps nothing that comes before it knows where the stream is",
    file: CHANNEL,
    from: "if (early.length < b.AHEAD_ITEMS_MAX) early.push(message);",
    to: "",
  },
  {
    what: "a node keeps nothing that comes early, and takes it for the next",
    file: CHANNEL,
    from: "if (seq === head + 1) add(item);",
    to: "if (seq > head) add(item);",
  },
  {
    what: "a node looks for no gap",
    file: CHANNEL,
    from: "if (known > head) filling ??= fill().finally(() => (filling = null));",
    to: "",
  },
  {
    what: "a node never looks at the heads",
    file: HUB,
    from: "await readHeads([...channels.keys()]);",
    to: "",
  },
  {
    what: "nobody is asked again",
    file: CHANNEL,
    from: 'for (const ear of ears) if (rechecked === "0" || rechecked === ear.person_id) ear.hold();',
    to: "{}",
  },
  {
    what: "who was asked about hears on meanwhile",
    file: LISTENING,
    from: "    this.live = false;\n    if (this.held) return;",
    to: "    if (this.held) return;",
  },
  {
    what: "a client does not drop what it knows",
    file: FOLLOWED,
    from: "if (seq <= pos) continue;",
    to: "if (seq <= pos) { take(item); continue; }",
  },
  {
    what: "a client takes what comes early for the next",
    file: FOLLOWED,
    from: "if (seq === pos + 1) take(item);",
    to: "if (seq > pos) take(item);",
  },
  {
    what: "a client pulls nothing that it lacks",
    file: FOLLOWED,
    from: 'if (pos < head) pulling = say(["pull", stream, { after: String(pos) }, PULL_ITEMS]);',
    to: "if (pos < head) return;",
  },
];

const folder = await mkdtemp(join(tmpdir(), "folkhus-mutations-"));
await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
for (const name of [
  "package.json",
  "tsconfig.json",
  "bunfig.toml",
  "kernel",
  "ports",
  "engines",
  "systems",
  "tests",
  "apps",
])
  await cp(join(ROOT, name), join(folder, name), { recursive: true });

async function live(): Promise<{ red: boolean; said: string }> {
  const run = Bun.spawn([process.execPath, "tests/long/line-simulation.ts", String(lives), String(seed)], {
    cwd: folder,
    stdout: "pipe",
    stderr: "pipe",
  });
  const said = await new Response(run.stdout).text();
  return { red: (await run.exited) !== 0, said };
}

let holes = 0;
const whole = await live();
if (whole.red) throw new Error(`without a change it is red already:\n${whole.said}`);
for (const { what, file, from, to } of MUTATIONS) {
  const path = join(folder, file);
  const text = await Bun.file(path).text();
  if (text.split(from).length !== 2) throw new Error(`${file} does not have this once any more: ${from}`);
  await Bun.write(path, text.replace(from, to));
  const { red, said } = await live();
  await Bun.write(path, text);
  if (!red) holes += 1;
  const first = /✗ (.*)/.exec(said)?.[1] ?? "it fell over";
  console.log(`${red ? "red  " : "GREEN"}  ${what}${red ? `: ${first}` : ""}`);
}
await rm(folder, { recursive: true, force: true });
console.log(`${MUTATIONS.length} changes, ${lives} lives each from seed ${seed}: ${holes} went unnoticed`);
process.exit(holes > 0 ? 1 : 0);
