import { STATUS_CODES } from "node:http";

import type { RouteConfig } from "@asteasolutions/zod-to-openapi";
import { extendZodWithOpenApi } from "@asteasolutions/zod-to-openapi";
import { z } from "zod";

import type { Route } from "#kernel/contract.ts";
import { zProblem } from "#kernel/wire.ts";

extendZodWithOpenApi(z);

/** A route as OpenAPI 3.1 sees it, with its access rule in words. */
export function openapiRoute(route: Route): RouteConfig {
  const who = {
    anyone: "Anyone",
    signed_in: "Signed-in people",
    moderator: "Moderators and admins of the house",
    admin: "Admins of the house",
  };
  const problems = [...(route.problems ?? [])].map((code) => `\`${code}\``).join(", ");
  const description = [
    `${who[route.access.who]} may call this; a token needs the scope \`${route.access.scope}\`.`,
    problems && `Own problems: ${problems}.`,
  ]
    .filter(Boolean)
    .join("\n\n");
  return {
    method: route.method.toLowerCase() as "get",
    path: route.path,
    summary: route.summary,
    description,
    tags: [route.tag],
    operationId: operationId(route),
    ...(route.access.who === "anyone" ? { security: [{}, { bearer: [] }, { cookie: [] }] } : {}),
    request: {
      ...(route.params ? { params: route.params } : {}),
      ...(route.query ? { query: route.query } : {}),
      ...(route.body ? { body: { content: { "application/json": { schema: route.body } }, required: true } } : {}),
    },
    responses: {
      ...Object.fromEntries(
        Object.entries(route.answers).map(([status, schema]) => [
          status,
          {
            description: STATUS_CODES[status] ?? "",
            ...(schema ? { content: { "application/json": { schema } } } : {}),
          },
        ]),
      ),
      default: { description: "A problem (RFC 9457)", content: { "application/problem+json": { schema: zProblem } } },
    },
  };
}

const operationId = ({ method, path }: Route) =>
  method.toLowerCase() +
  path
    .replace(/^\/v1/, "")
    .replaceAll(/[{}]/g, "")
    .replaceAll(/[/_-](\w)/g, (_, c: string) => c.toUpperCase());
