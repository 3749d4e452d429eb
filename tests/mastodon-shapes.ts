import { join } from "node:path";

import ts from "typescript";

/**
 * Answers held against the clients' own types: what their declarations call for must be there, of that kind. Nothing is written down
 * twice, so a new version of a client brings its new fields by itself.
 */
export interface Shapes {
  /** @returns what is wrong, as `path: sentence`; empty where it fits. `masto` names its fields in camelCase, answers do not. */
  wrong(type: string, value: unknown): string[];
}

const ROOT = join(import.meta.dirname, "..");
const WRONG_MAX = 40;
const DEPTH_MAX = 8;

/** @param types by name, as TypeScript writes them: `{ Status: 'import("masto").mastodon.v1.Status' }` */
export function shapesOf(types: Record<string, string>): Shapes {
  const file = join(ROOT, "tests/mastodon-shapes-of-clients.ts");
  const text = Object.entries(types)
    .map(([name, type]) => `export declare const ${name}: ${type};`)
    .join("\n");
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.Preserve,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  // The file is nowhere but here.
  host.fileExists = (path) => path === file || fileExists(path);
  host.readFile = (path) => (path === file ? text : readFile(path));
  host.getSourceFile = (path, target, ...more) =>
    path === file ? ts.createSourceFile(path, text, target) : getSourceFile(path, target, ...more);
  const program = ts.createProgram([file], options, host);
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file)!;
  const known = new Map(
    checker.getExportsOfModule(checker.getSymbolAtLocation(source)!).map((symbol) => {
      const type = checker.getTypeOfSymbolAtLocation(symbol, source);
      if (type.flags & ts.TypeFlags.Any) throw new Error(`The clients have no type ${symbol.name}`);
      return [symbol.name, type];
    }),
  );

  function check(type: ts.Type, value: unknown, at: string, depth: number, wrong: string[]): void {
    if (wrong.length >= WRONG_MAX || depth > DEPTH_MAX || type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown))
      return;
    if (type.isUnion()) {
      const empty = (one: ts.Type) => (one.flags & (ts.TypeFlags.Null | ts.TypeFlags.Undefined)) !== 0;
      const fitting = value === null || value === undefined ? type.types : type.types.filter((one) => !empty(one));
      const tries = (fitting.length > 0 ? fitting : type.types).map((one) => {
        const each: string[] = [];
        check(one, value, at, depth + 1, each);
        return each;
      });
      if (tries.some((each) => each.length === 0)) return;
      // The nearest of them says what is missing.
      const nearest = tries.toSorted((a, b) => a.length - b.length)[0]!;
      wrong.push(...nearest);
      return;
    }
    const is = (kind: string) => {
      if (typeof value !== kind)
        wrong.push(`${at}: is ${JSON.stringify(value)?.slice(0, 60)} and not ${checker.typeToString(type)}`);
    };
    if (type.flags & ts.TypeFlags.Null) return value === null ? undefined : void wrong.push(`${at}: is not null`);
    if (type.flags & ts.TypeFlags.Undefined)
      return value === undefined ? undefined : void wrong.push(`${at}: is there`);
    if (type.isStringLiteral() || type.isNumberLiteral())
      return value === type.value
        ? undefined
        : void wrong.push(`${at}: ${JSON.stringify(value)} is not ${checker.typeToString(type)}`);
    if (type.flags & ts.TypeFlags.BooleanLiteral)
      return String(value) === checker.typeToString(type)
        ? undefined
        : void wrong.push(`${at}: is not ${checker.typeToString(type)}`);
    if (type.flags & ts.TypeFlags.StringLike) return is("string");
    if (type.flags & ts.TypeFlags.NumberLike) return is("number");
    if (type.flags & ts.TypeFlags.BooleanLike) return is("boolean");
    if (checker.isArrayType(type)) {
      if (!Array.isArray(value)) return void wrong.push(`${at}: is no list`);
      const [item] = checker.getTypeArguments(type as ts.TypeReference);
      for (const [i, one] of value.entries()) check(item!, one, `${at}[${i}]`, depth + 1, wrong);
      return;
    }
    if (value === null || typeof value !== "object")
      return void wrong.push(`${at}: is no ${checker.typeToString(type)}`);
    for (const property of checker.getPropertiesOfType(type)) {
      const optional = (property.flags & ts.SymbolFlags.Optional) !== 0;
      const name = property.name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      const one = (value as Record<string, unknown>)[name in value ? name : property.name];
      if (one === undefined || (one === null && optional)) {
        const of = checker.getTypeOfSymbolAtLocation(property, source);
        const may_lack = optional || (of.isUnion() && of.types.some((t) => t.flags & ts.TypeFlags.Undefined));
        if (!may_lack) wrong.push(`${at}.${name}: is missing`);
        continue;
      }
      check(checker.getTypeOfSymbolAtLocation(property, source), one, `${at}.${name}`, depth + 1, wrong);
    }
  }

  return {
    wrong(name, value) {
      const type = known.get(name);
      if (!type) throw new Error(`There is no type ${name}`);
      const wrong: string[] = [];
      check(type, value, name, 0, wrong);
      return wrong;
    },
  };
}
