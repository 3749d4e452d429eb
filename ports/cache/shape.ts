/**
 * The form of a value in a store that processes of two versions share while a house is rolled out: each writes its own, reads its
 * own and those older ones that it says it can, and takes what it does not know for nothing, as if it were not there.
 */
export interface Shape<V extends {}> {
  seal(value: V): string;
  /** @returns null for what is of an unknown version, broken, or not as it should be: a miss, never an error */
  open(text: string): V | null;
}

export interface ShapeOptions<V> {
  /** Raise it with every change of the form. */
  version: number;
  /** Of this version; null where it is not as it should be. A zod schema's `safeParse` does. */
  read: (value: unknown) => V | null;
  /** Of versions before, into this one. The last is enough, as a house is rolled out from one to the next. */
  older?: Readonly<Record<number, (value: unknown) => V | null>>;
}

export function createShape<V extends {}>({ version, read, older = {} }: ShapeOptions<V>): Shape<V> {
  if (Object.keys(older).some((of) => Number(of) >= version))
    throw new RangeError(`what is older than version ${version} has a smaller number`);
  return {
    seal: (value) => JSON.stringify([version, value]),
    open(text) {
      try {
        const sealed: unknown = JSON.parse(text);
        if (!Array.isArray(sealed) || sealed.length !== 2) return null;
        const [of, value] = sealed as [unknown, unknown];
        if (of === version) return read(value);
        return typeof of === "number" && Object.hasOwn(older, of) ? older[of]!(value) : null;
      } catch {
        // Whoever wrote it died in the middle, or it is of somebody else; a reader that throws cannot read it either.
        return null;
      }
    },
  };
}
