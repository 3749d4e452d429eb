/** RFC 4180, both ways. Pure, and linear in the text. */
export const csvOf = (rows: readonly (readonly (string | number | boolean)[])[]): string =>
  rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");

/** What a spreadsheet would take for a formula gets an apostrophe before it; addresses of people begin with letters. */
function cell(value: string | number | boolean): string {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows of cells; empty lines are none. A quote that never ends takes the rest as its cell. @param rows_max stops there */
export function parseCsv(text: string, rows_max: number): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = text.startsWith("\ufeff") ? 1 : 0;
  const endRow = () => {
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  };
  while (at < text.length && rows.length < rows_max) {
    let value: string;
    if (text[at] === '"') {
      const pieces: string[] = [];
      at += 1;
      for (;;) {
        const end = text.indexOf('"', at);
        pieces.push(text.slice(at, end < 0 ? text.length : end));
        if (end < 0) {
          at = text.length;
          break;
        }
        at = end + 1;
        if (text[at] !== '"') break;
        pieces.push('"');
        at += 1;
      }
      value = pieces.join("");
      // What stands between the closing quote and the next comma is nothing that anybody meant.
      while (at < text.length && text[at] !== "," && text[at] !== "\n") at += 1;
    } else {
      const from = at;
      while (at < text.length && text[at] !== "," && text[at] !== "\n") at += 1;
      value = text.slice(from, at).trim();
    }
    row.push(value);
    if (text[at] === ",") {
      at += 1;
      if (at === text.length) row.push("");
      continue;
    }
    at += 1;
    endRow();
  }
  if (row.length > 0) endRow();
  return rows.slice(0, rows_max);
}

/** Whom a line means. */
export interface Address {
  /** In lower case, without the sign. */
  handle: string;
  /** Null where none is said: then somebody here is meant. */
  host: string | null;
}

const ADDRESS = /^@?([a-z0-9_.-]{1,64})(?:@([a-z0-9.-]{1,253}(?::\d{1,5})?))?$/i;

/** Null for what is no address of somebody. */
export function addressOf(text: string): Address | null {
  const [, handle, host] = ADDRESS.exec(text.trim()) ?? [];
  return handle === undefined ? null : { handle: handle.toLowerCase(), host: host?.toLowerCase() ?? null };
}

/** What the first line says where it is a head, in any of the lists. */
const HEADS = /^(?:account address|list name|url|uri|link)$/i;

/**
 * The lines of a list as Mastodon writes it: with a head for follows and mutes, without one for blocks, lists and bookmarks, but
 * spreadsheets put one there.
 */
export function linesIn(text: string, lines_max: number): string[][] {
  const rows = parseCsv(text, lines_max + 1);
  const has_head = HEADS.test(rows[0]?.[0]?.trim() ?? "");
  return rows
    .slice(has_head ? 1 : 0, lines_max + 1)
    .map((row) => row.map((cellText) => cellText.trim()))
    .filter(([first]) => first !== "");
}

/** Their first cells. */
export const addressesIn = (text: string, lines_max: number): string[] =>
  linesIn(text, lines_max).map(([first]) => first!);
