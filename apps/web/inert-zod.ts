/**
 * What the page gets instead of zod. Contracts are data: the page reads `method` and `path` from them and lets the
 * server do the checking, so 60 kB (gzip) of schema machinery stay at home. Every call and property answers with the
 * same inert thing; iterating it yields nothing. Types are the real ones: only the bundle is given this, as the text of
 * this function, so it names nothing outside itself.
 */
export function makeInert(): unknown {
  const inert: unknown = new Proxy(() => inert, {
    get: (_target, name) => {
      if (name === Symbol.iterator) return function* nothing() {};
      if (name === Symbol.toPrimitive) return () => "";
      return inert;
    },
    apply: () => inert,
    construct: () => inert as object,
  });
  return inert;
}
