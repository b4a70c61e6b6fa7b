import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import type { FolderPaths } from "#src/delivery/applier/gateway-folder";

/** Replaces Traefik: serves the files in the folder, or those that were there when it was frozen. */
export interface FakeGateway {
  /** Freezes the served state; the returned function serves that state again. */
  freeze(): () => void;
  thaw(): void;
  /** Changes an answer to a visitor; null keeps the answer of the folder. */
  answer: ((host: string, headers: Record<string, string>, status: number) => Partial<FakeAnswer> | null) | null;
  /** The requested hosts, in order. */
  readonly asked: string[];
  close(): Promise<void>;
}

interface FakeAnswer {
  status: number;
  headers: Record<string, string>;
}

interface Configuration {
  http?: {
    routers?: Record<string, { rule: string; priority: number; service: string; middlewares?: string[] }>;
    middlewares?: Record<
      string,
      {
        headers?: { customResponseHeaders?: Record<string, string> };
        basicAuth?: { users: string[] };
        ipAllowList?: { sourceRange: string[] };
      }
    >;
  };
}

export async function startFakeGateway(
  paths: FolderPaths,
  addresses: { readonly address: string; readonly probeAddress: string },
): Promise<FakeGateway> {
  let frozen: Configuration | null = null;
  const current = () => frozen ?? readFolder(paths);
  const gateway: FakeGateway = {
    freeze: () => {
      const held = readFolder(paths);
      frozen = held;
      return () => {
        frozen = held;
      };
    },
    thaw: () => {
      frozen = null;
    },
    answer: null,
    asked: [],
    close: async () => {
      await Promise.all(servers.map(closeServer));
    },
  };
  const serve = (visitors: boolean) => (request: IncomingMessage, response: ServerResponse) => {
    const host = request.headers.host ?? "";
    if (visitors) gateway.asked.push(host);
    const found = resultOf(current(), host);
    const changed = visitors ? gateway.answer?.(host, found.headers, found.status) : null;
    const { status, headers } = { ...found, ...changed };
    response.writeHead(status, headers).end();
  };
  const servers = [
    await listen(createServer(serve(true)), addresses.address),
    await listen(createServer(serve(false)), addresses.probeAddress),
  ];
  return gateway;
}

/** Routers are distinguished by exact hosts only, which is enough for these tests. */
function resultOf({ http = {} }: Configuration, host: string): FakeAnswer {
  const [router] = Object.values(http.routers ?? {})
    .filter(({ rule }) => rule.includes(`Host(\`${host}\`)`))
    .sort((one, other) => other.priority - one.priority);
  if (!router) return { status: 404, headers: {} };
  const headers: Record<string, string> = {};
  for (const name of router.middlewares ?? []) {
    const middleware = http.middlewares?.[name];
    if (middleware?.basicAuth) return { status: 401, headers };
    if (middleware?.ipAllowList) return { status: 403, headers };
    Object.assign(headers, middleware?.headers?.customResponseHeaders);
  }
  return { status: router.service === "noop@internal" ? 418 : 200, headers };
}

function readFolder(paths: FolderPaths): Configuration {
  const texts = [paths.marker, ...filesIn(paths.applications)].map((path) => {
    try {
      return readFileSync(path, "utf8");
    } catch {
      return "{}";
    }
  });
  const http = { routers: {}, middlewares: {} };
  for (const text of texts) {
    const read = JSON.parse(text) as Configuration;
    Object.assign(http.routers, read.http?.routers);
    Object.assign(http.middlewares, read.http?.middlewares);
  }
  return { http };
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

async function listen(server: Server, address: string): Promise<Server> {
  const [host, port] = address.split(":");
  server.listen(Number(port), host);
  await once(server, "listening");
  return server;
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}
