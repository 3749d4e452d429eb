/** Bun's own publish: one topic, no numbers, nobody asked, nothing to come back to. */
import { messageAt, onCommands } from "./commands.ts";

const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request, self) => (self.upgrade(request) ? undefined : new Response("no", { status: 400 })),
  websocket: {
    open: (socket) => void socket.subscribe("room"),
    message() {},
  },
});
onCommands(server.port!, (n) => void server.publish("room", JSON.stringify(["message", messageAt(n)])));
