/** `/docs`: the reference, drawn on the server from our own OpenAPI. No script, nothing from elsewhere. */

interface Document {
  info: { title: string; version: string; description?: string };
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, Schema> };
}

interface Operation {
  summary: string;
  description?: string;
  tags?: string[];
  operationId: string;
  parameters?: { name: string; in: string; required?: boolean; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: Schema }> }>;
}

interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  const?: unknown;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  maxLength?: number;
  minLength?: number;
  maximum?: number;
  minimum?: number;
  maxItems?: number;
  default?: unknown;
}

const DEPTH_MAX = 6;

const escape = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
/** Paragraphs, `code`, **strong** and fences: as much Markdown as our own texts use. */
const prose = (text: string) =>
  text
    .split(/^```\w*\n([^]*?)^```$/m)
    .map((piece, i) => (i % 2 === 1 ? `<pre tabindex="0">${escape(piece.trimEnd())}</pre>` : paragraphs(piece)))
    .join("");
const paragraphs = (text: string) =>
  text
    .split("\n\n")
    .filter((paragraph) => paragraph.trim() !== "")
    .map((paragraph) => `<p>${words(paragraph)}</p>`)
    .join("");
const words = (text: string) =>
  escape(text)
    .replaceAll(/`([^`]+)`/g, "<code>$1</code>")
    .replaceAll(/\*\*([^*]+)\*\*/g, "<b>$1</b>");

export function docsPage(openapi: object): string {
  const document = openapi as Document;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
  );
  const tags = [...new Set(operations.map((o) => o.tags?.[0] ?? "other"))];
  const schemas = document.components?.schemas ?? {};
  const nav = tags
    .map((tag) => {
      const links = operations
        .filter((o) => (o.tags?.[0] ?? "other") === tag)
        .map((o) => `<li><a href="#${o.operationId}">${escape(o.summary)}</a></li>`);
      return `<h2>${escape(tag)}</h2><ul>${links.join("")}</ul>`;
    })
    .join("");
  const body = tags
    .map((tag) => {
      const cards = operations.filter((o) => (o.tags?.[0] ?? "other") === tag).map((o) => operationCard(o, schemas));
      return `<section aria-labelledby="tag-${escape(tag)}"><h2 id="tag-${escape(tag)}">${escape(tag)}</h2>${cards.join("")}</section>`;
    })
    .join("");
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(document.info.title)} API</title><link rel="stylesheet" href="/docs.css"></head><body>
<nav aria-label="Calls"><p class="name"><a href="/">${escape(document.info.title)}</a> <small>API ${escape(document.info.version)}</small></p>${nav}</nav>
<main><h1>The API</h1>${prose(document.info.description ?? "")}
<p>The same as data: <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>${body}</main></body></html>`;
}

function operationCard(o: Operation & { path: string; method: string }, schemas: Record<string, Schema>): string {
  const parameters = (o.parameters ?? []).map(
    (p) =>
      `<tr><td><code>${escape(p.name)}</code></td><td>${p.in}</td><td>${typeOf(p.schema, schemas, 0)}${p.required ? "" : " <em>optional</em>"}</td></tr>`,
  );
  const body = o.requestBody ? Object.values(o.requestBody.content)[0]?.schema : undefined;
  const answers = Object.entries(o.responses)
    .filter(([status]) => status !== "default")
    .map(([status, { description, content }]) => {
      const schema = content ? Object.values(content)[0]?.schema : undefined;
      return `<details><summary><b>${status}</b> ${escape(description)}</summary>${schema ? `<pre>${typeOf(schema, schemas, 0)}</pre>` : "<p>No body.</p>"}</details>`;
    });
  return `<article id="${o.operationId}"><h3><span class="method ${o.method}">${o.method}</span> <code>${escape(o.path)}</code></h3>
<p><b>${escape(o.summary)}</b></p>${prose(o.description ?? "")}
${parameters.length ? `<table><thead><tr><th>Parameter</th><th>In</th><th>Type</th></tr></thead><tbody>${parameters.join("")}</tbody></table>` : ""}
${body ? `<h4>Body</h4><pre>${typeOf(body, schemas, 0)}</pre>` : ""}<h4>Answers</h4>${answers.join("")}</article>`;
}

