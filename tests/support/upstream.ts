import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer as createTlsServer } from "node:tls";

export interface SeenRequest {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

export interface Upstream {
  readonly url: string;
  /** Every request that the upstream received. */
  readonly seen: readonly SeenRequest[];
  close(): Promise<void>;
}

/** Starts an upstream on a free port of 127.0.0.1 that answers 200 with its name and records its requests. */
export async function startUpstream(name: string): Promise<Upstream> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    seen.push({ url: request.url ?? "", headers: request.headers });
    response.setHeader("x-upstream", name);
    response.end(name);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    seen,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export interface NameRecorder {
  readonly url: string;
  /** The server names of all handshakes. Each handshake fails, because there is no certificate. */
  readonly names: readonly string[];
  close(): Promise<void>;
}

/** Records the server names that TLS clients request. */
export async function startNameRecorder(): Promise<NameRecorder> {
  const names: string[] = [];
  const server = createTlsServer({
    SNICallback: (name, done) => {
      names.push(name);
      done(new Error("no certificate"));
    },
  }).listen(0, "127.0.0.1");
  server.on("tlsClientError", () => undefined);
  await once(server, "listening");
  return {
    url: `https://127.0.0.1:${portOf(server.address())}`,
    names,
    close: async () => {
      server.close();
      await once(server, "close");
    },
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address.port;
}
