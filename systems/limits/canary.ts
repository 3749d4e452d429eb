/** CRC-32 as zip and PNG have it, in plain TypeScript: a simulation in a browser puts everybody where the house does. */
export function crc32(text: string): number {
  let crc = -1;
  for (const byte of encoder.encode(text)) crc = TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ -1) >>> 0;
}

const encoder = new TextEncoder();
const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** A key's place among hundred, the same on every node and for as long as the rule has its name: a growing percent keeps whom it had. */
export const canaryPlace = (rule_id: string, subject: string): number => crc32(`${rule_id}/${subject}`) % 100;