/** A schema as a short type, the way a reader of TypeScript would write it. */
function typeOf(schema: Schema, schemas: Record<string, Schema>, depth: number): string {
  if (depth > DEPTH_MAX) return "…";
  const pad = "  ".repeat(depth + 1);
  if (schema.$ref) {
    const target = schemas[schema.$ref.split("/").at(-1) ?? ""];
    return target ? typeOf(target, schemas, depth) : escape(schema.$ref.split("/").at(-1) ?? "");
  }
  const union = schema.anyOf ?? schema.oneOf;
  if (union) return union.map((s) => typeOf(s, schemas, depth)).join(" | ");
  if (schema.allOf) return schema.allOf.map((s) => typeOf(s, schemas, depth)).join(" &amp; ");
  if (schema.const !== undefined) return escape(JSON.stringify(schema.const));
  if (schema.enum) return schema.enum.map((value) => escape(JSON.stringify(value))).join(" | ");
  if (schema.properties) {
    const lines = Object.entries(schema.properties).map(([name, value]) => {
      const optional = schema.required?.includes(name) ? "" : "?";
      return `${pad}${escape(name)}${optional}: ${typeOf(value, schemas, depth + 1)}`;
    });
    return `{\n${lines.join("\n")}\n${"  ".repeat(depth)}}`;
  }
  if (schema.items)
    return `${typeOf(schema.items, schemas, depth)}[]${schema.maxItems === undefined ? "" : ` <i>≤ ${schema.maxItems}</i>`}`;
  const type = Array.isArray(schema.type) ? schema.type.join(" | ") : (schema.type ?? "any");
  const bounds = [
    schema.format,
    schema.minLength === undefined ? null : `≥ ${schema.minLength} chars`,
    schema.maxLength === undefined ? null : `≤ ${schema.maxLength} chars`,
    schema.minimum === undefined ? null : `≥ ${schema.minimum}`,
    schema.maximum === undefined || schema.maximum > 1e15 ? null : `≤ ${schema.maximum}`,
    schema.default === undefined ? null : `default ${JSON.stringify(schema.default)}`,
  ].filter((part) => part !== null && part !== undefined);
  return `${escape(type)}${bounds.length ? ` <i>${escape(bounds.join(", "))}</i>` : ""}`;
}

export const DOCS_CSS = `
:root{color-scheme:light dark;--ground:#faf8f4;--text:#2b2622;--soft:#6d645b;--line:#e3dcd1;--card:#fff;--accent:#8c2318}
@media (prefers-color-scheme:dark){:root{--ground:#1b1815;--text:#ece6dd;--soft:#a89d90;--line:#37312b;--card:#24201c;--accent:#e58a7b}}
*{box-sizing:border-box}body{margin:0;font:16px/1.55 system-ui,sans-serif;background:var(--ground);color:var(--text);display:grid;grid-template-columns:280px minmax(0,1fr)}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:24px;border-right:1px solid var(--line);font-size:14px}
nav h2{font-size:12px;text-transform:uppercase;letter-spacing:.06em;color:var(--soft);margin:24px 0 8px}nav ul{list-style:none;margin:0;padding:0}nav li a{display:block;padding:4px 0;color:inherit;text-decoration:none}
nav li a:hover,nav li a:focus-visible{color:var(--accent)}.name a{font-weight:700;color:var(--accent);text-decoration:none;font-size:18px}
main{padding:40px clamp(16px,5vw,64px);max-width:960px}h1{margin-top:0}main h2{margin-top:56px;text-transform:capitalize}
article{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:8px 24px 24px;margin:16px 0;scroll-margin-top:16px}
h3{font-weight:500;overflow-wrap:anywhere}h4{margin:16px 0 8px;font-size:13px;color:var(--soft)}code,pre{font:13.5px/1.5 ui-monospace,monospace}pre{background:var(--ground);border-radius:8px;padding:16px;overflow:auto;margin:8px 0}
pre i,td i{color:var(--soft);font-style:normal}.method{font:700 12px ui-monospace,monospace;padding:4px 8px;border-radius:6px;background:var(--line)}.POST,.PUT,.PATCH{background:#dfe9d8;color:#29441b}.DELETE{background:#f3d9d4;color:#6e1a10}
table{border-collapse:collapse;width:100%;font-size:14px}th,td{text-align:left;padding:6px 8px;border-bottom:1px solid var(--line)}a{color:var(--accent)}summary{cursor:pointer;padding:4px 0}
@media (max-width:800px){body{display:block}nav{position:static;height:auto;border:0;max-height:40vh}}
`;
