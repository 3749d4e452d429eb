import { ROUTES_REMEMBERED_MAX, UNKNOWN_FORMS_MAX } from "./bounds.ts";
import type { SimulatedRoute } from "./contract.ts";
import { plain } from "./plain.ts";

/** What a request of a log was, in the house's own terms. */
export interface FoundRoute {
  /** `GET /v1/posts/{id}`; of a path that is no route of the house, its form: numbers and long names as `{…}`. */
  route: string;
  cost_tokens: number;
  /** False where the house has no such route. */
  known: boolean;
  /** False for what the house never counts: files of the page, media, its health. */
  limited: boolean;
}

/** Answered before anything is counted (apps/server/front.ts). */
const UNCOUNTED = ["/assets/", "/blobs/", "/blobs-allow/"];
const UNCOUNTED_PATHS = new Set(["/healthz", "/sw.js"]);
/** As the house's own log calls what was no route, and under which name limits count it (ports/http/api.ts). */
const UNMATCHED = "unmatched";
const NO_ROUTE = "* /v1/*";
const SEGMENTS_MAX = 12;
const NAMED_CHARS_MAX = 24;

/** @param names as `METHOD /path` @param costs by name, where it is not one token */
export const routesOf = (names: readonly string[], costs: Readonly<Record<string, number>>): SimulatedRoute[] =>
  names.map((name) => {
    const [method = "", path = ""] = name.split(" ", 2);
    return { method, path, cost_tokens: costs[name] ?? 1 };
  });

/** Finds the route of a path, whole or with its braces. @param routes of the house; doors with `*` as their method, and all below their path */
export function createRouteFinder(routes: readonly SimulatedRoute[]): (method: string, path: string) => FoundRoute {
  const exact = new Map<string, FoundRoute>();
  const patterns = new Map<string, { parts: string[]; found: FoundRoute }[]>();
  const doors: { path: string; found: FoundRoute }[] = [];
  for (const { method, path, cost_tokens } of routes) {
    const found = { route: `${method} ${path}`, cost_tokens, known: true, limited: true };
    exact.set(found.route, found);
    if (method === "*") doors.push({ path, found });
    if (!path.includes("{")) continue;
    const parts = path.split("/");
    const group = `${method} ${parts.length}`;
    const same = patterns.get(group);
    if (same) same.push({ parts, found });
    else patterns.set(group, [{ parts, found }]);
  }
  const forms = new Set<string>();
  const remembered = new Map<string, FoundRoute>();

  function find(method: string, path: string): FoundRoute {
    const key = `${method} ${path}`;
    const same =
      exact.get(key) ??
      exact.get(method === "HEAD" ? `GET ${path}` : `* ${path}`) ??
      (path === UNMATCHED ? exact.get(NO_ROUTE) : undefined);
    if (same) return same;
    const door = doors.find((one) => path.startsWith(`${one.path}/`));
    if (door) return door.found;
    const parts = path.split("/");
    const fits = patterns
      .get(`${method} ${parts.length}`)
      ?.find((one) => one.parts.every((part, i) => part.startsWith("{") || part === parts[i]));
    if (fits) return fits.found;
    // Whatever else somebody reads is the page, where the house counts it as one.
    const page = exact.get("GET /");
    const limited = !UNCOUNTED_PATHS.has(path) && !UNCOUNTED.some((below) => path.startsWith(below));
    if (page && limited && (method === "GET" || method === "HEAD") && !/^\/v1(?:\/|$)/.test(path)) return page;
    let route = plain(`${method} ${formOf(parts)}`);
    if (!forms.has(route)) {
      if (forms.size < UNKNOWN_FORMS_MAX) forms.add(route);
      else route = plain(`${method} …`);
    }
    return { route, cost_tokens: 1, known: false, limited };
  }

  return (method, path) => {
    const key = `${method} ${path}`;
    let found = remembered.get(key);
    if (!found) {
      if (remembered.size >= ROUTES_REMEMBERED_MAX) remembered.clear();
      found = find(method, path);
      remembered.set(key, found);
    }
    return found;
  };
}

/** A path with what names one thing of many left out: it says less of people, and there are fewer of them. */
const formOf = (parts: string[]): string =>
  parts
    .slice(0, SEGMENTS_MAX)
    .map((part) => (/\d{3,}|^\d+$|[@%]/.test(part) || part.length > NAMED_CHARS_MAX ? "{…}" : part))
    .join("/") + (parts.length > SEGMENTS_MAX ? "/…" : "");
