/** Each person's line is kept in a database of its own by this name and their id (`kept.ts`). */
export const LINE_PREFIX = "folkhus.line.";

/** Another person of this browser finds nothing. */
export async function forgetLines(): Promise<void> {
  const all = (await indexedDB.databases?.()) ?? [];
  const mine = all.flatMap(({ name }) => (name?.startsWith(LINE_PREFIX) ? [name] : []));
  await Promise.all(
    mine.map(
      (name) =>
        new Promise<void>((resolve) => {
          const asked = indexedDB.deleteDatabase(name);
          // Blocked: whoever has it open lets go of it when it hears of this, and then it goes.
          asked.onsuccess = asked.onerror = asked.onblocked = () => resolve();
        }),
    ),
  );
}
