import type { Api } from "#ports/http/index.ts";

import { hooksRoutes as r } from "./contract.ts";
import { openDoor } from "./door.ts";
import type { Hooks } from "./index.ts";

const done = { status: 204 } as const;
const ok = <B>(body: B) => ({ status: 200, body }) as const;
const made = <B>(body: B) => ({ status: 201, body }) as const;
const begun = <B>(body: B) => ({ status: 202, body }) as const;

/** Parse → may they? → do → present. No SQL, no rules. */
export function serveHooks(api: Api, hooks: Hooks): void {
  serveBots(api, hooks);
  serveIncoming(api, hooks);
  serveOutgoing(api, hooks);
  serveCommands(api, hooks);
  openDoor(api, hooks);
}

function serveBots(api: Api, { bots }: Hooks): void {
  api.serve(r.listBots, async ({ viewer, query }) => ok({ items: await bots.list(viewer, query.space) }));
  api.serve(r.createBot, async ({ viewer, body }) => made(await bots.create(viewer, body)));
  api.serve(r.changeBot, async ({ viewer, params, body }) => ok(await bots.change(viewer, params.id, body)));
  api.serve(r.deleteBot, async ({ viewer, params }) => (await bots.remove(viewer, params.id), done));
  api.serve(r.makeBotToken, async ({ viewer, params, body }) => made(await bots.makeToken(viewer, params.id, body)));
  api.serve(r.rotateBotToken, async ({ viewer, params }) =>
    made(await bots.rotateToken(viewer, params.id, params.token_id)),
  );
  api.serve(r.revokeBotToken, async ({ viewer, params }) => {
    await bots.revokeToken(viewer, params.id, params.token_id);
    return done;
  });
  api.serve(r.putBotIn, async ({ viewer, params }) => (await bots.putIn(viewer, params.id, params.channel_id), done));
  api.serve(r.putBotOut, async ({ viewer, params }) => (await bots.putOut(viewer, params.id, params.channel_id), done));
}

function serveIncoming(api: Api, { incoming }: Hooks): void {
  api.serve(r.listIncoming, async ({ viewer, query }) => ok({ items: await incoming.list(viewer, query.space) }));
  api.serve(r.createIncoming, async ({ viewer, body }) => made(await incoming.create(viewer, body)));
  api.serve(r.changeIncoming, async ({ viewer, params, body }) => ok(await incoming.change(viewer, params.id, body)));
  api.serve(r.rotateIncoming, async ({ viewer, params }) => made(await incoming.rotate(viewer, params.id)));
  api.serve(r.deleteIncoming, async ({ viewer, params }) => (await incoming.remove(viewer, params.id), done));
}

function serveOutgoing(api: Api, { outgoing }: Hooks): void {
  api.serve(r.listOutgoing, async ({ viewer, query }) => ok({ items: await outgoing.list(viewer, query.space) }));
  api.serve(r.createOutgoing, async ({ viewer, body }) => made(await outgoing.create(viewer, body)));
  api.serve(r.changeOutgoing, async ({ viewer, params, body }) => ok(await outgoing.change(viewer, params.id, body)));
  api.serve(r.rotateOutgoing, async ({ viewer, params }) => made(await outgoing.rotate(viewer, params.id)));
  api.serve(r.deleteOutgoing, async ({ viewer, params }) => (await outgoing.remove(viewer, params.id), done));
  api.serve(r.pingOutgoing, async ({ viewer, params }) => begun(await outgoing.ping(viewer, params.id)));
  api.serve(r.listDeliveries, async ({ viewer, params, query }) =>
    ok(await outgoing.deliveries(viewer, params.id, query)),
  );
  api.serve(r.redeliver, async ({ viewer, params }) => begun(await outgoing.redeliver(viewer, params.id)));
}

function serveCommands(api: Api, { commands, giving }: Hooks): void {
  api.serve(r.listCommands, async ({ viewer, query }) => ok({ items: await commands.list(viewer, query.space) }));
  api.serve(r.createCommand, async ({ viewer, body }) => made(await commands.create(viewer, body)));
  api.serve(r.changeCommand, async ({ viewer, params, body }) => ok(await commands.change(viewer, params.id, body)));
  api.serve(r.rotateCommand, async ({ viewer, params }) => made(await commands.rotate(viewer, params.id)));
  api.serve(r.deleteCommand, async ({ viewer, params }) => (await commands.remove(viewer, params.id), done));
  api.serve(r.offeredCommands, async ({ viewer, params }) => ok({ items: await giving.offered(viewer, params.id) }));
  api.serve(r.giveCommand, async ({ viewer, params, body, origin, signal }) =>
    ok(await giving.give(viewer, params.id, body, origin, signal)),
  );
}
