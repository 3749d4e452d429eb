import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import PostalMime, { type Email } from "postal-mime";
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from "smtp-server";

import { createSystemClock } from "#ports/clock/index.ts";

import { createSmtpMail, type SmtpMail, type SmtpMailNeeds } from "./index.ts";

export const FROM = "house@house.example";
export const SECRET = "a secret of letters with enough of them";

/** The engine under test, on an open line to this machine where nothing else is said. */
export const openMail = (port: number, more: Partial<SmtpMailNeeds> = {}): Promise<SmtpMail> =>
  createSmtpMail({
    url: `smtp://127.0.0.1:${port}?tls=0`,
    from: FROM,
    secret: SECRET,
    clock: createSystemClock(),
    ...more,
  });
export const letter = (key: string, to = "anna@example.org") => ({ key, to, subject: "Hej", text: "Hej Anna!" });
export const failure = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => null,
    (error: unknown) => error,
  );

/** What a server of the tests was handed. */
export interface Received {
  raw: string;
  mail: Email;
  from: string;
  to: string;
  /** How the line was, and who signed in on it. */
  secure: boolean;
  user: string | null;
  /** One for each line that was made. */
  line: string;
}

export interface TestMailServer extends AsyncDisposable {
  port: number;
  /** The first is the oldest. */
  received: Received[];
  /** Lines that were made until now. */
  lines(): number;
  /** Ends all lines from this side. */
  drop(): void;
}

export interface Refusing {
  /** Answers to RCPT TO and to the end of DATA, by address; what is not in here is taken. */
  rcpt?: (address: string) => Refusal | null;
  data?: (address: string) => Refusal | null | Promise<Refusal | null>;
}
export interface Refusal {
  code: number;
  words: string;
}

const refusalOf = ({ code, words }: Refusal) => Object.assign(new Error(words), { responseCode: code });

/** An SMTP server of its own, on this machine, that nobody here wrote. */
export async function testMailServer(
  options: SMTPServerOptions = {},
  { rcpt = () => null, data = () => null }: Refusing = {},
): Promise<TestMailServer> {
  const received: Received[] = [];
  let lines = 0;
  async function take(raw: Buffer, session: SMTPServerSession): Promise<Error | null> {
    const to = session.envelope.rcptTo[0]!.address;
    const refusal = await data(to);
    if (refusal) return refusalOf(refusal);
    received.push({
      raw: raw.toString("latin1"),
      mail: await PostalMime.parse(new Uint8Array(raw)),
      from: session.envelope.mailFrom ? session.envelope.mailFrom.address : "",
      to,
      secure: session.secure,
      user: (session.user as string | undefined) ?? null,
      line: session.id,
    });
    return null;
  }
  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    logger: false,
    closeTimeout: 1,
    onConnect: (_session, done) => {
      lines++;
      done();
    },
    onRcptTo({ address }, _session, done) {
      const refusal = rcpt(address);
      done(refusal && refusalOf(refusal));
    },
    async onData(stream, session, done) {
      try {
        done(await take(Buffer.from(await new Response(stream as unknown as ReadableStream).arrayBuffer()), session));
      } catch (error) {
        done(error as Error);
      }
    },
    ...options,
  });
  // Some refuse to talk on; that is what the tests are about.
  server.on("error", () => {});
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", () => resolve());
  await promise;
  const { port } = server.server.address() as { port: number };
  return {
    port,
    received,
    lines: () => lines,
    drop() {
      for (const line of server.connections) line.close();
    },
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      await closed.promise;
    },
  };
}

/** A server that says what it likes: it is handed each line that comes, after its greeting. */
export async function lyingServer(
  greeting: string | null,
  answer: (line: string, socket: Socket) => string | null,
): Promise<{ port: number; heard: string[] } & AsyncDisposable> {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    if (greeting !== null) socket.write(greeting);
    let kept = "";
    socket.on("data", (bytes) => {
      kept += bytes.toString("latin1");
      for (let end = kept.indexOf("\r\n"); end >= 0; end = kept.indexOf("\r\n")) {
        const line = kept.slice(0, end);
        kept = kept.slice(end + 2);
        heard.push(line);
        const said = answer(line, socket);
        if (said !== null && !socket.destroyed) socket.write(said);
      }
    });
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", () => resolve());
  await promise;
  return {
    port: (server.address() as { port: number }).port,
    heard,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      await closed.promise;
    },
  };
}

/** A certificate for `localhost` of its own authority; null where there is no openssl to make it. */
export async function testCertificate(): Promise<
  ({ key: string; cert: string; file: string } & AsyncDisposable) | null
> {
  if (Bun.which("openssl") === null) return null;
  const folder = await mkdtemp(join(tmpdir(), "smtp-"));
  const [key, file] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const made = Bun.spawnSync(
    [
      "openssl",
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "2",
    ].concat(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", file]),
  );
  if (made.exitCode !== 0) throw new Error(made.stderr.toString());
  return {
    key: await Bun.file(key).text(),
    cert: await Bun.file(file).text(),
    file,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
