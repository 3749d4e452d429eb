/** What is wrong with a text of rules, and where in it. */
export interface PlacedTrouble {
  detail: string;
  pointer: string;
  /** From 1; null where it cannot be told. */
  line: number | null;
  /** Of its first character. */
  at: number;
}

/** JSON, or why it is none and where. */
export function parseRules(text: string): { value: unknown } | { trouble: PlacedTrouble } {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    const at = brokenAt(text);
    const detail = text.trim() === "" ? "There are no rules in it." : `This is not JSON: ${(error as Error).message}.`;
    return { trouble: { detail, pointer: "", line: lineAt(text, at), at } };
  }
}

/** @param text that is JSON */
export function placed(text: string, { pointer, detail }: { pointer: string; detail: string }): PlacedTrouble {
  const at = placeOf(text, pointer.split("/").slice(1));
  const name = pointer.split("/").at(-1) ?? "";
  // A number is the place in a list, which the line says better.
  const named = /^\D/.test(name) ? `${name}: ${detail}` : detail;
  return { detail: named, pointer, line: at === null ? null : lineAt(text, at), at: at ?? 0 };
}

export const lineAt = (text: string, at: number): number => text.slice(0, at).split("\n").length;

/** Reads JSON by its places; each step looks at one character or one plain token, so it takes as long as the text. */
class Walk {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  blank(): void {
    while (/\s/.test(this.text[this.at] ?? "")) this.at++;
  }

  take(mark: string): boolean {
    this.blank();
    if (this.text[this.at] !== mark) return false;
    this.at++;
    return true;
  }

  token(form: RegExp): string {
    this.blank();
    form.lastIndex = this.at;
    const [found] = form.exec(this.text) ?? [];
    if (found === undefined) throw new SyntaxError("Not JSON");
    this.at += found.length;
    return found;
  }
}

const STRING = /"(?:[^"\\\u0000-\u001f]|\\.)*"/y;
const PLAIN = /-?\d[\d.eE+-]*|true|false|null/y;

/**
 * Walks over one value. @returns where the place that `steps` names begins, or null where it is not there.
 * @throws SyntaxError where it is no JSON, with the walk at the place
 */
function walk(on: Walk, steps: readonly string[] | null): number | null {
  on.blank();
  let found: number | null = steps?.length === 0 ? on.at : null;
  const inside = (name: string) => (steps !== null && steps[0] === name ? steps.slice(1) : null);
  if (on.take("{")) {
    for (let first = true; !on.take("}"); first = false) {
      if (!first && !on.take(",")) throw new SyntaxError("Not JSON");
      const name = JSON.parse(on.token(STRING)) as string;
      if (!on.take(":")) throw new SyntaxError("Not JSON");
      found = walk(on, inside(name)) ?? found;
    }
  } else if (on.take("[")) {
    for (let i = 0; !on.take("]"); i++) {
      if (i > 0 && !on.take(",")) throw new SyntaxError("Not JSON");
      found = walk(on, inside(String(i))) ?? found;
    }
  } else if (on.text[on.at] === '"') on.token(STRING);
  else on.token(PLAIN);
  return found;
}

/** Of a field that is not there, the thing that lacks it. */
function placeOf(text: string, steps: readonly string[]): number | null {
  for (let taken = steps.length; taken >= 0; taken--) {
    const found = walk(new Walk(text), steps.slice(0, taken));
    if (found !== null) return found;
  }
  return null;
}

function brokenAt(text: string): number {
  const on = new Walk(text);
  try {
    walk(on, null);
    on.blank();
  } catch {
    // The walk stands where it could not go on.
  }
  return Math.min(on.at, text.length);
}
