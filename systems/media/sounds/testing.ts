/** A tone as a WAV file of 8 bits a sample, one channel, made here. `says_bytes` is what its header says of its length. */
export function wav({
  seconds,
  rate_hz = 8_000,
  says_bytes,
}: {
  seconds: number;
  rate_hz?: number;
  says_bytes?: number;
}): Uint8Array<ArrayBuffer> {
  const samples = Math.round(seconds * rate_hz);
  const file = Buffer.alloc(44 + samples, 128);
  file.write("RIFF", 0, "latin1");
  file.writeUInt32LE((says_bytes ?? samples) + 36, 4);
  file.write("WAVEfmt ", 8, "latin1");
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(rate_hz, 24);
  file.writeUInt32LE(rate_hz, 28);
  file.writeUInt16LE(1, 32);
  file.writeUInt16LE(8, 34);
  file.write("data", 36, "latin1");
  file.writeUInt32LE(says_bytes ?? samples, 40);
  // Louder towards its end.
  for (let i = 0; i < samples; i++)
    file[44 + i] = Math.round(128 + 120 * (i / samples) * Math.sin((i * 2 * Math.PI * 220) / rate_hz));
  return new Uint8Array(file);
}
