import { createSystemClock } from "#ports/clock/index.ts";

import { createSmtpMail } from "./index.ts";

/** For a test: sends one letter and says so; it is killed before it could note anything. */
const clock = createSystemClock();
const mail = await createSmtpMail({
  url: `smtp://127.0.0.1:${process.argv[2]}?tls=0`,
  from: "house@house.example",
  secret: "a secret of letters with enough of them",
  clock,
});
await mail.send({ key: "notify.digest:7", to: "anna@example.org", subject: "Hej", text: "Hej" });
process.stdout.write("sent\n");
await clock.sleep(600_000);
