/** Paths with `:names`, found by their segments. A literal wins over a name. */
interface Node<T> {
  literal: Map<string, Node<T>>;
  named: Node<T> | null;
  ends: Map<string, { value: T; names: string[] }>;
}

export interface Router<T> {
  add(method: string, path: string, value: T): void;
  /** Null where there is no such path; without a value where it answers to other methods. */
  find(method: string, path: string): { value: T | null; params: Record<string, string>; methods: string[] } | null;
}

const SEGMENTS_MAX = 12;

export function createRouter<T>(): Router<T> {
  const node = (): Node<T> => ({ literal: new Map(), named: null, ends: new Map() });
  const root = node();

  return {
    add(method, path, value) {
      let at = root;
      const names: string[] = [];
      for (const segment of path.split("/").slice(1)) {
        if (segment.startsWith(":")) {
          names.push(segment.slice(1));
          at = at.named ??= node();
          continue;
        }
        let next = at.literal.get(segment);
        if (!next) at.literal.set(segment, (next = node()));
        at = next;
      }
      if (at.ends.has(method)) throw new Error(`${method} ${path} is served twice`);
      at.ends.set(method, { value, names });
    },

    find(method, path) {
      const segments = path.replace(/\/$/, "").split("/").slice(1);
      if (segments.length > SEGMENTS_MAX) return null;
      const found = walk(root, segments, 0, []);
      if (!found) return null;
      const end = found.node.ends.get(method) ?? (method === "HEAD" ? found.node.ends.get("GET") : undefined);
      const methods = [...found.node.ends.keys()];
      if (!end) return { value: null, params: {}, methods };
      const params = Object.fromEntries(end.names.map((name, i) => [name, found.values[i]!]));
      return { value: end.value, params, methods };
    },
  };

  function walk(
    at: Node<T>,
    segments: string[],
    i: number,
    values: string[],
  ): { node: Node<T>; values: string[] } | null {
    if (i === segments.length) return at.ends.size > 0 ? { node: at, values } : null;
    const literal = at.literal.get(segments[i]!);
    const found = literal && walk(literal, segments, i + 1, values);
    if (found) return found;
    if (!at.named) return null;
    const value = decoded(segments[i]!);
    return value === null ? null : walk(at.named, segments, i + 1, [...values, value]);
  }
}

function decoded(segment: string): string | null {
  try {
    const text = decodeURIComponent(segment);
    return text.includes("\0") || text.length > 512 ? null : text;
  } catch {
    return null;
  }
}
