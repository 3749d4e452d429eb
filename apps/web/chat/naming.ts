import type { Channel } from "#systems/chat/contract.ts";

/** What a channel is called by somebody who is in it. */
export function titleOf(channel: Pick<Channel, "kind" | "name" | "people">, me_id: string): string {
  if (channel.kind === "direct") {
    const [other] = channel.people;
    if (!other) return "Somebody who left";
    return other.id === me_id ? "Notes to yourself" : other.display_name;
  }
  if (channel.name !== null) return channel.name;
  const names = channel.people.map((person) => person.display_name.split(/\s+/)[0] ?? person.handle);
  return names.length === 0 ? "Only you" : names.join(", ");
}

/** Under the title. */
export function detailOf(channel: Channel, me_id: string): string {
  if (channel.kind === "direct") {
    const [other] = channel.people;
    return !other || other.id === me_id ? "Only you see this" : `@${other.handle}`;
  }
  const people = channel.member_count === 1 ? "1 person" : `${channel.member_count} people`;
  return [channel.space?.name, people, channel.topic].filter((part) => part !== undefined && part !== "").join(" · ");
}

export const countWords = (count: number) => (count >= 100 ? "99+" : String(count));

/** Sections of the list: what is favoured, direct and groups, then by space. */
export function sectionsOf(channels: readonly Channel[]): { key: string; label: string; channels: Channel[] }[] {
  const sections = new Map<string, { key: string; label: string; channels: Channel[] }>();
  const put = (key: string, label: string, channel: Channel) => {
    const known = sections.get(key);
    if (known) known.channels.push(channel);
    else sections.set(key, { key, label, channels: [channel] });
  };
  for (const channel of channels) if (channel.mine?.favoured === true) put("favoured", "Favourites", channel);
  for (const channel of channels)
    if (channel.mine?.favoured !== true && channel.space === null) put("direct", "People", channel);
  for (const channel of channels)
    if (channel.mine?.favoured !== true && channel.space !== null) put(channel.space.id, channel.space.name, channel);
  return [...sections.values()];
}

/** The next channel with something unread after this one, or before it, around the end. */
export function nextUnread(
  channels: readonly Channel[],
  from_id: string | undefined,
  step: 1 | -1 = 1,
): Channel | undefined {
  const order = sectionsOf(channels).flatMap((section) => section.channels);
  if (step === -1) order.reverse();
  const at = order.findIndex((channel) => channel.id === from_id);
  return [...order.slice(at + 1), ...order.slice(0, Math.max(0, at))].find(
    ({ mine }) => mine !== null && (mine.unread > 0 || mine.marked_seq !== null) && !mine.muted,
  );
}

export function neighbourOf(
  channels: readonly Channel[],
  from_id: string | undefined,
  step: 1 | -1,
): Channel | undefined {
  const order = sectionsOf(channels).flatMap((section) => section.channels);
  const at = order.findIndex((channel) => channel.id === from_id);
  if (order.length === 0) return undefined;
  return order[(at + step + order.length) % order.length];
}

/** Names in a sentence: "Ann", "Ann and Bo", "Ann, Bo and 2 others". */
export function namesWords(names: readonly string[], count = names.length): string {
  if (count === 0) return "";
  const shown = names.slice(0, count > 3 ? 2 : 3);
  const others = count - shown.length;
  if (others > 0) return `${shown.join(", ")} and ${others} ${others === 1 ? "other" : "others"}`;
  return shown.length === 1 ? shown[0]! : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}
