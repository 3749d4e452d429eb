import type { Words as Line } from "#systems/realtime/index.ts";

/** What the house says, whichever way it is written down. */
export interface Words {
  ping: Line;
  reply(id: number, method: string, result: { [name: string]: string | number | boolean | object }): Line;
  refuse(id: number, error: Refusal): Line;
  /** For one and for a thousand: they are made once. */
  items(channel: string, epoch: string, first: number, items: readonly string[]): Line;
  /** Without an offset: it is no part of the stream, and may be lost. `data` is JSON. */
  ephemeral(channel: string, slot: string, person_id: string | null, data: string): Line;
  unsubscribed(channel: string, code: number, reason: string): Line;
  subscribed(id: number, said: Subscribed): Line;
  history(id: number, epoch: string, offset: number, publications: readonly Numbered[]): Line;
}

export interface Refusal {
  code: number;
  message: string;
  temporary?: true;
}

/** An item of a stream, as the line has it. */
export interface Numbered {
  offset: number;
  item: string;
}

export interface Subscribed {
  epoch: string;
  offset: number;
  /** Null: it was not asked for. */
  recovered: boolean | null;
  publications: readonly Numbered[];
}
