import { columns, command } from "./command.ts";
import { openHouse } from "./house.ts";

export const routesCommand = command({
  path: ["routes"],
  summary: "Every call that the house answers, and who may make it",
  options: {
    json: { type: "boolean", says: "as lines of JSON" },
    tag: { type: "string", value: "SYSTEM", says: "only those of one system" },
  },
  async run({ json, tag }, terminal) {
    await using house = await openHouse(terminal);
    const routes = house.api.routes
      .filter((route) => tag === undefined || route.tag === tag)
      .toSorted(
        (a, b) => a.tag.localeCompare(b.tag) || a.path.localeCompare(b.path) || a.method.localeCompare(b.method),
      );
    if (json) {
      for (const { method, path, tag: system, access, summary } of routes) {
        terminal.out(JSON.stringify({ method, path, tag: system, ...access, summary }));
      }
      return 0;
    }
    const rows = routes.map(({ method, path, access, summary }) => [method, path, access.who, access.scope, summary]);
    for (const line of columns([["METHOD", "PATH", "WHO", "SCOPE", ""], ...rows])) terminal.out(line);
    terminal.out(`\n  ${routes.length} routes`);
    return 0;
  },
});
