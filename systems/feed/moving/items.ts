/**
 * The items of an outbox, one after the other: `{ …, "orderedItems": [ … ] }`. The text may be 64 MiB, so it is not made into one
 * value of ten times the size: each item is cut out and read by itself. Linear; what is no JSON throws where it is met.
 */
export function* itemsIn(text: string): Generator<unknown> {
  let at = startOfItems(text);
  for (;;) {
    at = skipSpace(text, at);
    if (at >= text.length) throw new SyntaxError("the list of posts breaks off");
    if (text[at] === "]") return;
    if (text[at] === ",") {
      at += 1;
      continue;
    }
    const end = endOfValue(text, at);
    yield JSON.parse(text.slice(at, end));
    at = end;
  }
}

/** Behind the `[` of `orderedItems`, of the outermost object. */
function startOfItems(text: string): number {
  let at = skipSpace(text, text.startsWith("\ufeff") ? 1 : 0);
  if (text[at] === "[") return at + 1;
  if (text[at] !== "{") throw new SyntaxError("this is no list of posts");
  at += 1;
  for (;;) {
    at = skipSpace(text, at);
    if (text[at] === ",") at = skipSpace(text, at + 1);
    if (text[at] !== '"') throw new SyntaxError("there are no orderedItems in it");
    const end = endOfString(text, at);
    const key = text.slice(at + 1, end - 1);
    at = skipSpace(text, end);
    if (text[at] !== ":") throw new SyntaxError("this is no JSON");
    at = skipSpace(text, at + 1);
    if (key === "orderedItems" && text[at] === "[") return at + 1;
    at = endOfValue(text, at);
  }
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) <= 32) at += 1;
  return at;
}

function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === 0x5c) at += 1;
    else if (char === 0x22) return at + 1;
  }
  throw new SyntaxError("a text in it never ends");
}

function endOfValue(text: string, from: number): number {
  const first = text[from];
  if (first === '"') return endOfString(text, from);
  if (first !== "{" && first !== "[") {
    let at = from;
    while (at < text.length && !",]} \n\r\t".includes(text[at]!)) at += 1;
    if (at === from) throw new SyntaxError("this is no JSON");
    return at;
  }
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === 0x22) at = endOfString(text, at) - 1;
    else if (char === 0x7b || char === 0x5b) depth += 1;
    else if (char === 0x7d || char === 0x5d) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  throw new SyntaxError("it breaks off");
}
