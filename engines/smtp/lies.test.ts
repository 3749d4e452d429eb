import { afterAll, describe, expect, test } from "bun:test";

import { Transient } from "#kernel/errors.ts";
import { createVirtualClock } from "#ports/clock/index.ts";

import { failure, letter, lyingServer, openMail, testCertificate, testMailServer } from "./testing.ts";

const certificate = await testCertificate();
afterAll(() => certificate?.[Symbol.asyncDispose]());

describe.if(certificate !== null)("the seal", () => {
  const { key, cert, file } = certificate ?? { key: "", cert: "", file: "" };
  const sealed = (port: number, scheme = "smtp", ca = file, host = "localhost") =>
    openMail(port, { url: `${scheme}://house:hunter2@${host}:${port}?ca=${ca}` });
  const signIn = {
    onAuth: (auth: { username?: string }, _s: unknown, done: (e: null, a: { user: string }) => void) =>
      done(null, { user: auth.username! }),
  };

  test("ML16: STARTTLS and TLS from the first byte both seal the line", async () => {
    await using starting = await testMailServer({ key, cert, ...signIn } as never);
    await using one = await sealed(starting.port);
    await one.check();
    await one.send(letter("k"));
    expect(starting.received).toMatchObject([{ secure: true, user: "house" }]);
    await using direct = await testMailServer({ key, cert, secure: true, ...signIn } as never);
    await using other = await sealed(direct.port, "smtps");
    await other.send(letter("k"));
    expect(direct.received).toMatchObject([{ secure: true, user: "house" }]);
  });

  test("ML16: a server that offers no STARTTLS gets no letter and no password", async () => {
    await using bare = await lyingServer("220 here\r\n", (line) =>
      line.startsWith("EHLO") ? "250-here\r\n250 AUTH PLAIN LOGIN\r\n" : "500 no\r\n",
    );
    await using mail = await sealed(bare.port);
    const error = await failure(mail.send(letter("k")));
    expect(error).toBeInstanceOf(Transient);
    expect(String(error)).toContain("sealed");
    expect(bare.heard.filter((line) => !/^(EHLO|HELO|STARTTLS|QUIT)/.test(line))).toEqual([]);
  });

  test("ML16: nor does one whose certificate is not trusted, or another's", async () => {
    await using server = await testMailServer({ key, cert, ...signIn } as never);
    for (const mail of [
      await openMail(server.port, { url: `smtp://house:hunter2@localhost:${server.port}` }),
      await sealed(server.port, "smtp", file, "127.0.0.1"),
    ]) {
      await using own = mail;
      expect(await failure(own.send(letter("k")))).toBeInstanceOf(Transient);
    }
    expect(server.received).toEqual([]);
  });

  test("ML16: what was slipped in behind the leave to start TLS is no answer", async () => {
    await using slips = await lyingServer("220 here\r\n", (line) =>
      line.startsWith("EHLO")
        ? "250-here\r\n250 STARTTLS\r\n"
        : line === "STARTTLS"
          ? "220 go\r\n250-here\r\n250 AUTH PLAIN\r\n235 in\r\n"
          : null,
    );
    await using mail = await openMail(slips.port, {
      url: `smtp://house:hunter2@localhost:${slips.port}?ca=${file}`,
      silence_ms_max: 400,
    });
    expect(await failure(mail.send(letter("k")))).toBeInstanceOf(Transient);
    expect(slips.heard.join("\n")).not.toContain("AUTH");
  });
});

describe("a server that is gone, slow or lies", () => {
  const hello = (line: string) =>
    line.startsWith("EHLO") ? "250 here\r\n" : /^(MAIL|RCPT|RSET)/.test(line) ? "250 fine\r\n" : null;
  const later = async (asked: Promise<unknown>, words: string) => {
    const error = await failure(asked);
    expect(error).toBeInstanceOf(Transient);
    expect(String(error)).toContain(words);
  };

  test("ML17: where nobody listens it says so, and goes on when somebody does", async () => {
    const gone = await testMailServer();
    await gone[Symbol.asyncDispose]();
    await using mail = await openMail(gone.port);
    await later(mail.send(letter("k")), "away");
    await later(mail.check(), "away");
  });

  test("ML17: one that never greets is given up", async () => {
    await using mute = await lyingServer(null, () => null);
    await using mail = await openMail(mute.port, { silence_ms_max: 300 });
    await later(mail.send(letter("k")), "slow");
  });

  test("ML17: one that says a little now and then, and never ends, is given up as a whole", async () => {
    const clock = createVirtualClock();
    const talking = Promise.withResolvers<void>();
    await using trickles = await lyingServer("220 here\r\n", (line, socket) => {
      if (!line.startsWith("EHLO")) return null;
      const more = setInterval(() => socket.write("250-and more\r\n"), 20);
      socket.on("close", () => clearInterval(more));
      talking.resolve();
      return "250-here\r\n";
    });
    await using mail = await openMail(trickles.port, { clock });
    const asked = mail.send(letter("k"));
    await talking.promise;
    await clock.advance(60_000);
    await later(asked, "slow");
  });

  test("ML17: one that speaks another language, or without end, is told from one that refuses", async () => {
    await using other = await lyingServer("HTTP/1.1 400 Bad Request\r\n\r\n", () => null);
    await using mail = await openMail(other.port);
    await later(mail.send(letter("k")), "mail server");
    await using endless = await lyingServer(`220-${"x".repeat(200_000)}`, () => null);
    await using patient = await openMail(endless.port, { silence_ms_max: 2_000 });
    await later(patient.send(letter("k")), "mail server");
  });

  test("ML18: one that dies between the letter and its answer gets it again, by the same name", async () => {
    const ids: string[] = [];
    let dies = true;
    await using server = await lyingServer("220 here\r\n", (line, socket) => {
      const id = /^Message-ID: (.*)$/i.exec(line)?.[1];
      if (id) ids.push(id);
      if (line === "DATA") return "354 go on\r\n";
      if (line === ".") {
        if (dies) socket.destroy();
        return "250 taken\r\n";
      }
      return hello(line);
    });
    await using mail = await openMail(server.port);
    await later(mail.send(letter("k")), "away");
    // By itself the engine never sends again what may have been taken: that is for its caller, who knows how often.
    expect(ids).toHaveLength(1);
    dies = false;
    await mail.send(letter("k"));
    expect(ids).toEqual([ids[0]!, ids[0]!]);
  });

  test("ML18: a process that is killed between the server's answer and its own note sends it again, by the same name", async () => {
    await using server = await testMailServer();
    const child = () =>
      Bun.spawn([process.execPath, `${import.meta.dirname}/kill-worker.ts`, String(server.port)], {
        stdio: ["ignore", "pipe", "inherit"],
      });
    const first = child();
    expect((await first.stdout.getReader().read()).done).toBe(false);
    first.kill(9);
    await first.exited;
    const second = child();
    expect((await second.stdout.getReader().read()).done).toBe(false);
    second.kill(9);
    await second.exited;
    expect(server.received).toHaveLength(2);
    expect(server.received[1]!.mail.messageId).toBe(server.received[0]!.mail.messageId!);
  });
});
