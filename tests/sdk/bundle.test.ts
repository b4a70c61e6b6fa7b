import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { beforeAll, expect, test } from "vitest";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const sdk = join(root, "dist", "sdk.mjs");

beforeAll(async () => {
  await run(process.execPath, [join(root, "bin", "build.mjs")], { cwd: root });
});

/** Collects every file that a module loads, and the packages that these files need. */
async function collectImports(path: string, files = new Map<string, string>(), packages = new Set<string>()) {
  if (files.has(path)) return { files, packages };
  const text = await readFile(path, "utf8");
  files.set(path, text);
  for (const [, specifier = ""] of text.matchAll(/(?:from|import)\s*\(?["']([^"']+)["']/g)) {
    if (specifier.startsWith(".")) await collectImports(join(dirname(path), specifier), files, packages);
    else packages.add(specifier);
  }
  return { files, packages };
}

test("the SDK's bundle is small, depends only on tRPC's client, and contains no code of the server", async () => {
  const { files, packages } = await collectImports(sdk);
  expect([...packages]).toEqual(["@trpc/client"]);
  const text = [...files.values()].join("\n");
  expect(text).toContain("createClient");
  expect(text.length).toBeLessThan(4_000);
  expect(text).not.toMatch(/drizzle|pglite|postgres|zod|initTRPC|node:|process\.env|unitOfWork/);
});

test("the SDK's bundle contains one source file, because it uses only types of the router", async () => {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ["src/sdk/create-client.ts"],
    bundle: true,
    packages: "external",
    platform: "neutral",
    format: "esm",
    write: false,
    metafile: true,
    outdir: "unwritten",
    logLevel: "silent",
  });
  expect(Object.keys(metafile.inputs)).toEqual(["src/sdk/create-client.ts"]);
});

test("a plain script can call the API through the bundle", async () => {
  const requests: unknown[] = [];
  const server = createServer((request, response) => {
    requests.push([request.method, request.url, request.headers["x-api-key"]]);
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ result: { data: { items: [], nextCursor: null } } }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const script = `
    const { createClient } = await import(${JSON.stringify(pathToFileURL(sdk).href)});
    const client = createClient({ url: "http://127.0.0.1:${port}", apiKey: "a-key" });
    process.stdout.write(JSON.stringify(await client.projects.list.query()));`;
  try {
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], { cwd: root });
    expect(JSON.parse(stdout)).toEqual({ items: [], nextCursor: null });
    expect(requests).toEqual([["POST", "/api/trpc/projects.list", "a-key"]]);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});
