/**
 * A switch that answers at once and is true in the end. However quickly it is pressed, one call is on its way at a
 * time, and the last wish wins; after a failure the switch goes back to what the house knows.
 */
export interface ToggleNeeds {
  send: (id: string, on: boolean) => Promise<unknown>;
  show: (id: string, on: boolean) => void;
  failed: (error: unknown) => void;
}

export function createToggle({ send, show, failed }: ToggleNeeds) {
  const wishes = new Map<string, boolean>();
  const sending = new Map<string, Promise<void>>();

  async function settle(id: string, known: boolean) {
    let truth = known;
    for (let wish = wishes.get(id); wish !== undefined && wish !== truth; wish = wishes.get(id)) {
      try {
        await send(id, wish);
        truth = wish;
      } catch (error) {
        wishes.delete(id);
        show(id, truth);
        failed(error);
        break;
      }
    }
    wishes.delete(id);
    sending.delete(id);
  }

  return {
    /** @param known what the house last said, when nothing is on its way */
    async set(id: string, on: boolean, known: boolean): Promise<void> {
      wishes.set(id, on);
      show(id, on);
      let run = sending.get(id);
      if (!run) sending.set(id, (run = settle(id, known)));
      await run;
    },
  };
}
